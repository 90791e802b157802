"""Verbs on orders: keep what contacts bought, and what became of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from audience.models import EARNING, MONEY_DIGITS, ORDER_EVENT, Contact, Order, OrderLine, OrderStatus, Source
from audience.profiles import refresh_profiles
from audience.services import events
from audience.services.events import VALUE_DIGITS, NewEvent, owner_of
from audience.services.money import CENT, checked_money
from audience.services.whose import Became, People, Taken, Whose, people_of, refused
from emailops.lib.bulk import Json, insert_rows
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace

LONGEST_ID, LONGEST_PRODUCT, LONGEST_CATEGORY = 100, 200, 100
MOST_LINES = 500  # of one order
MOST_PIECES = Decimal(10**9)
THOUSANDTH = Decimal("0.001")


class OrderRefused(DomainError):
    """The order cannot be taken."""

    code = "order_refused"
    status = 400


@dataclass(frozen=True, slots=True)
class NewLine:
    """One product of an order; `price` is that of one piece."""

    name: str
    price: Decimal
    sku: str = ""
    category: str = ""
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as a shop reports it. `external_id` is the shop's number: the same one is the same order.

    Without `total` the lines are summed up. With `lines` None those that are known stay as they are.
    """

    contact: Contact | Whose
    external_id: str
    placed_at: datetime
    total: Decimal | None = None
    status: OrderStatus = OrderStatus.PAID
    lines: Sequence[NewLine] | None = None
    currency: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Ready:
    """An order that can be written: with its sum, and whose it is."""

    order: NewOrder
    owner: int
    total: Decimal

    @property
    def facts(self) -> tuple[Any, ...]:
        order = self.order
        return self.owner, str(order.status), order.placed_at, self.total, dict(order.properties)


@transaction.atomic
def record_orders(
    *,
    workspace: Workspace,
    orders: Sequence[NewOrder],
    by: Member | None,
    now: datetime,
    source: Source = Source.API,
    adds_people: bool = False,
) -> list[Taken]:
    """Keep orders with their lines, in a fixed number of statements. Says of each, in their order, what came of it.

    An order with a known number is brought up to date: whose it is, status, sums, lines; unless nothing changed, or a
    web site reports what is known from elsewhere or from another person. Of an order that stands twice in the batch the
    last one counts. An order that earns money is also the event `ORDER_EVENT`, by which revenue is counted; one that
    does not any more is none. Doing it twice changes nothing.
    """
    people = people_of(workspace, [order.contact for order in orders], adds=adds_people, now=now)
    results: list[Taken | None] = [None] * len(orders)
    ready: dict[str, tuple[int, _Ready]] = {}
    for place, order in enumerate(orders):
        try:
            entry = _checked(workspace, order, people, now)
        except DomainError as refusal:
            results[place] = refused(str(refusal))
        else:
            ready[order.external_id] = (place, entry)
    touched = _write(workspace, ready, source, now, results)
    if ready:
        refresh_profiles(touched, now)
        _tell(workspace, results, people, by, now)
    return [result or Taken(Became.DUPLICATE, reason=_stands_again()) for result in results]


def _stands_again() -> str:
    return _("The same order stands again further on; that one counts.")


def _tell(
    workspace: Workspace, results: Sequence[Taken | None], people: People, by: Member | None, now: datetime
) -> None:
    became = [result.became for result in results if result is not None]
    counts = {"added": became.count(Became.CREATED), "changed": became.count(Became.UPDATED)}
    detail = counts | ({"people": people.added} if people.added else {})
    record("orders.recorded", workspace, by=by, now=now, received=len(results), **detail)


