"""Workbooks (XLSX) in and out, a row at a time."""

import gzip
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from itertools import chain
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from emailops.lib.csvfile import UnreadableTable, disarmed

LARGEST_UNPACKED = 1024**3  # bytes of all parts
LARGEST_STRINGS = 96 * 1024**2  # bytes; the texts of a workbook are held in memory
MOST_GROWTH = 250  # times, of a part above `SMALL`
SMALL = 16 * 1024**2  # bytes
BROKEN = (
    InvalidFileException,
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    ParseError,
    EOFError,
)
MOST_ROWS = 1_048_576  # of a sheet
LONGEST_TEXT = 32_767  # characters of a cell


def workbook_rows(file: IO[bytes]) -> Iterator[list[str]]:
    """The rows of the first sheet that shows, as text; formulas as what they came to. Raises `UnreadableTable`."""
    _require_harmless(file)
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = next((found for found in book.worksheets if found.sheet_state == "visible"), book.worksheets[0])
        sheet.reset_dimensions()
        for cells in sheet.iter_rows(values_only=True):
            yield _trimmed([_text(cell) for cell in cells])
    except (*BROKEN, IndexError) as error:
        raise UnreadableTable(
            _("The workbook cannot be read. Open it, save it as XLSX or CSV again, and try once more.")
        ) from error


def _require_harmless(file: IO[bytes]) -> None:
    """Look at what the archive says of itself, and at how its XML begins, before anything is unpacked."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if any(part.flag_bits & 1 for part in parts):
                raise UnreadableTable(_("The workbook is locked with a password. Save it without one and try again."))
            if not any(part.filename == "xl/workbook.xml" for part in parts):
                raise UnreadableTable(_("This archive is not an Excel workbook. Upload the table that is in it."))
            if sum(part.file_size for part in parts) > LARGEST_UNPACKED or any(_is_bomb(part) for part in parts):
                raise UnreadableTable(_("The workbook unpacks to more than can be read. Save it as CSV."))
            if any(_has_doctype(archive, part) for part in parts if part.filename.endswith(".xml")):
                raise UnreadableTable(_("The workbook holds something no spreadsheet writes. Save it as CSV."))
    except zipfile.BadZipFile as error:
        raise UnreadableTable(_("The workbook is damaged. Save it again and try once more.")) from error
    file.seek(0)


def _is_bomb(part: zipfile.ZipInfo) -> bool:
    too_many_texts = part.filename.endswith("sharedStrings.xml") and part.file_size > LARGEST_STRINGS
    return too_many_texts or part.file_size > max(SMALL, part.compress_size * MOST_GROWTH)


def _has_doctype(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    with archive.open(part) as xml:
        return b"<!DOCTYPE" in xml.read(2048)


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return "" if text in {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"} else text


def keep_as_lines(book: IO[bytes], into: IO[bytes]) -> None:
    """Write the rows as gzipped JSON lines, one array a row of the sheet, an empty one too, so that numbers agree."""
    with gzip.GzipFile(fileobj=into, mode="wb", compresslevel=1, mtime=0) as packed:
        for cells in workbook_rows(book):
            packed.write(json.dumps(cells, ensure_ascii=False).encode() + b"\n")


def write_workbook(header: Sequence[str], rows: Iterable[Sequence[object]], into: IO[bytes]) -> None:
    """One sheet, written row by row; rows that no sheet holds go to a next one. Texts are never formulas."""
    book = Workbook(write_only=True)
    sheet, left = book.create_sheet(), MOST_ROWS
    for row in chain([header], rows):
        if left == 0:
            sheet, left = book.create_sheet(), MOST_ROWS - 1
            sheet.append(list(header))
        sheet.append([_cell(value) for value in row])
        left -= 1
    book.save(into)


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None, microsecond=0)  # a workbook knows no zone; the values are UTC
    if value is None or isinstance(value, int | float | date):
        return value
    text = disarmed(str(value))[:LONGEST_TEXT]
    return "".join(char for char in text if char.isprintable() or char in "\t\n")
