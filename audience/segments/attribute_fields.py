"""The fields that a workspace defined itself: attributes of all seven kinds, read from JSON."""

from collections.abc import Callable, Iterator
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import F, Func, JSONField, Q, TextField, Value
from django.db.models.fields.json import HasKey, KeyTextTransform, KeyTransform
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    LessThan,
    LessThanOrEqual,
)
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from audience.models import AttributeDefinition, AttributeKind
from audience.segments.comparing import Compare, anniversaries, day_span, text_condition
from audience.segments.fields import Ask, Choice, Field, Kind, Test
from workspaces.models import Workspace

KIND_OF_ATTRIBUTE = {
    AttributeKind.TEXT: Kind.TEXT,
    AttributeKind.NUMBER: Kind.NUMBER,
    AttributeKind.MONEY: Kind.NUMBER,
    AttributeKind.DATE: Kind.DATE,
    AttributeKind.BOOLEAN: Kind.BOOLEAN,
    AttributeKind.CHOICE: Kind.OPTION,
    AttributeKind.LIST: Kind.SEVERAL,
}
FIRST_AFTER_NUMBERS = False
"""jsonb sorts: null, texts, numbers, false, true, lists, objects."""
LOWEST = -(10**309)
"""Below whatever a floating-point number can hold."""


def attribute_fields(workspace: Workspace) -> Iterator[Field]:
    """What the workspace keeps about its contacts."""
    language = get_language() or ""
    definitions = AttributeDefinition.objects.for_workspace(workspace).filter(archived_at=None)
    for definition in definitions.order_by("position", "label", "pk"):
        kind = KIND_OF_ATTRIBUTE[AttributeKind(definition.kind)]
        compare = _COMPARISONS[kind](definition.key, workspace)
        yield Field(
            f"attribute.{definition.key}",
            definition.labels.get(language) or definition.label,
            _("Attributes"),
            kind,
            _asked_of_known(definition.key, compare),
            _choices(definition, language),
        )


def _choices(definition: AttributeDefinition, language: str) -> list[Choice]:
    return [
        Choice(choice["key"], choice.get("labels", {}).get(language) or choice["label"])
        for choice in definition.choices
    ]


def _asked_of_known(key: str, compare: Compare) -> Callable[[Ask], Test]:
    # Without it, NOT over an absent key is unknown in SQL, and "is not" would lose the people without a value, as would
    # every group that is turned round.
    known = Q(HasKey(F("attributes"), key))

    def build(ask: Ask) -> Test:
        return Test(contact=known if ask.op == "is_set" else known & compare(ask))

    return build


def _text(key: str, _workspace: Workspace) -> Compare:
    text = KeyTextTransform(key, "attributes")
    return lambda ask: text_condition(text, ask.op, ask.value)


def _number(key: str, _workspace: Workspace) -> Compare:
    stored = KeyTransform(key, "attributes")

    def compare(ask: Ask) -> Q:
        return json_number(stored, ask.op, ask.value)

    return compare


def json_number(stored: Any, op: str, value: Any) -> Q:
    """A JSON number compared, and nothing but numbers: texts left over from another kind sort below, booleans above.

    As a stretch with two ends, of which PostgreSQL knows how many values lie in it; of a function of the value it does
    not, and plans badly.
    """
    if op == "equals":
        return Q(Exact(stored, _json(value)))
    if op == "between":
        return Q(GreaterThanOrEqual(stored, _json(value[0]))) & Q(LessThanOrEqual(stored, _json(value[1])))
    if op == "more_than":
        return Q(GreaterThan(stored, _json(value))) & Q(LessThan(stored, _json(FIRST_AFTER_NUMBERS)))
    return Q(GreaterThanOrEqual(stored, _json(LOWEST))) & Q(LessThan(stored, _json(value)))


def _date(key: str, workspace: Workspace) -> Compare:
    """Dates are ISO 8601 texts, which sort as the dates do."""
    text = KeyTextTransform(key, "attributes")

    def compare(ask: Ask) -> Q:
        if ask.op.startswith("anniversary"):
            day = Func(text, Value(6), Value(5), function="substr", output_field=TextField())
            return Q(In(day, anniversaries(ask, workspace.zone)))
        span = day_span(ask, workspace.zone)
        condition = Q(GreaterThanOrEqual(text, span.first.isoformat())) if span.first else Q()
        return condition & Q(LessThan(text, span.end.isoformat())) if span.end else condition

    return compare


def _boolean(key: str, _workspace: Workspace) -> Compare:
    return lambda ask: Q(attributes__contains={key: ask.op == "is_true"})


def _option(key: str, _workspace: Workspace) -> Compare:
    # Containment is what the GIN index on the attributes answers.
    return lambda ask: reduce(or_, (Q(attributes__contains={key: value}) for value in ask.value))


def _several(key: str, _workspace: Workspace) -> Compare:
    def compare(ask: Ask) -> Q:
        held = [Q(attributes__contains={key: [value]}) for value in ask.value]
        return reduce(and_ if ask.op == "all_of" else or_, held)

    return compare


def _json(value: Any) -> Value:
    return Value(value, output_field=JSONField())


_COMPARISONS: dict[Kind, Callable[[str, Workspace], Compare]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.BOOLEAN: _boolean,
    Kind.OPTION: _option,
    Kind.SEVERAL: _several,
}
