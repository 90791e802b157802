"""Each move of the ledger by itself, and what becomes of the rows of a worker that died."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest
from django.db import DatabaseError, connection
from pytest_django import Settings

from audience.models import Consent, Contact, SuppressionReason, address_hash, address_hash_keys, address_hash_sql
from audience.services import suppress
from delivery import ledger
from delivery.fates import Fate, Outcome
from delivery.ledger import LANE_KEYS, RETRY_AFTER, SPREAD, Held, Settlement
from delivery.models import Chunk, Delivery, DeliveryState, Lane, Reason, Run, RunState
from tests.delivery.conftest import Clock
from tests.delivery.hands import Hands
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


def _said(row: Held, fate: Fate, code: int | None = None, text: str = "") -> Settlement:
    return Settlement([(row, Outcome(fate, code, text))])


def test_taking_up_begins_with_the_first_rows_that_wait(workspace: Workspace, clock: Clock) -> None:
    run, rows = run_to(workspace, 3)

    with ledger.open_lane(run, clock) as lane:
        taken = Hands(run, lane).take(2, clock())

        assert [row.pk for row in taken] == [rows[0].pk, rows[1].pk]
        assert run.chunks.get().mark == rows[1].pk


def test_what_one_lane_holds_another_does_not_get(workspace: Workspace, clock: Clock) -> None:
    run, rows = run_to(workspace, 3)

    with ledger.open_lane(run, clock) as first, ledger.open_lane(run, clock) as second:
        taken = Hands(run, first).take(2, clock())

        assert [row.pk for row in taken] == [rows[0].pk, rows[1].pk]
        assert Hands(run, second).take(2, clock()) == []


def test_letting_go_frees_what_was_not_taken_up_and_keeps_what_is_being_handed_over(
    workspace: Workspace, clock: Clock
) -> None:
    run, rows = run_to(workspace, 3)

    with ledger.open_lane(run, clock) as lane, ledger.open_lane(run, clock) as another:
        Hands(run, lane).take(1, clock())
        ledger.let_go(lane)
        taken = Hands(run, another).take(5, clock())

        assert [row.pk for row in taken] == [rows[1].pk, rows[2].pk]
        assert list(run.chunks.order_by("pk").values_list("size", "taken")) == [(1, 1), (2, 2)]


def test_a_list_is_laid_into_chunks_that_hold_everybody_once(
    workspace: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("delivery.ledger.chunks.CHUNK", 3)
    run, rows = run_to(workspace, 8)
    DeliveryFactory.create(run=run, state=DeliveryState.SKIPPED)

    chunks = list(run.chunks.order_by("first_id"))

    assert [chunk.size for chunk in chunks] == [3, 3, 2]
    assert [(chunk.first_id, chunk.last_id) for chunk in chunks] == [
        (rows[0].pk, rows[2].pk), (rows[3].pk, rows[5].pk), (rows[6].pk, rows[7].pk)
    ]  # fmt: skip
    with ledger.open_lane(run, clock) as lane:
        assert [row.pk for row in Hands(run, lane).take(20, clock())] == [row.pk for row in rows]
    assert not ledger.groups_left(run)


@pytest.mark.parametrize("state", [RunState.PLANNING, RunState.PAUSED, RunState.DONE, RunState.CANCELLED])
def test_nothing_is_taken_up_of_a_run_that_does_not_send(workspace: Workspace, clock: Clock, state: RunState) -> None:
    run, _rows = run_to(workspace, 1, state=state)
    DeliveryFactory.create(run=run, state=DeliveryState.DEFERRED, next_attempt_at=clock(), decided_at=None)

    with ledger.open_lane(run, clock) as lane:
        assert Hands(run, lane).take(5, clock()) == []


def test_a_deferred_row_waits_for_its_time(workspace: Workspace, clock: Clock) -> None:
    run = RunFactory.create(workspace=workspace)
    in_a_minute = clock() + timedelta(minutes=1)
    DeliveryFactory.create(run=run, state=DeliveryState.DEFERRED, next_attempt_at=in_a_minute, decided_at=None)

    with ledger.open_lane(run, clock) as lane:
        too_early = Hands(run, lane).take(5, clock())
        in_time = Hands(run, lane).take(5, in_a_minute)

    assert too_early == []
    assert len(in_time) == 1


def _change_epoch(run: Run, _contact: Contact, _now: datetime) -> None:
    Run.objects.filter(pk=run.pk).update(epoch=run.epoch + 1)


def _pause(run: Run, _contact: Contact, _now: datetime) -> None:
    Run.objects.filter(pk=run.pk).update(state=RunState.PAUSED)


def _close(run: Run, _contact: Contact, _now: datetime) -> None:
    ledger.close_chunks(run)


@pytest.mark.parametrize("change", [_change_epoch, _pause, _close])
def test_a_held_chunk_gives_nothing_once_the_run_is_stopped(workspace: Workspace, clock: Clock, change: Any) -> None:
    run, rows = run_to(workspace, 2)

    with ledger.open_lane(run, clock) as lane:
        hands = Hands(run, lane)
        hands.take(1, clock())
        change(run, rows[0].contact, clock())

        assert hands.take(1, clock()) == []
        assert run.chunks.get().mark == rows[0].pk
    assert _states(run)[1] == "queued"


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
    ("change", "reason"),
    [
        (_withdraw, Reason.UNSUBSCRIBED),
        (_forget_consent, Reason.NO_CONSENT),
        (_delete, Reason.CONTACT_GONE),
        (_suppress_address, Reason.SUPPRESSED),
        (_suppress_only_the_hash, Reason.SUPPRESSED),
    ],
)
@pytest.mark.parametrize("is_retry", [False, True])
def test_the_last_look_before_the_message_leaves(
    workspace: Workspace, clock: Clock, change: Any, reason: str, is_retry: bool
) -> None:
    run, (row,) = run_to(workspace, 1)
    if is_retry:
        Delivery.objects.filter(pk=row.pk).update(state=DeliveryState.DEFERRED, next_attempt_at=clock(), attempt=1)

    with ledger.open_lane(run, clock) as lane:
        hands = Hands(run, lane)
        hands.holdings.fill_up()
        change(run, row.contact, clock())
        (held,) = hands.take(1, clock())
        ledger.settle(Settlement(left_out=[held]), lane, clock())

    row.refresh_from_db()
    assert held.unwilling == reason
    assert (row.state, row.reason, row.lane, row.decided_at) == (DeliveryState.SKIPPED, reason, None, clock())


def test_a_row_is_taken_up_once(workspace: Workspace, clock: Clock) -> None:
    run, (row,) = run_to(workspace, 1)

    with ledger.open_lane(run, clock) as lane:
        hands = Hands(run, lane)
        (held,) = hands.take(5, clock())

        assert hands.take(5, clock()) == []
        assert (held.pk, held.attempt, held.unwilling) == (row.pk, 1, "")


def test_a_lane_that_was_given_up_for_dead_moves_nothing_more(workspace: Workspace, clock: Clock) -> None:
    run, (row,) = run_to(workspace, 1)

    with ledger.open_lane(run, clock) as lane:
        (held,) = Hands(run, lane).take(1, clock())
        Lane.objects.filter(pk=lane.pk).delete()
        ledger.settle(_said(held, Fate.ACCEPTED, 250), lane, clock())
        ledger.settle(_said(held, Fate.LATER, 450), lane, clock())
        ledger.take_back([held], lane, clock())

        row.refresh_from_db()
        assert (row.state, row.next_attempt_at) == (DeliveryState.QUEUED, None)


def test_a_row_that_another_lane_holds_cannot_be_moved(workspace: Workspace, clock: Clock) -> None:
    run = RunFactory.create(workspace=workspace)
    row = DeliveryFactory.create(run=run, state=DeliveryState.DEFERRED, next_attempt_at=clock(), decided_at=None)

    with ledger.open_lane(run, clock) as mine, ledger.open_lane(run, clock) as other:
        (held,) = Hands(run, mine).take(1, clock())
        ledger.settle(_said(held, Fate.ACCEPTED, 250), other, clock())
        ledger.take_back([held], other, clock())

        row.refresh_from_db()
        assert (row.state, row.lane) == (DeliveryState.SENDING, mine.pk)


@pytest.mark.parametrize(
    ("fate", "code", "state", "reason"),
    [
        (Fate.ACCEPTED, 250, DeliveryState.SENT, ""),
        (Fate.ACCEPTED, 251, DeliveryState.SENT, ""),
        (Fate.ADDRESS_REFUSED, 550, DeliveryState.FAILED, Reason.REFUSED),
        (Fate.CONTENT_REFUSED, 554, DeliveryState.FAILED, Reason.CONTENT_REFUSED),
        (Fate.TOO_BIG, 552, DeliveryState.FAILED, Reason.TOO_BIG),
        (Fate.NEEDS_8BITMIME, None, DeliveryState.FAILED, Reason.NEEDS_8BITMIME),
        (Fate.NEEDS_SMTPUTF8, None, DeliveryState.FAILED, Reason.NEEDS_SMTPUTF8),
        (Fate.UNBUILDABLE, None, DeliveryState.FAILED, Reason.RENDER_FAILED),
        (Fate.UNKNOWN, None, DeliveryState.UNKNOWN, Reason.CONNECTION_LOST),
        (Fate.LATER, 450, DeliveryState.DEFERRED, ""),
    ],
)
def test_every_fate_has_its_state(
    workspace: Workspace, clock: Clock, fate: Fate, code: int | None, state: DeliveryState, reason: str
) -> None:
    run, (row,) = run_to(workspace, 1)

    with ledger.open_lane(run, clock) as lane:
        (held,) = Hands(run, lane).take(1, clock())
        ledger.settle(_said(held, fate, code, "words"), lane, clock())

    row.refresh_from_db()
    assert (row.state, row.reason, row.lane, row.reply_code, row.reply_text) == (state, reason, None, code, "words")
    assert row.attempt == (0 if fate == Fate.UNBUILDABLE else 1)
    assert (row.decided_at is None) == (fate == Fate.LATER)


def test_outcomes_keep_their_words_apart(workspace: Workspace, clock: Clock) -> None:
    run, _rows = run_to(workspace, 4)
    words = ["2.0.0 Ok: queued as 4F{,}", "", "two\nlines", "back\\slash 'quote' \"double\""]

    with ledger.open_lane(run, clock) as lane:
        taken = Hands(run, lane).take(4, clock())
        results = [(row, Outcome(Fate.ACCEPTED, 250, text)) for row, text in zip(taken, words, strict=True)]
        ledger.settle(Settlement(results), lane, clock())

    assert list(run.deliveries.order_by("pk").values_list("reply_text", flat=True)) == words
    assert set(_states(run)) == {"sent"}


def test_the_waits_between_attempts_follow_the_schedule_and_then_it_is_given_up(
    workspace: Workspace, clock: Clock
) -> None:
    run, (row,) = run_to(workspace, 1)
    waits = []

    with ledger.open_lane(run, clock) as lane:
        for _attempt in range(len(RETRY_AFTER) + 1):
            (held,) = Hands(run, lane).take(1, clock())
            ledger.settle(_said(held, Fate.LATER, 450, "450 Later"), lane, clock())
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
        taken = Hands(run, lane).take(20, clock())
        ledger.settle(Settlement([(held, Outcome(Fate.LATER)) for held in taken]), lane, clock())

    assert run.deliveries.values("next_attempt_at").distinct().count() == 20


def test_taking_back_leaves_no_trace_of_the_attempt(workspace: Workspace, clock: Clock) -> None:
    run, (row,) = run_to(workspace, 1)

    with ledger.open_lane(run, clock) as lane:
        for _time in range(2):
            (held,) = Hands(run, lane).take(1, clock())
            ledger.take_back([held], lane, clock())

        row.refresh_from_db()
        assert (row.state, row.attempt, row.lane, row.next_attempt_at) == (DeliveryState.QUEUED, 0, None, clock())


def test_closing_a_lane_gives_back_what_it_did_not_begin(workspace: Workspace, clock: Clock) -> None:
    run, _rows = run_to(workspace, 2)

    with ledger.open_lane(run, clock) as lane:
        Hands(run, lane).holdings.fill_up()

    assert _states(run) == ["queued", "queued"]
    assert ledger.has_waiting(run, clock())
    assert not Lane.objects.exists()


def test_an_error_in_the_middle_of_a_message_leaves_it_unknown_and_not_stuck(
    workspace: Workspace, clock: Clock
) -> None:
    run, _rows = run_to(workspace, 2)

    def stumble() -> None:
        with ledger.open_lane(run, clock) as lane:
            Hands(run, lane).take(1, clock())
            raise DatabaseError("the outcome could not be written")

    with pytest.raises(DatabaseError):
        stumble()

    assert _states(run) == ["unknown", "queued"]
    assert not Lane.objects.exists()


def test_the_rows_of_a_worker_that_died_are_settled(workspace: Workspace, now: datetime) -> None:
    run, rows = run_to(workspace, 3)
    retried = DeliveryFactory.create(
        run=run, state=DeliveryState.DEFERRED, next_attempt_at=now, decided_at=None, attempt=1
    )
    with another_worker(run, now) as lane:
        hands = Hands(run, lane)
        hands.take(2, now)
        assert ledger.retake(run, lane, limit=1, now=now)

    assert ledger.reap(now) == 1

    assert _states(run) == ["unknown", "unknown", "queued", "unknown"]
    rows[0].refresh_from_db()
    retried.refresh_from_db()
    assert (rows[0].reason, rows[0].decided_at, rows[0].attempt) == (Reason.WORKER_LOST, now, 1)
    assert (retried.reason, retried.lane, retried.attempt) == (Reason.WORKER_LOST, None, 2)
    assert not Lane.objects.exists()
    assert ledger.groups_left(run) == ["other"]


def test_a_living_worker_is_left_alone_however_long_it_takes(workspace: Workspace, now: datetime) -> None:
    run, _rows = run_to(workspace, 1)
    with another_worker(run, now - timedelta(days=1)) as lane:
        Hands(run, lane).take(1, now)

        assert ledger.reap(now) == 0
        assert _states(run) == ["queued"]
        assert ledger.is_pending(run)


def test_reaping_twice_changes_nothing_more(workspace: Workspace, now: datetime) -> None:
    run, _rows = run_to(workspace, 2)
    with another_worker(run, now) as lane:
        Hands(run, lane).take(1, now)

    ledger.reap(now)
    before = list(Delivery.objects.values()), list(Chunk.objects.values())
    assert ledger.reap(now + timedelta(hours=1)) == 0

    assert (list(Delivery.objects.values()), list(Chunk.objects.values())) == before


def test_leaving_out_touches_only_those_who_wait(workspace: Workspace, now: datetime) -> None:
    run = RunFactory.create(workspace=workspace)
    for state in DeliveryState:
        DeliveryFactory.create(run=run, state=state)

    assert ledger.leave_out_waiting(run, Reason.CANCELLED, now) == 2

    left = run.deliveries.filter(reason=Reason.CANCELLED)
    assert left.count() == 2
    assert set(run.deliveries.exclude(pk__in=left).values_list("state", flat=True)) == {
        "sending", "sent", "skipped", "failed", "unknown",
    }  # fmt: skip


def test_leaving_out_does_not_touch_what_is_being_handed_over(workspace: Workspace, clock: Clock) -> None:
    run, _rows = run_to(workspace, 4)

    with ledger.open_lane(run, clock) as lane:
        held = Hands(run, lane).take(2, clock())
        ledger.take_back(held[:1], lane, clock())
        ledger.close_chunks(run)
        assert ledger.leave_out_waiting(run, Reason.CANCELLED, clock()) == 3

        assert _states(run) == ["skipped", "queued", "skipped", "skipped"]
        ledger.settle(_said(held[1], Fate.ACCEPTED, 250), lane, clock())

    assert _states(run) == ["skipped", "sent", "skipped", "skipped"]
    assert not ledger.is_pending(run)


def test_what_is_sent_again_waits_by_itself(workspace: Workspace, clock: Clock) -> None:
    run = RunFactory.create(workspace=workspace)
    unknown = DeliveryFactory.create(run=run, state=DeliveryState.UNKNOWN, reason=Reason.WORKER_LOST, attempt=1)
    DeliveryFactory.create(run=run, state=DeliveryState.SENT)

    assert ledger.send_again(Delivery.objects.filter(run=run, state=DeliveryState.UNKNOWN), clock()) == 1

    with ledger.open_lane(run, clock) as lane:
        (held,) = Hands(run, lane).take(5, clock())
        assert (held.pk, held.attempt) == (unknown.pk, 2)


@pytest.mark.parametrize("key", ["short", "k" * 64, "longer than a block of SHA-256 " * 4, "ключ"])
def test_postgresql_hashes_an_address_as_we_do(db: None, settings: Settings, key: str) -> None:
    settings.SUPPRESSION_KEY = key
    address = "мая@пример.example"

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {address_hash_sql('%(address)s')}", address_hash_keys() | {"address": address})
        (found,) = cursor.fetchone()

    assert found == address_hash(address)


def test_an_outcome_touches_no_index(workspace: Workspace, clock: Clock) -> None:
    indexed = {"state", "reply_code", "reply_text", "decided_at", "attempt"}

    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'delivery_delivery'")
        definitions = " ".join(row[0] for row in cursor.fetchall())

    assert definitions
    assert not [column for column in indexed if re.search(rf"\b{column}\b", definitions)], "heap-only updates"
