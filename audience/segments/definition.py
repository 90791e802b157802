"""The tree of a segment: groups of conditions, and its JSON form.

{"match": "all", "rules": [
    {"field": "attribute.city", "op": "is", "value": "Sofia"},
    {"match": "any", "negate": true, "rules": [{"field": "list", "op": "any_of", "value": [4]}]}]}
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError

DEEPEST = 4
MOST_CONDITIONS = 60


class SegmentBroken(DomainError):
    """The definition cannot be evaluated; the message says which condition and what to do about it."""

    code = "segment_broken"


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison. `value` is None, a scalar or a list, as the operator asks."""

    field: str
    op: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions and groups joined by "all" or "any", taken as they are or turned round."""

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


EVERYBODY = Group("all", ())


def read_definition(raw: Any) -> Group:
    """The tree of this JSON. Raises `SegmentBroken` when it has another shape or is too large."""
    group = _group(raw, depth=1)
    if sum(1 for _condition in group.conditions()) > MOST_CONDITIONS:
        raise SegmentBroken(_("A segment can have at most %(most)d conditions.") % {"most": MOST_CONDITIONS})
    return group


def _group(raw: Any, *, depth: int) -> Group:
    if not isinstance(raw, dict) or raw.get("match") not in ("all", "any") or not isinstance(raw.get("rules"), list):
        raise SegmentBroken(_("A group of conditions needs “match” (all or any) and a list of “rules”."))
    if not isinstance(raw.get("negate", False), bool):
        raise SegmentBroken(_("“negate” of a group is true or false."))
    if depth > DEEPEST:
        raise SegmentBroken(_("Groups can stand inside each other at most %(deepest)d deep.") % {"deepest": DEEPEST})
    rules = tuple(_rule(rule, depth=depth) for rule in raw["rules"])
    return Group(raw["match"], rules, negate=raw.get("negate", False))


def _rule(raw: Any, *, depth: int) -> Condition | Group:
    if isinstance(raw, dict) and "rules" in raw:
        return _group(raw, depth=depth + 1)
    if not isinstance(raw, dict) or not isinstance(raw.get("field"), str) or not isinstance(raw.get("op"), str):
        raise SegmentBroken(_("A condition needs a “field” and an “op”."))
    return Condition(raw["field"], raw["op"], raw.get("value"))


def write_definition(group: Group) -> dict[str, Any]:
    """The JSON of a tree; reading it again gives an equal tree."""
    rules = [write_definition(rule) if isinstance(rule, Group) else _condition(rule) for rule in group.rules]
    return {"match": group.match, "rules": rules} | ({"negate": True} if group.negate else {})


def _condition(condition: Condition) -> dict[str, Any]:
    raw = {"field": condition.field, "op": condition.op}
    return raw if condition.value is None else {**raw, "value": condition.value}
