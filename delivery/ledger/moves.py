"""What happens to rows: taken up, settled, taken back, left out, sent again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q

from audience.models import address_hash_keys, address_hash_sql
from delivery.fates import Fate, Outcome
from delivery.ledger.verdicts import Held, verdict
from delivery.models import ERASED_ADDRESS, Chunk, Delivery, DeliveryQuerySet, DeliveryState, Lane, Reason, Run
from delivery.wishes import FOLLOWED, FOLLOWED_FROM, WISHES, WISHES_FROM, wishes_given

# Written out because they run for every message: through the ORM they took half of a worker's time.
MINE = """
held.state = CASE WHEN held.lane IS NULL THEN 'queued' WHEN held.lane = %(lane)s THEN 'sending' END
AND EXISTS (SELECT FROM delivery_lane WHERE id = %(lane)s)
"""
"""One comparison, not two with constants: old statistics would tell the planner that no row fits, and it would then
look through the whole ledger once for each row that is settled."""
SETTLE_SENT = f"""
UPDATE delivery_delivery AS held
SET state = 'sent', reason = '', lane = NULL, next_attempt_at = NULL, reply_code = 250, decided_at = %(now)s,
    reply_text = CASE WHEN starts_with(held.address, '{ERASED_ADDRESS}') THEN '' ELSE coalesce(done.words, '') END,
    attempt = held.attempt + (held.lane IS NULL)::int
FROM unnest(%(sent)s::bigint[], string_to_array(%(sent_words)s, E'\\n')) AS done (id, words)
WHERE held.id = done.id AND {MINE}
"""  # noqa: S608  made of constants
SETTLE_OTHERS = f"""
UPDATE delivery_delivery AS held
SET state = done.state, reason = done.reason, lane = NULL, reply_code = done.code,
    reply_text = CASE WHEN starts_with(held.address, '{ERASED_ADDRESS}') THEN '' ELSE done.words END,
    attempt = held.attempt + done.tries, next_attempt_at = done.again_at,
    decided_at = CASE WHEN done.again_at IS NULL THEN %(now)s::timestamptz END
FROM unnest(%(others)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(codes)s::smallint[], %(words)s::text[],
            %(tries)s::smallint[], %(again)s::timestamptz[]) AS done (id, state, reason, code, words, tries, again_at)
WHERE held.id = done.id AND {MINE}
"""  # noqa: S608  made of constants
WHO = f"""
       person.id, person.email, person.first_name, person.last_name, person.language, person.attributes::text,
       CASE WHEN person.id IS NULL THEN 'contact_gone'
            WHEN person.consent = 'withdrawn' THEN 'unsubscribed'
            WHEN person.suppression <> '' OR never.id IS NOT NULL THEN 'suppressed'
            WHEN person.consent <> 'given' THEN 'no_consent'
            {WISHES}
            ELSE '' END,
       {FOLLOWED}
