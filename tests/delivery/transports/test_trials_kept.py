"""Trials of mail servers as they are asked for and kept, and the list with the health that they show."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from delivery.models import SignIn, Transport, TransportTrial
from delivery.transports.explain import Stage
from delivery.transports.queries import last_trial, overview
from delivery.transports.refusals import TransportRefused
from delivery.transports.services import (
    TRIAL_PATIENCE,
    ask_to_try,
    run_trial,
)
from tests.conftest import Bell
from tests.factories.campaigns import SenderFactory
from tests.factories.transports import ProviderTransportFactory, TransportFactory
from tests.smtp_sink import Phase, Sink, running_sink
from workspaces.models import AuditEntry, Member, Workspace


def last_entry() -> AuditEntry:
    return AuditEntry.objects.latest("pk")


@pytest.fixture
def sink() -> Iterator[Sink]:
    with running_sink() as sink:
        sink.extensions = ["AUTH PLAIN"]
        yield sink


@pytest.fixture
def relay(workspace: Workspace, sink: Sink) -> Transport:
    made: Transport = TransportFactory.create(
        workspace=workspace, port=sink.port, sign_in=SignIn.PASSWORD, username="elena", password="hidden-word"
    )
    SenderFactory.create(workspace=workspace, email="elena@marenmoss.example")
    return made


def trial_of(transport: Transport, by: Member, now: datetime, *, with_mail: bool = False) -> TransportTrial:
    trial = ask_to_try(transport=transport, with_mail=with_mail, by=by, now=now)
    run_trial(trial=trial, now=now)
    trial.refresh_from_db()
    transport.refresh_from_db()
    return trial


def test_asking_rings_a_worker_once_at_a_time(
    relay: Transport,
    lead: Member,
    now: datetime,
    bells: list[Bell],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        trial = ask_to_try(transport=relay, with_mail=False, by=lead, now=now)

    assert bells == [("delivery.try_transport", {"trial_id": trial.pk})]
    with pytest.raises(TransportRefused, match="being tried right now"):
        ask_to_try(transport=relay, with_mail=False, by=lead, now=now)
    ask_to_try(transport=relay, with_mail=False, by=lead, now=now + TRIAL_PATIENCE + timedelta(seconds=1))


def test_a_trial_that_passes_ends_the_trouble(relay: Transport, lead: Member, now: datetime, sink: Sink) -> None:
    Transport.objects.update(failures=2, needs_attention=True, trouble="535")
    relay.refresh_from_db()

    trial = trial_of(relay, lead, now)

    assert [step["state"] for step in trial.steps] == ["passed"] * 6
    assert (relay.needs_attention, relay.trouble, relay.last_ok_at) == (False, "", now)
    assert sink.taken == []
    assert last_entry().action == "transport.recovered"


def test_a_trial_that_fails_puts_the_server_to_rest_until_somebody_looks(
    relay: Transport, lead: Member, now: datetime, sink: Sink
) -> None:
    sink.says(Phase.AUTH, "535 5.7.8 Wrong password")

    trial_of(relay, lead, now)

    shown = last_trial(relay, now)
    assert shown is not None
    assert (shown.state, shown.steps[-1].cause) == ("failed", "sign_in_refused")
    assert "535 5.7.8 Wrong password" in shown.steps[-1].words
    assert relay.needs_attention


def test_a_sender_that_is_refused_is_not_the_servers_trouble(
    relay: Transport, lead: Member, now: datetime, sink: Sink
) -> None:
    sink.says(Phase.MAIL, "553 5.7.1 Not your address")

    trial_of(relay, lead, now)

    assert not relay.is_in_trouble


def test_a_trial_with_a_mail_sends_it_to_the_one_who_asked(
    relay: Transport, lead: Member, now: datetime, sink: Sink, settings: Settings
) -> None:
    settings.MAIL_SANDBOX = False

    trial = trial_of(relay, lead, now, with_mail=True)

    assert trial.steps[-1]["stage"] == Stage.MESSAGE
    assert [(mail.sender, mail.recipient) for mail in sink.taken] == [("elena@marenmoss.example", lead.user.email)]
    assert "[Test]" in sink.taken[0].parsed["Subject"]


def test_with_the_sandbox_on_no_mail_leaves_by_a_trial(relay: Transport, lead: Member, now: datetime) -> None:
    with pytest.raises(TransportRefused, match="sandbox"):
        ask_to_try(transport=relay, with_mail=True, by=lead, now=now)


def test_a_trial_is_made_once_however_often_it_is_rung_for(
    relay: Transport, lead: Member, now: datetime, sink: Sink
) -> None:
    trial = trial_of(relay, lead, now)

    run_trial(trial=trial, now=now + timedelta(minutes=1))

    assert sink.connections == 1


def test_a_lost_password_is_told_without_a_connection(
    relay: Transport, lead: Member, now: datetime, sink: Sink, settings: Settings
) -> None:
    settings.SECRET_KEY = "another"

    trial = trial_of(relay, lead, now)

    assert [step["cause"] for step in trial.steps] == ["settings_incomplete"]
    assert relay.needs_attention
    assert sink.connections == 0


def test_without_a_mail_a_providers_trial_proves_nothing_about_its_key(
    workspace: Workspace, lead: Member, now: datetime, settings: Settings
) -> None:
    settings.PRIVATE_ENDPOINTS = ["127.0.0.1"]
    with running_sink() as listener:
        transport = ProviderTransportFactory.create(
            workspace=workspace,
            provider_settings={"server_token": "x", "api_url": f"http://127.0.0.1:{listener.port}/"},
            needs_attention=True,
            failures=1,
            trouble="401",
        )
        trial = trial_of(transport, lead, now)

    assert all(step["state"] == "passed" for step in trial.steps)
    assert transport.needs_attention


def test_a_trial_that_nobody_made_is_lost_after_a_while(relay: Transport, lead: Member, now: datetime) -> None:
    ask_to_try(transport=relay, with_mail=False, by=lead, now=now)

    states = [last_trial(relay, now + wait) for wait in (timedelta(0), TRIAL_PATIENCE * 2)]

    assert [shown.state for shown in states if shown] == ["asked", "lost"]


def test_the_list_tells_state_and_share_of_each(workspace: Workspace, now: datetime) -> None:
    facts: dict[str, dict[str, Any]] = {
        "ready": {"weight": 30, "last_ok_at": now},
        "unproven": {"weight": 10},
        "spare": {"weight": 0},
        "resting": {"weight": 50, "failures": 1, "retry_at": now + timedelta(seconds=5)},
        "faltering": {"weight": 10, "failures": 1, "retry_at": now - timedelta(seconds=5), "last_ok_at": now},
        "attention": {"weight": 50, "needs_attention": True},
        "off": {"weight": 50, "is_enabled": False},
    }
    for name, fields in facts.items():
        TransportFactory.create(workspace=workspace, name=name, **fields)

    lines = overview(workspace, now).lines

    assert [line.state.value for line in lines] == list(facts)
    assert [line.share for line in lines] == [0.6, 0.2, 0, 0, 0.2, 0, 0]


def test_a_spare_that_is_needed_has_all_of_the_mail(workspace: Workspace, now: datetime) -> None:
    TransportFactory.create_batch(2, workspace=workspace, weight=0)

    lines = overview(workspace, now).lines

    assert [(line.state.value, line.share) for line in lines] == [("unproven", 1.0), ("spare", 0.0)]
