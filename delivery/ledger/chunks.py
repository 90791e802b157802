"""Chunks of waiting rows: made once, held by one worker at a time, marked as they are worked off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Q

from delivery.models import Chunk, Delivery, Lane, Run

CHUNK = 1000  # rows; what a worker holds, and what another waits for when that worker's server is slow

MAKE = """
INSERT INTO delivery_chunk (run_id, domain_group, first_id, last_id, mark, size, taken)
SELECT %(run)s, domain_group, min(id), max(id), min(id) - 1, count(*), 0
FROM (SELECT id, domain_group, (row_number() OVER (PARTITION BY domain_group ORDER BY id) - 1) / %(size)s AS number
      FROM (SELECT id, {group} AS domain_group FROM delivery_delivery
            WHERE run_id = %(run)s AND state = 'queued' AND next_attempt_at IS NULL) AS waiting) AS numbered
GROUP BY domain_group, number
"""
# The pick is materialised: a plan that looked again for each chunk would lock one more each time.
HOLD = """
WITH picked AS MATERIALIZED (
  SELECT one.id FROM unnest(%(groups)s::text[]) AS wanted (domain_group), LATERAL (
    SELECT free.id FROM delivery_chunk AS free
    WHERE free.run_id = %(run)s AND free.domain_group = wanted.domain_group AND free.lane IS NULL
      AND free.mark < free.last_id
    ORDER BY free.id LIMIT 1 FOR UPDATE SKIP LOCKED) AS one)
UPDATE delivery_chunk AS chunk SET lane = %(lane)s
FROM picked
WHERE chunk.id = picked.id AND chunk.lane IS NULL
  AND EXISTS (SELECT FROM delivery_run AS run WHERE run.id = %(run)s AND run.state = 'sending')
RETURNING chunk.id, chunk.domain_group, chunk.size - chunk.taken
"""


@dataclass(slots=True)
class Hold:
    """A chunk in a worker's hands; `left` is at most how many rows of it nobody has taken up."""

    chunk: int
    group: str
    left: int


def make_chunks(run: Run, group: str = "'other'") -> None:
    """Lay the waiting rows of a run into chunks, each of one group. Call once, when the list is written.

    `group` is a SQL expression over `address`. Rows of a group have to follow each other by their ids.
    """
    with connection.cursor() as cursor:
        cursor.execute(MAKE.format(group=group), {"run": run.pk, "size": CHUNK})


def groups_left(run: Run) -> list[str]:
    """Groups of which somebody could take up more."""
    free = Chunk.objects.filter(run=run, lane=None, mark__lt=F("last_id"))
    return sorted(set(free.values_list("domain_group", flat=True)))


def hold_chunks(run: Run, lane: Lane, groups: Sequence[str]) -> list[Hold]:
    """Take one more chunk of each of these groups that nobody holds. A group without one is left out."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD, {"run": run.pk, "lane": lane.pk, "groups": list(groups)})
        return [Hold(*row) for row in cursor.fetchall()]


@transaction.atomic
def let_go(lane: Lane) -> None:
    """Let what a worker holds and has not taken up be held by others, while its last answers are awaited."""
    for chunk in Chunk.objects.select_for_update().filter(lane=lane.pk, mark__lt=F("last_id")):
        Chunk.objects.create(
            run_id=chunk.run_id,
            domain_group=chunk.domain_group,
            first_id=chunk.mark + 1,
            last_id=chunk.last_id,
            mark=chunk.mark,
            size=chunk.size - chunk.taken,
        )
        chunk.last_id, chunk.size = chunk.mark, chunk.taken
        chunk.save(update_fields=["last_id", "size"])


def close_chunks(run: Run) -> None:
    """Let nobody take up more of a run: waits for takings under way, and refuses those that come later."""
    Chunk.objects.filter(run=run, mark__lt=F("last_id")).update(last_id=F("mark"), size=F("taken"))


def has_waiting(run: Run, now: datetime) -> bool:
    """Whether a worker could take up something now."""
    if Chunk.objects.filter(run=run, lane=None, mark__lt=F("last_id")).exists():
        return True
    return Delivery.objects.filter(run=run, next_attempt_at__lte=now, lane=None).exists()


def waiting_groups(run: Run) -> set[str]:
    """The domain groups of which somebody waits in a chunk."""
    chunks = Chunk.objects.filter(run=run, mark__lt=F("last_id"))
    return set(chunks.order_by().values_list("domain_group", flat=True).distinct())


def head_of_queue(run: Run, now: datetime) -> int | None:
    """A row of those that wait, which is another once something moves; None when nobody waits now."""
    chunks = Chunk.objects.filter(run=run, mark__lt=F("last_id"))
    mark = chunks.order_by("mark").values_list("mark", flat=True).first()
    if mark is not None:
        return mark + 1
    again = Delivery.objects.filter(run=run, next_attempt_at__lte=now, lane=None)
    return again.order_by("pk").values_list("pk", flat=True).first()


def is_pending(run: Run) -> bool:
    """Whether somebody of a run still waits or is in a worker's hands."""
    if Chunk.objects.filter(Q(lane__isnull=False) | Q(mark__lt=F("last_id")), run=run).exists():
        return True
    return Delivery.objects.filter(run=run).pending().exists()
