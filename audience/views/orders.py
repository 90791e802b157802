"""What people bought and did: orders, events, one order with its lines."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from audience.commerce import (
    NO,
    EventFilter,
    FactFilter,
    OrderFilter,
    found_events,
    found_orders,
    sums_of,
    sums_without_people,
)
from audience.finding import EXACT_UP_TO, headcount, newest
from audience.models import Contact, Event, Order, OrderStatus, Source, event_words
from audience.segments.history_fields import event_names
from workspaces.http import MemberRequest, page
from workspaces.permissions import Can

PAGE_SIZE = 50
FIRST_SHOWN = timedelta(days=90)  # so that a page of a shop with years behind it reads a part of them


@page(Can.SEE_AUDIENCE)
def order_list(request: MemberRequest) -> HttpResponse:
    """The orders this member sees, newest first, as they are narrowed, and what they come to."""
    wanted = OrderFilter.read(_asked(request))
    found = found_orders(request.member, wanted)
    sums = sums_of(found)
    rows = newest(found.select_related("contact"), request.GET, PAGE_SIZE, "placed_at", are_few=_are_few(sums.orders))
    without_people = sums_without_people(request.member, wanted)
    is_bare = not rows.rows and not without_people and not Order.objects.seen_by(request.member).exists()
    context = {
        "orders": rows,
        "wanted": wanted,
        "sums": sums,
        "without_people": without_people,
        "statuses": OrderStatus.choices,
        "is_bare": is_bare,
    }
    name = "audience/_order_rows.html" if request.htmx else "audience/order_list.html"
    return render(request, name, context | _around(request, wanted))


def _are_few(count: int) -> bool:
    """Whether they are found first and ordered then."""
    return count <= EXACT_UP_TO


def _asked(request: MemberRequest) -> dict[str, Any]:
    """What the address asks for. Whoever asks for nothing sees the last months."""
    given = request.GET.dict()
    if not set(given) & {"after", "before", "q", "contact"}:
        today = request.now.astimezone(request.workspace.zone).date()
        given["after"] = (today - FIRST_SHOWN).isoformat()
    return given


def _around(request: MemberRequest, wanted: FactFilter) -> dict[str, Any]:
    """What both lists offer, and whose facts they show if they are one person's."""
    people = Contact.objects.seen_by(request.member)
    whose = people.filter(pk=min(int(wanted.contact), 2**63 - 1)).first() if wanted.contact else None
    return {"sources": Source.choices, "whose": whose}


@page(Can.SEE_AUDIENCE)
def event_list(request: MemberRequest) -> HttpResponse:
    """The events of the contacts this member sees, newest first, as they are narrowed; orders have their own list."""
    wanted = EventFilter.read({"orders": NO} | _asked(request))
    found = found_events(request.member, wanted)
    count = headcount(found)
    are_few = count.is_exact and _are_few(count.number)
    rows = newest(found.select_related("contact"), request.GET, PAGE_SIZE, "occurred_at", are_few=are_few)
    context = {
        "events": rows,
        "wanted": wanted,
        "count": count,
        "names": [(name, event_words(name)) for name in event_names(request.workspace)],
        "is_bare": not rows.rows and not Event.objects.seen_by(request.member).exists(),
    }
    name = "audience/_event_rows.html" if request.htmx else "audience/event_list.html"
    return render(request, name, context | _around(request, wanted))


@page(Can.SEE_AUDIENCE)
def order_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One order with its lines, and what its total holds beside them."""
    rows = Order.objects.seen_by(request.member).select_related("contact", "workspace")
    order = get_object_or_404(rows, pk=pk)
    lines = list(order.lines.order_by("pk"))
    rest = order.total - sum(line.amount for line in lines) if lines else 0
    return render(request, "audience/order_detail.html", {"order": order, "lines": lines, "rest": rest})
