"""Files that wait to be imported: kept, read through once, read differently, shown."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, cast

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from audience.calling_codes import calling_code
from audience.imports.becoming import still_meant
from audience.imports.facts import guess_what
from audience.imports.mapping import ImportRefused
from audience.imports.usable import guess_columns, usable_again
from audience.models import ContactImport, ImportState, ImportWhat
from audience.services import current_attributes
from emailops.lib.csvfile import AUTOMATIC, Table
from emailops.lib.tablefile import Shape, TableKind, examined, opened_table, unpacked
from emailops.lib.workbook import keep_as_lines
from workspaces.audit import record
from workspaces.models import Member, Workspace

LARGEST_FILE = 200 * 1024 * 1024  # bytes
LARGEST_WORKBOOK = 30 * 1024 * 1024  # bytes; half a million rows, a minute to unpack
SAMPLE_ROWS = 5
ROWS_TO_GUESS_FROM = 100


@transaction.atomic
def open_import(
    *,
    workspace: Workspace,
    file: File[bytes],
    by: Member,
    now: datetime,
    encoding: str = AUTOMATIC,
    delimiter: str = AUTOMATIC,
    what: ImportWhat | None = None,
) -> ContactImport:
    """Keep an uploaded file and read its header, which says what the rows are unless `what` does.

    Raises `ImportRefused` or `UnreadableTable`; nothing is kept then.
    """
    if file.size > LARGEST_FILE:
        raise ImportRefused(_("The file is larger than 200 MB. Split it and import the parts."))
    with _readable(file, encoding, delimiter) as (kept, shape):
        table, start = _read_through(kept, shape)
        found = ContactImport(
            workspace=workspace,
            filename=(file.name or "contacts.csv")[-200:],
            size=_size_of(kept),
            created_by=by,
            created_at=now,
        )
        found.what = what or guess_what(table.header)
        _describe(found, shape, table, start)
        suffix = f"{shape.kind}.gz" if shape.is_gzip else shape.kind
        found.file.save(f"{now:%H%M%S}.{suffix}", File(kept), save=False)
    found.save()
    record("import.opened", found, by=by, now=now, size=found.size)
    return found


@contextmanager
def _readable(file: File[bytes], encoding: str, delimiter: str) -> Iterator[tuple[IO[bytes], Shape]]:
    """The file as it will be kept, and its shape: a workbook becomes lines, all else stays as it is."""
    raw = _bytes_of(file)
    shape = examined(raw, encoding=encoding, delimiter=delimiter)
    if shape.kind != TableKind.WORKBOOK:
        yield raw, shape
        return
    if shape.is_gzip:
        raise ImportRefused(_("This is a workbook packed with gzip. Unpack it, and upload the workbook (XLSX) itself."))
    if file.size > LARGEST_WORKBOOK:
        raise ImportRefused(_("A workbook can have 30 MB. Save larger ones as CSV, and pack that with gzip."))
    with TemporaryFile() as lines:
        keep_as_lines(raw, cast("IO[bytes]", lines))
        yield cast("IO[bytes]", lines), Shape(TableKind.JSON_LINES, is_gzip=True, encoding="utf-8")


def _bytes_of(file: File[bytes]) -> IO[bytes]:
    file.seek(0)
    if file.file is None:
        raise _gone()
    return file.file


def _size_of(file: IO[bytes]) -> int:
    return file.seek(0, 2)


def _read_through(file: IO[bytes], shape: Shape) -> tuple[Table, list[Sequence[str]]]:
    """The table and its first rows, read to the end once, so that a fault on the last line is told at once."""
    table = opened_table(file, shape)
    start = [row.cells for row in islice(table.rows, ROWS_TO_GUESS_FROM)]
    for _row in table.rows:
        pass
    return table, start


def _describe(found: ContactImport, shape: Shape, table: Table, start: Sequence[Sequence[str]]) -> None:
    found.kind, found.is_gzip = shape.kind, shape.is_gzip
    found.encoding, found.delimiter = shape.encoding, shape.delimiter
    found.header, found.fingerprint = list(table.header), fingerprint_of(table.header)
    attributes = current_attributes(found.workspace)
    before = _earlier(found)
    found.calling_code = calling_code(found.workspace.country)
    what = ImportWhat(found.what)
    found.mapping, found.new_choices, found.same_values = guess_columns(table.header, attributes, start, what), {}, {}
    if before is not None and usable_again(before.mapping, attributes, what):
        found.mapping, found.calling_code = before.mapping, before.calling_code
        found.mode, found.fills_gaps = before.mode, before.fills_gaps
        found.same_values = still_meant(before.mapping, attributes, before.same_values)


def fingerprint_of(header: Sequence[str]) -> str:
    """The same for files of one source, whatever the case of their names."""
    return hashlib.sha256(json.dumps([name.casefold() for name in header]).encode()).hexdigest()


def _earlier(found: ContactImport) -> ContactImport | None:
    """The latest import of such a file that somebody matched."""
    same = ContactImport.objects.for_workspace(found.workspace).filter(fingerprint=found.fingerprint, what=found.what)
    return same.exclude(state=ImportState.MAPPING).exclude(pk=found.pk).order_by("-created_at", "-pk").first()


@transaction.atomic
def read_differently(
    *,
    found: ContactImport,
    encoding: str,
    delimiter: str,
    by: Member,
    now: datetime,
    what: ImportWhat | None = None,
) -> None:
    """Take the kept file, and its rows, for what a person says they are.

    Raises `ImportRefused` once started, or `UnreadableTable`.
    """
    locked = ContactImport.objects.select_for_update().get(pk=found.pk)
    if not locked.can_be_started:
        raise ImportRefused(_("This import was started already."))
    with kept_file(found) as file:
        is_workbook = found.is_gzip and encoding == "utf-8" == found.encoding
        plain = unpacked(file, is_gzip=found.is_gzip)
        looked = Shape(TableKind(found.kind), found.is_gzip, encoding, delimiter)
        shape = found.shape if is_workbook else looked if encoding else examined(file, delimiter=delimiter)
        plain.seek(0)
        table, start = _read_through(file, shape)
    found.what = what or found.what
    _describe(found, shape, table, start)
    found.state = ImportState.MAPPING
    found.save()
    record(
        "import.read_differently",
        found,
        by=by,
        now=now,
        encoding=found.encoding,
        delimiter=found.delimiter,
        what=found.what,
    )


@contextmanager
def kept_file(found: ContactImport) -> Iterator[IO[bytes]]:
    """The kept file from its beginning. Raises `ImportRefused` when it was deleted meanwhile."""
    try:
        file = found.file.open("rb")
    except FileNotFoundError as error:
        raise _gone() from error
    with file:
        yield _bytes_of(file)


@contextmanager
def opened(found: ContactImport) -> Iterator[tuple[IO[bytes], Table]]:
    """The kept file and its table, from the beginning. Raises `ImportRefused` when it was deleted meanwhile."""
    with kept_file(found) as file:
        yield file, opened_table(file, found.shape)


def _gone() -> ImportRefused:
    return ImportRefused(_("The file is gone. Upload it again."))


def sample_rows(found: ContactImport) -> list[Sequence[str]]:
    """The first rows, for the page on which the columns are matched."""
    with opened(found) as (_file, table):
        return [row.cells for row in islice(table.rows, SAMPLE_ROWS)]
