"""What conditions can ask about: the operators, and the registry in which each app lists its own fields."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from math import isfinite
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audience.segments.definition import Condition, SegmentBroken
from workspaces.models import Workspace

LONGEST_TEXT = 200
MOST_VALUES = 100
MOST_DAYS = 3650
FIRST_YEAR, LAST_YEAR = 1900, 2200  # beyond lie slips of the keyboard, and the end of Python's calendar


class Kind(StrEnum):
    """The type of what a field holds, which decides how it can be compared."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    PAST = "past"


class Takes(StrEnum):
    """What an operator needs on its right."""

    NOTHING = "nothing"
    TEXT = "text"
    NUMBER = "number"
    TWO_NUMBERS = "two_numbers"
    DATE = "date"
    DAYS = "days"
    SOME = "some"


@dataclass(frozen=True, slots=True)
class Operator:
    """A comparison; `words` holds the value as %(value)s."""

    key: str
    label: "str | Promise"
    takes: Takes


IS_SET = Operator("is_set", gettext_lazy("is known"), Takes.NOTHING)
IS_NOT_SET = Operator("is_not_set", gettext_lazy("is not known"), Takes.NOTHING)

OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    Kind.TEXT: (
        Operator("is", gettext_lazy("is"), Takes.TEXT),
        Operator("is_not", gettext_lazy("is not"), Takes.TEXT),
        Operator("contains", gettext_lazy("contains"), Takes.TEXT),
        Operator("starts_with", gettext_lazy("starts with"), Takes.TEXT),
        Operator("ends_with", gettext_lazy("ends with"), Takes.TEXT),
        IS_SET,
        IS_NOT_SET,
    ),
    Kind.NUMBER: (
        Operator("equals", gettext_lazy("equals"), Takes.NUMBER),
        Operator("more_than", gettext_lazy("is more than"), Takes.NUMBER),
        Operator("less_than", gettext_lazy("is less than"), Takes.NUMBER),
        Operator("between", gettext_lazy("is between"), Takes.TWO_NUMBERS),
        IS_SET,
        IS_NOT_SET,
    ),
    Kind.DATE: (
        Operator("before", gettext_lazy("is before"), Takes.DATE),
        Operator("after", gettext_lazy("is after"), Takes.DATE),
        Operator("in_last_days", gettext_lazy("is in the last … days"), Takes.DAYS),
        Operator("not_in_last_days", gettext_lazy("is not in the last … days"), Takes.DAYS),
        IS_SET,
        IS_NOT_SET,
    ),
    Kind.BOOLEAN: (
        Operator("is_true", gettext_lazy("is yes"), Takes.NOTHING),
        Operator("is_false", gettext_lazy("is no"), Takes.NOTHING),
        IS_SET,
        IS_NOT_SET,
    ),
    Kind.CHOICE: (
        Operator("any_of", gettext_lazy("is any of"), Takes.SOME),
        Operator("none_of", gettext_lazy("is none of"), Takes.SOME),
    ),
    Kind.PAST: (
        Operator("in_last_days", gettext_lazy("in the last … days"), Takes.DAYS),
        Operator("not_in_last_days", gettext_lazy("not in the last … days"), Takes.DAYS),
        Operator("ever", gettext_lazy("ever"), Takes.NOTHING),
        Operator("never", gettext_lazy("never"), Takes.NOTHING),
    ),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values of a choice field."""

    value: str | int
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """Something a condition can ask about.

    `build(op, value, now)` returns the SQL condition on `Contact`; the value has been checked against the operator.
    """

    key: str
    label: str
    group: str
    kind: Kind
    build: Callable[[str, Any, datetime], Q]
    choices: Sequence[Choice] = field(default_factory=tuple)

    @property
    def operators(self) -> tuple[Operator, ...]:
        return OPERATORS[self.kind]

    def operator(self, key: str) -> Operator:
        found = next((operator for operator in self.operators if operator.key == key), None)
        if found is None:
            raise SegmentBroken(
                _("“%(field)s” cannot be compared by “%(op)s”. Choose another comparison.")
                % {"field": self.label, "op": key}
            )
        return found


FieldSource = Callable[[Workspace], Iterable[Field]]
_sources: list[FieldSource] = []


def register_fields(source: FieldSource) -> None:
    """Add what an app knows about contacts. The source lists the fields as they are in a workspace now."""
    _sources.append(source)


def fields_of(workspace: Workspace) -> dict[str, Field]:
    """All fields by key, in the order in which they are offered."""
    return {found.key: found for source in _sources for found in source(workspace)}


def checked_value(asked: Field, condition: Condition) -> Any:
    """The condition's value in the type its operator takes. Raises `SegmentBroken`, in words, for anything else."""
    takes = asked.operator(condition.op).takes
    if takes == Takes.NOTHING:
        return None
    try:
        return _READERS[takes](condition.value, asked)
    except (TypeError, ValueError) as error:
        raise SegmentBroken(
            _("The condition on “%(field)s” needs %(what)s.") % {"field": asked.label, "what": _NEEDS[takes]}
        ) from error


def _text(value: Any, _asked: Field) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT or "\0" in value:
        raise ValueError
    return value.strip()


def _number(value: Any, _asked: Field) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    number = float(str(value).replace(",", "."))
    if not isfinite(number):
        raise ValueError
    return number


def _two_numbers(value: Any, asked: Field) -> tuple[float, float]:
    if not isinstance(value, list):
        raise TypeError
    low, high = (_number(part, asked) for part in value)
    if low > high:
        raise ValueError
    return low, high


def _date(value: Any, _asked: Field) -> date:
    day = date.fromisoformat(value)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError
    return day


def _days(value: Any, asked: Field) -> int:
    days = _number(value, asked)
    if not 1 <= days <= MOST_DAYS or not days.is_integer():
        raise ValueError
    return int(days)


def _some(value: Any, asked: Field) -> list[str | int]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_VALUES:
        raise ValueError
    known = {str(choice.value): choice.value for choice in asked.choices}
    gone = [item for item in value if str(item) not in known]
    if gone:
        raise SegmentBroken(
            _("The condition on “%(field)s” names something that is gone. Choose again or remove the condition.")
            % {"field": asked.label}
        )
    return [known[str(item)] for item in value]


_READERS: dict[Takes, Callable[[Any, Field], Any]] = {
    Takes.TEXT: _text,
    Takes.NUMBER: _number,
    Takes.TWO_NUMBERS: _two_numbers,
    Takes.DATE: _date,
    Takes.DAYS: _days,
    Takes.SOME: _some,
}
_NEEDS = {
    Takes.TEXT: gettext_lazy("a text"),
    Takes.NUMBER: gettext_lazy("a number"),
    Takes.TWO_NUMBERS: gettext_lazy("two numbers, the smaller one first"),
    Takes.DATE: gettext_lazy("a date"),
    Takes.DAYS: gettext_lazy("a number of days from 1 to 3650"),
    Takes.SOME: gettext_lazy("at least one choice"),
}
