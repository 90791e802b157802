"""Folding the scope log: what was in a sprint, and what of it was done, at the end of each of its days.

A day's figures follow from the entries up to that day alone, so nothing that happens later changes them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from sprints.models import ScopeChange, ScopeEntry, Sprint
from sprints.pace import days_from

DONE_CHANGES = {ScopeChange.DONE, ScopeChange.REOPENED}


class Line(Protocol):
    """What folding needs of an entry of the scope log."""

    @property
    def change(self) -> str: ...

    @property
    def points(self) -> int: ...

    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Points at the end of a day. `added` is what the scope has grown since the start, less what left it."""

    day: date
    committed: int
    added: int
    done: int

    @property
    def scope(self) -> int:
        return self.committed + self.added

    @property
    def left(self) -> int:
        return self.scope - self.done


def folded(entries: Iterable[Line], days: Sequence[date], zone: ZoneInfo) -> list[DayFigures]:
    """The figures of each of the days, which follow each other. Entries come in any order.

    What was committed counts from the first day on, also in a sprint that was started late.
    """
    by_day: dict[date, list[Line]] = defaultdict(list)
    for entry in entries:
        is_start = entry.change == ScopeChange.COMMITTED
        by_day[days[0] if is_start and days else entry.at.astimezone(zone).date()].append(entry)
    committed = added = done = 0
    figures = []
    for day in days:
        for entry in by_day[day]:
            if entry.change == ScopeChange.COMMITTED:
                committed += entry.points
            elif entry.change in DONE_CHANGES:
                done += entry.points
            else:
                added += entry.points
        figures.append(DayFigures(day, committed, added, done))
    return figures


def day_of(sprint: Sprint, moment: datetime) -> date:
    """The day a moment falls on, by the workspace's clock."""
    return moment.astimezone(sprint.workspace.zone).date()


def days_of(sprint: Sprint, today: date) -> tuple[list[date], list[date]]:
    """All days of a sprint that has started, and those of them that have come.

    The first list begins early for a sprint that was started early, and goes on for one that lasts longer than planned.
    """
    if sprint.started_at is None:
        return [], []
    last = min(today, day_of(sprint, sprint.closed_at)) if sprint.closed_at else today
    days = days_from(min(sprint.start_date, day_of(sprint, sprint.started_at)), max(sprint.end_date, last))
    return days, [day for day in days if day <= last]


def figures_of(sprint: Sprint, days: Sequence[date]) -> list[DayFigures]:
    """The folded scope log of a sprint. One query."""
    entries = ScopeEntry.objects.filter(sprint=sprint).order_by("at", "pk")
    return folded(entries.values_list("change", "points", "at", named=True), days, sprint.workspace.zone)
