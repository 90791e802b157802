"""From a definition to the people: one SQL statement, by parameters alone."""

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from audience.models import Contact, ContactQuerySet
from audience.segments.definition import Group
from audience.segments.fields import Field, Test, fields_of
from audience.segments.plan import Join, Leaf, field_asked, planned
from audience.segments.words import in_words, narrowing_words, sentence
from workspaces.models import Workspace

__all__ = ["condition_for", "condition_of", "contacts_in", "field_asked", "in_words", "narrowing_words", "sentence"]

NO_ROW = Q(pk__in=[])
EVERY_ROW = ~NO_ROW  # an empty Q would vanish beside another one under OR


def contacts_in(
    workspace: Workspace,
    definition: Group,
    now: datetime,
    fields: Mapping[str, Field] | None = None,
    *,
    among: "ContactQuerySet | None" = None,
) -> ContactQuerySet:
    """The contacts of the workspace that belong. Raises `SegmentBroken` when a condition no longer works.

    Whoever asks for several segments reads `fields_of(workspace)` once and passes it. With `among`, nobody but these
    contacts of the workspace is looked for.
    """
    plan = planned(definition, fields_of(workspace) if fields is None else fields, now)
    people = Contact.objects.for_workspace(workspace) if among is None else among
    return people.filter(condition_of(plan, among=None if among is None else among.order_by().values("pk")))


def condition_for(group: Group, fields: Mapping[str, Field], now: datetime) -> Q:
    """The group as one condition on `Contact`. A group without conditions is everybody: it asks nothing yet."""
    return condition_of(planned(group, fields, now))


def condition_of(plan: Join | Leaf, contact: str = "pk", among: "QuerySet[Any, Any] | None" = None) -> Q:
    """The plan as one condition on rows whose column `contact` holds the contact's key.

    Only for `Contact` itself ("pk") may the plan ask for its columns. `among` are keys of contacts: of others it need
    not hold. PostgreSQL would add up what everybody did, whoever is asked for.
    """
    if isinstance(plan, Leaf):
        return _condition(plan.test, contact, among, is_negative=plan.is_negative)
    if not plan.parts:
        return EVERY_ROW if plan.is_all else NO_ROW
    return reduce(and_ if plan.is_all else or_, (condition_of(part, contact, among) for part in plan.parts))


def _condition(test: Test, contact: str, among: "QuerySet[Any, Any] | None", *, is_negative: bool) -> Q:
    if test.rows is None:
        straight = test.contact if test.contact is not None else EVERY_ROW
    elif test.is_grouped:
        rows = test.rows if among is None else test.rows.filter(contact__in=among)
        straight = Q(**{f"{contact}__in": rows})
    else:
        straight = Q(Exists(test.rows.filter(contact=OuterRef(contact))))
    return ~straight if is_negative != test.is_absence else straight