"""
"""Columns of a row's contact, and why the row must be left out, if it must: the last look before SMTP."""
WHO_FROM = f"""
LEFT JOIN audience_contact AS person ON person.id = taken.contact_id
LEFT JOIN audience_suppression AS never
       ON never.workspace_id = taken.workspace_id AND never.address_hash = {address_hash_sql("taken.address")}
{WISHES_FROM}
{FOLLOWED_FROM}
"""
STILL_SENDS = """
EXISTS (SELECT FROM delivery_run AS run WHERE run.id = %(run)s AND run.state = 'sending' AND run.epoch = %(epoch)s)
"""
ADVANCE = f"""
WITH settled AS ({SETTLE_SENT}), otherwise AS ({SETTLE_OTHERS}),
asked AS (SELECT chunk.id, chunk.mark, chunk.last_id, ask.room
          FROM unnest(%(chunks)s::bigint[], %(rooms)s::int[]) AS ask (id, room)
          JOIN delivery_chunk AS chunk USING (id)),
next AS MATERIALIZED (
  SELECT asked.id AS chunk, row.* FROM asked, LATERAL (
    SELECT waits.id, waits.address, waits.contact_id, waits.workspace_id FROM delivery_delivery AS waits
    WHERE waits.run_id = %(run)s AND waits.id > asked.mark AND waits.id <= asked.last_id
      AND waits.state = 'queued' AND waits.lane IS NULL AND waits.next_attempt_at IS NULL
    ORDER BY waits.id LIMIT asked.room) AS row),
reached AS (SELECT asked.id, asked.mark, asked.last_id, count(next.id) AS rows,
                   CASE WHEN count(next.id) < asked.room THEN asked.last_id ELSE max(next.id) END AS mark_to
            FROM asked LEFT JOIN next ON next.chunk = asked.id
            GROUP BY asked.id, asked.mark, asked.last_id, asked.room),
marked AS (UPDATE delivery_chunk AS chunk SET mark = reached.mark_to, taken = chunk.taken + reached.rows
           FROM reached WHERE chunk.id = reached.id AND chunk.lane = %(lane)s
             AND chunk.mark = reached.mark AND chunk.last_id = reached.last_id AND {STILL_SENDS}
           RETURNING chunk.id)
SELECT marked.id, taken.id, taken.address, 1, {WHO}
FROM marked LEFT JOIN next AS taken ON taken.chunk = marked.id {WHO_FROM} ORDER BY taken.id
"""  # noqa: S608  made of constants
RETAKE = f"""
WITH picked AS MATERIALIZED (
  SELECT due.id FROM delivery_delivery AS due
  WHERE due.run_id = %(run)s AND due.next_attempt_at <= %(now)s AND due.state IN ('queued', 'deferred')
    AND due.lane IS NULL AND {STILL_SENDS}
  ORDER BY due.next_attempt_at, due.id LIMIT %(limit)s FOR UPDATE OF due SKIP LOCKED),
taken AS (
  UPDATE delivery_delivery AS held
  SET state = 'sending', lane = %(lane)s, attempt = held.attempt + 1, next_attempt_at = NULL
  FROM picked
  WHERE held.id = picked.id
  RETURNING held.id, held.address, held.attempt, held.contact_id, held.workspace_id)
SELECT NULL, taken.id, taken.address, taken.attempt, {WHO} FROM taken {WHO_FROM} ORDER BY taken.id
"""  # noqa: S608  made of constants


@dataclass(frozen=True, slots=True)
class Ask:
    """How many rows of a held chunk shall be taken up."""

    chunk: int
    room: int


@dataclass
class Settlement:
    """What became of rows: the server's word, or the reason for which they are left out."""

    results: list[tuple[Held, Outcome]] = field(default_factory=list)
    left_out: list[Held] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.results or self.left_out)


@dataclass
class Taken:
    """Rows whose intent is committed, and the chunks that answered.

    A chunk that did not is not ours any more, or the run was paused or cancelled.
    """

    rows: list[Held] = field(default_factory=list)
    chunks: set[int] = field(default_factory=set)


def advance(settlement: Settlement, asks: Sequence[Ask], lane: Lane, run: Run, now: datetime) -> Taken:
    """Write what became of rows, and commit that the next ones are about to be handed over: one statement, one commit.

    Rows come back in the order of their ids, at most as many as asked; fewer than asked of a chunk means that it is
    exhausted. Nothing is taken up when the run was paused or cancelled (its epoch moved). A row with `unwilling` must
    not be sent but settled as left out.
    """
    chunks = {"chunks": [ask.chunk for ask in asks], "rooms": [ask.room for ask in asks]}
    rows = _rows_of(ADVANCE, _settlement(settlement, lane, now) | chunks | _of_run(run, now))
    return Taken([_held(row) for row in rows if row[1]], {row[0] for row in rows})


def retake(run: Run, lane: Lane, *, limit: int, now: datetime) -> list[Held]:
    """Take up rows that were tried or taken back before and are due; their intent is committed with it."""
    given = {"lane": lane.pk, "limit": limit, "now": now, **_of_run(run, now)}
    return [_held(row) for row in _rows_of(RETAKE, given)]


def _of_run(run: Run, now: datetime) -> dict[str, Any]:
    return {"run": run.pk, "epoch": run.epoch, **wishes_given(run, now)}


def settle(settlement: Settlement, lane: Lane, now: datetime) -> None:
    """Write what became of rows that were being handed over."""
    given = _settlement(settlement, lane, now)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH settled AS ({SETTLE_SENT}) {SETTLE_OTHERS}", given)


def _rows_of(query: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, given | address_hash_keys())
        return list(cursor.fetchall())


