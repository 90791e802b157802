"""To those of whom nobody knows, or who were refused because of us: once more, and only knowingly twice."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from campaigns.models import CampaignState, UnknownPolicy
from delivery import ledger, reconcile, sending, services
from delivery.models import Delivery, DeliveryState, Reason, Run, RunState
from delivery.services import Again, RunRefused, send_again, sendable_again
from tests.factories.delivery import DeliveryFactory, RunFactory
from tests.smtp_sink import Sink
from tests.together import together
from workspaces.models import AuditEntry, Member, Workspace

UNKNOWN, QUEUED, SENT = DeliveryState.UNKNOWN, DeliveryState.QUEUED, DeliveryState.SENT
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _world(settings: Settings) -> None:
    settings.MAIL_SANDBOX = False


def unknown(run: Run, at: datetime, **fields: object) -> Delivery:
    made: Delivery = DeliveryFactory.create(
        run=run, **{"state": UNKNOWN, "reason": Reason.CONNECTION_LOST, "attempt": 1, "decided_at": at} | fields
    )
    return made


class TestByPeople:
    def test_those_of_whom_nobody_knows_wait_again_and_a_run_that_had_ended_goes_on(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        run = RunFactory.create(workspace=workspace, done=True)
        row, sent = unknown(run, now), DeliveryFactory.create(run=run, state=SENT)

        assert send_again(run=run, what=Again.UNKNOWN, by=lead, now=now) == 1

        for changed in (run, row, sent, run.campaign):
            changed.refresh_from_db()
        assert (row.state, row.reason, row.decided_at, sent.state) == (QUEUED, "", None, SENT)
        assert (run.state, run.finished_at, run.campaign.state) == (RunState.SENDING, None, CampaignState.SENDING)
        entry = AuditEntry.objects.get(action="run.sent_again")
        assert (entry.member, entry.detail) == (lead, {"what": "unknown", "people": 1})

    def test_they_get_it_under_the_same_message_id_and_the_run_ends_again(
        self, workspace: Workspace, lead: Member, now: datetime, sink: Sink
    ) -> None:
        run = RunFactory.create(workspace=workspace, done=True)
        row = unknown(run, now)
        send_again(run=run, what=Again.UNKNOWN, by=lead, now=now)

        sending.work(run.pk, lambda: now)

        row.refresh_from_db()
        run.refresh_from_db()
        assert sink.recipients == [row.address]
        assert (row.state, row.attempt, run.state) == (SENT, 2, RunState.DONE)

    def test_a_paused_run_stays_so(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        run = RunFactory.create(workspace=workspace, state=RunState.PAUSED, campaign__state="paused")
        unknown(run, now)

        send_again(run=run, what=Again.UNKNOWN, by=lead, now=now)

        run.refresh_from_db()
        assert run.state == RunState.PAUSED

    def test_whoever_was_refused_because_of_the_sender_can_be_sent_to(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        run = RunFactory.create(workspace=workspace)
        ours, theirs = (
            DeliveryFactory.create(run=run, state=DeliveryState.FAILED, reason=Reason.REFUSED, reply_text=words)
            for words in ("550 5.7.26 unauthenticated", "550 5.1.1 no such user")
        )

        send_again(run=run, what=Again.SENDER_FAULT, by=lead, now=now)

        ours.refresh_from_db()
        theirs.refresh_from_db()
        assert (ours.state, theirs.state) == (QUEUED, DeliveryState.FAILED)

    @pytest.mark.parametrize(
        ("state", "words"),
        [
            (RunState.CANCELLED, "was cancelled"),
            (RunState.PLANNING, "list is not made"),
            (RunState.SENDING, "nobody left"),
        ],
    )
    def test_where_it_makes_no_sense_it_is_refused(
        self, workspace: Workspace, lead: Member, now: datetime, state: RunState, words: str
    ) -> None:
        run = RunFactory.create(workspace=workspace, state=state)

        with pytest.raises(RunRefused, match=words):
            send_again(run=run, what=Again.UNKNOWN, by=lead, now=now)

    def test_the_sandbox_is_asked_instead(
        self, workspace: Workspace, lead: Member, now: datetime, settings: Settings
    ) -> None:
        settings.MAIL_SANDBOX = True
        run = RunFactory.create(workspace=workspace)
        unknown(run, now)

        with pytest.raises(RunRefused, match="sandbox knows"):
            send_again(run=run, what=Again.UNKNOWN, by=lead, now=now)

    def test_who_reacted_meanwhile_is_not_sent_to(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        run = RunFactory.create(workspace=workspace)
        row = unknown(run, now)
        unknown(run, now)
        chosen = sendable_again(run, Again.UNKNOWN)
        reconcile.has_arrived(row.pk, now)

        assert ledger.send_again(chosen, now) == 1

        row.refresh_from_db()
        assert row.state == SENT


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_at_once_one_sends_again(workspace: Workspace, lead: Member, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace, done=True)
    unknown(run, now)

    answers = together(*[lambda: send_again(run=run, what=Again.UNKNOWN, by=lead, now=now)] * 2)

    assert sorted(map(type, answers), key=str) == [RunRefused, int]
    assert AuditEntry.objects.filter(action="run.sent_again").count() == 1


class TestByPolicy:
    @pytest.fixture
    def run_with(self, workspace: Workspace) -> Callable[[UnknownPolicy], Run]:
        def make(policy: UnknownPolicy) -> Run:
            made: Run = RunFactory.create(workspace=workspace, unknown_policy=policy)
            return made

        return make

    def test_after_a_day_without_evidence_it_is_sent_again(
        self, run_with: Callable[[UnknownPolicy], Run], now: datetime
    ) -> None:
        run = run_with(UnknownPolicy.RESEND)
        row = unknown(run, now - DAY)

        reconcile.reconcile(run, now)

        row.refresh_from_db()
        assert (row.state, row.decided_at) == (QUEUED, None)

    def test_not_a_second_earlier(self, run_with: Callable[[UnknownPolicy], Run], now: datetime) -> None:
        run = run_with(UnknownPolicy.RESEND)
        row = unknown(run, now - DAY + timedelta(seconds=1))

        reconcile.reconcile(run, now)

        row.refresh_from_db()
        assert row.state == UNKNOWN

    def test_the_installation_says_how_long_evidence_is_waited_for(
        self, run_with: Callable[[UnknownPolicy], Run], now: datetime, settings: Settings
    ) -> None:
        settings.RESEND_AFTER = timedelta(0)
        run = run_with(UnknownPolicy.RESEND)
        row = unknown(run, now)

        reconcile.reconcile(run, now)

        row.refresh_from_db()
        assert row.state == QUEUED

    def test_hold_never_sends_again_by_itself(self, run_with: Callable[[UnknownPolicy], Run], now: datetime) -> None:
        run = run_with(UnknownPolicy.HOLD)
        row = unknown(run, now - 30 * DAY)

        reconcile.reconcile(run, now)

        row.refresh_from_db()
        assert row.state == UNKNOWN
        assert reconcile.is_settled(run, now)

    def test_the_run_waits_for_those_it_will_send_again(
        self, run_with: Callable[[UnknownPolicy], Run], now: datetime
    ) -> None:
        run = run_with(UnknownPolicy.RESEND)
        unknown(run, now)

        assert not sending.finish_if_settled(run, now)

    def test_after_three_attempts_it_is_left_to_people(
        self, run_with: Callable[[UnknownPolicy], Run], now: datetime
    ) -> None:
        run = run_with(UnknownPolicy.RESEND)
        row = unknown(run, now - DAY, attempt=3)

        reconcile.reconcile(run, now)

        row.refresh_from_db()
        assert row.state == UNKNOWN
        assert sending.finish_if_settled(run, now)

    def test_a_paused_run_sends_nothing_again(self, run_with: Callable[[UnknownPolicy], Run], now: datetime) -> None:
        run = run_with(UnknownPolicy.RESEND)
        row = unknown(run, now - DAY)
        services.pause(run=run, by=None, now=now)
        run.refresh_from_db()

        reconcile.reconcile(run, now)

        row.refresh_from_db()
        assert row.state == UNKNOWN

    def test_a_reader_who_reacts_within_the_day_gets_it_once(
        self, run_with: Callable[[UnknownPolicy], Run], now: datetime
    ) -> None:
        run = run_with(UnknownPolicy.RESEND)
        row = unknown(run, now - DAY)
        reconcile.has_arrived(row.pk, now)

        reconcile.reconcile(run, now)

        row.refresh_from_db()
        assert row.state == SENT
