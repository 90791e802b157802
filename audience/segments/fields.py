"""What conditions can ask about: the registry in which each app lists its own fields."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audience.segments.definition import Condition, Filter, Group, SegmentBroken
from audience.segments.operators import OPERATORS, PROPERTY_OPERATORS, Kind, Operator, Takes
from audience.segments.values import MOST_CHOICES, read_value
from workspaces.models import Workspace

LOOKED_AT = 500  # the latest rows say what can be suggested
MOST_SUGGESTED = 50

__all__ = [
    "OPERATORS",
    "Ask",
    "AskedFilter",
    "Choice",
    "Field",
    "Kind",
    "Operator",
    "Property",
    "Takes",
    "Test",
    "checked_ask",
    "checked_value",
    "fields_of",
    "register_fields",
]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values of a choice field."""

    value: str | int
    label: str


@dataclass(frozen=True, slots=True)
class Test:
    """What a condition comes to: a condition on `Contact`, or rows with a `contact`, of whom those belong who have one.

    With `is_absence` those belong who have no such row. `is_single` promises at most one row a contact, `is_grouped`
    that the rows are grouped by contact. Other rows than the profile's are slower to ask; `slow` says why, if so.
    """

    __test__ = False  # no test of pytest's

    contact: Q | None = None
    rows: "QuerySet[Any, Any] | None" = None
    is_absence: bool = False
    is_single: bool = False
    is_grouped: bool = False
    slow: str = ""


