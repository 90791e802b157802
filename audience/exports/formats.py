"""Rows as the bytes of a file: CSV, XLSX, JSON lines, each gzipped if wanted; never more than a batch in memory.

In CSV and XLSX a text that a spreadsheet would run as a formula gets an apostrophe before it, which an import takes off
again; JSON lines hold texts as they are.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO, cast

from django.db import models
from django.utils.translation import gettext_lazy as _

from emailops.lib.csvfile import write_table
from emailops.lib.workbook import write_workbook

BLOCK = 64 * 1024  # bytes
GZIP_WINDOW = 31  # zlib: a gzip header and the largest window
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # without it Excel takes UTF-8 for the code page of the country
Rows = Iterable[Sequence[object]]


class ExportFormat(models.TextChoices):
    """As what a table is taken away."""

    CSV = "csv", _("CSV")
    WORKBOOK = "xlsx", _("Excel workbook (XLSX)")
    JSON_LINES = "jsonl", _("JSON lines")


TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.WORKBOOK: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.JSON_LINES: "application/x-ndjson",
}


def written(header: Sequence[str], rows: Rows, form: ExportFormat, *, is_gzip: bool) -> Iterator[bytes]:
    """The file in blocks. Rows are asked for as the blocks are."""
    blocks = _WRITERS[form](header, rows)
    return _packed(blocks) if is_gzip else blocks


def _csv(header: Sequence[str], rows: Rows) -> Iterator[bytes]:
    yield BYTE_ORDER_MARK
    for line in write_table(header, ([_plain(value) for value in row] for row in rows)):
        yield line.encode()


def _json_lines(header: Sequence[str], rows: Rows) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False, default=_iso).encode() + b"\n"


def _workbook(header: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """A workbook is an archive, whose table of contents stands at its end: it is made on disk first."""
    with TemporaryFile() as file:
        write_workbook(header, ([_plain(value) for value in row] for row in rows), cast("IO[bytes]", file))
        file.seek(0)
        while block := file.read(BLOCK):
            yield block


def _plain(value: object) -> object:
    if isinstance(value, list):
        return "; ".join(str(part) for part in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=_iso)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def _iso(value: object) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _packed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=GZIP_WINDOW)
    for block in blocks:
        if packed := packer.compress(block):
            yield packed
    yield packer.flush()


_WRITERS: dict[ExportFormat, Callable[[Sequence[str], Rows], Iterator[bytes]]] = {
    ExportFormat.CSV: _csv,
    ExportFormat.WORKBOOK: _workbook,
    ExportFormat.JSON_LINES: _json_lines,
}
