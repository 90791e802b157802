"""Rows of a file, read and checked in Python, a chunk ahead of the database."""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from typing import IO, Any, Protocol, Self

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from audience.imports import ATTRIBUTE, NEW, SKIP, attributes_of
from audience.imports.cells import CellRefused, attribute_reader, field_reader
from audience.imports.cells import Reader as CellReader
from audience.models import AttributeDefinition, ContactImport
from emailops.lib.addresses import Address, read_address
from emailops.lib.bulk import copied
from emailops.lib.csvfile import Row, Table, rearmed
from emailops.lib.errors import DomainError

CHUNK = 10_000  # rows a transaction
TEXTS = ("external_id", "first_name", "last_name", "language", "time_zone", "country", "city", "phone")
COPIED = ("line", "email", "address", "key", *TEXTS, "tags", "attributes", "agreed_on")
as_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(slots=True)
class Incoming:
    """One row on its way in. `copied` is what COPY reads of it: the columns `COPIED` and the end of the line."""

    address: str
    external_id: str
    copied: str
    row: Row


@dataclass(slots=True)
class Chunk:
    """What a chunk of rows became: one entry an address, and the refused."""

    next_line: int
    read_rate: float
    incoming: dict[str, Incoming] = field(default_factory=dict)
    refused: list[tuple[Row, str]] = field(default_factory=list)

    def refuse(self, incoming: Incoming, why: str) -> None:
        self.refused.append((incoming.row, why))
        del self.incoming[incoming.address]


class RowReader:
    """Knows the columns of one import, and makes rows of them."""

    def __init__(self, found: ContactImport, attributes: Mapping[str, AttributeDefinition]) -> None:
        self._width = len(found.header)
        definitions = attributes_of(found, attributes)
        same = found.same_values
        self._attributes = [(int(i), a.key, attribute_reader(a, same.get(i, {}))) for i, a in definitions.items()]
        self._fields: list[tuple[int, str, CellReader]] = []
        for index, column in found.mapping.items():
            if column == "email":
                self._email = int(index)
            elif column != SKIP and not column.startswith((ATTRIBUTE, NEW)):
                self._fields.append((int(index), column, field_reader(column, found.calling_code)))

    @property
    def columns(self) -> frozenset[str]:
        """The contact's own fields that are written."""
        named = {column for _index, column, _read in self._fields}
        return frozenset(named - {"full_name"} | ({"first_name", "last_name"} if "full_name" in named else set()))

    @property
    def has_attributes(self) -> bool:
        return bool(self._attributes)

    def batches(self, rows: Iterator[Row]) -> Iterator[list[Row]]:
        """Some thousand rows at a time."""
        while batch := list(islice(rows, CHUNK)):
            yield batch

    def read_chunk(self, rows: Sequence[Row], read_rate: float) -> "Chunk":
        """The rows as people, one an address."""
        chunk = Chunk(next_line=rows[-1].line + 1, read_rate=read_rate)
        for row in rows:
            try:
                incoming = self.read(row)
            except DomainError as refusal:
                chunk.refused.append((row, str(refusal)))
                continue
            earlier = chunk.incoming.setdefault(incoming.address, incoming)
            if earlier is not incoming:
                chunk.refused.append((row, same_address(earlier.row.line)))
        return chunk

    def read(self, row: Row) -> Incoming:
        """Raises a `DomainError` that says why the row cannot be taken."""
        cells = sound_cells(row, self._width)
        fields = {column: read(cells[index]) for index, column, read in self._fields if cells[index]}
        values = {
            key: value
            for index, key, read in self._attributes
            if cells[index] and (value := read(cells[index])) is not None
        }
        address = read_address(cells[self._email])
        if "full_name" in fields:
            _divide_name(fields)
        copied_row = _copied(row.line, address, fields, as_json(values))
        return Incoming(address.key, fields.get("external_id", ""), copied_row, row)


