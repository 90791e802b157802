"""One import in a worker: claim it, take chunk after chunk, hand over, finish."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from django.db import connection, transaction

from audience.imports import ImportRefused, opened, require_usable
from audience.imports.forgetting import ERASED_ROW, forget_file_of_erased, rows_of_erased
from audience.imports.starting import forget_addresses
from audience.intake.facts import FactMerge, FactReader
from audience.intake.lanes import Lanes, Turn
from audience.intake.merging import Merge, Stages, Writer, Written, wait_for_other_imports
from audience.intake.reading import Chunk, ChunksAhead, Reader, RowReader
from audience.models import ContactImport, ImportRefusal, ImportState, ImportWhat
from audience.services import current_attributes
from emailops.lib.csvfile import UnreadableTable
from emailops.lib.queue import enqueue
from workspaces.audit import record

LEASE = timedelta(seconds=60)  # a chunk takes about a second; after this a silent worker counts as dead
BUDGET = timedelta(seconds=30)  # of one task, so that a worker can always stop within its grace
CHUNKS_A_TURN = 20  # after them another import of the workspace may go on; some seconds
COUNTERS = (
    "created_count", "updated_count", "unchanged_count", "refused_count", "suppressed_count", "next_line", "read_rate",
)  # fmt: skip


class _Lost(Exception):
    """Another worker holds the import, or a person cancelled it."""


def run_import(import_id: int, clock: Callable[[], datetime]) -> None:
    """Take the rows that are left, chunk by chunk; after `BUDGET` hand over to the next task.

    Safe to call twice at once: the second finds the lease and leaves. `clock` is read for every chunk, because an
    import outlives one reading.
    """
    found = _claim(import_id, clock())
    if found is None:
        return
    try:
        finished = _take_rows(found, clock)
    except _Lost:
        return
    except (UnreadableTable, ImportRefused) as refusal:
        _finish(found, ImportState.FAILED, clock(), str(refusal))
    else:
        if finished:
            _finish(found, ImportState.CHECKED if found.is_dry_run else ImportState.DONE, clock())
        else:
            ContactImport.objects.filter(pk=found.pk).update(lease_until=None)
            enqueue("audience.run_import", import_id=found.pk)


def _claim(import_id: int, now: datetime) -> ContactImport | None:
    claimed = ContactImport.objects.unfinished().idle(now).filter(pk=import_id)
    if not claimed.update(state=ImportState.RUNNING, lease_until=now + LEASE):
        return None
    ContactImport.objects.filter(pk=import_id, started_at=None).update(started_at=now)
    return ContactImport.objects.select_related("workspace", "created_by").get(pk=import_id)


def _take_rows(found: ContactImport, clock: Callable[[], datetime]) -> bool:
    """Whether the end of the file was reached."""
    reader, writer = _ways(found)
    with opened(found) as (file, table), ChunksAhead(found, file, table, reader) as chunks:
        taking = _Taking(found, writer, chunks, clock, stop_at=clock() + BUDGET)
        return taking.in_one_lane() if connection.in_atomic_block else taking.in_two_lanes()


def _ways(found: ContactImport) -> tuple[Reader, Writer]:
    """Who reads the rows and who writes them, by what they are."""
    attributes = current_attributes(found.workspace)
    require_usable(found.mapping, attributes, ImportWhat(found.what))
    if found.what != ImportWhat.PEOPLE:
        return FactReader(found), FactMerge(found)
    reader = RowReader(found, attributes)
    return reader, Merge(found, reader.columns, reader.has_attributes)


@dataclass(slots=True)
class _Taking:
    """One task's way through the chunks; each way says whether the end of the file was reached."""

    found: ContactImport
    writer: Writer
    chunks: ChunksAhead
    clock: Callable[[], datetime]
    stop_at: datetime

    def in_one_lane(self) -> bool:
        """One chunk after the other: within a caller's transaction nobody else sees what was written."""
        for chunk in self.chunks:
            now = self.clock()
            with transaction.atomic():
                wait_for_other_imports(self.found)
                self._write(chunk, now, Turn())
            if now > self.stop_at:
                return False
        return True

    def in_two_lanes(self) -> bool:
        """Turns of some chunks, between which another import of the workspace gets its own."""
        chunks = iter(self.chunks)
        while (taken := self._turn(islice(chunks, CHUNKS_A_TURN))) == CHUNKS_A_TURN:
            continue
        return taken is not None

    def _turn(self, chunks: Iterator[Chunk]) -> int | None:
        """How many chunks were taken; None when the time was over."""
        taken, now = 0, self.stop_at
        with transaction.atomic(), Lanes() as lanes:
            wait_for_other_imports(self.found)
            for chunk in chunks:
                taken, now = taken + 1, self.clock()
                lanes.take(partial(self._commit, chunk, now))
                if now > self.stop_at:
                    break
            lanes.finish()
        return None if now > self.stop_at else taken

    def _commit(self, chunk: Chunk, now: datetime, turn: Turn) -> None:
        with transaction.atomic():
            self._write(chunk, now, turn)

    def _write(self, chunk: Chunk, now: datetime, turn: Turn) -> None:
        stages = Stages(self.chunks.read_on, turn.people_written.set)
        written = self.writer.for_one_chunk().take(chunk, now, stages)
        ImportRefusal.objects.bulk_create(_refusals(self.found, chunk))
        turn.await_commit_before()
        _count(self.found, chunk, written)
        _save_progress(self.found, lease_until=now + LEASE)


def _count(found: ContactImport, chunk: Chunk, written: Written) -> None:
    found.created_count += written.created
    found.updated_count += written.updated
    found.unchanged_count += written.unchanged
    found.suppressed_count += written.suppressed
    found.refused_count += len(chunk.refused)
    found.next_line, found.read_rate = chunk.next_line, chunk.read_rate


def _refusals(found: ContactImport, chunk: Chunk) -> Iterator[ImportRefusal]:
    """The rows that were not taken, to be mended; of a row of an erased person nothing is kept but its line."""
    erased = rows_of_erased(found.workspace, [row.cells for row, _why in chunk.refused])
    for place, (row, why) in enumerate(chunk.refused):
        kept = (ERASED_ROW, []) if place in erased or why == ERASED_ROW else (why[:300], list(row.cells))
        yield ImportRefusal(
            workspace=found.workspace, contact_import=found, line=row.line, reason=kept[0], cells=kept[1]
        )


def _save_progress(found: ContactImport, *, lease_until: datetime) -> None:
    still_ours = ContactImport.objects.filter(pk=found.pk, state=ImportState.RUNNING, lease_until=found.lease_until)
    if not still_ours.update(lease_until=lease_until, **{name: getattr(found, name) for name in COUNTERS}):
        raise _Lost  # cancelled, or taken over because we were silent for too long: the transaction is undone
    found.lease_until = lease_until


@transaction.atomic
def _finish(found: ContactImport, state: ImportState, now: datetime, message: str = "") -> None:
    ended = ContactImport.objects.filter(pk=found.pk, state=ImportState.RUNNING)
    if ended.update(
        state=state,
        message=message,
        finished_at=now,
        read_rate=found.read_rate if state == ImportState.FAILED else 1.0,
    ):
        forget_addresses(found.pk)
        if state != ImportState.CHECKED:
            forget_file_of_erased(found)
            _tell(found, state, now)


def _tell(found: ContactImport, state: ImportState, now: datetime) -> None:
    record(f"import.{state}", found, by=None, now=now, created=found.created_count, updated=found.updated_count)
