"""A run whose mail is refused, complained about or swallowed stops by itself."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from campaigns.models import CampaignState
from delivery import breakers, sending, services
from delivery.breakers import evidence_of, look_at
from delivery.models import Delivery, DeliveryState, Feedback, FeedbackKind, Halt, Reason, Run, RunState, Watch
from delivery.safety import limits_of, set_limits
from delivery.watches import watch_over
from tests.factories.delivery import RunFactory, SentCampaignFactory, SentSenderFactory, settled
from tests.together import together
from workspaces.models import AuditEntry, Member, SystemMail, Workspace

SENT, FAILED, UNKNOWN, DEFERRED = (
    DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.DEFERRED,
)  # fmt: skip
FAULT = {"reason": Reason.REFUSED, "reply_code": 550, "reply_text": "550 5.7.26 unauthenticated sender"}


@pytest.fixture
def run(workspace: Workspace) -> Run:
    made: Run = RunFactory.create(workspace=workspace)
    return made


def halt_of(run: Run) -> str:
    run.refresh_from_db()
    return watch_over(run).halt


def complain(rows: list[Delivery], at: datetime) -> None:
    Feedback.objects.bulk_create(
        Feedback(workspace=row.workspace, run=row.run, delivery=row, kind=FeedbackKind.COMPLAINT, at=at, reported_at=at)
        for row in rows
    )


def test_too_many_refused_addresses_stop_the_run_and_say_why(run: Run, lead: Member, now: datetime) -> None:
    settled(run, 189, SENT, now)
    settled(run, 11, FAILED, now, reason=Reason.REFUSED)

    look_at(run, now)

    assert halt_of(run) == Halt.REFUSED
    assert (run.state, run.campaign.state) == (RunState.PAUSED, CampaignState.PAUSED)
    assert "11 of 200 addresses were refused or do not exist, 5.5%; the limit is 5%." in run.trouble
    entry = AuditEntry.objects.get(action="run.halted")
    assert entry.member is None
    assert entry.detail == {"halt": "refused", "count": 11, "of": 200, "limit": 0.05, "code": ""}
    told = SystemMail.objects.filter(kind="delivery.halted").values_list("to", flat=True)
    assert sorted(told) == sorted([lead.user.email, run.campaign.created_by.user.email])


@pytest.mark.parametrize(("sent", "refused"), [(190, 10), (99, 100)])
def test_at_the_border_it_goes_on(run: Run, now: datetime, sent: int, refused: int) -> None:
    settled(run, sent, SENT, now)
    settled(run, refused, FAILED, now, reason=Reason.REFUSED)

    look_at(run, now)

    assert (halt_of(run), run.state) == ("", RunState.SENDING)


def test_texts_that_are_refused_stop_the_run(run: Run, now: datetime) -> None:
    settled(run, 89, SENT, now)
    settled(run, 11, FAILED, now, reason=Reason.CONTENT_REFUSED)

    look_at(run, now)

    assert halt_of(run) == Halt.CONTENT


def test_our_own_failures_are_no_evidence(run: Run, now: datetime) -> None:
    settled(run, 100, SENT, now)
    settled(run, 150, FAILED, now, reason=Reason.RENDER_FAILED)

    look_at(run, now)

    assert halt_of(run) == ""


class TestTheSender:
    def test_its_faults_stop_the_run_and_count_against_nobody_else(self, run: Run, now: datetime) -> None:
        settled(run, 180, SENT, now)
        settled(run, 20, FAILED, now, **FAULT)

        evidence = evidence_of(run, watch_over(run), limits_of(run.workspace))
        look_at(run, now)

        assert (evidence.refused, evidence.sender_faults, evidence.sender_code) == (0, 20, "5.7.26")
        assert halt_of(run) == Halt.SENDER
        assert "No contact is to blame" in run.trouble
        assert "SPF and DKIM" in run.trouble

    def test_nineteen_do_not(self, run: Run, now: datetime) -> None:
        settled(run, 180, SENT, now)
        settled(run, 19, FAILED, now, **FAULT)

        look_at(run, now)

        assert halt_of(run) == ""

    def test_what_is_put_off_for_it_counts_too(self, run: Run, now: datetime) -> None:
        settled(
            run, 20, DEFERRED, now, decided_at=None, next_attempt_at=now + timedelta(minutes=5),
            reply_text="421 4.7.26 rate limited because unauthenticated",
        )  # fmt: skip

        look_at(run, now)

        assert halt_of(run) == Halt.SENDER

    def test_what_was_put_off_before_somebody_resumed_does_not(self, run: Run, lead: Member, now: datetime) -> None:
        settled(
            run, 30, DEFERRED, now, decided_at=None, next_attempt_at=now + timedelta(minutes=5),
            reply_text="421 4.7.26 rate limited because unauthenticated",
        )  # fmt: skip
        look_at(run, now)
        services.resume(run=run, by=lead, now=now + timedelta(minutes=1))
        run.refresh_from_db()

        look_at(run, now + timedelta(minutes=2))

        assert halt_of(run) == ""

    def test_other_runs_from_the_same_domain_stop_with_it(
        self, run: Run, workspace: Workspace, outsider: Member, now: datetime
    ) -> None:
        colleague = SentSenderFactory.create(workspace=workspace, email="sofia@MarenMoss.example", name="Sofia")
        same = RunFactory.create(workspace=workspace, campaign=_from(workspace, colleague))
        stranger = SentSenderFactory.create(workspace=workspace, email="elena@not-marenmoss.example", name="Elena")
        other = RunFactory.create(workspace=workspace, campaign=_from(workspace, stranger))
        elsewhere = RunFactory.create(workspace=outsider.workspace)
        settled(run, 20, FAILED, now, **FAULT)

        look_at(run, now)

        assert (halt_of(same), halt_of(other), halt_of(elsewhere)) == (Halt.SENDER, "", "")


def _from(workspace: Workspace, sender: object) -> object:
    return SentCampaignFactory.create(workspace=workspace, sender=sender)


class TestSilence:
    def test_ten_in_a_row_without_an_answer_stop_the_run(self, run: Run, now: datetime) -> None:
        settled(run, 50, SENT, now - timedelta(minutes=1))
        settled(run, 10, UNKNOWN, now, reason=Reason.CONNECTION_LOST)

        look_at(run, now)

        assert halt_of(run) == Halt.UNANSWERED

    @pytest.mark.parametrize("answer", [SENT, FAILED])
    def test_an_answer_in_between_begins_anew(self, run: Run, now: datetime, answer: DeliveryState) -> None:
        settled(run, 5, UNKNOWN, now - timedelta(minutes=2), reason=Reason.CONNECTION_LOST)
        settled(run, 1, answer, now - timedelta(minutes=1), reason=Reason.REFUSED if answer == FAILED else "")
        settled(run, 9, UNKNOWN, now, reason=Reason.CONNECTION_LOST)

        look_at(run, now)

        assert halt_of(run) == ""

    def test_a_text_that_we_could_not_fill_in_is_no_answer(self, run: Run, now: datetime) -> None:
        settled(run, 9, UNKNOWN, now - timedelta(minutes=2), reason=Reason.CONNECTION_LOST)
        settled(run, 1, FAILED, now - timedelta(minutes=1), reason=Reason.RENDER_FAILED)
        settled(run, 1, UNKNOWN, now, reason=Reason.CONNECTION_LOST)

        look_at(run, now)

        assert halt_of(run) == Halt.UNANSWERED

    def test_a_machine_that_failed_says_nothing_of_the_server(self, run: Run, now: datetime) -> None:
        settled(run, 300, UNKNOWN, now, reason=Reason.WORKER_LOST)

        look_at(run, now)

        assert halt_of(run) == ""


class TestComplaints:
    def test_four_of_a_thousand_stop_the_run(self, run: Run, now: datetime) -> None:
        complain(settled(run, 1000, SENT, now)[:4], now)

        look_at(run, now)

        assert halt_of(run) == Halt.COMPLAINTS

    def test_three_warn_once_and_the_page_has_the_newest_figures(self, run: Run, lead: Member, now: datetime) -> None:
        rows = settled(run, 1000, SENT, now)
        complain(rows[:2], now)
        look_at(run, now)
        complain(rows[2:3], now)

        look_at(run, now)

        assert halt_of(run) == ""
        assert SystemMail.objects.filter(kind="delivery.warned", to=lead.user.email).count() == 1
        assert watch_over(run).warning == {"count": 3, "of": 1000, "limit": 0.001}

    def test_only_complaints_about_what_was_sent_since_then_count(self, run: Run, lead: Member, now: datetime) -> None:
        early = settled(run, 1000, SENT, now)
        complain(early[:4], now)
        look_at(run, now)
        services.resume(run=run, by=lead, now=now + timedelta(minutes=1))
        run.refresh_from_db()
        settled(run, 1000, SENT, now + timedelta(minutes=2))
        complain(early[4:50], now + timedelta(minutes=3))

        look_at(run, now + timedelta(minutes=3))

        assert halt_of(run) == ""


class TestResuming:
    def test_the_same_evidence_stops_nothing_twice_and_the_decision_is_in_the_log(
        self, run: Run, lead: Member, now: datetime
    ) -> None:
        settled(run, 100, SENT, now)
        settled(run, 100, FAILED, now, reason=Reason.REFUSED)
        look_at(run, now)

        services.resume(run=run, by=lead, now=now + timedelta(seconds=1))

        run.refresh_from_db()
        look_at(run, now + timedelta(seconds=4))
        assert (halt_of(run), run.state, run.trouble) == ("", RunState.SENDING, "")
        entry = AuditEntry.objects.get(action="run.resumed_anyway")
        assert (entry.member, entry.detail["halt"], entry.detail["count"]) == (lead, "refused", 100)

    def test_new_evidence_stops_it_again(self, run: Run, lead: Member, now: datetime) -> None:
        settled(run, 200, FAILED, now, reason=Reason.REFUSED)
        look_at(run, now)
        services.resume(run=run, by=lead, now=now + timedelta(seconds=1))
        run.refresh_from_db()
        settled(run, 200, FAILED, now + timedelta(seconds=2), reason=Reason.REFUSED)

        look_at(run, now + timedelta(seconds=4))

        assert halt_of(run) == Halt.REFUSED
        assert AuditEntry.objects.filter(action="run.halted").count() == 2

    def test_a_run_that_people_paused_is_resumed_without_a_word_about_limits(
        self, run: Run, lead: Member, now: datetime
    ) -> None:
        services.pause(run=run, by=lead, now=now)

        services.resume(run=run, by=lead, now=now)

        assert not AuditEntry.objects.filter(action="run.resumed_anyway").exists()

    def test_a_look_that_began_before_somebody_resumed_does_not_stop_it(
        self, run: Run, lead: Member, now: datetime
    ) -> None:
        settled(run, 200, FAILED, now, reason=Reason.REFUSED)
        stale = Run.objects.get(pk=run.pk)
        look_at(run, now)
        services.resume(run=run, by=lead, now=now - timedelta(hours=1))

        look_at(stale, now)

        assert halt_of(run) == ""


class TestCost:
    def test_a_healthy_run_is_looked_at_without_counting_what_was_sent(
        self, run: Run, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        settled(run, 300, SENT, now)
        settled(run, 3, FAILED, now, reason=Reason.REFUSED)
        look_at(run, now)  # counts once, to know how many there are at least
        settled(run, 5, FAILED, now, reason=Reason.REFUSED)
        watch, limits = watch_over(run), limits_of(run.workspace)

        with django_assert_num_queries(1):
            evidence = evidence_of(run, watch, limits)

        assert (evidence.sent, evidence.refused) == (300, 8)

    def test_the_floor_never_hides_what_goes_too_far(self, run: Run, now: datetime) -> None:
        settled(run, 100, SENT, now)
        settled(run, 1, FAILED, now, reason=Reason.REFUSED)
        look_at(run, now)
        settled(run, 120, FAILED, now, reason=Reason.REFUSED)

        look_at(run, now)

        assert halt_of(run) == Halt.REFUSED


def test_limits_that_are_changed_hold_at_once(run: Run, lead: Member, now: datetime) -> None:
    settled(run, 96, SENT, now)
    settled(run, 4, FAILED, now, reason=Reason.REFUSED)
    look_at(run, now)
    set_limits(workspace=run.workspace, by=lead, now=now, refused_rate=0.03, refused_sample=100)

    look_at(run, now)

    assert halt_of(run) == Halt.REFUSED


def test_the_ring_looks(run: Run, now: datetime) -> None:
    settled(run, 200, FAILED, now, reason=Reason.REFUSED)
    settled(run, 1, DeliveryState.QUEUED, now, decided_at=None, attempt=0)

    sending.ring(now)

    assert halt_of(run) == Halt.REFUSED


def test_the_watch_is_made_once(run: Run, now: datetime) -> None:
    look_at(run, now)
    look_at(run, now)

    assert Watch.objects.get(run=run).since == run.started_at


@pytest.mark.django_db(transaction=True)
def test_of_many_that_find_the_same_one_stops_it(workspace: Workspace, lead: Member, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)
    settled(run, 200, FAILED, now, reason=Reason.REFUSED)

    together(*[lambda: breakers.look_at(Run.objects.get(pk=run.pk), now)] * 6)

    run.refresh_from_db()
    assert (run.state, run.epoch) == (RunState.PAUSED, 2)
    assert AuditEntry.objects.filter(action="run.halted").count() == 1
    assert SystemMail.objects.filter(kind="delivery.halted", to=lead.user.email).count() == 1
