"""How many belong, by the shortest way that PostgreSQL does not find by itself.

Whoever is asked for by what he or she did is counted where that is written, without a look at the contacts; those who
did not are all minus those who did. What most contacts have, such as consent, is counted by those who do not have it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from audience.models import Contact, ContactProfile
from audience.segments.compile import condition_of
from audience.segments.definition import Condition, Group
from audience.segments.expecting import cost_of
from audience.segments.fields import Field, Test, fields_of
from audience.segments.plan import Join, Leaf, planned
from audience.segments.room import room_for_many
from audience.segments.words import narrowing_words
from workspaces.models import Workspace

WORTH = 1.0
"""The share of the effort of the straight way below which a roundabout one is taken."""
MOST_STEPS = 12  # each is a count


def count_in(workspace: Workspace, definition: Group, now: datetime, fields: Mapping[str, Field] | None = None) -> int:
    """How many contacts belong now. Raises `SegmentBroken`."""
    known = fields_of(workspace) if fields is None else fields
    return count_planned(workspace, planned(definition, known, now))


def count_planned(workspace: Workspace, plan: Join) -> int:
    """How many contacts a plan means: one statement, or two where the total is needed."""
    with room_for_many():
        return _counted(workspace, plan)


def _counted(workspace: Workspace, plan: Join) -> int:
    everybody = Contact.objects.for_workspace(workspace)
    if len(plan.parts) == 1 and isinstance(only := plan.parts[0], Leaf) and only.test.rows is not None:
        counted = _count_rows(only.test)
        return everybody.count() - counted if only.is_negative != only.test.is_absence else counted
    if plan.is_all and (base := _profiles_asked(plan)) is not None:
        return base.count()
    if plan.is_all and (left := _less_the_others(workspace, plan)) is not None:
        return left
    return everybody.filter(condition_of(plan)).count()


def narrowing(
    workspace: Workspace, definition: Group, now: datetime, fields: Mapping[str, Field]
) -> list[tuple[str, int]]:
    """How what is asked of all narrows the list, one after the other: (words, people left). A count for each step."""
    if definition.match != "all" or definition.negate:
        return []
    asked = _steps(definition)
    return [
        (narrowing_words(rule, fields), count_in(workspace, Group("all", asked[: n + 1]), now, fields))
        for n, rule in enumerate(asked)
    ]


def _steps(definition: Group) -> tuple[Condition | Group, ...]:
    """Each condition, as long as they are few; else each group."""
    asked = definition.asked_of_all
    if len(asked) <= MOST_STEPS:
        return asked
    return tuple(rule for rule in definition.rules if isinstance(rule, Condition) or not rule.asks_nothing)


def _count_rows(test: Test) -> int:
    rows = Contact.objects.none() if test.rows is None else test.rows
    if test.is_single or test.is_grouped:
        return rows.count()
    return int(rows.aggregate(n=Count("contact", distinct=True))["n"])


def _profiles_asked(plan: Join) -> "QuerySet[Any, Any] | None":
    """The profiles of those who belong, when one is asked for and no contact's column is; each contact has but one."""
    if any(leaf.test.rows is None for leaf in plan.leaves()):
        return None
    wanted = [part for part in plan.parts if isinstance(part, Leaf) and _wants_profile(part)]
    if not wanted or wanted[0].test.rows is None:
        return None
    rows = wanted[0].test.rows
    among = rows.order_by().values("contact")
    for part in plan.parts:
        if isinstance(part, Leaf) and part in wanted[1:] and part.test.rows is not None:
            rows &= part.test.rows
        elif part is not wanted[0]:
            rows = rows.filter(condition_of(part, "contact_id", among))
    return rows


def _less_the_others(workspace: Workspace, plan: Join) -> int | None:
    """Those who did something, less whoever of them the contact's columns rule out; None where that is no shorter."""
    of_contact = tuple(part for part in plan.parts if isinstance(part, Leaf) and part.test.rows is None)
    base = _profiles_asked(Join(True, tuple(part for part in plan.parts if part not in of_contact)))
    if not of_contact or base is None:
        return None
    everybody = Contact.objects.for_workspace(workspace)
    others = base.filter(contact__in=everybody.exclude(condition_of(Join(True, of_contact))).values("pk"))
    if cost_of(base) + cost_of(others) >= WORTH * cost_of(everybody.filter(condition_of(plan))):
        return None
    return base.count() - others.count()


def _wants_profile(leaf: Leaf) -> bool:
    test = leaf.test
    return test.rows is not None and test.rows.model is ContactProfile and leaf.is_negative == test.is_absence
