"""How a sprint's days pass: an even pace counts the days on which people work."""

from collections.abc import Sequence
from datetime import date, timedelta

from sprints.models import Sprint

SATURDAY = 5  # date.weekday() of the first day on which nobody works


def days_from(first: date, last: date) -> list[date]:
    """Every day from the first to the last, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def working_days(first: date, last: date) -> int:
    """How many of the days from the first to the last, both included, are from Monday to Friday."""
    return sum(day.weekday() < SATURDAY for day in days_from(first, last))


def even_pace(points: float, days: Sequence[date]) -> list[float]:
    """What is left at the end of each day when work is done evenly: all on the first day, nothing on the last.

    The line stands still at weekends; days without any working day count alike.
    """
    passed = [working_days(days[0], day) - working_days(days[0], days[0]) for day in days]
    if passed[-1] == 0:
        passed = list(range(len(days)))
    whole = max(passed[-1], 1)
    return [points * (1 - gone / whole) for gone in passed]


def even_done(sprint: Sprint, today: date) -> float:
    """How many of the committed points an even pace would have finished by the end of today."""
    committed = float(sprint.committed_points or 0)
    days = days_from(sprint.start_date, sprint.end_date)
    if today < days[0]:
        return 0.0
    return committed - even_pace(committed, days)[min((today - days[0]).days, len(days) - 1)]
