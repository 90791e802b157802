"""The ledger's moves: claim, intend, settle, reap. Each is one guarded statement: of two workers one succeeds.

A row is never sent twice knowingly: `sending` is committed before the message is handed over, and a row found in
`sending` without a living worker becomes `unknown`, never `queued`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from django.db import connection, transaction
from django.db.models import F

from audience.models import Consent, Suppression, address_hash
from delivery.fates import Fate, Outcome
from delivery.journal import Note, discard_notes, read_notes
from delivery.models import Delivery, DeliveryQuerySet, DeliveryState, Lane, Reason, Run

LANE_KEYS = 0x454F_0001 << 32  # our part of PostgreSQL's space of advisory lock keys
RETRY_AFTER = (
    timedelta(minutes=5),  # greylisting asks for about this much
    timedelta(minutes=30),  # RFC 5321 section 4.5.4.1 suggests at least this
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=24),
    timedelta(hours=24),
    timedelta(hours=40),
)
SPREAD = 0.1  # a wait is up to this share longer, so that what was put off together does not come back together
FINAL_STATES = {
    Fate.ACCEPTED: (DeliveryState.SENT, ""),
    Fate.ADDRESS_REFUSED: (DeliveryState.FAILED, Reason.REFUSED),
    Fate.CONTENT_REFUSED: (DeliveryState.FAILED, Reason.CONTENT_REFUSED),
    Fate.NEEDS_SMTPUTF8: (DeliveryState.FAILED, Reason.NEEDS_SMTPUTF8),
    Fate.UNBUILDABLE: (DeliveryState.FAILED, Reason.RENDER_FAILED),
    Fate.UNKNOWN: (DeliveryState.UNKNOWN, Reason.CONNECTION_LOST),
}

# Written out because they run for every message: through the ORM they took half of a worker's time.
CLAIM = """
UPDATE delivery_delivery AS held SET state = 'claimed', lane = %(lane)s
FROM (SELECT next.id FROM delivery_delivery AS next
      WHERE next.run_id = %(run)s
        AND (next.state = 'queued' OR (next.state = 'deferred' AND next.next_attempt_at <= %(now)s))
        AND EXISTS (SELECT FROM delivery_run AS run WHERE run.id = %(run)s AND run.state = 'sending')
      ORDER BY next.id LIMIT %(limit)s FOR UPDATE OF next SKIP LOCKED) AS picked
WHERE held.id = picked.id AND held.state IN ('queued', 'deferred')
RETURNING held.id, held.address, held.attempt, held.contact_id
"""
INTEND = """
UPDATE delivery_delivery AS held SET state = 'sending', attempt = held.attempt + 1
FROM unnest(%(wanted)s::bigint[], %(hashes)s::text[]) AS next (id, address_hash), audience_contact AS person
WHERE held.id = next.id AND held.lane = %(lane)s AND held.state = 'claimed'
  AND person.id = held.contact_id AND person.consent = 'given' AND person.suppression = ''
  AND EXISTS (SELECT FROM delivery_run AS run
              WHERE run.id = held.run_id AND run.state = 'sending' AND run.epoch = %(epoch)s)
  AND NOT EXISTS (SELECT FROM audience_suppression AS never
                  WHERE never.workspace_id = held.workspace_id AND never.address_hash = next.address_hash)
RETURNING held.id
"""
SETTLE = """
UPDATE delivery_delivery AS held
SET state = done.state, reason = done.reason, lane = NULL, reply_code = done.code, reply_text = done.words,
    next_attempt_at = done.again_at, decided_at = CASE WHEN done.again_at IS NULL THEN %(now)s END
FROM unnest(%(keys)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(codes)s::smallint[], %(words)s::text[],
            %(again)s::timestamptz[]) AS done (id, state, reason, code, words, again_at)
WHERE held.id = done.id AND held.lane = %(lane)s AND held.state = 'sending'
"""
ADVANCE = f"WITH settled AS ({SETTLE}), intended AS ({INTEND}) SELECT id FROM intended"  # noqa: S608  both stand above
TAKE = f"""
WITH taken AS ({CLAIM})
SELECT taken.id, taken.address, taken.attempt, person.id, person.email, person.first_name, person.last_name,
       person.language, person.attributes
FROM taken LEFT JOIN audience_contact AS person ON person.id = taken.contact_id ORDER BY taken.id
"""  # noqa: S608  it stands above


@contextmanager
def open_lane(run: Run, clock: Callable[[], datetime]) -> Iterator[Lane]:
    """A lane for this process, locked in PostgreSQL while the process lives.

    At the end what was only taken up waits again. A row that an error left in the middle becomes unknown, as if the
    process had died. If even that cannot be written, the lock goes with the session and `reap` finds the lane.
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