def _held(row: tuple[Any, ...]) -> Held:
    chunk, pk, address, attempt, contact, email, first_name, last_name, language, attributes, *verdicts = row
    unwilling, is_followed = verdicts
    if contact is None:
        return Held(pk, address, attempt, chunk, None, unwilling)
    # A `campaigns.rendering.contact_context`, from the columns themselves: an object for each would cost as much.
    who = {
        "email": email,
        "first_name": first_name,
        "last_name": last_name,
        "full_name": f"{first_name} {last_name}".strip(),
        "language": language,
        "attributes": json.loads(attributes),
    }
    return Held(pk, address, attempt, chunk, {"contact": who}, unwilling, bool(is_followed))


def _settlement(settlement: Settlement, lane: Lane, now: datetime) -> dict[str, Any]:
    """Parameters of both settling statements. The long lists are joined here: the driver takes ten times as long."""
    sent = [(row.pk, outcome.text) for row, outcome in settlement.results if _is_plainly_sent(outcome)]
    others = [_otherwise(row, outcome, now) for row, outcome in settlement.results if not _is_plainly_sent(outcome)]
    others += [(row.pk, DeliveryState.SKIPPED, row.unwilling, None, "", 0, None) for row in settlement.left_out]
    columns = zip(*others, strict=True) if others else ((),) * 7
    names = ("others", "states", "reasons", "codes", "words", "tries", "again")
    return {
        "sent": f"{{{','.join([str(key) for key, _words in sent])}}}",
        "sent_words": "\n".join([words for _key, words in sent]),
        "lane": lane.pk,
        "now": now,
        **{name: list(column) for name, column in zip(names, columns, strict=True)},
    }


def _is_plainly_sent(outcome: Outcome) -> bool:
    return outcome.fate == Fate.ACCEPTED and outcome.code == 250 and "\n" not in outcome.text


def _otherwise(row: Held, outcome: Outcome, now: datetime) -> tuple[Any, ...]:
    is_tried = row.chunk is not None and outcome.fate != Fate.UNBUILDABLE
    found = verdict(row, outcome, now)
    return row.pk, found.state, found.reason, outcome.code, outcome.text, int(is_tried), found.again_at


def take_back(rows: Sequence[Held], lane: Lane, now: datetime) -> None:
    """Undo intents after trouble before the final dot: these messages were surely not delivered, and wait again."""
    own = [row.pk for row in rows if row.chunk is None]
    of_chunks = [row.pk for row in rows if row.chunk is not None]
    again = {"state": DeliveryState.QUEUED, "lane": None, "next_attempt_at": now}
    mine = Delivery.objects.filter(Exists(Lane.objects.filter(pk=lane.pk)))
    mine.filter(pk__in=own, lane=lane.pk, state=DeliveryState.SENDING).update(**again, attempt=F("attempt") - 1)
    mine.filter(pk__in=of_chunks, lane=None, state=DeliveryState.QUEUED).update(**again)


def send_again(rows: DeliveryQuerySet, now: datetime) -> int:
    """Let these rows wait for another attempt, at once. Returns how many. Whoever calls this says why it is right.

    They are chosen anew when they are written: a row that was settled meanwhile is no longer among them.
    """
    return rows.update(state=DeliveryState.QUEUED, reason="", decided_at=None, next_attempt_at=now)


def in_hand(run: Run) -> Q:
    """Rows of chunks that a worker holds and has marked: perhaps they are leaving at this moment."""
    holds = Chunk.objects.filter(run=run, lane__isnull=False, first_id__lte=OuterRef("pk"), mark__gte=OuterRef("pk"))
    return Q(Exists(holds), state=DeliveryState.QUEUED, lane=None, next_attempt_at=None)


def leave_out_waiting(run: Run, reason: Reason, now: datetime) -> int:
    """Leave out everybody of a run who waits and is in nobody's hands. Returns how many.

    Close its chunks first, so that no worker takes up more meanwhile.
    """
    waiting = run.deliveries.filter(state__in=(DeliveryState.QUEUED, DeliveryState.DEFERRED)).exclude(in_hand(run))
    return waiting.update(state=DeliveryState.SKIPPED, reason=reason, lane=None, next_attempt_at=None, decided_at=now)
