"""What compiled templates do with values: quickly for the plain ones, by python-liquid's own functions for all others.

Whatever would be an error ends in an exception of `STUMBLES`; the caller then fills in the template the slow way, which
says what is wrong.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from liquid import Markup, RenderContext, Undefined, is_undefined
from liquid.builtin.expressions.logical import _contains, _eq, _le, _lt, is_truthy
from liquid.context import builtin
from liquid.exceptions import LiquidError
from liquid.limits import to_int
from liquid.stringify import to_liquid_string

from campaigns.liquid import LONGEST_NAMESPACE, SLIPS

Kept = TypeVar("Kept")
Names = Mapping[str, Any]
MOST_KEPT = 5_000  # values a memo holds before it begins anew
LONGEST_KEPT = 200  # characters of a value that is worth keeping
LONGEST_TEXT = 200_000  # characters of a capture or a subject; beyond, the slow way counts bytes
ABSENT = object()
NUMBERS: frozenset[Any] = frozenset({int, float})  # exactly: a bool is compared in another way
KEPT: frozenset[Any] = frozenset({str, int, Undefined})  # exactly: a memo could not tell `True`, `1.0` and `1` apart
ALWAYS_TRUE: frozenset[Any] = frozenset({str, int, float, list, dict, tuple, Markup})  # even when empty


class NeedsReference(Exception):
    """This reader's mail is one for the reference path."""


STUMBLES = (LiquidError, NeedsReference, *SLIPS)
"""What a compiled template raises where the reference path raises `RenderFailed`, or where it does not dare."""


class Memo(dict[Any, Kept]):
    """Remembers what a function makes of a value, within bounds. Ask for values of `KEPT` only."""

    __slots__ = ("_keeps", "_make")

    def __init__(self, make: Callable[[Any], Kept], keeps: Callable[[Any], object] | None = None) -> None:
        super().__init__()
        self._make = make
        self._keeps = keeps

    def __missing__(self, value: Any) -> Kept:
        made = self._make(value)
        is_short = not isinstance(value, str) or len(value) <= LONGEST_KEPT
        if is_short and (self._keeps is None or self._keeps(value)):
            if len(self) >= MOST_KEPT:
                self.clear()
            self[value] = made
        return made


def stepper(context: RenderContext) -> Callable[[Any, Any, object], Any]:
    """The item of a value that is no plain dictionary, or of a name that means more, such as `size`."""

    def step(value: Any, key: Any, missing: object) -> Any:
        if is_undefined(value):
            return missing
        try:
            return context.get_item(value, key)
        except (KeyError, TypeError, IndexError):
            return missing

    return step


def lookup(assigned: Names, given: Names, counters: Names, name: str, missing: object) -> Any:
    """A name that a template may have set itself, in the order in which python-liquid looks."""
    for names in (assigned, given, builtin, counters):
        found = names.get(name, ABSENT)
        if found is not ABSENT:
            return found
    return missing


def true(value: Any) -> bool:
    if value is None or value is False:
        return False
    return value.__class__ in ALWAYS_TRUE or is_truthy(value)


def equal(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    return bool(_eq(left, right))


def less(left: Any, right: Any) -> bool:
    if left.__class__ in NUMBERS and right.__class__ in NUMBERS:
        return bool(left < right)
    return _lt(None, left, right)  # type: ignore[arg-type]  # the token only places an error that nobody sees


def at_most(left: Any, right: Any) -> bool:
    if left.__class__ in NUMBERS and right.__class__ in NUMBERS:
        return bool(left <= right)
    return _le(left, right)


def contains(left: Any, right: Any) -> bool:
    return _contains(None, left, right)  # type: ignore[arg-type]  # as above


def span(start: Any, stop: Any) -> range:
    """`(start..stop)`; what is no number counts as 0, and a descending range is empty."""
    first, last = _whole(start), _whole(stop)
    return range(first, last + 1) if first <= last else range(0)


def _whole(value: Any) -> int:
    try:
        return to_int(value)
    except (ValueError, TypeError):
        return 0


def members(value: Any) -> Sequence[Any]:
    """What a loop goes through."""
    if value.__class__ is list or isinstance(value, range):
        return value
    if isinstance(value, Mapping):
        return tuple(value.items())
    if isinstance(value, str):
        return (value,) if value else ()
    return value if isinstance(value, Sequence) else ()


def portion(value: Any, limit: Any, offset: Any, backwards: bool) -> Sequence[Any]:
    """What a loop with a limit or an offset goes through."""
    everything = members(value)
    length, start = len(everything), to_int(offset)
    stop = (to_int(limit) + start if limit is not ABSENT else 0) or length
    if stop < 0:
        raise NeedsReference
    chosen = everything[min(max(start, 0), length) : min(stop, length)]
    return chosen[::-1] if backwards else chosen


def keep(assigned: dict[str, Any], name: str, value: Any) -> None:
    """Assign a variable, within the bounds of all of them together."""
    assigned[name] = value
    if sum(sys.getsizeof(kept, 1) for kept in assigned.values()) > LONGEST_NAMESPACE:
        raise NeedsReference


def joined(parts: Sequence[str]) -> str:
    if sum(map(len, parts)) > LONGEST_TEXT:
        raise NeedsReference
    return "".join(parts)


def captured(parts: Sequence[str]) -> Markup:
    return Markup(joined(parts))


def count_up(counters: dict[str, int], name: str) -> str:
    before = counters.get(name, 0)
    counters[name] = before + 1
    return str(before)


def count_down(counters: dict[str, int], name: str) -> str:
    counters[name] = counters.get(name, 0) - 1
    return str(counters[name])


def shown_in_html(value: Any) -> str:
    if value.__class__ is int:
        return str(value)
    if value.__class__ is Markup:
        return with_line_feeds(value)  # nothing of it is escaped
    return with_line_feeds(to_liquid_string(value, autoescape=True))


def shown_in_text(value: Any) -> str:
    return with_line_feeds(to_liquid_string(value, autoescape=False))


def with_line_feeds(text: str) -> str:
    """The text as python-liquid puts it out, each piece by itself: every kind of line end is a line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
