"""The ledger as a machine: whatever happens in whatever order, everybody is accounted for and nobody hears twice."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, Phase
from hypothesis import settings as given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from pytest_django import Settings

from audience.services import ConsentBasis, withdraw_consent
from delivery import ledger, reactions, services
from delivery.fates import Fate, Outcome
from delivery.ledger import LANE_KEYS, Held, Settlement
from delivery.messages import message_id
from delivery.models import PENDING, Delivery, DeliveryState, HitKind, Lane, Reason, Run, RunState
from delivery.queries import run_counts
from delivery.reactions import Visit
from delivery.reconcile import GRACE, reconcile
from delivery.services import RunRefused
from tests.delivery.hands import Hands
from tests.factories.delivery import BROWSER, SandboxMessageFactory, run_to
from tests.factories.workspaces import MemberFactory, WorkspaceFactory
from workspaces.permissions import Role

PEOPLE = 5
NUMBER = st.integers(0, 5)
VISIT = Visit("GET", BROWSER, "203.0.113.7")


@dataclass
class Worker:
    """A worker process: what it holds, the run as it read it, and what it is handing over."""

    hands: Hands
    sending: Held | None = None
    is_taken: bool = False
    is_alive: bool = True

    @property
    def lane(self) -> Lane:
        return self.hands.lane


@contextmanager
def other_sessions() -> Iterator[Any]:
    """A session that holds the locks of the workers, as their own sessions would."""
    session = psycopg2.connect(**connection.get_connection_params() | {"cursor_factory": None})
    session.autocommit = True
    try:
        with session.cursor() as cursor:
            yield cursor
    finally:
        session.close()


@pytest.fixture
def _the_sandbox_is_evidence(settings: Settings) -> None:
    settings.MAIL_SANDBOX = True


def _has(kind: str) -> Callable[["LedgerMachine"], bool]:
    return lambda machine: bool(machine.workers_that(kind))


class LedgerMachine(RuleBasedStateMachine):
    """Rules act only where they can, so that a short story holds much."""

    def __init__(self, sessions: Any) -> None:
        super().__init__()
        self.sessions = sessions
        self.now = timezone.now()
        self.workspace = WorkspaceFactory.create()
        self.lead = MemberFactory.create(workspace=self.workspace, role=Role.LEAD)
        run, rows = run_to(self.workspace, PEOPLE)
        self.run_pk, self.rows = run.pk, [row.pk for row in rows]
        self.taken: Counter[int] = Counter()
        self.workers: list[Worker] = []

    @property
    def run(self) -> Run:
        return Run.objects.with_parts().get(pk=self.run_pk)

    def workers_that(self, kind: str) -> list[Worker]:
        living = [worker for worker in self.workers if worker.is_alive]
        if kind == "are idle":
            return [worker for worker in living if worker.sending is None]
        busy = [worker for worker in living if worker.sending is not None]
        if kind == "are handing over":
            return busy
        return [worker for worker in busy if not worker.is_taken] if kind == "wait" else living

    def one(self, kind: str, number: int) -> Worker:
        found = self.workers_that(kind)
        return found[number % len(found)]

    def teardown(self) -> None:
        self.sessions.execute("SELECT pg_advisory_unlock_all()")
        Lane.objects.all().delete()

    @precondition(lambda self: len(self.workers_that("live")) < 3)
    @rule()
    def a_worker_starts(self) -> None:
        lane = Lane.objects.create(run_id=self.run_pk, opened_at=self.now)
        self.sessions.execute("SELECT pg_advisory_lock(%s)", [LANE_KEYS | lane.pk])
        self.workers.append(Worker(Hands(self.run, lane)))

    @precondition(_has("are idle"))
    @rule(number=NUMBER)
    def it_begins_with_the_next_message(self, number: int) -> None:
        worker = self.one("are idle", number)
        for row in worker.hands.take(1, self.now):
            if row.unwilling:
                ledger.settle(Settlement(left_out=[row]), worker.lane, self.now)
            else:
                worker.sending, worker.is_taken = row, False

    @precondition(_has("are idle"))
    @rule(number=NUMBER)
    def its_time_is_over(self, number: int) -> None:
        worker = self.one("are idle", number)
        ledger.let_go(worker.lane)
        worker.hands = Hands(self.run, worker.lane)

    @precondition(_has("wait"))
    @rule(number=NUMBER)
    def the_server_takes_the_message(self, number: int) -> None:
        worker, sender = self.one("wait", number), self.run.campaign.sender
        assert worker.sending is not None
        assert sender is not None
        worker.is_taken = True
        self.taken[worker.sending.pk] += 1
        row = Delivery.objects.get(pk=worker.sending.pk)
        SandboxMessageFactory.create(message_id=message_id(row, sender))

    @precondition(_has("are handing over"))
    @rule(number=NUMBER, is_lost=st.booleans(), fate=st.sampled_from([Fate.LATER, Fate.ADDRESS_REFUSED]))
    def the_answer_comes(self, number: int, is_lost: bool, fate: Fate) -> None:
        worker = self.one("are handing over", number)
        assert worker.sending is not None
        said = Fate.UNKNOWN if is_lost else Fate.ACCEPTED if worker.is_taken else fate
        ledger.settle(Settlement([(worker.sending, Outcome(said))]), worker.lane, self.now)
        worker.sending = None

    @precondition(_has("wait"))
    @rule(number=NUMBER)
    def the_relay_is_in_trouble(self, number: int) -> None:
        worker = self.one("wait", number)
        assert worker.sending is not None
        ledger.take_back([worker.sending], worker.lane, self.now)
        worker.sending = None

    @precondition(_has("live"))
    @rule(number=NUMBER)
    def it_dies_and_is_found(self, number: int) -> None:
        worker = self.one("live", number)
        self.sessions.execute("SELECT pg_advisory_unlock(%s)", [LANE_KEYS | worker.lane.pk])
        worker.is_alive = False
        ledger.reap(self.now)

    @rule()
    def the_evidence_is_looked_at(self) -> None:
        self.now += GRACE + timedelta(seconds=1)
        reconcile(self.run, self.now)
        if self.run.state == RunState.CANCELLED:
            ledger.close_chunks(self.run)
            ledger.leave_out_waiting(self.run, Reason.CANCELLED, self.now)

    @rule(number=st.integers(0, PEOPLE - 1))
    def a_reader_reacts(self, number: int) -> None:
        if self.taken[self.rows[number]]:
            self.now += timedelta(seconds=5)
            reactions.record_hit(delivery_id=self.rows[number], kind=HitKind.OPEN, visit=VISIT, now=self.now)

    @rule(number=st.integers(0, PEOPLE - 1))
    def a_reader_unsubscribes(self, number: int) -> None:
        """By the link in this mail, where it arrived; by that in an earlier one otherwise."""
        if self.taken[self.rows[number]]:
            reactions.unsubscribe(delivery_id=self.rows[number], visit=VISIT, source="page", now=self.now)
        elif contact := Delivery.objects.get(pk=self.rows[number]).contact:
            withdraw_consent(contact=contact, basis=ConsentBasis("page"), by=None, now=self.now)

    @rule(number=st.integers(0, PEOPLE - 1))
    def a_contact_is_removed(self, number: int) -> None:
        contact = Delivery.objects.get(pk=self.rows[number]).contact
        if contact:
            contact.delete()

    @rule(verb=st.sampled_from([services.pause, services.resume]))
    def somebody_pauses_or_resumes(self, verb: Any) -> None:
        with suppress(RunRefused):
            verb(run=self.run, by=self.lead, now=self.now)

    @precondition(lambda self: self.taken.total() > 1)
    @rule()
    def somebody_cancels(self) -> None:
        with suppress(RunRefused):
            services.cancel(run=self.run, by=self.lead, now=self.now)

    @rule(hours=st.integers(1, 48))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def everybody_is_accounted_for(self) -> None:
        counts = run_counts(self.run, self.now)
        assert counts.matched == PEOPLE
        assert counts.matched == counts.sent + counts.skipped + counts.failed + counts.unknown + counts.pending

    @invariant()
    def nobody_hears_twice(self) -> None:
        assert max(self.taken.values(), default=0) <= 1

    @invariant()
    def the_ledger_says_what_happened(self) -> None:
        in_hand = {worker.sending.pk for worker in self.workers_that("are handing over") if worker.sending}
        for row in Delivery.objects.filter(run=self.run_pk):
            if self.taken[row.pk]:
                assert row.state in {DeliveryState.UNKNOWN, DeliveryState.SENT} or row.pk in in_hand
            else:
                assert row.state != DeliveryState.SENT
            assert (row.lane is not None) == (row.state == DeliveryState.SENDING)
            is_final = row.state not in PENDING
            assert (row.decided_at is not None) == is_final


@pytest.mark.usefixtures("db", "_the_sandbox_is_evidence")
def test_the_ledger_holds_whatever_happens() -> None:
    with other_sessions() as sessions:
        run_state_machine_as_test(
            lambda: LedgerMachine(sessions),  # type: ignore[arg-type]  # documented to take any factory
            settings=given(
                max_examples=25,
                stateful_step_count=30,
                deadline=None,
                phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take minutes
                suppress_health_check=list(HealthCheck),
            ),
        )
