"""The fields over what contacts did elsewhere: events and orders."""

from collections.abc import Callable, Iterator, Sequence

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.fields.json import HasKey, KeyTextTransform, KeyTransform
from django.utils.translation import gettext as _

from audience.models import EARNING, Event, Order, OrderLine, OrderStatus
from audience.segments.attribute_fields import json_number
from audience.segments.comparing import number_condition, text_column, text_condition
from audience.segments.fields import (
    LOOKED_AT,
    Ask,
    AskedFilter,
    Choice,
    Field,
    Kind,
    Property,
    most_frequent,
)
from audience.segments.history import History, Rows
from audience.segments.operators import OPPOSITES
from workspaces.models import Workspace

VALUE = "value"


def event_fields(workspace: Workspace) -> Iterator[Field]:
    """What contacts did, by the names of the events seen so far."""
    for name in event_names(workspace):
        shown = name.replace("_", " ")
        events = Event.objects.for_workspace(workspace).filter(name=name)
        yield Field(
            f"event.{name}",
            _("Did “%(event)s”") % {"event": shown},
            _("Events"),
            Kind.PURCHASE,
            History(events, "occurred_at", "value", narrowed_events).build,
            did=_("did “%(event)s”") % {"event": shown},
            did_not=_("did not do “%(event)s”") % {"event": shown},
            properties=[Property(VALUE, _("Value"), Kind.NUMBER)],
            is_free=True,
            seen=_properties_of(events),
        )


def _properties_of(events: Rows) -> Callable[[str], list[str]]:
    """Their names; what they hold may be about people, and is not suggested."""

    def seen(key: str) -> list[str]:
        if key:
            return []
        latest = events.order_by("-occurred_at").values_list("properties", flat=True)[:LOOKED_AT]
        return most_frequent(str(name) for properties in latest for name in properties)

    return seen


def event_names(workspace: Workspace) -> list[str]:
    """The names of all events of a workspace, in order.

    Leaps through the index `event_by_name` from one name to the next: PostgreSQL's DISTINCT would read all of it, which
    takes seconds with a hundred million events.
    """
    statement = """
        WITH RECURSIVE leap (name) AS (
            (SELECT name FROM audience_event WHERE workspace_id = %(workspace)s ORDER BY name LIMIT 1)
            UNION ALL
            SELECT (SELECT name FROM audience_event
                    WHERE workspace_id = %(workspace)s AND name > leap.name ORDER BY name LIMIT 1)
            FROM leap WHERE leap.name IS NOT NULL)
        SELECT name FROM leap WHERE name IS NOT NULL
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"workspace": workspace.pk})
        return [name for (name,) in cursor.fetchall()]


def narrowed_events(events: Rows, where: Sequence[AskedFilter]) -> Rows:
    """The events whose properties fit all the filters; a property that is missing is none of what is asked."""
    for item in where:
        condition = _event_condition(item, OPPOSITES.get(item.op, item.op))
        events = events.exclude(condition) if item.op in OPPOSITES else events.filter(condition)
    return events


def _event_condition(item: AskedFilter, op: str) -> Q:
    if op in {"equals", "more_than", "less_than"}:
        if item.property == VALUE:
            return Q(value__isnull=False) & number_condition(VALUE, _ask(op, item))
        return _has(item.property) & json_number(KeyTransform(item.property, "properties"), op, item.value)
    return _has(item.property) & text_condition(KeyTextTransform(item.property, "properties"), op, item.value)


def _has(key: str) -> Q:
    return Q(HasKey(F("properties"), key))


def _ask(op: str, item: AskedFilter) -> Ask:
    return Ask(op, item.value, now=None)  # type: ignore[arg-type]  # numbers and texts know no time


def order_fields(workspace: Workspace) -> Iterator[Field]:
    """What contacts bought. Unless a status is asked for, orders are those that earned money."""
    statuses = [Choice(value, str(label)) for value, label in OrderStatus.choices]
    yield Field(
        "order",
        _("Ordered"),
        _("Orders"),
        Kind.PURCHASE,
        History(Order.objects.for_workspace(workspace), "placed_at", "total", narrowed_orders).build,
        did=_("ordered"),
        did_not=_("did not order"),
        properties=[
            Property("status", _("Status"), Kind.CHOICE, statuses),
            Property("product", _("Product"), Kind.TEXT),
            Property("category", _("Category"), Kind.TEXT),
            Property("total", _("Total"), Kind.NUMBER),
        ],
        seen=_bought_in(workspace),
    )


def _bought_in(workspace: Workspace) -> Callable[[str], list[str]]:
    def seen(key: str) -> list[str]:
        column = {"product": "name", "category": "category"}.get(key)
        if column is None:
            return []
        latest = list(Order.objects.for_workspace(workspace).order_by("-placed_at").values_list("pk")[:LOOKED_AT])
        lines = OrderLine.objects.filter(order__in=[pk for (pk,) in latest])
        return most_frequent(lines.order_by().values_list(column, flat=True))

    return seen


def narrowed_orders(orders: Rows, where: Sequence[AskedFilter]) -> Rows:
    """The orders that all the filters fit. A product is found by its name or its number, in any line."""
    if not any(item.property == "status" for item in where):
        orders = orders.filter(status__in=EARNING)
    for item in where:
        condition = _order_condition(item, OPPOSITES.get(item.op, item.op))
        orders = orders.exclude(condition) if item.op in OPPOSITES else orders.filter(condition)
    return orders


def _order_condition(item: AskedFilter, op: str) -> Q:
    if item.property == "status":
        return Q(status__in=item.value)
    ask = _ask(op, item)
    if item.property == "total":
        return number_condition("total", ask)
    columns = ("category",) if item.property == "category" else ("name", "sku")
    fits = Q()
    for column in columns:
        fits |= text_column(column)(ask)
    return Q(Exists(OrderLine.objects.filter(fits, order=OuterRef("pk"))))
