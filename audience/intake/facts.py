"""Orders and events of a file: rows read, put together, and handed to the verbs that all other doors use."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.db import connection, transaction
from django.utils.translation import gettext as _

from audience.imports.cells import CellRefused
from audience.imports.facts import PROPERTY, read_moment, read_number, read_status
from audience.imports.forgetting import ERASED_ROW, rows_of_erased
from audience.imports.mapping import SKIP
from audience.intake.merging import Stages, Written
from audience.intake.reading import CHUNK, Chunk, key_of, sound_cells
from audience.models import ContactImport, ImportWhat, OrderStatus, Source
from audience.services import Became, NewEvent, NewLine, NewOrder, Taken, Whose, record_events, record_orders
from emailops.lib.csvfile import Row
from emailops.lib.errors import DomainError

MOST_OF_ONE_ORDER = 500  # rows; a file in which all rows have one number must not be read at once


@dataclass(slots=True)
class Facts:
    """One order or event on its way in: the rows it comes from, and what they say."""

    rows: list[Row]
    cells: list[dict[str, str]]
    properties: dict[str, str]


@dataclass(slots=True)
class FactChunk(Chunk):
    """A chunk of orders or events."""

    facts: "dict[str, Facts] | None" = None


class FactReader:
    """Knows the columns of one import of orders or events."""

    def __init__(self, found: ContactImport) -> None:
        self.what = ImportWhat(found.what)
        self._header = found.header
        self._fields = [(int(i), name) for i, name in found.mapping.items() if name not in {SKIP, PROPERTY}]
        self._properties = [int(i) for i, name in found.mapping.items() if name == PROPERTY]
        self._number = next((i for i, name in self._fields if name == "order_id"), None)

    def batches(self, rows: Iterator[Row]) -> Iterator[list[Row]]:
        """Some thousand rows at a time; what stands together of one order stays together."""
        batch: list[Row] = []
        for row in rows:
            if len(batch) >= CHUNK and not self._goes_on(batch, row):
                yield batch
                batch = []
            batch.append(row)
        if batch:
            yield batch

    def _goes_on(self, batch: Sequence[Row], row: Row) -> bool:
        number = self._number_of(row)
        return bool(number) and len(batch) < CHUNK + MOST_OF_ONE_ORDER and number == self._number_of(batch[-1])

    def _number_of(self, row: Row) -> str:
        index = self._number
        return row.cells[index].strip() if index is not None and index < len(row.cells) else ""

    def read_chunk(self, rows: Sequence[Row], read_rate: float) -> FactChunk:
        """The rows as orders or events, by the number of the order or the line."""
        chunk = FactChunk(next_line=rows[-1].line + 1, read_rate=read_rate, facts={})
        facts: dict[str, Facts] = {}
        for row in rows:
            try:
                cells = sound_cells(row, len(self._header))
            except DomainError as refusal:
                chunk.refused.append((row, str(refusal)))
                continue
            named = {name: cells[index] for index, name in self._fields if cells[index]}
            key = named.get("order_id", "") if self.what == ImportWhat.ORDERS else str(row.line)
            one = facts.setdefault(key, Facts([], [], {}))
            one.rows.append(row)
            one.cells.append(named)
            one.properties.update({self._header[i]: cells[i] for i in self._properties if cells[i] and self._header[i]})
        chunk.facts = facts
        return chunk


class _Undone(Exception):
    """A dry run has counted."""


class FactMerge:
    """Hands what one import's rows say to the services."""

    def __init__(self, found: ContactImport) -> None:
        self._found, self._zone = found, found.workspace.zone

    def for_one_chunk(self) -> Self:
        return self  # it keeps nothing between chunks

    def take(self, chunk: FactChunk, now: datetime, stages: Stages) -> Written:
        """What became of it, in orders or events."""
        ready: list[tuple[Facts, NewOrder | NewEvent]] = []
        facts = chunk.facts or {}
        again = self._met_before(facts) if self._found.what == ImportWhat.ORDERS else {}
        refused: list[tuple[Facts, str]] = []
        for key, one in facts.items():
            try:
                if key in again:
                    raise CellRefused(_stands_apart(key, again[key]))
                ready.append((one, self._made(one)))
            except DomainError as refusal:
                refused.append((one, str(refusal)))
        stages.handed_over()
        results = self._recorded([new for _one, new in ready], now)
        for (one, _new), result in zip(ready, results, strict=True):
            if result.became == Became.REFUSED:
                refused.append((one, result.reason))
        self._refuse(chunk, refused)
        became = [result.became for result in results]
        counted = (became.count(kind) for kind in (Became.CREATED, Became.UPDATED, Became.DUPLICATE))
        stages.people_written()
        return Written(*counted)

    def _refuse(self, chunk: FactChunk, refused: Sequence[tuple[Facts, str]]) -> None:
        """Of an order of an erased person no row is kept, also those that do not say whose it is."""
        told = [[cell for row in one.rows for cell in row.cells] for one, _why in refused]
        erased = rows_of_erased(self._found.workspace, told)
        for place, (one, why) in enumerate(refused):
            reason = ERASED_ROW if place in erased else why
            chunk.refused.extend((row, reason) for row in one.rows)

    def _met_before(self, facts: dict[str, Facts]) -> dict[str, int]:
        """Orders of which an earlier chunk of the same file held rows, with their line."""
        lines = {key_of(number): (number, one.rows[0].line) for number, one in facts.items()}
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO audience_importedaddress SELECT %(found)s, key, line"
                " FROM unnest(%(keys)s::bigint[], %(lines)s::int[]) AS new (key, line) ON CONFLICT DO NOTHING",
                {"found": self._found.pk, "keys": list(lines), "lines": [line for _number, line in lines.values()]},
            )
            cursor.execute(
                "SELECT key, line FROM audience_importedaddress WHERE import_id = %s AND key = ANY(%s)",
                [self._found.pk, list(lines)],
            )
            return {lines[key][0]: line for key, line in cursor.fetchall() if line != lines[key][1]}

    def _made(self, one: Facts) -> NewOrder | NewEvent:
        return self._order(one) if self._found.what == ImportWhat.ORDERS else self._event(one)

    def _order(self, one: Facts) -> NewOrder:
        whole = _said_alike(one.cells)
        lines = [_line(cells) for cells in one.cells if cells.get("product") or cells.get("sku")]
        return NewOrder(
            Whose(whole.get("email", ""), whole.get("external_id", "")),
            whole.get("order_id", ""),
            self._moment(whole, "placed_at"),
            total=read_number(whole["total"]) if "total" in whole else None,
            status=read_status(whole["status"]) if "status" in whole else OrderStatus.PAID,
            lines=lines or None,
            currency=whole.get("currency", ""),
        )

    def _event(self, one: Facts) -> NewEvent:
        [cells] = one.cells
        return NewEvent(
            Whose(cells.get("email", ""), cells.get("external_id", "")),
            "_".join(cells.get("name", "").split()),
            self._moment(cells, "occurred_at"),
            value=read_number(cells["value"]) if "value" in cells else None,
            properties=one.properties,
            # Without an id of its own an event is known by its place in this file, so that a row is never taken twice.
            external_id=cells.get("event_id") or f"import {self._found.pk}, line {one.rows[0].line}",
            currency=cells.get("currency", ""),
        )

    def _moment(self, cells: dict[str, str], column: str) -> datetime:
        if column not in cells:
            raise CellRefused(_("The row does not say when it was."))
        return read_moment(cells[column], self._zone)

    def _recorded(self, new: Sequence[Any], now: datetime) -> list[Taken]:
        """What the services say; of a dry run nothing stays."""
        results: list[Taken] = []
        try:
            with transaction.atomic():
                results = self._record(new, now)
                if self._found.is_dry_run:
                    raise _Undone
        except _Undone:
            pass
        return results

    def _record(self, new: Sequence[Any], now: datetime) -> list[Taken]:
        given: dict[str, Any] = {
            "workspace": self._found.workspace,
            "by": self._found.created_by,
            "now": now,
            "source": Source.FILE,
            "adds_people": self._found.adds_people,
        }
        if self._found.what == ImportWhat.ORDERS:
            return record_orders(orders=new, **given)
        return record_events(events=new, **given)


def _said_alike(rows: Iterable[dict[str, str]]) -> dict[str, str]:
    """What the rows of one order say of the whole of it. Some shops say it on the first row alone."""
    whole: dict[str, str] = {}
    for cells in rows:
        for name in ("order_id", "email", "external_id", "placed_at", "status", "total", "currency"):
            if cells.get(name) and whole.setdefault(name, cells[name]) != cells[name]:
                raise CellRefused(
                    _("The rows of order “%(order)s” disagree: “%(one)s” and “%(other)s”.")
                    % {"order": whole.get("order_id", "")[:40], "one": whole[name][:40], "other": cells[name][:40]}
                )
    return whole


def _line(cells: dict[str, str]) -> NewLine:
    return NewLine(
        cells.get("product", cells.get("sku", "")),
        read_number(cells["price"]) if "price" in cells else Decimal(0),
        cells.get("sku", ""),
        cells.get("category", ""),
        read_number(cells["quantity"]) if "quantity" in cells else Decimal(1),
    )


def _stands_apart(number: str, line: int) -> str:
    return _("Rows of order “%(order)s” stand on line %(line)d already. Sort the file by the number of the order.") % {
        "order": number[:40],
        "line": line,
    }
