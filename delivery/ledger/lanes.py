"""Lanes: a worker's hold on its rows lives as long as its session with PostgreSQL."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from delivery.fates import Outcome
from delivery.journal import discard_notes, is_being_written, path_of, read_notes
from delivery.ledger.chunks import let_go
from delivery.ledger.moves import Settlement, settle, take_back
from delivery.ledger.verdicts import Held
from delivery.models import Chunk, Delivery, DeliveryState, Lane, Reason, Run

LANE_KEYS = 0x454F_0001 << 32  # our part of PostgreSQL's space of advisory lock keys


@contextmanager
def open_lane(run: Run, clock: Callable[[], datetime]) -> Iterator[Lane]:
    """A lane for this process, locked in PostgreSQL while the process lives.

    At the end what was only held waits again. A row that an error left in the middle becomes unknown, as if the process
    had died. If even that cannot be written, the lock goes with the session and `reap` finds the lane.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('delivery_lane', 'id'))")
        key = int(cursor.fetchone()[0])
        cursor.execute("SELECT pg_advisory_lock(%s)", [LANE_KEYS | key])  # before the row: the reaper must find it held
    lane = Lane.objects.create(pk=key, run=run, opened_at=clock())
    try:
        yield lane
    finally:
        _bury(key, clock())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LANE_KEYS | key])


def reap(now: datetime) -> int:
    """Settle the rows of workers that died. Returns how many lanes were dead.

    A lane is dead when its lock can be had and nobody on this machine writes its notes: a worker that lost its session
    alone is still handing over what it has. What a dead one had only held waits again; what it was handing over is
    unknown.
    """
    return sum(_bury_if_dead(lane, now) for lane in Lane.objects.order_by("pk"))


def _bury_if_dead(lane: Lane, now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LANE_KEYS | lane.pk])
        if not cursor.fetchone()[0]:
            return False
        try:
            if is_being_written(lane):
                return False
            _bury(lane.pk, now)
            return True
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LANE_KEYS | lane.pk])


@transaction.atomic
def _bury(key: int, now: datetime) -> None:
    """Settle what a lane held, by its notes where this machine has them, and forget the lane."""
    lane = Lane.objects.select_for_update().filter(pk=key).first()
    if lane is None:
        return
    let_go(lane)
    left = _open_rows(lane)
    if path_of(lane).exists():
        _settle_by_notes(left, lane, now)
        transaction.on_commit(lambda: discard_notes(lane))
    _doubt(left, lane, now)
    Chunk.objects.filter(lane=key).update(lane=None)
    Lane.objects.filter(pk=key).delete()


def _open_rows(lane: Lane) -> list[Held]:
    """Rows whose intent is committed and of whose outcome the ledger knows nothing."""
    rows = []
    for chunk in Chunk.objects.filter(lane=lane.pk):
        marked = Delivery.objects.filter(run=chunk.run_id, pk__range=(chunk.first_id, chunk.mark))
        open_ = marked.filter(state=DeliveryState.QUEUED, lane=None, next_attempt_at=None)
        rows += [Held(row.pk, row.address, row.attempt + 1, chunk.pk) for row in open_]
    own = Delivery.objects.filter(lane=lane.pk, state=DeliveryState.SENDING)
    return rows + [Held(row.pk, row.address, row.attempt) for row in own]


def _settle_by_notes(open_rows: Sequence[Held], lane: Lane, now: datetime) -> None:
    """What was answered is settled by the answer; what never came to its final dot was surely not delivered."""
    notes = read_notes(lane) if open_rows else None
    if notes is None:
        return
    take_back([row for row in open_rows if row.pk not in notes], lane, now)
    answered = [(row, note) for row in open_rows if (note := notes.get(row.pk)) and note.fate]
    settle(Settlement([(row, Outcome(note.fate, note.code)) for row, note in answered if note.fate]), lane, now)


def _doubt(open_rows: Sequence[Held], lane: Lane, now: datetime) -> None:
    """What is still open is not known."""
    still = Q(lane=lane.pk, state=DeliveryState.SENDING) | Q(
        lane=None, state=DeliveryState.QUEUED, next_attempt_at=None
    )
    keys = [row.pk for row in open_rows]
    Delivery.objects.filter(still, pk__in=keys, attempt=0).update(attempt=1)
    Delivery.objects.filter(still, pk__in=keys).update(
        state=DeliveryState.UNKNOWN, reason=Reason.WORKER_LOST, lane=None, decided_at=now
    )
