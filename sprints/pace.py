"""How a sprint's days pass: an even pace counts the days on which people work."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from sprints.models import Sprint

SATURDAY = 5  # date.weekday() of the first day on which nobody works
NO_HOLIDAYS: frozenset[date] = frozenset()


def days_from(first: date, last: date) -> list[date]:
    """Every day from the first to the last, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def works(day: date, holidays: Collection[date]) -> bool:
    """Whether a day is from Monday to Friday and no holiday."""
    return day.weekday() < SATURDAY and day not in holidays


def working_days(first: date, last: date, holidays: Collection[date] = NO_HOLIDAYS) -> int:
    """How many of the days from the first to the last, both included, are from Monday to Friday and no holidays."""
    return sum(works(day, holidays) for day in days_from(first, last))


def even_pace(points: float, days: Sequence[date], holidays: Collection[date] = NO_HOLIDAYS) -> list[float]:
    """What is left at the end of each day when work is done evenly: all on the first day, nothing on the last.

    The line stands still at weekends and on holidays; days without any working day count alike.
    """
    started = working_days(days[0], days[0], holidays)
    passed = [working_days(days[0], day, holidays) - started for day in days]
    if passed[-1] == 0:
        passed = list(range(len(days)))
    whole = max(passed[-1], 1)
    return [points * (1 - gone / whole) for gone in passed]


def even_done(sprint: Sprint, today: date, holidays: Collection[date] = NO_HOLIDAYS) -> float:
    """How many of the committed points an even pace would have finished by the end of today."""
    committed = float(sprint.committed_points or 0)
    days = days_from(sprint.start_date, sprint.end_date)
    if today < days[0]:
        return 0.0
    return committed - even_pace(committed, days, holidays)[min((today - days[0]).days, len(days) - 1)]
