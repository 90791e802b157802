"""Each move of the ledger by itself, and what becomes of the rows of a worker that died."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest
from django.db import DatabaseError, connection

from audience.models import Consent, Contact, SuppressionReason
from audience.services import suppress
from delivery import ledger
from delivery.fates import Fate, Outcome
from delivery.ledger import LANE_KEYS, RETRY_AFTER, SPREAD
from delivery.models import Delivery, DeliveryState, Lane, Reason, Run, RunState
from tests.delivery.conftest import Clock
from tests.factories.delivery import DeliveryFactory, RunFactory, run_to
from workspaces.models import Workspace


@contextmanager
def another_worker(run: Run, now: datetime) -> Iterator[Lane]:
    """A lane held by a session of its own, as a worker's process holds it; leaving ends the session."""
    lane = Lane.objects.create(run=run, opened_at=now)
    session = psycopg2.connect(**_where())
    try:
        with session.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LANE_KEYS | lane.pk])
        yield lane
    finally:
        server_side = session.info.backend_pid
        session.close()
        _wait_for_the_end_of(server_side)


def _wait_for_the_end_of(server_side: int) -> None:
    """PostgreSQL needs a moment to notice that a client is gone."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_stat_get_activity(%s)", [server_side])
            if not cursor.fetchone():
                return
        time.sleep(0.01)


def _where() -> dict[str, Any]:
    return connection.get_connection_params() | {"cursor_factory": None}


def _states(run: Run) -> list[str]:
    return list(run.deliveries.order_by("pk").values_list("state", flat=True))


def test_claiming_takes_the_first_rows_that_wait(workspace: Workspace, clock: Clock) -> None:
    run, rows = run_to(workspace, 3)

    with ledger.open_lane(run, clock) as lane:
        claimed = ledger.claim(run, lane, limit=2, now=clock())

        assert [row.pk for row in claimed] == [rows[0].pk, rows[1].pk]
        assert _states(run) == ["claimed", "claimed", "queued"]


def test_letting_go_frees_what_is_only_taken_up_and_keeps_what_is_being_handed_over(
    workspace: Workspace, clock: Clock
) -> None:
    run, _rows = run_to(workspace, 3)

    with ledger.open_lane(run, clock) as lane, ledger.open_lane(run, clock) as another:
        claimed = ledger.claim(run, lane, limit=2, now=clock())
        ledger.claim(run, another, limit=1, now=clock())
        ledger.intend(claimed[:1], lane, run)
        ledger.let_go(lane)

        assert _states(run) == ["sending", "queued", "claimed"]


def test_what_one_lane_has_claimed_another_does_not_get(workspace: Workspace, clock: Clock) -> None:
    run, _rows = run_to(workspace, 3)

    with ledger.open_lane(run, clock) as first, ledger.open_lane(run, clock) as second:
        taken = ledger.claim(run, first, limit=2, now=clock())
        left = ledger.claim(run, second, limit=2, now=clock())

        assert {row.pk for row in taken} & {row.pk for row in left} == set()
        assert len(left) == 1


@pytest.mark.parametrize("state", [RunState.PLANNING, RunState.PAUSED, RunState.DONE, RunState.CANCELLED])
def test_nothing_is_claimed_of_a_run_that_does_not_send(workspace: Workspace, clock: Clock, state: RunState) -> None:
    run, _rows = run_to(workspace, 1, state=state)

    with ledger.open_lane(run, clock) as lane:
        assert ledger.claim(run, lane, limit=5, now=clock()) == []


def test_a_deferred_row_waits_for_its_time(workspace: Workspace, clock: Clock) -> None:
    run = RunFactory.create(workspace=workspace)
    in_a_minute = clock() + timedelta(minutes=1)
    DeliveryFactory.create(run=run, state=DeliveryState.DEFERRED, next_attempt_at=in_a_minute, decided_at=None)

    with ledger.open_lane(run, clock) as lane:
        too_early = ledger.claim(run, lane, limit=5, now=clock())
        in_time = ledger.claim(run, lane, limit=5, now=in_a_minute)

    assert too_early == []
    assert len(in_time) == 1


def _change_epoch(run: Run, _contact: Contact, _now: datetime) -> None:
    Run.objects.filter(pk=run.pk).update(epoch=run.epoch + 1)


def _pause(run: Run, _contact: Contact, _now: datetime) -> None:
    Run.objects.filter(pk=run.pk).update(state=RunState.PAUSED)


def _withdraw(_run: Run, contact: Contact, _now: datetime) -> None:
    Contact.objects.filter(pk=contact.pk).update(consent=Consent.WITHDRAWN)


def _forget_consent(_run: Run, contact: Contact, _now: datetime) -> None:
    Contact.objects.filter(pk=contact.pk).update(consent=Consent.UNKNOWN)


def _delete(_run: Run, contact: Contact, _now: datetime) -> None:
    contact.delete()


def _suppress_address(_run: Run, contact: Contact, now: datetime) -> None:
    suppress(
        workspace=contact.workspace, address=contact.address, reason=SuppressionReason.COMPLAINED, by=None, now=now
    )


def _suppress_only_the_hash(run: Run, contact: Contact, now: datetime) -> None:
    _suppress_address(run, contact, now)
    Contact.objects.filter(pk=contact.pk).update(suppression="")


@pytest.mark.parametrize(
    ("change", "state", "reason"),
    [
        (_change_epoch, DeliveryState.CLAIMED, ""),
        (_pause, DeliveryState.CLAIMED, ""),
        (_withdraw, DeliveryState.SKIPPED, Reason.UNSUBSCRIBED),
        (_forget_consent, DeliveryState.SKIPPED, Reason.NO_CONSENT),
        (_delete, DeliveryState.SKIPPED, Reason.CONTACT_GONE),
        (_suppress_address, DeliveryState.SKIPPED, Reason.SUPPRESSED),
        (_suppress_only_the_hash, DeliveryState.SKIPPED, Reason.SUPPRESSED),
    ],
)
def test_the_last_look_before_the_message_leaves(
    workspace: Workspace, clock: Clock, change: Any, state: DeliveryState, reason: str
) -> None:
    run, (row,) = run_to(workspace, 1)

    with ledger.open_lane(run, clock) as lane:
        (claimed,) = ledger.claim(run, lane, limit=1, now=clock())
        assert claimed.contact is not None
        change(run, claimed.contact, clock())

        assert not ledger.intend([claimed], lane, run)
        ledger.skip_unwilling(claimed.pk, lane, clock())

        row.refresh_from_db()
        assert (row.state, row.reason) == (state, reason)


def test_a_row_is_intended_once(workspace: Workspace, clock: Clock) -> None:
    run, (row,) = run_to(workspace, 1)

    with ledger.open_lane(run, clock) as lane:
        (claimed,) = ledger.claim(run, lane, limit=1, now=clock())

        assert ledger.intend([claimed], lane, run)
        assert not ledger.intend([claimed], lane, run)
        row.refresh_from_db()
        assert (row.state, row.attempt) == (DeliveryState.SENDING, 1)


def test_a_row_of_another_lane_cannot_be_moved(workspace: Workspace, clock: Clock) -> None:
    run, (row,) = run_to(workspace, 1)

    with ledger.open_lane(run, clock) as mine, ledger.open_lane(run, clock) as other:
        (claimed,) = ledger.claim(run, mine, limit=1, now=clock())
        assert not ledger.intend([claimed], other, run)
        assert ledger.intend([claimed], mine, run)
        ledger.settle([(claimed, Outcome(Fate.ACCEPTED))], other, clock())
        ledger.take_back([claimed], other)
        ledger.fail(claimed, other, Reason.RENDER_FAILED, clock())

        row.refresh_from_db()
        assert row.state == DeliveryState.SENDING


@pytest.mark.parametrize(
    ("fate", "state", "reason"),
    [
        (Fate.ACCEPTED, DeliveryState.SENT, ""),
        (Fate.ADDRESS_REFUSED, DeliveryState.FAILED, Reason.REFUSED),
        (Fate.CONTENT_REFUSED, DeliveryState.FAILED, Reason.CONTENT_REFUSED),
        (Fate.NEEDS_SMTPUTF8, DeliveryState.FAILED, Reason.NEEDS_SMTPUTF8),
        (Fate.UNBUILDABLE, DeliveryState.FAILED, Reason.RENDER_FAILED),
        (Fate.UNKNOWN, DeliveryState.UNKNOWN, Reason.CONNECTION_LOST),
        (Fate.LATER, DeliveryState.DEFERRED, ""),
    ],
)
def test_every_fate_has_its_state(
    workspace: Workspace, clock: Clock, fate: Fate, state: DeliveryState, reason: str
) -> None:
    run, (row,) = run_to(workspace, 1)

    with ledger.open_lane(run, clock) as lane:
        (claimed,) = ledger.claim(run, lane, limit=1, now=clock())
        ledger.intend([claimed], lane, run)
        ledger.settle([(claimed, Outcome(fate, 299, "words"))], lane, clock())

    row.refresh_from_db()
    assert (row.state, row.reason, row.lane, row.reply_text) == (state, reason, None, "words")
    assert (row.decided_at is None) == (fate == Fate.LATER)


def test_the_waits_between_attempts_follow_the_schedule_and_then_it_is_given_up(
    workspace: Workspace, clock: Clock
) -> None:
    run, (row,) = run_to(workspace, 1)
    waits = []

    with ledger.open_lane(run, clock) as lane:
        for _attempt in range(len(RETRY_AFTER) + 1):
            (claimed,) = ledger.claim(run, lane, limit=1, now=clock())
            ledger.intend([claimed], lane, run)
            ledger.settle([(claimed, Outcome(Fate.LATER, 450, "450 Later"))], lane, clock())
            row.refresh_from_db()
            if row.next_attempt_at and row.state == DeliveryState.DEFERRED:
                waits.append(row.next_attempt_at - clock())
                clock.now = row.next_attempt_at

    assert (row.state, row.reason, row.attempt) == (DeliveryState.FAILED, Reason.GAVE_UP, len(RETRY_AFTER) + 1)
    for wait, planned in zip(waits, RETRY_AFTER, strict=True):
        assert planned <= wait <= planned * (1 + SPREAD)
    assert timedelta(days=4) <= sum(waits, timedelta(0)) <= timedelta(days=5), "RFC 5321 section 4.5.4.1"


def test_what_was_put_off_together_does_not_come_back_together(workspace: Workspace, clock: Clock) -> None:
    run, _rows = run_to(workspace, 20)

    with ledger.open_lane(run, clock) as lane:
        for claimed in ledger.claim(run, lane, limit=20, now=clock()):
            ledger.intend([claimed], lane, run)
            ledger.settle([(claimed, Outcome(Fate.LATER))], lane, clock())

    assert run.deliveries.values("next_attempt_at").distinct().count() == 20


def test_taking_back_leaves_no_trace_of_the_attempt(workspace: Workspace, clock: Clock) -> None:
    run, (row,) = run_to(workspace, 1)

    with ledger.open_lane(run, clock) as lane:
        (claimed,) = ledger.claim(run, lane, limit=1, now=clock())
        ledger.intend([claimed], lane, run)
        ledger.take_back([claimed], lane)

    row.refresh_from_db()
    assert (row.state, row.attempt, row.lane) == (DeliveryState.QUEUED, 0, None)


def test_closing_a_lane_gives_back_what_it_did_not_begin(workspace: Workspace, clock: Clock) -> None:
    run, _rows = run_to(workspace, 2)

    with ledger.open_lane(run, clock) as lane:
        ledger.claim(run, lane, limit=2, now=clock())

    assert _states(run) == ["queued", "queued"]
    assert not Lane.objects.exists()


def test_an_error_in_the_middle_of_a_message_leaves_it_unknown_and_not_stuck(
    workspace: Workspace, clock: Clock
) -> None:
    run, _rows = run_to(workspace, 2)

    def stumble() -> None:
        with ledger.open_lane(run, clock) as lane:
            claimed = ledger.claim(run, lane, limit=2, now=clock())
            ledger.intend([claimed[0]], lane, run)
            raise DatabaseError("the outcome could not be written")

    with pytest.raises(DatabaseError):
        stumble()

    assert _states(run) == ["unknown", "queued"]
    assert not Lane.objects.exists()


def test_the_rows_of_a_worker_that_died_are_settled(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)
    with another_worker(run, now) as lane:
        held = {"run": run, "lane": lane.pk, "decided_at": None}
        taken_up = DeliveryFactory.create(state=DeliveryState.CLAIMED, **held)
        handed_over = DeliveryFactory.create(state=DeliveryState.SENDING, **held)

    assert ledger.reap(now) == 1

    taken_up.refresh_from_db()
    handed_over.refresh_from_db()
    assert (taken_up.state, taken_up.lane) == (DeliveryState.QUEUED, None)
    assert (handed_over.state, handed_over.reason) == (DeliveryState.UNKNOWN, Reason.WORKER_LOST)
    assert handed_over.decided_at == now
    assert not Lane.objects.exists()


def test_a_living_worker_is_left_alone_however_long_it_takes(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)
    with another_worker(run, now - timedelta(days=1)) as lane:
        row = DeliveryFactory.create(run=run, state=DeliveryState.SENDING, lane=lane.pk, decided_at=None)

        assert ledger.reap(now) == 0

        row.refresh_from_db()
        assert row.state == DeliveryState.SENDING


def test_reaping_twice_changes_nothing_more(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)
    with another_worker(run, now) as lane:
        DeliveryFactory.create(run=run, state=DeliveryState.SENDING, lane=lane.pk, decided_at=None)

    ledger.reap(now)
    before = list(Delivery.objects.values())
    assert ledger.reap(now + timedelta(hours=1)) == 0

    assert list(Delivery.objects.values()) == before


def test_leaving_out_touches_only_those_who_wait(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)
    for state in DeliveryState:
        DeliveryFactory.create(run=run, state=state)

    assert ledger.leave_out_waiting(run, Reason.CANCELLED, now) == 3

    left = run.deliveries.filter(reason=Reason.CANCELLED)
    assert left.count() == 3
    assert set(run.deliveries.exclude(pk__in=left).values_list("state", flat=True)) == {
        "sending", "sent", "skipped", "failed", "unknown",
    }  # fmt: skip
