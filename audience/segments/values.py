"""From what people and programs write on the right of a comparison to the value of its type."""

import re
from collections.abc import Callable
from datetime import date
from math import isfinite
from typing import Any

from audience.segments.operators import Takes

LONGEST_TEXT = 200
MOST_CHOICES = 100
MOST_VALUES = 5000
MOST_DAYS = 3650
MOST_TIMES = 10_000
FIRST_YEAR, LAST_YEAR = 1900, 2200  # beyond lie slips of the keyboard, and the end of Python's calendar
BETWEEN_VALUES = re.compile(r"[\n,;\t]")


def read_value(takes: Takes, value: Any) -> Any:
    """The value in the type an operator takes, all but choices. Raises `TypeError` or `ValueError`."""
    return _READERS[takes](value)


def _nothing(_value: Any) -> None:
    return None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT or "\0" in value:
        raise ValueError
    return value.strip()


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    number = float(str(value).replace(",", "."))
    if not isfinite(number):
        raise ValueError
    return number


def _two_numbers(value: Any) -> tuple[float, float]:
    if not isinstance(value, list):
        raise TypeError
    low, high = (_number(part) for part in value)
    if low > high:
        raise ValueError
    return low, high


def _date(value: Any) -> date:
    day = date.fromisoformat(value)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError
    return day


def _whole(value: Any, most: int) -> int:
    number = _number(value)
    if not 1 <= number <= most or not number.is_integer():
        raise ValueError
    return int(number)


def _many(value: Any) -> list[str]:
    """A list, or one pasted text with a value a line or between commas; doubles count once."""
    if isinstance(value, str):
        value = BETWEEN_VALUES.split(value)
    if not isinstance(value, list):
        raise TypeError
    found = list(dict.fromkeys(_text(item) for item in value if item != "" and str(item).strip()))
    if not 1 <= len(found) <= MOST_VALUES:
        raise ValueError
    return found


def _share(value: Any) -> tuple[float, str]:
    """A percentage and the word that draws it."""
    if not isinstance(value, list):
        raise TypeError
    percent, seed = value
    number = _number(percent)
    if not 0 < number < 100:
        raise ValueError
    return number, _text(seed)


_READERS: dict[Takes, Callable[[Any], Any]] = {
    Takes.NOTHING: _nothing,
    Takes.TEXT: _text,
    Takes.NUMBER: _number,
    Takes.TWO_NUMBERS: _two_numbers,
    Takes.DATE: _date,
    Takes.DAYS: lambda value: _whole(value, MOST_DAYS),
    Takes.TIMES: lambda value: _whole(value, MOST_TIMES),
    Takes.MANY: _many,
    Takes.SHARE: _share,
}
