"""From a definition to the people: one SQL condition, counts, and the definition in words."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from audience.models import Contact, ContactQuerySet
from audience.segments.definition import Condition, Group, SegmentBroken
from audience.segments.fields import Field, checked_value, fields_of
from workspaces.models import Workspace


def contacts_in(
    workspace: Workspace, definition: Group, now: datetime, fields: dict[str, Field] | None = None
) -> ContactQuerySet:
    """The contacts of the workspace that belong. Raises `SegmentBroken` when a condition no longer works.

    Whoever asks for several segments reads `fields_of(workspace)` once and passes it.
    """
    known = fields_of(workspace) if fields is None else fields
    return Contact.objects.for_workspace(workspace).filter(condition_for(definition, known, now))


def condition_for(group: Group, fields: dict[str, Field], now: datetime) -> Q:
    """The group as one condition. A group without conditions is everybody, turned round or not: it asks nothing yet."""
    parts = [_rule(rule, fields, now) for rule in _asking(group)]
    if not parts:
        return Q()
    joined = reduce(and_ if group.match == "all" else or_, parts)
    return ~joined if group.negate else joined


def _asking(group: Group) -> list[Condition | Group]:
    return [rule for rule in group.rules if isinstance(rule, Condition) or not rule.asks_nothing]


def _rule(rule: Condition | Group, fields: dict[str, Field], now: datetime) -> Q:
    if isinstance(rule, Group):
        return condition_for(rule, fields, now)
    asked = field_asked(rule, fields)
    return asked.build(rule.op, checked_value(asked, rule), now)


def field_asked(condition: Condition, fields: dict[str, Field]) -> Field:
    """The field a condition names. Raises `SegmentBroken` if it was removed since."""
    asked = fields.get(condition.field)
    if asked is None:
        raise SegmentBroken(
            _("This segment asks about “%(field)s”, which no longer exists. Remove the condition or choose another.")
            % {"field": condition.field.partition(".")[2] or condition.field}
        )
    return asked


def narrowing(
    workspace: Workspace, definition: Group, now: datetime, fields: dict[str, Field]
) -> Sequence[tuple[str, int]]:
    """How the parts of an "all" group narrow the list, one after the other: (words, people left)."""
    steps, taken = [], Q()
    for rule in _asking(definition) if definition.match == "all" and not definition.negate else ():
        taken &= _rule(rule, fields, now)
        steps.append((in_words(rule, fields), Contact.objects.for_workspace(workspace).filter(taken).count()))
    return steps


def in_words(rule: Condition | Group, fields: dict[str, Field]) -> str:
    """The rule as a person would say it."""
    if isinstance(rule, Condition):
        return _condition_in_words(rule, fields)
    parts = _asking(rule)
    if not parts:
        return _("everybody")
    joiner = _(" and ") if rule.match == "all" else _(" or ")
    words = joiner.join(
        f"({in_words(part, fields)})" if isinstance(part, Group) and len(_asking(part)) > 1 else in_words(part, fields)
        for part in parts
    )
    return _("not: %(words)s") % {"words": words} if rule.negate else words


def _condition_in_words(condition: Condition, fields: dict[str, Field]) -> str:
    asked = field_asked(condition, fields)
    operator, value = asked.operator(condition.op), checked_value(asked, condition)
    labels = {choice.value: choice.label for choice in asked.choices}
    if isinstance(value, list):
        shown = ", ".join(labels[item] for item in value)
    elif isinstance(value, tuple):
        shown = _("%(low)s and %(high)s") % {"low": _shown(value[0]), "high": _shown(value[1])}
    else:
        shown = _shown(value)
    label = str(operator.label)
    return f"{asked.label} {label.replace('…', shown)}" if "…" in label else f"{asked.label} {label} {shown}".strip()


def _shown(value: Any) -> str:
    """A value in the reader's notation."""
    if isinstance(value, float):
        return number_format(int(value) if value.is_integer() else value, force_grouping=True)
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    return "" if value is None else str(value)