def claim(run: Run, lane: Lane, *, limit: int, now: datetime) -> list[Delivery]:
    """Take up the next rows of a run that nobody holds. Empty when there are none, or the run does not send."""
    keys = [row[0] for row in _rows_of(CLAIM, _claimed_by(run, lane, limit, now))]
    return list(Delivery.objects.filter(pk__in=keys).select_related("contact").order_by("pk"))


def take(run: Run, lane: Lane, *, limit: int, now: datetime) -> list[tuple[Any, ...]]:
    """As `claim`, with what a message needs, in one statement.

    Each row: id, address, attempt, id of the contact (None when it is gone), its e-mail address, first name, last name,
    language, and attributes as JSON.
    """
    return _rows_of(TAKE, _claimed_by(run, lane, limit, now))


def _claimed_by(run: Run, lane: Lane, limit: int, now: datetime) -> dict[str, Any]:
    return {"run": run.pk, "lane": lane.pk, "limit": limit, "now": now}


def _rows_of(query: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return list(cursor.fetchall())


class Row(Protocol):
    """What a move needs to know of a ledger row."""

    pk: int
    address: str
    attempt: int


AnyRow = TypeVar("AnyRow", bound=Row)


def intend(deliveries: Sequence[AnyRow], lane: Lane, run: Run) -> list[AnyRow]:
    """Commit that these messages are about to be handed over: the last look before SMTP.

    Returns those that may be, in their order. Left out are all when the run was paused or cancelled (its epoch moved),
    and those whose contact no longer agrees or is suppressed: `skip_unwilling` says which of them why.
    """
    return _allowed(deliveries, _rows_of(INTEND, _intent(deliveries, lane, run)))


def _intent(deliveries: Sequence[Row], lane: Lane, run: Run) -> dict[str, Any]:
    return {
        "wanted": [delivery.pk for delivery in deliveries],
        "hashes": [address_hash(delivery.address) for delivery in deliveries],
        "lane": lane.pk,
        "epoch": run.epoch,
    }


def _allowed(deliveries: Sequence[AnyRow], found: list[tuple[Any, ...]]) -> list[AnyRow]:
    taken = {key for (key,) in found}
    allowed = [delivery for delivery in deliveries if delivery.pk in taken]
    for delivery in allowed:
        delivery.attempt += 1
    return allowed


def advance(
    results: Sequence[tuple[Row, Outcome]], wanted: Sequence[AnyRow], lane: Lane, run: Run, now: datetime
) -> list[AnyRow]:
    """`settle` and `intend` in one statement, and so in one commit. Returns those of `wanted` that may be sent."""
    given = _settlement(results, lane, now) | _intent(wanted, lane, run)
    return _allowed(wanted, _rows_of(ADVANCE, given))


def skip_unwilling(key: int, lane: Lane, now: datetime) -> None:
    """Say why a message that `intend` refused is left out, if the contact is the reason and not the run."""
    delivery = Delivery.objects.select_related("contact").get(pk=key)
    contact, reason = delivery.contact, ""
    if contact is None:
        reason = Reason.CONTACT_GONE
    elif contact.consent == Consent.WITHDRAWN:
        reason = Reason.UNSUBSCRIBED
    elif contact.suppression or Suppression.objects.filter(
        workspace=delivery.workspace_id, address_hash=address_hash(delivery.address)
    ):
        reason = Reason.SUPPRESSED
    elif contact.consent != Consent.GIVEN:
        reason = Reason.NO_CONSENT
    if reason:
        held = Delivery.objects.filter(pk=delivery.pk, lane=lane.pk, state=DeliveryState.CLAIMED)
        held.update(state=DeliveryState.SKIPPED, reason=reason, lane=None, decided_at=now)


def settle(results: Sequence[tuple[Row, Outcome]], lane: Lane, now: datetime) -> None:
    """Write what became of messages that were being handed over."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, _settlement(results, lane, now))


def _settlement(results: Sequence[tuple[Row, Outcome]], lane: Lane, now: datetime) -> dict[str, Any]:
    verdicts = [_verdict(delivery, outcome, now) for delivery, outcome in results]
    return {
        "keys": [delivery.pk for delivery, _outcome in results],
        "states": [state for state, _reason, _again in verdicts],
        "reasons": [reason for _state, reason, _again in verdicts],
        "again": [again for _state, _reason, again in verdicts],
        "codes": [outcome.code for _delivery, outcome in results],
        "words": [outcome.text for _delivery, outcome in results],
        "lane": lane.pk,
        "now": now,
    }


def _verdict(delivery: Row, outcome: Outcome, now: datetime) -> tuple[str, str, datetime | None]:
    """State, reason, and when to try again."""
    if outcome.fate != Fate.LATER:
        state, reason = FINAL_STATES[outcome.fate]
        return state, reason, None
    if delivery.attempt > len(RETRY_AFTER):
        return DeliveryState.FAILED, Reason.GAVE_UP, None
    return DeliveryState.DEFERRED, "", now + _wait(delivery)


def _wait(delivery: Row) -> timedelta:
    share = (delivery.pk * 7919 + delivery.attempt * 104_729) % 1000 / 1000  # the same for the same row, unlike others
    return RETRY_AFTER[delivery.attempt - 1] * (1 + SPREAD * share)


def fail(delivery: Delivery, lane: Lane, reason: Reason, now: datetime) -> None:
    """Give up on a claimed row before anything was handed over."""
    held = Delivery.objects.filter(pk=delivery.pk, lane=lane.pk, state=DeliveryState.CLAIMED)
    held.update(state=DeliveryState.FAILED, reason=reason, lane=None, decided_at=now)


def let_go(lane: Lane) -> None:
    """Let what was only taken up wait again, for whoever comes first."""
    taken_up = Delivery.objects.filter(lane=lane.pk, state=DeliveryState.CLAIMED)
    taken_up.update(state=DeliveryState.QUEUED, lane=None)


def leave_out_waiting(run: Run, reason: Reason, now: datetime) -> int:
    """Leave out everybody of a run who still waits or is only taken up. Returns how many."""
    left = run.deliveries.filter(state__in=(DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DEFERRED))
    return left.update(state=DeliveryState.SKIPPED, reason=reason, lane=None, decided_at=now)


def take_back(deliveries: Sequence[Row], lane: Lane) -> None:
    """Undo intents after trouble before the final dot: these messages were surely not delivered."""
    keys = [delivery.pk for delivery in deliveries]
    held = Delivery.objects.filter(pk__in=keys, lane=lane.pk, state=DeliveryState.SENDING)
    held.update(state=DeliveryState.QUEUED, lane=None, attempt=F("attempt") - 1)


def reap(now: datetime) -> int:
    """Settle the rows of workers that died. Returns how many lanes were dead.

    A lane is dead when its lock can be had. What it had only taken up waits again; what it was handing over is unknown.
    """
    dead = 0
    for key in Lane.objects.order_by("pk").values_list("pk", flat=True):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LANE_KEYS | key])
            if not cursor.fetchone()[0]:
                continue
            try:
                _bury(key, now)
                dead += 1
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LANE_KEYS | key])
    return dead


@transaction.atomic
def _bury(key: int, now: datetime) -> None:
    """Settle what a lane held, by its notes where this machine has them, and forget the lane."""
    lane, held = Lane.objects.filter(pk=key).first(), Delivery.objects.filter(lane=key)
    let_go(Lane(pk=key))
    notes = read_notes(lane) if lane else None
    if lane and notes is not None:
        _settle_by_notes(list(held.filter(state=DeliveryState.SENDING)), notes, lane, now)
        transaction.on_commit(lambda: discard_notes(lane))
    held.filter(state=DeliveryState.SENDING).update(
        state=DeliveryState.UNKNOWN, reason=Reason.WORKER_LOST, lane=None, decided_at=now
    )
    Lane.objects.filter(pk=key).delete()


def _settle_by_notes(open_rows: Sequence[Delivery], notes: Mapping[int, Note], lane: Lane, now: datetime) -> None:
    """What was answered is settled by the answer; what never came to its final dot was surely not delivered."""
    take_back([row for row in open_rows if row.pk not in notes], lane)
    answered = [(row, note) for row in open_rows if (note := notes.get(row.pk)) and note.fate]
    settle([(row, Outcome(note.fate, note.code)) for row, note in answered if note.fate], lane, now)


def send_again(rows: DeliveryQuerySet, now: datetime) -> int:
    """Let these rows wait for another attempt, at once. Returns how many.

    They are chosen anew when they are written: a row that was settled meanwhile is no longer among them.
    """
    return rows.update(state=DeliveryState.QUEUED, reason="", decided_at=None, next_attempt_at=now)
