"""The newest of those who belong, without finding all of them first.

A page shows the newest few dozen people. PostgreSQL either walks the contacts from the newest on, or finds all who
belong and sorts them; where it expects few and there are many, it takes the long way. So the newest thousands are asked
first, by themselves: of a rule that means more than one in a hundred, they fill a page.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet

from audience.models import Contact, ContactQuerySet
from audience.segments.room import room_for_many
from workspaces.models import Workspace

NEAR = 5000
"""How many of the newest contacts are asked before all are."""
ORDER = ("-created_at", "-pk")
People = Callable[[ContactQuerySet | None], QuerySet[Any, Any]]
"""Who belongs among these contacts; among all of the workspace, if None."""


def newest_in(people: People, workspace: Workspace, size: int) -> list[Any]:
    """The newest `size` of them, newest first. Four queries at most."""
    near = _near(workspace)
    with room_for_many():
        rows = [] if near is None else list(people(near).order_by(*ORDER)[:size])
        return rows if len(rows) == size else list(people(None).order_by(*ORDER)[:size])


def narrowed_to_newest(people: People, workspace: Workspace, size: int) -> QuerySet[Any, Any]:
    """The new ones of them if those are `size` at least, all of them if not: for a page of so many, newest first."""
    near = _near(workspace)
    if near is None or not (found := people(near)).order_by(*ORDER).values("pk")[size - 1 : size]:
        return people(None)
    return found


def _near(workspace: Workspace) -> ContactQuerySet | None:
    """The newest contacts; None where all are few."""
    everybody = Contact.objects.for_workspace(workspace)
    last = everybody.order_by(*ORDER).values_list("created_at", "pk")[NEAR - 1 : NEAR].first()
    if last is None:
        return None
    at, pk = last
    # By the number too: all people of one import are known since the same moment.
    return everybody.filter(Q(created_at__gt=at) | Q(pk__gte=pk), created_at__gte=at)
