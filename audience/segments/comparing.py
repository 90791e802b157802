"""Comparisons of columns, whatever table they stand in: conditions that are true or false, never unknown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, FloatField, Func, Q, TextField, Value
from django.db.models.functions import Cast, Upper
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    IContains,
    IEndsWith,
    IExact,
    In,
    IStartsWith,
    LessThan,
    LessThanOrEqual,
)

from audience.segments.fields import Ask

TEXT_LOOKUPS = {"is": IExact, "contains": IContains, "starts_with": IStartsWith, "ends_with": IEndsWith}
LEAP_DAY, DAY_BEFORE_IT, YEAR = "02-29", "02-28", 366
Compare = Callable[[Ask], Q]


def text_column(column: str) -> Compare:
    """An empty text counts as not known."""

    def compare(ask: Ask) -> Q:
        if ask.op == "is_set":
            return ~Q(**{column: ""})
        return text_condition(F(column), ask.op, ask.value)

    return compare


def text_condition(text: Any, op: str, value: Any) -> Q:
    """A text compared without regard to upper and lower case."""
    if op == "one_of":
        # Upper-cased by the database like the column: Python's rules differ, for ß and others.
        return Q(In(Upper(text), [Upper(Value(item)) for item in value]))
    return Q(TEXT_LOOKUPS[op](text, value))


def choice_column(column: str, blank: str = "") -> Compare:
    """`blank` is the choice that stands for an empty column."""
    return lambda ask: Q(**{f"{column}__in": ["" if blank and item == blank else item for item in ask.value]})


NUMBER_LOOKUPS = {"equals": Exact, "more_than": GreaterThan, "less_than": LessThan}


def number_condition(column: str, ask: Ask) -> Q:
    """A number column that always holds one."""
    if ask.op == "between":
        return at_least(column, ask.value[0]) & Q(LessThanOrEqual(F(column), _float(ask.value[1])))
    return Q(NUMBER_LOOKUPS[ask.op](F(column), _float(ask.value)))


def at_least(column: str, value: float) -> Q:
    return Q(GreaterThanOrEqual(F(column), _float(value)))


def _float(value: float) -> Value:
    # As the column's own type, 2.5 would be cut to the whole number 2, and 1e300 be no decimal at all.
    return Value(value, output_field=FloatField())


def number_fits(number: float, ask: Ask) -> bool:
    """The same asked of a number at hand."""
    if ask.op == "between":
        return bool(ask.value[0] <= number <= ask.value[1])
    return bool(
        {"equals": number == ask.value, "more_than": number > ask.value, "less_than": number < ask.value}[ask.op]
    )


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of days, from the first to before the end; None is without limit."""

    first: date | None
    end: date | None


def day_span(ask: Ask, zone: ZoneInfo) -> Span:
    """The days that a comparison of dates means, as the workspace's calendar has them now."""
    today, day = ask.now.astimezone(zone).date(), timedelta(days=1)
    if ask.op == "before":
        return Span(None, ask.value)
    if ask.op == "after":
        return Span(ask.value + day, None)
    if ask.op == "on":
        return Span(ask.value, ask.value + day)
    days = timedelta(days=ask.value)
    if ask.op == "in_last_days":
        return Span(today - days + day, today + day)
    return Span(today, today + days) if ask.op == "in_next_days" else Span(None, today - days)


def moment_column(column: str, zone: ZoneInfo) -> Compare:
    """A moment: dates are days of the workspace's zone, "in the last days" counts back from this minute."""

    def compare(ask: Ask) -> Q:
        if ask.op == "is_set":
            return Q(**{f"{column}__isnull": False})
        if ask.op.startswith("anniversary"):
            local = Func(Value(str(zone)), F(column), function="timezone")
            return Q(**{f"{column}__isnull": False}) & _anniversary(local, ask, zone)
        if ask.op in {"before", "after", "on"}:
            span = day_span(ask, zone)
            return _between(column, _midnight(span.first, zone), _midnight(span.end, zone))
        days = timedelta(days=ask.value)
        if ask.op == "in_next_days":
            return Q(**{f"{column}__gt": ask.now, f"{column}__lte": ask.now + days})
        return Q(**{f"{column}__{'gt' if ask.op == 'in_last_days' else 'lt'}": ask.now - days})

    return compare


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=zone) if day else None


def _between(column: str, first: Any, end: Any) -> Q:
    condition = Q() if first is None else Q(**{f"{column}__gte": first})
    return condition if end is None else condition & Q(**{f"{column}__lt": end})


def day_column(column: str, zone: ZoneInfo) -> Compare:
    """A date without a time."""

    def compare(ask: Ask) -> Q:
        if ask.op == "is_set":
            return Q(**{f"{column}__isnull": False})
        if ask.op.startswith("anniversary"):
            return Q(**{f"{column}__isnull": False}) & _anniversary(F(column), ask, zone)
        span = day_span(ask, zone)
        return _between(column, span.first, span.end)

    return compare


def _anniversary(moment: Any, ask: Ask, zone: ZoneInfo) -> Q:
    written = Func(Cast(moment, TextField()), Value(6), Value(5), function="substr", output_field=TextField())
    return Q(In(written, anniversaries(ask, zone)))


def anniversaries(ask: Ask, zone: ZoneInfo) -> list[str]:
    """The days, as MM-DD, of which the anniversary is asked; who was born on a leap day celebrates a day earlier."""
    today = ask.now.astimezone(zone).date()
    count = 1 if ask.op == "anniversary_today" else min(ask.value, YEAR)
    days = {f"{today + timedelta(days=n):%m-%d}" for n in range(count)}
    years = {(today + timedelta(days=n)).year for n in range(count)}
    if DAY_BEFORE_IT in days and any(not _is_leap(year) for year in years):
        days.add(LEAP_DAY)
    return sorted(days)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
