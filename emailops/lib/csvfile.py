"""CSV in and out: whatever spreadsheets save comes in, nothing a spreadsheet would execute goes out."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO

from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError

BLOCK = 64 * 1024  # bytes read at once
LONGEST_LINE = 256 * 1024  # characters; a line of a contact list has a few hundred
MOST_COLUMNS = 200
DELIMITERS = ",;\t|"
RARE_DELIMITERS = "^~:"  # only where none of the others stands between two names
LINES_TO_SNIFF = 30
NAMED_DELIMITER = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # the line that Excel reads before the header
AUTOMATIC = ""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # OWASP, "CSV Injection"
END = "\0"  # stands after the last line; no line holds it


class UnreadableTable(DomainError):
    """The file is not a table we can read; the message names the line and the way out."""

    code = "unreadable_table"


@dataclass(frozen=True, slots=True)
class Row:
    """One record and the line of the file on which it starts, counted from 1 as an editor does."""

    line: int
    cells: Sequence[str]
    problem: str = ""
    """Why nothing in it can be read, where that is so; the records after it can."""


@dataclass(frozen=True, slots=True)
class Table:
    """The header and the records after it, read as they are asked for."""

    header: Sequence[str]
    rows: Iterator[Row]


def read_table(file: IO[bytes], *, encoding: str = AUTOMATIC, delimiter: str = AUTOMATIC) -> Table:
    """Open an uploaded CSV. Delimiter and byte order mark are found; both can be given (without: UTF-8).

    Raises `UnreadableTable` here or while rows are read: wrong encoding, no header, a line or a row out of bounds.
    """
    lines = lines_of(file, encoding or _encoding_by_mark(file))
    start = list(islice(lines, LINES_TO_SNIFF))
    named = NAMED_DELIMITER.fullmatch(start[0]) if start else None
    skipped = 1 if named else 0
    found = delimiter or (named[1] if named else sniffed(start))
    records = _records(chain(start[skipped:], lines), found, skipped)
    top = next(records, Row(0, ()))
    return Table(checked_header(top.cells if top.line == skipped + 1 else ()), records)


def checked_header(cells: Sequence[str]) -> list[str]:
    """The names of the columns. Raises `UnreadableTable` when there is none or more than can be read."""
    header = [name.strip() for name in cells]
    if not any(header):
        raise UnreadableTable(_("The file has no header. Its first line must hold the names of the columns."))
    if len(header) > MOST_COLUMNS:
        raise UnreadableTable(
            _("The file has %(count)d columns; at most %(most)d can be read.")
            % {"count": len(header), "most": MOST_COLUMNS}
        )
    return header


def sniffed(lines: Sequence[str]) -> str:
    """The delimiter that cuts the first lines into the most alike rows; a comma where none cuts the header."""
    for candidates in (DELIMITERS, RARE_DELIMITERS):
        widths = {candidate: _widths(lines, candidate) for candidate in candidates}
        cutting = [candidate for candidate in candidates if widths[candidate][:1] > [1]]
        if cutting:
            return max(cutting, key=lambda candidate: _likeness(widths[candidate]))
    return DELIMITERS[0]


def _widths(lines: Sequence[str], delimiter: str) -> list[int]:
    try:
        return [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells]
    except csv.Error:
        return []


def _likeness(widths: Sequence[int]) -> tuple[float, int]:
    """The share of rows as wide as the header, and its width."""
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]


def _encoding_by_mark(file: IO[bytes]) -> str:
    start = file.read(4)
    file.seek(0)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig"


def lines_of(file: IO[bytes], encoding: str) -> Iterator[str]:
    """The file's lines with their ends, each within bounds."""
    number, rest, end = 0, "", ""
    for part in _decoded(file, encoding):
        end = end or ("\r" if "\r" in part and "\n" not in part else "\n")  # Excel for Mac still offers the old ends
        *lines, rest = (rest + part).split(end)
        for line in lines:
            number += 1
            yield _checked(line, number) + "\n"
        _checked(rest, number + 1)
    if rest:
        yield rest


def _decoded(file: IO[bytes], encoding: str) -> Iterator[str]:
    seen = 0

    def blocks() -> Iterator[bytes]:
        nonlocal seen
        while block := file.read(BLOCK):
            yield block
            seen += block.count(b"\n")

    try:
        yield from codecs.iterdecode(blocks(), encoding)
    except UnicodeDecodeError as error:
        line = seen + error.object[: error.start].count(b"\n") + 1
        raise UnreadableTable(_wrong_encoding(line, encoding)) from error
    except UnicodeError as error:  # UTF-16 was asked for and there is no byte order mark
        raise UnreadableTable(_wrong_encoding(1, encoding)) from error


def _checked(line: str, number: int) -> str:
    if len(line) > LONGEST_LINE:
        raise UnreadableTable(
            _("Line %(line)d is longer than %(most)d characters. Is a quotation mark missing before it?")
            % {"line": number, "most": LONGEST_LINE}
        )
    if "\0" in line:
        raise UnreadableTable(
            _("Line %(line)d holds a zero byte, so this is not a CSV file. Save it as CSV and try again.")
            % {"line": number}
        )
    return line


def _wrong_encoding(number: int, encoding: str) -> str:
    return _(
        "The file is not in the encoding %(encoding)s (near line %(line)d). Save it as “CSV UTF-8”, or choose the"
        " encoding it was saved in."
    ) % {"encoding": encoding.removesuffix("-sig").upper(), "line": number}


def _records(lines: Iterator[str], delimiter: str, skipped: int) -> Iterator[Row]:
    reader = csv.reader(chain(lines, [END]), delimiter=delimiter)
    while True:
        line = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except csv.Error as error:
            raise UnreadableTable(
                _("Line %(line)d cannot be read as CSV (%(why)s). Is a quotation mark missing there?")
                % {"line": line, "why": error}
            ) from error
        if cells == [END]:
            return
        if cells and cells[-1].endswith(END):
            raise UnreadableTable(_("On line %(line)d a quotation mark opens that is never closed.") % {"line": line})
        if any(cells):
            yield Row(line, cells)


def write_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a CSV, with every cell that a spreadsheet would run as a formula disarmed by an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in chain([header], rows):
        writer.writerow([disarmed(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def disarmed(cell: object) -> str:
    """The text of a cell as it may stand in a CSV for people. Numbers keep their sign: they are data, not formulas."""
    text = "" if cell is None else str(cell)
    if isinstance(cell, str) and text.startswith(FORMULA_STARTS):
        return f"'{text}"
    return text


def rearmed(cell: str) -> str:
    """The cell as it was before `disarmed`: a file that we gave out and get back says what it said."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell
