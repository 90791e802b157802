"""Tables as people upload them: CSV, JSON lines, workbooks, each also gzipped; recognised by what is in them.

A file is examined once (`examined`), which says how to read it, and read as often as needed (`opened_table`). Whoever
keeps a workbook writes it anew as gzipped JSON lines (`workbook.keep_as_lines`): rows of it can then be passed over as
quickly as those of a CSV.
"""

import codecs
import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import IO, Any, cast

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from emailops.lib.csvfile import (
    AUTOMATIC,
    BLOCK,
    Row,
    Table,
    UnreadableTable,
    checked_header,
    lines_of,
    read_table,
    sniffed,
)

LARGEST_UNPACKED = 2 * 1024**3  # bytes
MOST_GROWTH = 300  # times; a contact list shrinks to a tenth, a bomb to a thousandth
SMALL = 16 * 1024 * 1024  # bytes; below it growth does no harm
OBJECTS_TO_LOOK_AT = 500  # their keys are the columns
PEEK = 64 * 1024  # bytes
GZIP, ZIP, OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
ENOUGH_EVIDENCE = 4096  # letters beyond ASCII after which the code page is certain


class TableKind(models.TextChoices):
    """How rows stand in a file."""

    CSV = "csv", gettext_lazy("CSV")
    JSON_LINES = "jsonl", gettext_lazy("JSON lines")
    WORKBOOK = "xlsx", gettext_lazy("Excel workbook")


@dataclass(frozen=True, slots=True)
class Shape:
    """How to read a file."""

    kind: TableKind
    is_gzip: bool = False
    encoding: str = AUTOMATIC
    delimiter: str = AUTOMATIC


class _Unpacked:
    """A gzipped file as what is in it, within bounds."""

    def __init__(self, file: IO[bytes]) -> None:
        self._packed, self._unpacked, self._read = file, gzip.GzipFile(fileobj=file), 0

    def read(self, size: int = -1) -> bytes:
        try:
            block = self._unpacked.read(size)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise UnreadableTable(_("The gzip file is damaged. Pack it again.")) from error
        self._read += len(block)
        if self._read > max(SMALL, min(LARGEST_UNPACKED, MOST_GROWTH * self._packed.tell())):
            raise UnreadableTable(_("The gzip file unpacks to far more than a list of contacts holds."))
        return block

    def seek(self, offset: int) -> int:
        self._read = 0
        return self._unpacked.seek(offset)


def examined(file: IO[bytes], *, encoding: str = AUTOMATIC, delimiter: str = AUTOMATIC) -> Shape:
    """How to read the file; what is given is not looked for. Raises `UnreadableTable` for what is no table."""
    is_gzip = _starts(file, 2) == GZIP
    plain = unpacked(file, is_gzip=is_gzip)
    start = _starts(plain, PEEK)
    if start.startswith(ZIP):
        return Shape(TableKind.WORKBOOK, is_gzip)
    if start.startswith(OLD_EXCEL):
        raise UnreadableTable(_("This is a workbook of an old Excel. Save it as XLSX or CSV and try again."))
    encoding = encoding or found_encoding(plain)
    if _is_json(start, encoding):
        return Shape(TableKind.JSON_LINES, is_gzip, encoding)
    plain.seek(0)
    return Shape(TableKind.CSV, is_gzip, encoding, delimiter or _found_delimiter(plain, encoding))


def unpacked(file: IO[bytes], *, is_gzip: bool) -> IO[bytes]:
    """The file from its beginning, unpacked on the way."""
    file.seek(0)
    return cast("IO[bytes]", _Unpacked(file)) if is_gzip else file


def _starts(file: IO[bytes], size: int) -> bytes:
    file.seek(0)
    start = file.read(size)
    file.seek(0)
    return start


def _found_delimiter(file: IO[bytes], encoding: str) -> str:
    from_start = list(islice(lines_of(file, encoding), 30))
    if from_start and from_start[0].lower().startswith("sep="):
        return AUTOMATIC
    return sniffed(from_start)


def found_encoding(file: IO[bytes]) -> str:
    """By byte order mark, by the zero bytes of UTF-16, by whether all of it is UTF-8, or by which letters meet."""
    start = _starts(file, 1024)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if _is_wide(start[1::2], start[::2]):
        return "utf-16-le"
    if _is_wide(start[::2], start[1::2]):
        return "utf-16-be"
    good, bad, letters = _looked_through(file)
    return "utf-8-sig" if bad == 0 or good > bad else _code_page(letters)


def _is_wide(zeros: bytes, others: bytes) -> bool:
    return len(zeros) > 3 and zeros.count(0) > len(zeros) * 0.6 and others.count(0) == 0


def _looked_through(file: IO[bytes]) -> tuple[int, int, bytes]:
    """Letters beyond ASCII that are UTF-8, bytes that are none, and blocks that hold such bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good = bad = 0
    evidence = b""
    while block := file.read(BLOCK):
        text = decoder.decode(block)
        if text.isascii():
            continue
        wrong = text.count("\ufffd")
        good, bad = good + len(text) - len(text.encode("ascii", "ignore")) - wrong, bad + wrong
        if wrong and len(evidence) < ENOUGH_EVIDENCE * 16:
            evidence += block
    bad += len(decoder.decode(b"", final=True))
    file.seek(0)
    return good, bad, evidence


def _code_page(text: bytes) -> str:
    """Windows-1251 where letters beyond ASCII stand in runs, as in Cyrillic words; 1252 where they stand alone."""
    high = [byte >= 0xC0 or byte in (0xA8, 0xB8) for byte in text]
    letters = sum(high)
    in_runs = sum(1 for before, after in pairwise(high) if before and after)
    return "cp1251" if in_runs * 2 > letters else "cp1252"


def _is_json(start: bytes, encoding: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)("replace").decode(start).lstrip("\ufeff \t\r\n")
    except UnicodeError:  # UTF-16 was asked for and there is no byte order mark; reading says so
        return False
    if not text.startswith(("{", "[")):
        return False
    first = text.splitlines()[0]
    try:
        return isinstance(json.loads(first), dict | list)
    except ValueError as error:
        if text[1:].lstrip().startswith(("{", '"')):
            raise UnreadableTable(
                _("This is JSON, but not one object a line. Save it as JSON lines, or as CSV, and try again.")
            ) from error
        return False


def opened_table(file: IO[bytes], shape: Shape) -> Table:
    """The table from its beginning. Raises `UnreadableTable` here or while its rows are read."""
    plain = unpacked(file, is_gzip=shape.is_gzip)
    if shape.kind == TableKind.JSON_LINES:
        return _json_table(plain, shape.encoding)
    return read_table(plain, encoding=shape.encoding, delimiter=shape.delimiter)


def _json_table(file: IO[bytes], encoding: str) -> Table:
    every = _json_records(lines_of(file, encoding or "utf-8-sig"))
    records = ((line, value) for line, value in every if value != [])  # an empty row of a sheet
    start = list(islice(records, OBJECTS_TO_LOOK_AT))
    if start and isinstance(start[0][1], list):
        header = checked_header([_text(cell) for cell in start[0][1]])
        return Table(header, (_array_row(line, value) for line, value in chain(start[1:], records)))
    header = checked_header(list(dict.fromkeys(key for _line, value in start for key in _keys(value))))
    return Table(header, (_object_row(line, value, header) for line, value in chain(start, records)))


def _json_records(lines: Iterator[str]) -> Iterator[tuple[int, Any]]:
    """Number and value of each line that is not empty; the text itself where it is no JSON."""
    for number, line in enumerate(lines, start=1):
        if text := line.strip():
            try:
                yield number, json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
            except (ValueError, RecursionError):
                yield number, text


def _keys(value: Any) -> Sequence[str]:
    return [str(key).strip() for key in _flat(value)] if isinstance(value, dict) else ()


def _flat(value: dict[str, Any]) -> dict[str, Any]:
    """An object inside becomes columns of its own: `address.city`."""
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict):
            flat.update({f"{key}.{name}": part for name, part in inner.items()})
        else:
            flat[key] = inner
    return flat


def _array_row(line: int, value: Any) -> Row:
    if not isinstance(value, list):
        return Row(line, [_text(value)[:1000]], _("The line is not a JSON array, as the first one is."))
    return Row(line, [_text(cell) for cell in value])


def _object_row(line: int, value: Any, header: Sequence[str]) -> Row:
    if not isinstance(value, dict):
        return Row(line, [_text(value)[:1000]], _("The line is not a JSON object."))
    cells = {key.strip(): cell for key, cell in _flat(value).items()}
    return Row(line, [_text(cells.get(name)) for name in header])


def _text(value: Any) -> str:
    """A value as a CSV would hold it; several as one cell, divided by semicolons."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(_text(inner) for inner in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value).replace("\0", "")
