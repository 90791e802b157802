"""Which way mail leaves: by weight among the healthy, and what workers learn of each other's trouble."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from delivery.fates import RelayTrouble
from delivery.models import Security, SignIn, Transport
from delivery.transports.choice import (
    FIRST_REST,
    LONGEST_REST,
    NoWayOut,
    choose,
    note_success,
    note_trouble,
    rest_after,
)
from emailops.lib.mailurl import SMTP_BACKEND, MailSettings
from tests.factories.transports import ProviderTransportFactory, TransportFactory
from workspaces.models import AuditEntry, Workspace

PASSING = RelayTrouble("421 4.3.2 Too busy", is_lasting=False)
LASTING = RelayTrouble("535 5.7.8 Wrong password", is_lasting=True)


@pytest.fixture(autouse=True)
def _world(settings: Settings) -> None:
    settings.MAIL_SANDBOX = False
    settings.MAIL = MailSettings(SMTP_BACKEND, host="installation.example", port=25)


def audited() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_without_mail_servers_of_its_own_a_workspace_uses_the_installations(
    workspace: Workspace, now: datetime, settings: Settings
) -> None:
    TransportFactory.create()

    way = choose(workspace, now)

    assert (way.transport_id, way.mail.host, way.connections) == (
        None,
        "installation.example",
        settings.SMTP_CONNECTIONS,
    )
    note_trouble(way, LASTING, now)
    note_success(way, now)
    assert audited() == []


def test_the_sandbox_goes_before_everything(workspace: Workspace, now: datetime, settings: Settings) -> None:
    TransportFactory.create(workspace=workspace)
    settings.MAIL_SANDBOX = True

    way = choose(workspace, now)

    assert (way.transport_id, way.name) == (None, "Mail sandbox")


def test_mail_is_shared_by_weight(workspace: Workspace, now: datetime) -> None:
    for name, weight in (("large", 75), ("small", 25), ("spare", 0)):
        TransportFactory.create(workspace=workspace, name=name, weight=weight)
    TransportFactory.create(workspace=workspace, name="off", is_enabled=False)

    names = Counter(choose(workspace, now).name for _time in range(400))

    assert set(names) == {"large", "small"}
    assert 240 < names["large"] < 360, "within 5 standard deviations of 300"


def test_one_with_weight_nought_is_used_only_while_no_other_is_healthy(workspace: Workspace, now: datetime) -> None:
    TransportFactory.create(workspace=workspace, name="spare", weight=0)
    TransportFactory.create(workspace=workspace, name="main", weight=1)

    note_trouble(choose(workspace, now), PASSING, now)

    assert choose(workspace, now).name == "spare"
    assert choose(workspace, now + FIRST_REST).name == "main"


def test_choosing_asks_the_database_once(
    workspace: Workspace, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    TransportFactory.create_batch(5, workspace=workspace)

    with django_assert_num_queries(1):
        choose(workspace, now)


@pytest.mark.parametrize(
    ("security", "starttls", "implicit_tls", "is_private_only"),
    [(Security.STARTTLS, True, False, False), (Security.TLS, False, True, False), (Security.NONE, False, False, True)],
)
def test_a_way_has_what_the_client_needs(
    workspace: Workspace, now: datetime, security: str, *, starttls: bool, implicit_tls: bool, is_private_only: bool
) -> None:
    TransportFactory.create(
        workspace=workspace,
        host="mail.example",
        port=1587,
        security=security,
        sign_in=SignIn.PASSWORD,
        username="elena",
        password="rosehip",
        connections=3,
        signs_itself=True,
    )

    way = choose(workspace, now)

    assert way.mail == MailSettings(
        SMTP_BACKEND,
        "mail.example",
        1587,
        "elena",
        "rosehip",
        starttls=starttls,
        implicit_tls=implicit_tls,
        is_private_only=is_private_only,
    )
    assert (way.connections, way.signs_itself) == (3, True)
    assert "rosehip" not in repr(way)


def test_a_provider_gets_its_settings_and_signs_itself(workspace: Workspace, now: datetime) -> None:
    ProviderTransportFactory.create(workspace=workspace)

    way = choose(workspace, now)

    assert (way.mail.provider, way.mail.options) == ("postmark", {"server_token": "hidden-token"})
    assert way.signs_itself
    assert "hidden-token" not in repr(way)


def test_each_failure_in_a_row_doubles_the_rest_up_to_ten_minutes(workspace: Workspace, now: datetime) -> None:
    transport = TransportFactory.create(workspace=workspace)

    rests = []
    for _time in range(8):
        note_trouble(choose(workspace, now), PASSING, now)
        transport.refresh_from_db()
        assert transport.retry_at is not None
        rests.append(int((transport.retry_at - now).total_seconds()))
        now = transport.retry_at

    assert rests == [15, 30, 60, 120, 240, 480, 600, 600]
    assert rest_after(10_000) == LONGEST_REST
    assert audited() == ["transport.troubled"], "once, though it failed eight times"


def test_many_workers_with_the_same_trouble_are_one_failure(workspace: Workspace, now: datetime) -> None:
    transport = TransportFactory.create(workspace=workspace)
    ways = [choose(workspace, now) for _worker in range(5)]

    for way in ways:
        note_trouble(way, PASSING, now)

    transport.refresh_from_db()
    assert (transport.failures, transport.trouble) == (1, "421 4.3.2 Too busy")


def test_a_refused_sign_in_waits_for_a_person(workspace: Workspace, now: datetime) -> None:
    transport = TransportFactory.create(workspace=workspace)
    way = choose(workspace, now)

    for trouble in (PASSING, LASTING, PASSING, LASTING):
        note_trouble(way, trouble, now)

    transport.refresh_from_db()
    assert transport.needs_attention
    assert audited() == ["transport.troubled", "transport.troubled"], "it became bad, then worse"
    with pytest.raises(NoWayOut) as nothing:
        choose(workspace, now + timedelta(days=1))
    assert nothing.value.retry_at is None
    assert "535 5.7.8 Wrong password" in nothing.value.words


def test_the_soonest_retry_is_told_while_all_rest(workspace: Workspace, now: datetime) -> None:
    first, second = TransportFactory.create_batch(2, workspace=workspace)
    Transport.objects.filter(pk=first.pk).update(failures=3, retry_at=now + timedelta(seconds=60), trouble="slow")
    Transport.objects.filter(pk=second.pk).update(failures=1, retry_at=now + timedelta(seconds=20), trouble="busy")

    with pytest.raises(NoWayOut) as nothing:
        choose(workspace, now)

    assert nothing.value.retry_at == now + timedelta(seconds=20)
    assert "slow" in nothing.value.words
    assert "busy" in nothing.value.words


def test_all_switched_off_is_no_way_out_and_not_the_installations(workspace: Workspace, now: datetime) -> None:
    TransportFactory.create(workspace=workspace, is_enabled=False)

    with pytest.raises(NoWayOut, match="switched off"):
        choose(workspace, now)


def test_success_ends_the_trouble_and_is_told_once(workspace: Workspace, now: datetime) -> None:
    transport = TransportFactory.create(workspace=workspace)
    note_trouble(choose(workspace, now), PASSING, now)
    later = now + FIRST_REST
    way = choose(workspace, later)

    for _message in range(3):
        note_success(way, later)

    transport.refresh_from_db()
    assert (transport.failures, transport.trouble, transport.retry_at) == (0, "", None)
    assert transport.last_ok_at == later
    assert audited() == ["transport.troubled", "transport.recovered"]


def test_success_after_success_asks_the_database_once_a_minute(
    workspace: Workspace, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    transport = TransportFactory.create(workspace=workspace)
    way = choose(workspace, now)
    note_success(way, now)

    with django_assert_num_queries(0):
        for second in range(60):
            note_success(way, now + timedelta(seconds=second))
    with CaptureQueriesContext(connection) as queries:
        note_success(way, now + timedelta(seconds=60))

    transport.refresh_from_db()
    assert len([query for query in queries if query["sql"].startswith("UPDATE")]) == 1
    assert transport.last_ok_at == now + timedelta(seconds=60)


def test_success_over_an_old_connection_does_not_hide_new_trouble(workspace: Workspace, now: datetime) -> None:
    transport = TransportFactory.create(workspace=workspace)
    old, other = choose(workspace, now), choose(workspace, now)
    note_trouble(other, LASTING, now)

    note_success(old, now)

    transport.refresh_from_db()
    assert transport.needs_attention


def test_trouble_with_former_settings_is_not_laid_to_new_ones(workspace: Workspace, now: datetime) -> None:
    transport = TransportFactory.create(workspace=workspace)
    way = choose(workspace, now)
    Transport.objects.update(version=2)

    note_trouble(way, LASTING, now)

    transport.refresh_from_db()
    assert not transport.is_in_trouble


def test_trouble_of_a_way_that_was_removed_meanwhile_changes_nothing(workspace: Workspace, now: datetime) -> None:
    transport = TransportFactory.create(workspace=workspace)
    way = choose(workspace, now)
    transport.delete()

    note_trouble(way, LASTING, now)
    note_success(way, now)

    assert audited() == []


def test_a_secret_that_no_key_opens_is_said_and_the_next_way_is_taken(
    workspace: Workspace, now: datetime, settings: Settings
) -> None:
    lost = TransportFactory.create(
        workspace=workspace, weight=100, sign_in=SignIn.PASSWORD, username="elena", password="rosehip"
    )
    TransportFactory.create(workspace=workspace, name="other", weight=0)
    settings.SECRET_KEY = "another"

    way = choose(workspace, now)

    lost.refresh_from_db()
    assert way.name == "other"
    assert lost.needs_attention
    assert "Type it again" in lost.trouble


@pytest.mark.parametrize("address", ["https://127.0.0.1/", "https://10.0.0.1/v1/", "http://api.example.com/"])
def test_a_providers_address_inside_the_network_is_never_called(
    workspace: Workspace, now: datetime, address: str
) -> None:
    transport = ProviderTransportFactory.create(
        workspace=workspace, provider_settings={"server_token": "x", "api_url": address}
    )

    with pytest.raises(NoWayOut):
        choose(workspace, now)

    transport.refresh_from_db()
    assert transport.needs_attention