def _checked(workspace: Workspace, order: NewOrder, people: People, now: datetime) -> _Ready:
    """Raises a `DomainError` for what cannot be taken."""
    if not order.external_id.strip() or len(order.external_id) > LONGEST_ID:
        raise OrderRefused(_("An order needs its number in the shop, of at most 100 characters."))
    owner = owner_of(workspace, order.contact, people)
    if order.placed_at > now:
        raise OrderRefused(
            _("An order cannot lie in the future. Send its time with the zone, as 2026-05-18T09:30+03:00.")
        )
    if order.status not in OrderStatus:
        raise OrderRefused(
            _("“%(status)s” is no status of an order: %(known)s.")
            % {"status": str(order.status)[:20], "known": ", ".join(OrderStatus.values)}
        )
    for line in order.lines or ():
        _check_line(workspace, line, order.currency)
    if len(order.lines or ()) > MOST_LINES:
        raise OrderRefused(_("An order has at most %(most)d lines.") % {"most": MOST_LINES})
    digits = min(MONEY_DIGITS, VALUE_DIGITS)
    total = checked_money(workspace, _total(order), order.currency, digits=digits, below_zero=False)
    return _Ready(order, owner, total)


def _total(order: NewOrder) -> Decimal:
    if order.total is not None:
        return order.total
    if not order.lines:
        raise OrderRefused(_("Send the total of the order, or its lines with their prices."))
    return sum((line.quantity * line.price for line in order.lines), Decimal(0)).quantize(CENT)


def _check_line(workspace: Workspace, line: NewLine, currency: str) -> None:
    if not line.name.strip() and not line.sku.strip():
        raise OrderRefused(_("A line of the order names no product."))
    if max(len(line.sku), len(line.category)) > LONGEST_CATEGORY or len(line.name) > LONGEST_PRODUCT:
        raise OrderRefused(
            _("The name, number or category of “%(product)s…” is too long.") % {"product": line.name[:40]}
        )
    count = line.quantity
    if not count.is_finite() or not 0 < count < MOST_PIECES or count != count.quantize(THOUSANDTH):
        raise OrderRefused(_("“%(count)s” is no number of pieces.") % {"count": str(count)[:20]})
    checked_money(workspace, line.price, currency, digits=VALUE_DIGITS, below_zero=True)


COLUMNS = (
    "workspace_id", "contact_id", "external_id", "status", "placed_at", "total", "properties", "source", "updated_at",
)  # fmt: skip
BROUGHT_UP_TO_DATE = """
ON CONFLICT (workspace_id, external_id) DO UPDATE SET
    contact_id = excluded.contact_id, status = excluded.status, placed_at = excluded.placed_at,
    total = excluded.total, properties = excluded.properties, source = excluded.source,
    updated_at = excluded.updated_at
WHERE excluded.source <> 'site'
    OR (audience_order.source = 'site' AND audience_order.contact_id = excluded.contact_id)
"""
"""What a browser says is believed only about what the same person's browser said before."""


def _write(
    workspace: Workspace,
    ready: Mapping[str, tuple[int, _Ready]],
    source: Source,
    now: datetime,
    results: list[Taken | None],
) -> set[int]:
    """Write what is new or changed, and say what came of each. Returns the contacts whose orders changed."""
    before = _known(workspace, ready)
    changed = {}
    for number, (place, entry) in ready.items():
        known = before.get(number)
        if known is not None and known.says(entry, source):
            results[place] = Taken(Became.DUPLICATE, known.pk)
        else:
            changed[number] = entry
    written = insert_rows(
        "audience_order",
        COLUMNS,
        # In the order of their numbers, so that two batches with common orders wait instead of dying.
        [_row(workspace, changed[number], source, now) for number in sorted(changed)],
        conflict=BROUGHT_UP_TO_DATE,
        returning="external_id, id, xmax = 0",  # xmax is 0 for a row that was not there before
    )
    for number in changed:
        results[ready[number][0]] = refused(_("This order is known from another source, which is believed."))
    for number, pk, is_new in written:
        results[ready[number][0]] = Taken(Became.CREATED if is_new else Became.UPDATED, pk)
    taken = {number: (pk, changed[number]) for number, pk, _is_new in written}
    _write_lines(workspace, taken.values())
    _mirror(workspace, taken, source)
    owners = {before[number].owner for number in taken if number in before}
    return owners | {entry.owner for _pk, entry in taken.values()}