def sound_cells(row: Row, width: int) -> list[str]:
    """The cells of a row, as many as there are columns. Raises a `DomainError` that says why it cannot be taken."""
    _require_sound(row, width)
    cells = [cell.strip() for cell in row.cells]
    if any(cell[:1] == "'" for cell in cells):
        cells = [rearmed(cell) for cell in cells]
    if len(cells) < width:
        cells += [""] * (width - len(cells))
    return cells


def _require_sound(row: Row, width: int) -> None:
    """A row with more cells than columns was cut at a wrong place: nothing in it is where it belongs."""
    if row.problem:
        raise CellRefused(row.problem)
    if len(row.cells) > width and any(cell.strip() for cell in row.cells[width:]):
        raise CellRefused(
            _("The row has %(cells)d cells for %(width)d columns. Put texts that hold a comma into quotation marks.")
            % {"cells": len(row.cells), "width": width}
        )
    if any("\0" in cell or "\x1f" in cell for cell in row.cells):
        raise CellRefused(_("A cell holds a control character, which no text does."))


def _copied(line: int, address: Address, fields: dict[str, Any], attributes: str) -> str:
    get = fields.get
    texts = copied("\x1f".join([get(name, "") for name in TEXTS])).replace("\x1f", "\t")
    tags = copied(_array(get("tags", ())))
    return (
        f"{line}\t{copied(address.written)}\t{copied(address.key)}\t{key_of(address.key)}\t{texts}\t{tags}\t"
        f"{copied(attributes)}\t{get('agreed_on', '')}\n"
    )


def key_of(text: str) -> int:
    """64 bits that stand for a text: of a million addresses two agree once in forty million files."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def _array(tags: Sequence[str]) -> str:
    """An array as PostgreSQL writes it (“Array Input and Output Syntax”)."""
    quoted = (tag.replace("\\", "\\\\").replace('"', '\\"') for tag in tags)
    return "{" + ",".join(f'"{tag}"' for tag in quoted) + "}"


def _divide_name(fields: dict[str, Any]) -> None:
    first, _space, last = fields.pop("full_name").rpartition(" ")
    if "," in first + last and last:
        surname, _comma, given = f"{first} {last}".partition(",")  # “Lee, Ann”
        first, last = given.strip(), surname.strip()
    fields["first_name"], fields["last_name"] = (first or last)[:100], (last if first else "")[:100]


class Reader(Protocol):
    """Knows the columns of one import, and makes chunks of its rows."""

    def batches(self, rows: Iterator[Row]) -> Iterator[list[Row]]: ...

    def read_chunk(self, rows: Sequence[Row], read_rate: float) -> Chunk: ...


class ChunksAhead:
    """The chunks from `next_line` on, each read in a thread while the one before it is being written.

    Whoever writes calls `read_on` when the database is about to work for long: until then the thread would only keep
    the short statements waiting for the interpreter.
    """

    def __init__(self, found: ContactImport, file: IO[bytes], table: Table, reader: Reader) -> None:
        self._chunks = _chunks(found, file, table, reader)
        self._language = get_language() or "en"
        self._pool = ThreadPoolExecutor(1)
        self._coming: Future[Chunk | None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._pool.shutdown()

    def __iter__(self) -> Iterator[Chunk]:
        while (chunk := self._next()) is not None:
            yield chunk

    def read_on(self) -> None:
        """Begin with the next chunk. Repeating is harmless."""
        if self._coming is None:
            self._coming = self._pool.submit(self._read)

    def _next(self) -> Chunk | None:
        self.read_on()
        coming, self._coming = self._coming, None
        return coming.result() if coming else None

    def _read(self) -> Chunk | None:
        with override(self._language):
            return next(self._chunks, None)


def _chunks(found: ContactImport, file: IO[bytes], table: Table, reader: Reader) -> Iterator[Chunk]:
    rows = (row for row in table.rows if row.line >= found.next_line)
    for batch in reader.batches(rows):
        yield reader.read_chunk(batch, min(file.tell() / found.size, 1.0))


def same_address(line: int) -> str:
    return _("The same address stands on line %(line)d.") % {"line": line}
