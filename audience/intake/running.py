"""One import in a worker: claim it, take chunk after chunk, hand over, finish."""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from audience.imports import ImportRefused, opened, require_usable
from audience.imports.starting import forget_addresses
from audience.intake.facts import FactMerge, FactReader
from audience.intake.merging import Merge
from audience.intake.reading import Chunk, RowReader, chunks_ahead
from audience.models import ContactImport, ImportRefusal, ImportState, ImportWhat
from audience.services import current_attributes
from emailops.lib.csvfile import UnreadableTable
from emailops.lib.queue import enqueue
from workspaces.audit import record

LEASE = timedelta(seconds=60)  # a chunk takes about a second; after this a silent worker counts as dead
BUDGET = timedelta(seconds=30)  # of one task, so that a worker can always stop within its grace
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
    stop_at = clock() + BUDGET
    reader, merge = _ways(found)
    with opened(found) as (file, table), closing(chunks_ahead(found, file, table, reader)) as chunks:
        for chunk in chunks:
            now = clock()
            _take_chunk(found, chunk, merge, now)
            if now > stop_at:
                return False
    return True


def _ways(found: ContactImport) -> tuple[Any, Any]:
    """Who reads the rows and who writes them, by what they are."""
    attributes = current_attributes(found.workspace)
    require_usable(found.mapping, attributes, ImportWhat(found.what))
    if found.what != ImportWhat.PEOPLE:
        return FactReader(found), FactMerge(found)
    reader = RowReader(found, attributes)
    return reader, Merge(found, reader.columns, reader.has_attributes)


@transaction.atomic
def _take_chunk(found: ContactImport, chunk: Chunk, merge: Any, now: datetime) -> None:
    written = merge.take(chunk, now)
    ImportRefusal.objects.bulk_create(
        ImportRefusal(
            workspace=found.workspace, contact_import=found, line=row.line, reason=why[:300], cells=list(row.cells)
        )
        for row, why in chunk.refused
    )
    found.created_count += written.created
    found.updated_count += written.updated
    found.unchanged_count += written.unchanged
    found.suppressed_count += written.suppressed
    found.refused_count += len(chunk.refused)
    found.next_line, found.read_rate = chunk.next_line, chunk.read_rate
    _save_progress(found, lease_until=now + LEASE)


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
            _tell(found, state, now)


def _tell(found: ContactImport, state: ImportState, now: datetime) -> None:
    record(f"import.{state}", found, by=None, now=now, created=found.created_count, updated=found.updated_count)