@dataclass(frozen=True, slots=True)
class _Known:
    """An order as it stands."""

    pk: int
    owner: int
    source: str
    facts: tuple[Any, ...]
    lines: list[tuple[Any, ...]]

    def says(self, entry: _Ready, source: Source) -> bool:
        """Whether the order would stay as it is. The word of a web site that another source confirms does not."""
        if self.source == Source.SITE and source != Source.SITE:
            return False
        lines = entry.order.lines
        return self.facts == entry.facts and (lines is None or self.lines == [_line_facts(line) for line in lines])


def _known(workspace: Workspace, numbers: Iterable[str]) -> dict[str, _Known]:
    rows = list(Order.objects.for_workspace(workspace).filter(external_id__in=list(numbers)))
    lines: dict[int, list[tuple[Any, ...]]] = {row.pk: [] for row in rows}
    fields = ("order_id", "sku", "name", "category", "quantity", "price")
    if rows:
        for pk, *facts in OrderLine.objects.filter(order__in=rows).order_by("pk").values_list(*fields):
            lines[pk].append(tuple(facts))
    return {
        row.external_id: _Known(
            row.pk,
            row.contact_id,
            row.source,
            (row.contact_id, row.status, row.placed_at, row.total, row.properties),
            lines[row.pk],
        )
        for row in rows
    }


def _line_facts(line: NewLine) -> tuple[Any, ...]:
    return line.sku, line.name or line.sku, line.category, line.quantity.quantize(THOUSANDTH), line.price.quantize(CENT)


def _row(workspace: Workspace, entry: _Ready, source: Source, now: datetime) -> tuple[Any, ...]:
    order = entry.order
    return (
        workspace.pk, entry.owner, order.external_id, str(order.status), order.placed_at, entry.total,
        Json(dict(order.properties)), str(source), now,
    )  # fmt: skip


def _write_lines(workspace: Workspace, taken: Iterable[tuple[int, _Ready]]) -> None:
    told = [(pk, entry.order.lines) for pk, entry in taken if entry.order.lines is not None]
    OrderLine.objects.filter(order__in=[pk for pk, _lines in told]).delete()
    columns = ("workspace_id", "order_id", "sku", "name", "category", "quantity", "price")
    rows = [(workspace.pk, pk, *_line_facts(line)) for pk, lines in told for line in lines]
    insert_rows("audience_orderline", columns, rows, conflict="", returning="id")


AS_THE_ORDER = """
ON CONFLICT (workspace_id, name, external_id) WHERE external_id <> '' DO UPDATE SET
    contact_id = excluded.contact_id, occurred_at = excluded.occurred_at, value = excluded.value,
    properties = excluded.properties, source = excluded.source
WHERE excluded.source <> 'site' OR audience_event.source = 'site'
"""


def _as_event(entry: _Ready) -> NewEvent:
    order = entry.order
    return NewEvent(
        order.contact, ORDER_EVENT, order.placed_at, entry.total, order.properties, external_id=order.external_id
    )


def _mirror(workspace: Workspace, taken: Mapping[str, tuple[int, _Ready]], source: Source) -> None:
    """Have revenue counted: the event of each order that earns, and none of those that do not."""
    earning = {number: entry for number, (_pk, entry) in sorted(taken.items()) if entry.order.status in EARNING}
    rows = [events.row(workspace, _as_event(entry), entry.owner, source) for entry in earning.values()]
    insert_rows("audience_event", events.COLUMNS, rows, conflict=AS_THE_ORDER, returning="id")
    gone = [number for number in taken if number not in earning]
    if gone:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM audience_event WHERE workspace_id = %s AND name = %s AND external_id = ANY(%s)"
                " AND (%s <> 'site' OR source = 'site')",
                [workspace.pk, ORDER_EVENT, gone, str(source)],
            )
