"""Contacts from a CSV, the part that workers do: take the rows in chunks, say for each refused one why.

A chunk is one transaction that also moves `next_line`, so a worker that dies is followed by one that goes on with the
next chunk: no row is taken twice or lost. The lease is also the fence: a worker that was only slow finds it changed by
its follower, and its chunk is undone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audience.attributes import stored_value
from audience.imports import SKIP, ImportRefused, opened, require_usable
from audience.models import (
    AttributeDefinition,
    Consent,
    Contact,
    ContactImport,
    ImportRefusal,
    ImportState,
    Suppression,
    address_hash,
)
from audience.services import current_attributes
from emailops.lib.addresses import read_address
from emailops.lib.bulk import Json, insert_rows
from emailops.lib.csvfile import Row, UnreadableTable, read_table, rearmed
from emailops.lib.errors import DomainError
from emailops.lib.queue import enqueue
from workspaces.audit import record
from workspaces.models import Language, Workspace

CHUNK = 1000  # rows a transaction
LEASE = timedelta(seconds=60)  # a chunk takes well under a second; after this a silent worker counts as dead
BUDGET = timedelta(seconds=30)  # of one task, so that a worker can always stop within its grace
LONGEST = {"email": 254, "first_name": 100, "last_name": 100, "language": 5, "external_id": 100}  # characters


class RowRefused(DomainError):
    """One row cannot be taken; the others can."""

    code = "row_refused"


class _Lost(Exception):
    """Another worker holds the import, or a person cancelled it."""


@dataclass(slots=True)
class _Incoming:
    """One row on its way in."""

    email: str
    address: str
    fields: dict[str, str]
    attributes: dict[str, Any]
    row: Row


@dataclass(slots=True)
class _Chunk:
    """What a chunk of rows became: one entry an address, and the refused."""

    incoming: dict[str, _Incoming] = field(default_factory=dict)
    refused: list[tuple[Row, str]] = field(default_factory=list)


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
            _finish(found, ImportState.DONE, clock())
        else:
            ContactImport.objects.filter(pk=found.pk).update(lease_until=None)
            enqueue("audience.run_import", import_id=found.pk)


def _claim(import_id: int, now: datetime) -> ContactImport | None:
    claimed = ContactImport.objects.unfinished().idle(now).filter(pk=import_id)
    if not claimed.update(state=ImportState.RUNNING, lease_until=now + LEASE):
        return None
    return ContactImport.objects.select_related("workspace", "created_by").get(pk=import_id)


def _take_rows(found: ContactImport, clock: Callable[[], datetime]) -> bool:
    """Whether the end of the file was reached."""
    stop_at = clock() + BUDGET
    attributes = current_attributes(found.workspace)
    require_usable(found.mapping, attributes)
    with opened(found) as file:
        table = read_table(file, encoding=found.encoding)
        for rows in _chunks(table.rows, found.next_line):
            chunk = _read_chunk(rows, found, attributes)
            now = clock()
            _take_chunk(found, chunk, next_line=rows[-1].line + 1, read_rate=file.tell() / found.size, now=now)
            if now > stop_at:
                return False
    return True


def _chunks(rows: Iterator[Row], first_line: int) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        if row.line < first_line:
            continue
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _read_chunk(rows: Sequence[Row], found: ContactImport, attributes: Mapping[str, AttributeDefinition]) -> _Chunk:
    columns = [(int(index), column) for index, column in found.mapping.items() if column != SKIP]
    chunk = _Chunk()
    for row in rows:
        try:
            _require_width(row, len(found.header))
            incoming = _read_row(row, columns, attributes)
        except DomainError as refusal:
            chunk.refused.append((row, str(refusal)))
            continue
        if incoming.address in chunk.incoming:
            earlier = chunk.incoming[incoming.address].row.line
            chunk.refused.append((row, _("The same address stands on line %(line)d.") % {"line": earlier}))
        else:
            chunk.incoming[incoming.address] = incoming
    return chunk


def _require_width(row: Row, width: int) -> None:
    """A row with more cells than columns was cut at a wrong place, so that nothing in it is where it belongs."""
    if any(cell.strip() for cell in row.cells[width:]):
        raise RowRefused(
            _("The row has %(cells)d cells for %(width)d columns. Put texts that hold a comma into quotation marks.")
            % {"cells": len(row.cells), "width": width}
        )


def _read_row(row: Row, columns: Sequence[tuple[int, str]], attributes: Mapping[str, AttributeDefinition]) -> _Incoming:
    fields: dict[str, str] = {}
    values: dict[str, Any] = {}
    for index, column in columns:
        cell = rearmed(row.cells[index]).strip() if index < len(row.cells) else ""
        if not cell:
            continue
        if column.startswith("attribute."):
            key = column.removeprefix("attribute.")
            values[key] = stored_value(attributes[key], cell)
        else:
            fields[column] = _checked_field(column, cell)
    address = read_address(fields.pop("email", ""))
    return _Incoming(address.written, address.key, fields, values, row)


def _checked_field(column: str, cell: str) -> str:
    longest = LONGEST[column]
    if len(cell) > longest:
        raise RowRefused(
            _("“%(text)s…” is too long (at most %(most)d characters).") % {"text": cell[:20], "most": longest}
        )
    if column == "language" and cell.lower() not in Language.values:
        raise RowRefused(_("“%(text)s” is not one of our languages: en, ru, bg.") % {"text": cell})
    return cell.lower() if column == "language" else cell


@transaction.atomic
def _take_chunk(found: ContactImport, chunk: _Chunk, *, next_line: int, read_rate: float, now: datetime) -> None:
    _drop_taken_ids(found.workspace, chunk)
    # By address: two imports that write the same people wait for each other in one order, and so never for ever.
    written = _upsert(found, sorted(chunk.incoming.values(), key=lambda row: row.address), now)
    _add_to_list(found, chunk, now)
    _log_consent(found, chunk, now)
    ImportRefusal.objects.bulk_create(
        ImportRefusal(
            workspace=found.workspace, contact_import=found, line=row.line, reason=why[:300], cells=list(row.cells)
        )
        for row, why in chunk.refused
    )
    created = sum(1 for is_new in written if is_new)
    found.created_count += created
    found.updated_count += len(written) - created
    found.unchanged_count += len(chunk.incoming) - len(written)
    found.refused_count += len(chunk.refused)
    found.next_line, found.read_rate = next_line, min(read_rate, 1.0)
    _save_progress(found, lease_until=now + LEASE)


def _save_progress(found: ContactImport, *, lease_until: datetime) -> None:
    counters = (
        "created_count",
        "updated_count",
        "unchanged_count",
        "refused_count",
        "next_line",
        "read_rate",
    )
    still_ours = ContactImport.objects.filter(pk=found.pk, state=ImportState.RUNNING, lease_until=found.lease_until)
    if not still_ours.update(lease_until=lease_until, **{name: getattr(found, name) for name in counters}):
        raise _Lost  # cancelled, or taken over because we were silent for too long: the transaction is undone
    found.lease_until = lease_until


def _drop_taken_ids(workspace: Workspace, chunk: _Chunk) -> None:
    """Refuse rows whose external id belongs to a contact with another address, or stands twice in the chunk."""
    wanted: dict[str, str] = {}
    for incoming in list(chunk.incoming.values()):
        external_id = incoming.fields.get("external_id", "")
        if external_id and wanted.setdefault(external_id, incoming.address) != incoming.address:
            _refuse(chunk, incoming, _("The id “%(id)s” stands twice in the file.") % {"id": external_id})
    taken = (
        Contact.objects.for_workspace(workspace).filter(external_id__in=wanted).values_list("external_id", "address")
    )
    for external_id, address in taken:
        if address != wanted[external_id]:
            _refuse(
                chunk,
                chunk.incoming[wanted[external_id]],
                _("The id “%(id)s” belongs to another contact.") % {"id": external_id},
            )


def _refuse(chunk: _Chunk, incoming: _Incoming, why: str) -> None:
    chunk.refused.append((incoming.row, why))
    del chunk.incoming[incoming.address]


def _upsert(found: ContactImport, rows: Sequence[_Incoming], now: datetime) -> list[bool]:
    """Write the contacts; for each row that changed something, whether it is new. Empty cells overwrite nothing."""
    hashes = {address_hash(row.address): row.address for row in rows}
    suppressed = Suppression.objects.for_workspace(found.workspace).filter(address_hash__in=hashes)
    reasons = {hashes[row.address_hash]: row.reason for row in suppressed}
    values = [
        (
            found.workspace.pk, row.email, row.address, row.fields.get("external_id", ""),
            row.fields.get("first_name", ""), row.fields.get("last_name", ""), row.fields.get("language", ""),
            "", Json(row.attributes), Consent.UNKNOWN, reasons.get(row.address, ""), now, now,
        )
        for row in rows
    ]  # fmt: skip
    columns = (
        "workspace_id", "email", "address", "external_id", "first_name", "last_name", "language",
        "time_zone", "attributes", "consent", "suppression", "created_at", "updated_at",
    )  # fmt: skip
    inserted = insert_rows(
        "audience_contact", columns, values, conflict=_KEEP_WHAT_IS_NOT_GIVEN, returning="(xmax = 0)"
    )
    return [is_new for (is_new,) in inserted]


_TEXTS = ("external_id", "first_name", "last_name", "language")
_KEEP_WHAT_IS_NOT_GIVEN = f"""
ON CONFLICT (workspace_id, address) DO UPDATE SET
    {", ".join(f"{c} = COALESCE(NULLIF(excluded.{c}, ''), audience_contact.{c})" for c in _TEXTS)},
    attributes = audience_contact.attributes || excluded.attributes,
    updated_at = excluded.updated_at
