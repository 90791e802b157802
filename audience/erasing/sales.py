"""What stays of the orders of people who are gone: money for the books and for the figures, and no buyer."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet

from audience.erasing import Person
from audience.models import ORDER_EVENT, AnonymousSale, Event, Order, OrderStatus, PrivacySettings

Credits = Callable[["QuerySet[Order] | QuerySet[Event]", str], Mapping[int, int]]
"""By the key of each row the number of what earned it, where something did; the text names the column of its moment."""
_credits: list[Credits] = []


def register_credits(credits_of: Credits) -> None:
    """Say what earned an order, while its buyer is still known: it stays with the sale, so that figures stay."""
    if credits_of not in _credits:
        _credits.append(credits_of)


def _credited(rows: "QuerySet[Order] | QuerySet[Event]", moment: str) -> dict[int, int]:
    return {pk: number for credits_of in _credits for pk, number in credits_of(rows, moment).items()}


def keeps_books(person: Person) -> bool:
    settings = PrivacySettings.objects.for_workspace(person.workspace).first()
    return settings is None or settings.keeps_books


def keep_sales(orders: Sequence[Order]) -> None:
    """Have the money of orders stand in the books without their buyers."""
    credits = _credited(Order.objects.filter(pk__in=[order.pk for order in orders]), "placed_at")
    sales = [_without_buyer(order, credits.get(order.pk)) for order in orders]
    AnonymousSale.objects.bulk_create(sales, batch_size=500)


def _without_buyer(order: Order, credit: int | None) -> AnonymousSale:
    lines = [
        {
            "sku": line.sku,
            "name": line.name,
            "category": line.category,
            "quantity": str(line.quantity),
            "price": str(line.price),
        }
        for line in order.lines.all()
    ]
    day = order.placed_at.astimezone(order.workspace.zone).date()
    return AnonymousSale(
        workspace=order.workspace, placed_on=day, status=order.status, total=order.total, lines=lines, credit=credit
    )


def sold_events(person: Person) -> "QuerySet[Event]":
    """Orders that a program reported as events alone."""
    known = Order.objects.filter(workspace=person.workspace, external_id=OuterRef("external_id"))
    ours = Event.objects.for_workspace(person.workspace).filter(contact=person.contact_id or 0, name=ORDER_EVENT)
    return ours.filter(value__gt=Decimal(0)).exclude(Exists(known))


def keep_sold_events(person: Person, now: datetime) -> int:
    """The same for orders that were only events. The events themselves go."""
    events = sold_events(person)
    rows = list(events.order_by("pk"))
    if keeps_books(person):
        credits, zone = _credited(events, "occurred_at"), person.workspace.zone
        AnonymousSale.objects.bulk_create(
            AnonymousSale(
                workspace=person.workspace,
                placed_on=event.occurred_at.astimezone(zone).date(),
                status=OrderStatus.PAID,
                total=event.value or Decimal(0),
                credit=credits.get(event.pk),
            )
            for event in rows
        )
    Event.objects.filter(pk__in=[event.pk for event in rows]).delete()
    return len(rows)
