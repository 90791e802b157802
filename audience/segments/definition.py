"""The tree of a segment: groups of conditions, and its JSON form.

{"version": 2, "match": "all", "rules": [
    {"field": "attribute.city", "op": "is", "value": "Sofia"},
    {"field": "event.visited", "op": "at_least", "value": 3, "days": 30,
     "where": [{"property": "page", "op": "contains", "value": "serum"}]},
    {"match": "any", "negate": true, "rules": [{"field": "list", "op": "any_of", "value": [4]}]}]}

Version 1 had no `version`, no `days`, no `where` and no "none"; it is read as it stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError, type_words

VERSION = 2
DEEPEST = 5
MOST_CONDITIONS = 60
MOST_FILTERS = 5
MATCHES = ("all", "any", "none")


class SegmentBroken(DomainError):
    """The definition cannot be evaluated; the message says which condition and what to do about it.

    `place` is the path of the faulty part in the JSON, as in `rules[1].value`; empty for the whole.
    """

    code = "segment_broken"

    def __init__(self, message: type_words, *, place: str = "") -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, slots=True)
class Filter:
    """One comparison of a property of what happened: of an event, an order or a mail."""

    property: str
    op: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison. `value` is None, a scalar or a list, as the operator asks.

    What somebody did can be counted within the last `days` and narrowed by filters in `where`.
    """

    field: str
    op: str
    value: Any = None
    days: Any = None
    where: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions and groups joined by "all", "any" or "none", taken as they are or turned round."""

    match: str
    rules: "tuple[Condition | Group, ...]"
    negate: bool = False

    def conditions(self) -> Iterator[Condition]:
        for rule in self.rules:
            if isinstance(rule, Group):
                yield from rule.conditions()
            else:
                yield rule

    @property
    def asks_nothing(self) -> bool:
        """Whether there is no condition in it: it then narrows nobody, joined by "all" or by "any"."""
        return next(self.conditions(), None) is None

    @property
    def leaves_out(self) -> bool:
        """Whether those who match are left out: "none of these", or a group turned round, but not both."""
        return self.negate != (self.match == "none")

    @property
    def asked_of_all(self) -> "tuple[Condition | Group, ...]":
        """What each of those who belong fits, one by one: groups of "all" inside are taken apart, others are one."""
        if self.asks_nothing:
            return ()
        if self.match != "all" or self.negate:
            return (self,)
        return tuple(part for rule in self.rules for part in _asked_of_all(rule))


def _asked_of_all(rule: Condition | Group) -> tuple[Condition | Group, ...]:
    return rule.asked_of_all if isinstance(rule, Group) else (rule,)


EVERYBODY = Group("all", ())


def read_definition(raw: Any) -> Group:
    """The tree of this JSON. Raises `SegmentBroken` when it has another shape or is too large."""
    if isinstance(raw, dict) and raw.get("version", 1) not in (1, VERSION):
        raise SegmentBroken(_("“version” is %(version)d.") % {"version": VERSION}, place="version")
    group = _group(raw, place="", depth=1)
    if sum(1 for _condition in group.conditions()) > MOST_CONDITIONS:
        raise SegmentBroken(_("A segment can have at most %(most)d conditions.") % {"most": MOST_CONDITIONS})
    return group


def inside(place: str, name: str) -> str:
    """The path of a part of what stands at a place."""
    return f"{place}.{name}" if place else name


def _group(raw: Any, *, place: str, depth: int) -> Group:
    if not isinstance(raw, dict) or raw.get("match") not in MATCHES or not isinstance(raw.get("rules"), list):
        sentence = _("A group of conditions needs “match” (all, any or none) and a list of “rules”.")
        raise SegmentBroken(sentence, place=place)
    if not isinstance(raw.get("negate", False), bool):
        raise SegmentBroken(_("“negate” of a group is true or false."), place=inside(place, "negate"))
    if depth > DEEPEST:
        sentence = _("Groups can stand inside each other at most %(deepest)d deep.") % {"deepest": DEEPEST}
        raise SegmentBroken(sentence, place=place)
    rules = tuple(
        _rule(rule, place=inside(place, f"rules[{number}]"), depth=depth) for number, rule in enumerate(raw["rules"])
    )
    return Group(raw["match"], rules, negate=raw.get("negate", False))


def _rule(raw: Any, *, place: str, depth: int) -> Condition | Group:
    if isinstance(raw, dict) and "rules" in raw:
        return _group(raw, place=place, depth=depth + 1)
    if not isinstance(raw, dict) or not isinstance(raw.get("field"), str) or not isinstance(raw.get("op"), str):
        raise SegmentBroken(_("A condition needs a “field” and an “op”."), place=place)
    where = _filters(raw.get("where", []), inside(place, "where"))
    return Condition(raw["field"], raw["op"], raw.get("value"), raw.get("days"), where)


def _filters(raw: Any, place: str) -> tuple[Filter, ...]:
    if not isinstance(raw, list) or len(raw) > MOST_FILTERS:
        raise SegmentBroken(_("“where” is a list of at most %(most)d filters.") % {"most": MOST_FILTERS}, place=place)
    return tuple(_filter(item, f"{place}[{number}]") for number, item in enumerate(raw))


def _filter(raw: Any, place: str) -> Filter:
    if not isinstance(raw, dict) or not isinstance(raw.get("property"), str) or not isinstance(raw.get("op"), str):
        raise SegmentBroken(_("A filter needs a “property” and an “op”."), place=place)
    return Filter(raw["property"], raw["op"], raw.get("value"))


def write_definition(group: Group) -> dict[str, Any]:
    """The JSON of a tree; reading it again gives an equal tree."""
    return {"version": VERSION} | _written_group(group)


def _written_group(group: Group) -> dict[str, Any]:
    rules = [_written_group(rule) if isinstance(rule, Group) else _written(rule) for rule in group.rules]
    return {"match": group.match, "rules": rules} | ({"negate": True} if group.negate else {})


def _written(condition: Condition) -> dict[str, Any]:
    raw: dict[str, Any] = {"field": condition.field, "op": condition.op}
    if condition.value is not None:
        raw["value"] = condition.value
    if condition.days is not None:
        raw["days"] = condition.days
    if condition.where:
        raw["where"] = [_written_filter(item) for item in condition.where]
    return raw


def _written_filter(item: Filter) -> dict[str, Any]:
    raw = {"property": item.property, "op": item.op}
    return raw if item.value is None else {**raw, "value": item.value}