WHERE ({", ".join(f"COALESCE(NULLIF(excluded.{c}, ''), audience_contact.{c})" for c in _TEXTS)},
       audience_contact.attributes || excluded.attributes)
    IS DISTINCT FROM ({", ".join(f"audience_contact.{c}" for c in _TEXTS)}, audience_contact.attributes)
"""


def _add_to_list(found: ContactImport, chunk: _Chunk, now: datetime) -> None:
    if found.contact_list is None:
        return
    source = f"import {found.pk}"
    contacts = Contact.objects.for_workspace(found.workspace).filter(address__in=chunk.incoming)
    insert_rows(
        "audience_listmembership",
        ("workspace_id", "contact_list_id", "contact_id", "added_at", "source"),
        [(found.workspace.pk, found.contact_list.pk, pk, now, source) for pk in contacts.values_list("pk", flat=True)],
        conflict="ON CONFLICT DO NOTHING",
        returning="id",
    )


def _log_consent(found: ContactImport, chunk: _Chunk, now: datetime) -> None:
    """A consent record for each person we knew nothing of. What a person said before is never overridden by a file."""
    unknown = Contact.objects.for_workspace(found.workspace).filter(address__in=chunk.incoming, consent=Consent.UNKNOWN)
    if found.consent == Consent.UNKNOWN:
        unknown = unknown.filter(consent_log=None)
    contacts = list(unknown.values_list("pk", "address"))
    evidence = {"import": found.pk, "file": found.filename}
    insert_rows(
        "audience_consententry",
        ("workspace_id", "contact_id", "consent", "source", "wording", "evidence", "by_id", "at"),
        [
            (
                found.workspace.pk,
                pk,
                found.consent,
                "import",
                found.consent_wording,
                Json({**evidence, "line": chunk.incoming[address].row.line}),
                found.created_by.pk,
                now,
            )
            for pk, address in contacts
        ],
        conflict="",
        returning="id",
    )
    if found.consent != Consent.UNKNOWN:
        Contact.objects.filter(pk__in=[pk for pk, _address in contacts]).update(consent=found.consent, consent_at=now)


@transaction.atomic
def _finish(found: ContactImport, state: ImportState, now: datetime, message: str = "") -> None:
    ended = ContactImport.objects.filter(pk=found.pk, state=ImportState.RUNNING)
    if ended.update(
        state=state, message=message, finished_at=now, read_rate=1.0 if state == ImportState.DONE else found.read_rate
    ):
        record(f"import.{state}", found, by=None, now=now, created=found.created_count, updated=found.updated_count)
