"""The people whom the attributes in a kept rule mean, each rule's in an index of its own.

Attributes stand in wide rows, and reading a hundred thousand of those takes longer than anything else a rule asks. Such
an index holds the contacts that all comparisons of attributes in the rule fit, and of each what "may we write to them"
asks: counted alone or beside what they did, they are read from it. A rule without attributes gets that of its consent.
Where most contacts gave it, the index holds the others, who are taken away. PostgreSQL keeps it with every contact that
is written, and takes it for every rule that compares the same.
"""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from audience.models import Contact, Segment
from audience.segments.compile import condition_for
from audience.segments.definition import Condition, Group, SegmentBroken, read_definition, write_definition
from audience.segments.expecting import is_common
from audience.segments.fields import Field, fields_of
from workspaces.models import Workspace

MOST = 10  # indexes of one workspace: each contact that is written is compared for each of them
LONGEST = 4000  # characters; a pasted list of thousands of values is no condition to compare each contact with
CONSENT = "consent"
LATER = timedelta(days=1000)


def wanted(workspace: Workspace, now: datetime, there: Collection[str] = ()) -> dict[str, str]:
    """The indexes that are to be there, those of the oldest segments first: what to make, by name.

    `there` are the names of those that are there already.
    """
    fields, found = fields_of(workspace), dict[str, str]()
    for segment in Segment.objects.for_workspace(workspace).current().order_by("pk"):
        if len(found) < MOST and (condition := _condition(workspace, segment.definition, fields, now, there)):
            found[_name(workspace, condition)] = _index_of(workspace, condition)
    return found


def name_for(workspace: Workspace, definition: Group, now: datetime, there: Collection[str]) -> str:
    """The index that answers for a rule as it is written; empty when it asks for none."""
    condition = _condition(workspace, write_definition(definition), fields_of(workspace), now, there)
    return _name(workspace, condition) if condition else ""


def _condition(
    workspace: Workspace, written: Any, fields: Mapping[str, Field], now: datetime, there: Collection[str]
) -> str:
    """Whom the index of a rule holds; empty when it is to have none."""
    asked = _asked_of_contacts(written, fields, now)
    if asked is None:
        return ""
    condition = _chosen(workspace, asked, condition_for(asked, fields, now), there)
    return condition if len(condition) <= LONGEST else ""


def _index_of(workspace: Workspace, condition: str) -> str:
    return f"(id) INCLUDE (consent, suppression) WHERE workspace_id = {workspace.pk:d} AND {condition}"


def _chosen(workspace: Workspace, asked: Group, condition: Q, there: Collection[str]) -> str:
    """Those who fit; of consent, whoever does not where most do, because `counting` takes those away.

    What was chosen once stays, or a share at the limit would have an index made anew every few minutes.
    """
    fits, others = _sql(condition), _sql(~condition)
    if not all(rule.field == CONSENT for rule in asked.conditions()) or _name(workspace, fits) in there:
        return fits
    return others if _name(workspace, others) in there or is_common(workspace, condition) else fits


def beginning(workspace: Workspace) -> str:
    return f"contact_crowd_{workspace.pk}_"


def _name(workspace: Workspace, condition: str) -> str:
    return beginning(workspace) + hashlib.sha256(condition.encode()).hexdigest()[:16]


def _asked_of_contacts(written: Any, fields: Mapping[str, Field], now: datetime) -> Group | None:
    """What the rule asks of attributes whatever else it asks, or else of consent; None if neither."""
    try:
        definition = read_definition(written)
        lasting = [rule for rule in _outer(definition) if _is_lasting(rule, fields, now)]
    except SegmentBroken:
        return None
    attributes = tuple(rule for rule in lasting if rule.field != CONSENT)
    return Group("all", attributes or tuple(lasting)) if lasting else None


def _outer(definition: Group) -> list[Condition]:
    """The comparisons of attributes and of consent that all who belong fit."""
    rules = [rule for rule in definition.asked_of_all if isinstance(rule, Condition)]
    return [rule for rule in rules if rule.field.startswith("attribute.") or rule.field == CONSENT]


def _is_lasting(rule: Condition, fields: Mapping[str, Field], now: datetime) -> bool:
    """Whether it asks the same on any day; "in the last ten days" does not."""
    today, later = (_sql(condition_for(Group("all", (rule,)), fields, moment)) for moment in (now, now + LATER))
    return today == later


def _sql(condition: Q) -> str:
    """As it stands in a statement over contacts, or PostgreSQL would not see that the index fits."""
    query = Contact.objects.filter(condition).query
    statement, values = query.get_compiler(connection=connection).compile(query.where)
    return str(connection.ops.compose_sql(statement, values))  # type: ignore[attr-defined]  # PostgreSQL's own
