"""Finding events and orders: what somebody narrows the lists by, and what those found come to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from audience.finding import LARGEST_ID, LONGEST_TEXT
from audience.models import (
    EARNING,
    ORDER_EVENT,
    AboutContactQuerySet,
    AnonymousSale,
    Contact,
    Event,
    Order,
    OrderLine,
    OrderStatus,
    Source,
)
from workspaces.models import Member
from workspaces.permissions import Role

NO = "no"

Fact = TypeVar("Fact", Event, Order)


@dataclass(frozen=True, slots=True)
class FactFilter:
    """What both lists can be narrowed by; empty fields ask nothing. `after` and `before` are days, both included."""

    q: str = ""
    contact: str = ""
    source: str = ""
    after: str = ""
    before: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """From an address. What makes no sense asks nothing."""
        text = {part.name: str(given.get(part.name) or "").replace("\0", "").strip() for part in fields(cls)}
        text = {name: value[:LONGEST_TEXT] for name, value in text.items()}
        text["contact"] = text["contact"] if text["contact"].isdecimal() else ""
        text["source"] = text["source"] if text["source"] in Source else ""
        for name in ("after", "before"):
            text[name] = text[name] if _day(text[name]) else ""
        if text.get("status"):
            text["status"] = text["status"] if text["status"] in OrderStatus else ""
        return cls(**text)

    @property
    def asks(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}

    def span(self, moment: str, zone: ZoneInfo) -> Q:
        """The rows whose moment lies in the days."""
        asked = Q()
        if first := _day(self.after):
            asked &= Q(**{f"{moment}__gte": _start(first, zone)})
        if last := _day(self.before):
            asked &= Q(**{f"{moment}__lt": _start(last + timedelta(days=1), zone)})
        return asked


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year < 9999 else None  # beyond, a moment of the day may have no date at all


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


@dataclass(frozen=True, slots=True)
class OrderFilter(FactFilter):
    """What orders can be narrowed by. `product` is a number of a product or how its name begins."""

    status: str = ""
    external_id: str = ""
    product: str = ""


@dataclass(frozen=True, slots=True)
class EventFilter(FactFilter):
    """What events can be narrowed by. With `orders` as `no` those by which orders are counted are left out."""

    name: str = ""
    orders: str = ""

    @property
    def leaves_out_orders(self) -> bool:
        """Whether only what the list of orders does not say is asked for."""
        return self.orders == NO and self.name != ORDER_EVENT


def found_orders(member: Member, wanted: OrderFilter) -> AboutContactQuerySet[Order]:
    """The orders that the member sees and all that is asked lets through, in no order."""
    found = Order.objects.seen_by(member).filter(wanted.span("placed_at", member.workspace.zone))
    found = _meant(found.filter(_of_contact(wanted)), wanted, member)
    for name in ("status", "external_id", "source"):
        if value := getattr(wanted, name):
            found = found.filter(**{name: value})
    if wanted.product:
        lines = OrderLine.objects.for_workspace(member.workspace).filter(order=OuterRef("pk"))
        found = found.filter(Exists(lines.filter(Q(sku=wanted.product) | Q(name__istartswith=wanted.product))))
    return found


def found_events(member: Member, wanted: EventFilter) -> AboutContactQuerySet[Event]:
    """The events that the member sees and all that is asked lets through, in no order."""
    found = Event.objects.seen_by(member).filter(wanted.span("occurred_at", member.workspace.zone))
    found = _meant(found.filter(_of_contact(wanted)), wanted, member)
    if wanted.leaves_out_orders:
        found = found.exclude(Q(Exists(_told_order(member)), name=ORDER_EVENT))
    for name in ("name", "source"):
        if value := getattr(wanted, name):
            found = found.filter(**{name: value})
    return found


def _told_order(member: Member) -> AboutContactQuerySet[Order]:
    """The order of which an event is only the money."""
    return Order.objects.for_workspace(member.workspace).filter(external_id=OuterRef("external_id"))


def _of_contact(wanted: FactFilter) -> Q:
    return Q(contact_id=min(int(wanted.contact), LARGEST_ID)) if wanted.contact else Q()


def _meant(found: "AboutContactQuerySet[Fact]", wanted: FactFilter, member: Member) -> "AboutContactQuerySet[Fact]":
    """Those with exactly this id of their own; else those of contacts that are found by these words."""
    if not wanted.q:
        return found
    exact = found.filter(external_id=wanted.q)
    if exact.exists():
        return exact
    people = Contact.objects.seen_by(member).matching(wanted.q)
    return found.filter(contact__in=people.order_by().values("pk"))


@dataclass(frozen=True, slots=True)
class Sums:
    """What some orders come to: only those that earn are money. `average` is None without one."""

    orders: int
    earning: int
    revenue: Decimal

    @property
    def average(self) -> Decimal | None:
        return self.revenue / self.earning if self.earning else None


def sums_without_people(member: Member, wanted: OrderFilter) -> Sums | None:
    """What orders come to whose buyers are gone, of the same days and status. None where there are none to be shown.

    Nobody looks after them, they have no number, and their products are not asked: who narrows by any of these, and
    sellers, see none. One query.
    """
    if member.role == Role.SELLER or set(wanted.asks) - {"after", "before", "status"}:
        return None
    sales = AnonymousSale.objects.for_workspace(member.workspace)
    first, last = _day(wanted.after), _day(wanted.before)
    sales = sales.filter(placed_on__gte=first) if first else sales
    sales = sales.filter(placed_on__lte=last) if last else sales
    sums = _sums(sales.filter(status=wanted.status) if wanted.status else sales)
    return sums if sums.orders else None


def sums_of(found: AboutContactQuerySet[Order]) -> Sums:
    """One query."""
    return _sums(found)


def _sums(found: "QuerySet[Order] | QuerySet[AnonymousSale]") -> Sums:
    earns = Q(status__in=EARNING)
    row = found.order_by().aggregate(
        orders=Count("pk"), earning=Count("pk", filter=earns), revenue=Sum("total", filter=earns)
    )
    return Sums(row["orders"], row["earning"], row["revenue"] or Decimal(0))
