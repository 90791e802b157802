"""The worker's loop against a real server: where each answer leaves the ledger, the run and its page."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from audience.models import Consent, Contact
from campaigns.liquid import Template
from campaigns.models import CampaignState
from delivery import sending, services
from delivery.models import Delivery, DeliveryState, Lane, Reason, RunState
from delivery.queries import run_counts
from delivery.sending import BELL_LIFE, BUDGET, STRAGGLERS, TROUBLE_PAUSE
from emailops.demo.post import Elsewhere
from tests.conftest import Bell
from tests.delivery.conftest import Clock
from tests.factories.delivery import HTML, DeliveryFactory, RunFactory, run_to
from tests.smtp_sink import DROP, DROP_KEPT, Phase, Sink
from workspaces.models import AuditEntry, Member, SystemMail, Workspace


def test_everybody_gets_one_message_and_the_run_is_done(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    run, rows = run_to(workspace, 3)

    sending.work(run.pk, clock)

    run.refresh_from_db()
    assert sorted(sink.recipients) == sorted(row.address for row in rows)
    assert run.state == RunState.DONE
    assert run_counts(run, clock()).sent == 3
    assert run.finished_at == clock()
    assert not Lane.objects.exists()


def test_another_way_out_takes_the_place_of_the_installations(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    run, (row,) = run_to(workspace, 1)

    sending.work(run.pk, clock, Elsewhere(dead={row.address}, refused_by=""))

    row.refresh_from_db()
    assert (row.state, row.reason, row.reply_code) == (DeliveryState.FAILED, Reason.REFUSED, 550)
    assert sink.recipients == []


def test_the_campaign_is_sent_when_its_run_is_done(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    run, _rows = run_to(workspace, 1)

    sending.work(run.pk, clock)

    run.campaign.refresh_from_db()
    assert run.campaign.state == CampaignState.SENT
    done = AuditEntry.objects.get(action="run.done")
    assert done.detail == {"sent": 1}


@pytest.mark.parametrize(
    ("phase", "answer", "state", "reason"),
    [
        (Phase.RCPT, "450 4.2.0 Greylisted", DeliveryState.DEFERRED, ""),
        (Phase.RCPT, "550 5.1.1 Nobody here", DeliveryState.FAILED, Reason.REFUSED),
        (Phase.RCPT, DROP, DeliveryState.DEFERRED, ""),
        (Phase.DATA, "452 4.3.1 Full", DeliveryState.DEFERRED, ""),
        (Phase.DATA, "554 5.7.1 Not this", DeliveryState.FAILED, Reason.CONTENT_REFUSED),
        (Phase.DATA, DROP, DeliveryState.DEFERRED, ""),
        (Phase.DOT, "451 4.7.0 Later", DeliveryState.DEFERRED, ""),
        (Phase.DOT, "552 5.3.4 Too big", DeliveryState.FAILED, Reason.TOO_BIG),
        (Phase.DOT, DROP, DeliveryState.UNKNOWN, Reason.CONNECTION_LOST),
        (Phase.DOT, DROP_KEPT, DeliveryState.UNKNOWN, Reason.CONNECTION_LOST),
    ],
)
def test_where_an_answer_about_a_message_leaves_it(
    workspace: Workspace, sink: Sink, clock: Clock, phase: Phase, answer: str, state: DeliveryState, reason: str
) -> None:
    run, (row,) = run_to(workspace, 1)
    sink.says(phase, answer)

    sending.work(run.pk, clock)

    row.refresh_from_db()
    assert (row.state, row.reason, row.attempt, row.lane) == (state, reason, 1, None)
    assert row.reply_text if answer == DROP else row.reply_text.startswith(answer[:3]) or answer == DROP_KEPT


@pytest.mark.parametrize("phase", [Phase.BANNER, Phase.EHLO, Phase.MAIL])
def test_a_relay_that_refuses_us_pauses_the_run_and_touches_nobody(
    workspace: Workspace, lead: Member, sink: Sink, clock: Clock, phase: Phase
) -> None:
    run, (row,) = run_to(workspace, 1)
    sink.says(phase, "554 5.7.1 Go away")

    sending.work(run.pk, clock)

    row.refresh_from_db()
    run.refresh_from_db()
    assert (row.state, row.attempt, row.lane) == (DeliveryState.QUEUED, 0, None)
    assert (run.state, run.epoch) == (RunState.PAUSED, 2)
    assert "554 5.7.1 Go away" in run.trouble
    assert "Mend that, then resume." in run.trouble
    run.campaign.refresh_from_db()
    assert run.campaign.state == CampaignState.PAUSED
    assert [mail.object_id for mail in SystemMail.objects.filter(kind="delivery.stopped", to=lead.user.email)] == [
        run.campaign_id
    ]


@pytest.mark.parametrize("answer", ["421 4.3.2 Busy", "451 4.3.0 Later", DROP])
@pytest.mark.parametrize("phase", [Phase.BANNER, Phase.EHLO, Phase.MAIL])
def test_a_relay_that_is_away_is_tried_again_soon_and_touches_nobody(
    workspace: Workspace, sink: Sink, clock: Clock, phase: Phase, answer: str
) -> None:
    run, (row,) = run_to(workspace, 1)
    sink.says(phase, answer)

    sending.work(run.pk, clock)

    row.refresh_from_db()
    run.refresh_from_db()
    assert (row.state, row.attempt) == (DeliveryState.QUEUED, 0)
    assert run.state == RunState.SENDING
    assert run.retry_at == clock() + TROUBLE_PAUSE
    assert "We try again by ourselves." in run.trouble

    sink.relents()
    sending.work(run.pk, clock)
    row.refresh_from_db()
    assert row.state == DeliveryState.QUEUED, "not before the pause is over"

    clock.forward(TROUBLE_PAUSE)
    sending.work(run.pk, clock)
    row.refresh_from_db()
    run.refresh_from_db()
    assert row.state == DeliveryState.SENT
    assert (run.state, run.trouble) == (RunState.DONE, "")


def test_without_room_for_notes_nothing_is_sent_and_the_page_says_why(
    workspace: Workspace, sink: Sink, clock: Clock, settings: Settings, tmp_path: Path
) -> None:
    run, (row,) = run_to(workspace, 1)
    settings.VAR_DIR = tmp_path
    in_the_way = tmp_path / "journal"  # a folder that cannot be made fails as a full disk does
    in_the_way.symlink_to(tmp_path / "gone" / "journal")

    sending.work(run.pk, clock)
    run.refresh_from_db()
    said, sent = run.trouble, list(sink.recipients)
    in_the_way.unlink()
    clock.forward(TROUBLE_PAUSE)
    sending.work(run.pk, clock)

    run.refresh_from_db()
    assert said.startswith("A worker cannot keep its notes: File exists.")
    assert sent == []
    assert sink.recipients == [row.address]
    assert (run.state, run.trouble) == (RunState.DONE, "")


def test_a_lost_answer_stops_the_run_for_a_while_instead_of_losing_every_answer(
    workspace: Workspace, sink: Sink, clock: Clock, settings: Settings
) -> None:
    settings.SMTP_CONNECTIONS = 1
    run, _rows = run_to(workspace, 3)
    sink.says(Phase.DOT, DROP_KEPT)

    sending.work(run.pk, clock)

    counts = run_counts(run, clock())
    run.refresh_from_db()
    assert (counts.unknown, counts.pending) == (1, 2)
    assert run.trouble
    assert len(sink.taken) == 1


def test_a_message_that_is_not_known_is_not_sent_again(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    run, (row,) = run_to(workspace, 1)
    sink.says(Phase.DOT, DROP_KEPT, times=1)

    for _attempt in range(3):
        sending.work(run.pk, clock)
        clock.forward(timedelta(days=1))
        sending.ring(clock())

    row.refresh_from_db()
    run.refresh_from_db()
    assert len(sink.taken) == 1
    assert row.state == DeliveryState.UNKNOWN
    assert run.state == RunState.DONE


def test_a_deferred_message_goes_out_at_its_time(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    run, (row,) = run_to(workspace, 1)
    sink.says(Phase.DOT, "451 4.7.0 Later", times=1)

    sending.work(run.pk, clock)
    row.refresh_from_db()
    run.refresh_from_db()
    assert run.state == RunState.SENDING, "somebody is still waiting"
    assert row.next_attempt_at is not None
    clock.now = row.next_attempt_at
    sending.work(run.pk, clock)

    row.refresh_from_db()
    run.refresh_from_db()
    assert (row.state, row.attempt, run.state) == (DeliveryState.SENT, 2, RunState.DONE)


def test_one_address_refused_stops_nobody_else(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    run, rows = run_to(workspace, 3)
    sink.says(Phase.RCPT, "550 5.1.1 Nobody here", to=rows[1].address)

    sending.work(run.pk, clock)

    counts = run_counts(run, clock())
    assert (counts.sent, counts.failed, counts.pending) == (2, 1, 0)
    assert counts.reasons == {("failed", Reason.REFUSED): 1}


def test_a_text_that_cannot_be_filled_in_for_one_person_fails_for_that_one(
    workspace: Workspace, sink: Sink, clock: Clock
) -> None:
    trap = HTML.replace("this is for you", "{% if contact.first_name == 'Zoe' %}{{ 1 | divided_by: 0 }}{% endif %}")
    run = RunFactory.create(workspace=workspace, campaign__content=trap)
    DeliveryFactory.create(run=run, contact__first_name="Ann")
    zoe = DeliveryFactory.create(run=run, contact__first_name="Zoe")
    DeliveryFactory.create(run=run, contact__first_name="Bob")

    sending.work(run.pk, clock)

    zoe.refresh_from_db()
    assert (zoe.state, zoe.reason) == (DeliveryState.FAILED, Reason.RENDER_FAILED)
    assert run_counts(run, clock()).sent == 2


def test_an_error_nobody_foresaw_in_one_message_costs_only_that_message(
    workspace: Workspace, sink: Sink, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunFactory.create(workspace=workspace)
    zoe = DeliveryFactory.create(run=run, contact__first_name="Zoe")
    DeliveryFactory.create(run=run, contact__first_name="Bob")
    fill = Template.fill

    def breaking(template: Template, context: Any) -> str:
        if context["contact"]["first_name"] == "Zoe":
            raise RecursionError
        return fill(template, context)

    monkeypatch.setattr(Template, "fill", breaking)  # stands for a fault in the template library

    sending.work(run.pk, clock)

    zoe.refresh_from_db()
    assert (zoe.state, zoe.reason) == (DeliveryState.FAILED, Reason.RENDER_FAILED)
    assert run_counts(run, clock()).sent == 1


def test_who_unsubscribes_between_planning_and_sending_is_left_out(
    workspace: Workspace, sink: Sink, clock: Clock
) -> None:
    run, rows = run_to(workspace, 2)
    Contact.objects.filter(pk=rows[0].contact_id or 0).update(consent=Consent.WITHDRAWN)

    sending.work(run.pk, clock)

    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].reason) == (DeliveryState.SKIPPED, Reason.UNSUBSCRIBED)
    assert sink.recipients == [rows[1].address]


def test_a_contact_that_was_removed_is_left_out(workspace: Workspace, sink: Sink, clock: Clock) -> None:
    run, rows = run_to(workspace, 2)
    Contact.objects.get(pk=rows[0].contact_id or 0).delete()

    sending.work(run.pk, clock)

    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].reason) == (DeliveryState.SKIPPED, Reason.CONTACT_GONE)
    assert sink.recipients == [rows[1].address]


@pytest.mark.parametrize("state", [RunState.PLANNING, RunState.PAUSED, RunState.DONE, RunState.CANCELLED])
def test_a_run_that_does_not_send_sends_nothing(
    workspace: Workspace, sink: Sink, clock: Clock, state: RunState
) -> None:
    run, _rows = run_to(workspace, 1, state=state)

    sending.work(run.pk, clock)

    assert sink.connections == 0


def test_a_task_stops_when_its_time_is_over_and_rings_the_next(
    workspace: Workspace,
    sink: Sink,
    clock: Clock,
    bells: list[Bell],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    settings: Settings,
) -> None:
    settings.SMTP_CONNECTIONS = 1
    run, _rows = run_to(workspace, 12)
    sink.before = lambda phase, _to: clock.forward(BUDGET / 3) if phase == Phase.DOT else None

    with django_capture_on_commit_callbacks(execute=True):
        sending.work(run.pk, clock)

    counts = run_counts(run, clock())
    assert 0 < counts.sent < 12, "it stops in the middle of what it holds"
    assert counts.pending == 12 - counts.sent
    assert set(run.deliveries.pending().values_list("state", flat=True)) == {"queued"}
    assert bells == [("delivery.send_run", {"run_id": run.pk})]


def test_the_poller_rings_for_what_waits_and_only_for_that(
    workspace: Workspace,
    now: datetime,
    bells: list[Bell],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    waiting, _rows = run_to(workspace, 1)
    planning = RunFactory.create(workspace=workspace, planning=True)
    in_trouble, _rows = run_to(workspace, 1, trouble="away", retry_at=now + timedelta(seconds=5))
    run_to(workspace, 1, state=RunState.PAUSED)
    only_later = RunFactory.create(workspace=workspace)
    DeliveryFactory.create(run=only_later, state=DeliveryState.DEFERRED, next_attempt_at=now + timedelta(hours=1))

    with django_capture_on_commit_callbacks(execute=True):
        sending.ring(now)

    assert sorted(bells, key=str) == sorted(
        [("delivery.send_run", {"run_id": waiting.pk}), ("delivery.plan_run", {"run_id": planning.pk})], key=str
    )
    assert in_trouble.pk not in {bell[1]["run_id"] for bell in bells}


def test_bells_of_the_poller_expire_so_that_they_cannot_pile_up(
    workspace: Workspace,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    run_to(workspace, 1)
    options: list[dict[str, Any]] = []
    monkeypatch.setattr("celery.current_app.send_task", lambda _name, **given: options.append(given))

    with django_capture_on_commit_callbacks(execute=True):
        sending.ring(now)

    assert [given["expires"] for given in options] == [BELL_LIFE.total_seconds()]


def test_the_poller_closes_a_run_in_which_nobody_waits(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)
    DeliveryFactory.create(run=run, state=DeliveryState.SENT)

    sending.ring(now)

    run.refresh_from_db()
    assert run.state == RunState.DONE


def test_a_run_that_cannot_be_looked_after_does_not_stop_the_others(
    workspace: Workspace, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    broken = RunFactory.create(workspace=workspace, campaign__state=CampaignState.DRAFT)
    fine = RunFactory.create(workspace=workspace)

    sending.ring(now)

    broken.refresh_from_db()
    fine.refresh_from_db()
    assert (broken.state, fine.state) == (RunState.SENDING, RunState.DONE)
    assert f"Run {broken.pk} could not be looked after" in caplog.text


def test_what_comes_back_after_a_cancellation_is_left_out(
    workspace: Workspace, lead: Member, sink: Sink, clock: Clock
) -> None:
    run, (row,) = run_to(workspace, 1)
    held = Delivery.objects.filter(pk=row.pk)
    held.update(state=DeliveryState.SENDING, lane=1)
    services.cancel(run=run, by=lead, now=clock())
    held.update(state=DeliveryState.DEFERRED, lane=None, next_attempt_at=clock())  # its server said: later

    sending.ring(clock() + timedelta(seconds=3))

    row.refresh_from_db()
    assert (row.state, row.reason) == (DeliveryState.SKIPPED, Reason.CANCELLED)


def test_long_cancelled_runs_are_not_looked_at_any_more(workspace: Workspace, lead: Member, now: datetime) -> None:
    run, (row,) = run_to(workspace, 1)
    services.cancel(run=run, by=lead, now=now - STRAGGLERS)
    Delivery.objects.filter(pk=row.pk).update(state=DeliveryState.QUEUED)

    sending.ring(now)

    row.refresh_from_db()
    assert row.state == DeliveryState.QUEUED


def test_a_run_is_not_closed_while_somebody_waits(workspace: Workspace, now: datetime) -> None:
    run, _rows = run_to(workspace, 1)

    assert not sending.finish_if_settled(run, now)


def test_closing_a_run_twice_changes_nothing(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)

    assert sending.finish_if_settled(run, now)
    assert not sending.finish_if_settled(run, now)
