"""The typed plan of a rule: negations pushed down to the leaves, other segments put in, every value checked.

PostgreSQL turns NOT EXISTS into an anti-join only where it stands alone under AND; hence nothing but a leaf is negated.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from audience.segments.definition import Condition, Group, SegmentBroken, inside
from audience.segments.fields import Field, Test, checked_ask
from audience.segments.operators import OPPOSITES

MOST_LEAVES = 300


@dataclass(frozen=True, slots=True)
class Leaf:
    """One condition; `is_negative` asks for those it does not mean."""

    test: Test
    is_negative: bool


@dataclass(frozen=True, slots=True)
class Join:
    """Parts joined by AND (`is_all`) or OR. An AND without parts means everybody, an OR without parts nobody."""

    is_all: bool
    parts: "tuple[Leaf | Join, ...]"

    def leaves(self) -> Iterator[Leaf]:
        for part in self.parts:
            if isinstance(part, Join):
                yield from part.leaves()
            else:
                yield part


EVERYBODY, NOBODY = Join(True, ()), Join(False, ())


@dataclass(frozen=True, slots=True)
class _Asked:
    """What stays the same all through one plan; `within` are the segments whose rules are being put in."""

    fields: Mapping[str, Field]
    now: datetime
    within: tuple[int, ...] = ()


def planned(group: Group, fields: Mapping[str, Field], now: datetime, *, of: int | None = None) -> Join:
    """The plan of a rule. A rule that asks nothing means everybody, turned round or not.

    `of` is the key of the segment whose new rule it is. Raises `SegmentBroken` for a condition that no longer works, a
    segment that asks for itself, or a rule that grows too large by the segments it names.
    """
    part = _group(group, _Asked(fields, now, () if of is None else (of,)), negative=False, place="")
    plan = EVERYBODY if part is None else part if isinstance(part, Join) else Join(True, (part,))
    if sum(1 for _leaf in plan.leaves()) > MOST_LEAVES:
        raise SegmentBroken(_("With the segments it names, this one asks too much. Name fewer of them."))
    return plan


def _group(group: Group, asked: _Asked, *, negative: bool, place: str) -> "Leaf | Join | None":
    negative = negative != group.leaves_out
    parts = [
        part
        for number, rule in enumerate(group.rules)
        if (part := _rule(rule, asked, negative=negative, place=inside(place, f"rules[{number}]"))) is not None
    ]
    return _joined(parts, is_all=(group.match == "all") != negative) if parts else None


def _joined(parts: "list[Leaf | Join]", *, is_all: bool) -> "Leaf | Join":
    """Joins of the same kind inside each other become one."""
    flat: list[Leaf | Join] = []
    for part in parts:
        flat += part.parts if isinstance(part, Join) and part.is_all == is_all and part.parts else [part]
    return flat[0] if len(flat) == 1 else Join(is_all, tuple(flat))


def _rule(rule: Condition | Group, asked: _Asked, *, negative: bool, place: str) -> "Leaf | Join | None":
    if isinstance(rule, Group):
        return _group(rule, asked, negative=negative, place=place)
    try:
        return _condition(rule, asked, negative=negative, place=place)
    except SegmentBroken as broken:
        if broken.place.startswith(place) and place:
            raise
        raise SegmentBroken(broken.message, place=inside(place, broken.place) if broken.place else place) from broken


def _condition(condition: Condition, asked: _Asked, *, negative: bool, place: str) -> "Leaf | Join":
    found = field_asked(condition, asked.fields)
    ask = checked_ask(found, condition, asked.now)
    if ask.op in OPPOSITES:
        negative = not negative
        ask = type(ask)(OPPOSITES[ask.op], ask.value, ask.now, ask.days, ask.where)
    if found.expand is not None:
        parts = [_put_in(found, int(key), asked, negative=negative) for key in ask.value]
        return _joined(parts, is_all=negative)
    return Leaf(found.build(ask), negative)


def _put_in(found: Field, key: int, asked: _Asked, *, negative: bool) -> "Leaf | Join":
    if found.expand is None or key in asked.within:
        raise SegmentBroken(_("A segment cannot ask who is in itself, not even by way of another."), place="value")
    if len(asked.within) >= 10:
        raise SegmentBroken(_("Segments name each other too deep."), place="value")
    within = _Asked(asked.fields, asked.now, (*asked.within, key))
    try:
        part = _group(found.expand(key), within, negative=negative, place="")
    except SegmentBroken as broken:
        raise SegmentBroken(broken.message, place="value") from broken
    if part is None:
        return NOBODY if negative else EVERYBODY
    return part


def field_asked(condition: Condition, fields: Mapping[str, Field]) -> Field:
    """The field a condition names. Raises `SegmentBroken` if it was removed since."""
    asked = fields.get(condition.field)
    if asked is None:
        raise SegmentBroken(
            _("This segment asks about “%(field)s”, which no longer exists. Remove the condition or choose another.")
            % {"field": condition.field.partition(".")[2] or condition.field},
            place="field",
        )
    return asked