@dataclass(frozen=True, slots=True)
class AskedFilter:
    """A filter whose value has been checked."""

    property: str
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Ask:
    """A condition whose parts have been checked against its field; never an operator that is another's opposite."""

    op: str
    value: Any
    now: datetime
    days: int | None = None
    where: tuple[AskedFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class Property:
    """Something by which what somebody did can be narrowed."""

    key: str
    label: str
    kind: Kind
    choices: Sequence[Choice] = ()

    @property
    def operators(self) -> tuple[Operator, ...]:
        return PROPERTY_OPERATORS[self.kind]


def nothing_seen(_key: str) -> Sequence[str]:
    return ()


def most_frequent(texts: Iterable[str]) -> list[str]:
    """Those that can be suggested, the most frequent first."""
    return [text for text, _count in Counter(text for text in texts if text).most_common(MOST_SUGGESTED)]


@dataclass(frozen=True, slots=True)
class Field:
    """Something a condition can ask about.

    `build(ask)` says whom it means. `whose` is the name within a sentence, after "whose"; `did` and `did_not` say the
    same of what somebody did. `properties` narrow it, `is_free` allows any property. `expand` turns a choice into a
    rule of its own. `seen(key)` gives texts that were lately seen as a property, and the names of free ones for an
    empty key: to be suggested.
    """

    key: str
    label: str
    group: str
    kind: Kind
    build: Callable[[Ask], Test]
    choices: Sequence[Choice] = field(default_factory=tuple)
    did: str = ""
    did_not: str = ""
    properties: Sequence[Property] = ()
    is_free: bool = False
    expand: Callable[[int], Group] | None = None
    seen: Callable[[str], Sequence[str]] = nothing_seen

    @property
    def operators(self) -> tuple[Operator, ...]:
        return OPERATORS[self.kind]

    def operator(self, key: str) -> Operator:
        found = next((operator for operator in self.operators if operator.key == key), None)
        if found is None:
            raise SegmentBroken(
                _("“%(field)s” cannot be compared by “%(op)s”. Choose another comparison.")
                % {"field": self.label, "op": key},
                place="op",
            )
        return found

    @property
    def can_be_narrowed(self) -> bool:
        return self.is_free or bool(self.properties)

    def narrowed_by(self, key: str) -> Property:
        """The property of this key. Raises `SegmentBroken` when there is none."""
        found = next((known for known in self.properties if known.key == key), None)
        if found is None and self.is_free and 0 < len(key) <= 60 and "\0" not in key:
            return Property(key, key, Kind.TEXT)
        if found is None:
            raise SegmentBroken(
                _("“%(field)s” cannot be narrowed by “%(property)s”.") % {"field": self.label, "property": key}
            )
        return found


FieldSource = Callable[[Workspace], Iterable[Field]]
_sources: list[FieldSource] = []


def register_fields(source: FieldSource) -> None:
    """Add what an app knows about contacts. The source lists the fields as they are in a workspace now."""
    _sources.append(source)


class Catalogue(Mapping[str, Field]):
    """All fields of a workspace by key, in the order in which they are offered.

    Each source is read when it is first needed: whoever asks for few fields does not pay for all.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self._unread = workspace, list(reversed(_sources))
        self._known: dict[str, Field] = {}

    def __getitem__(self, key: str) -> Field:
        while key not in self._known and self._unread:
            self._read_one()
        return self._known[key]

    def __iter__(self) -> Iterator[str]:
        while self._unread:
            self._read_one()
        return iter(self._known)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _read_one(self) -> None:
        self._known |= {found.key: found for found in self._unread.pop()(self._workspace)}


def fields_of(workspace: Workspace) -> Mapping[str, Field]:
    return Catalogue(workspace)


def checked_ask(asked: Field, condition: Condition, now: datetime) -> Ask:
    """The condition with its parts in their types. Raises `SegmentBroken`, in words and with the place."""
    value, operator = checked_value(asked, condition), asked.operator(condition.op)
    days = None
    if condition.days is not None:
        if not operator.counts:
            raise SegmentBroken(_("“days” belongs to comparisons that count or add up."), place="days")
        days = _read(asked, Takes.DAYS, condition.days, "days")
    if condition.where and not asked.can_be_narrowed:
        raise SegmentBroken(_("“%(field)s” cannot be narrowed.") % {"field": asked.label}, place="where")
    return Ask(condition.op, value, now, days, tuple(_checked_filter(asked, n, f) for n, f in _numbered(condition)))


def _numbered(condition: Condition) -> Iterable[tuple[int, Filter]]:
    return enumerate(condition.where)


def _checked_filter(asked: Field, number: int, item: Filter) -> AskedFilter:
    place = f"where[{number}]"
    try:
        found = asked.narrowed_by(item.property)
    except SegmentBroken as broken:
        raise SegmentBroken(broken.message, place=f"{place}.property") from broken
    known = {*found.operators, *(PROPERTY_OPERATORS[Kind.NUMBER] if asked.is_free else ())}
    operator = next((each for each in known if each.key == item.op), None)
    if operator is None:
        sentence = _("“%(field)s” cannot be compared by “%(op)s”. Choose another comparison.")
        raise SegmentBroken(sentence % {"field": found.label, "op": item.op}, place=f"{place}.op")
    if operator.takes == Takes.SOME:
        return AskedFilter(item.property, item.op, _some(found.label, found.choices, item.value, f"{place}.value"))
    return AskedFilter(item.property, item.op, _read(found, operator.takes, item.value, f"{place}.value"))


def checked_value(asked: Field, condition: Condition) -> Any:
    """The condition's value in the type its operator takes. Raises `SegmentBroken`, in words, for anything else."""
    takes = asked.operator(condition.op).takes
    if takes == Takes.SOME:
        return _some(asked.label, asked.choices, condition.value, "value")
    return _read(asked, takes, condition.value, "value")


def _read(asked: "Field | Property", takes: Takes, value: Any, place: str) -> Any:
    try:
        return read_value(takes, value)
    except (TypeError, ValueError) as error:
        raise _needs(asked.label, takes, place) from error


def _needs(label: str, takes: Takes, place: str) -> SegmentBroken:
    sentence = _("The condition on “%(field)s” needs %(what)s.") % {"field": label, "what": _NEEDS[takes]}
    return SegmentBroken(sentence, place=place)


def _some(label: str, choices: Sequence[Choice], value: Any, place: str) -> list[str | int]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_CHOICES:
        raise _needs(label, Takes.SOME, place)
    known = {str(choice.value): choice.value for choice in choices}
    gone = [item for item in value if str(item) not in known]
    if gone:
        sentence = _("The condition on “%(field)s” names something that is gone. Choose again or remove the condition.")
        raise SegmentBroken(sentence % {"field": label}, place=place)
    return [known[str(item)] for item in value]


_NEEDS = {
    Takes.TEXT: gettext_lazy("a text"),
    Takes.NUMBER: gettext_lazy("a number"),
    Takes.TWO_NUMBERS: gettext_lazy("two numbers, the smaller one first"),
    Takes.DATE: gettext_lazy("a date"),
    Takes.DAYS: gettext_lazy("a number of days from 1 to 3650"),
    Takes.TIMES: gettext_lazy("a number of times from 1 to 10000"),
    Takes.SOME: gettext_lazy("at least one choice"),
    Takes.MANY: gettext_lazy("between one and 5000 values"),
    Takes.SHARE: gettext_lazy("a percentage between 0 and 100 and a word that draws the people"),
}
