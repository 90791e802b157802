"""Readings that span goals and KPIs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db.models import Q

from strategy.models import Direction, Goal, Kpi, KpiReading
from strategy.progress import GoalState, Progress, last_day, progress_of
from workspaces.models import Workspace

TREND = timedelta(weeks=8)
"""What a small line beside a figure shows."""

COMPARED = timedelta(weeks=4)
"""How far back a figure is compared with itself."""


def _recent(readings: list[KpiReading]) -> list[float]:
    """The last value of each of the eight weeks up to the last reading, oldest first."""
    weekly = {(readings[-1].day - reading.day).days // 7: float(reading.value) for reading in readings}
    return [weekly[week] for week in sorted(weekly, reverse=True) if week < TREND.days // 7]


@dataclass(slots=True)
class GoalLine:
    """A goal with where it stands, its KPI's readings (oldest first) and the goals that serve it."""

    goal: Goal
    progress: Progress
    readings: list[KpiReading]
    children: "list[GoalLine]" = field(default_factory=list)

    @property
    def trend(self) -> list[float]:
        return _recent(self.readings)

    @property
    def reading(self) -> KpiReading | None:
        """The reading the goal is judged by."""
        return next((r for r in reversed(self.readings) if r.day == self.progress.day), None)

    @property
    def below(self) -> "Iterator[tuple[int, GoalLine]]":
        """Every goal that serves this one, each before those that serve it, with its depth: 1 serves it directly."""
        for child in self.children:
            yield 1, child
            yield from ((depth + 1, line) for depth, line in child.below)


@dataclass(frozen=True, slots=True)
class Move:
    """How far a KPI moved since four weeks before its last reading."""

    before: Decimal
    difference: Decimal
    is_better: bool


@dataclass(frozen=True, slots=True)
class KpiLine:
    """A KPI with its last reading and those of the eight weeks before it, oldest first."""

    kpi: Kpi
    readings: list[KpiReading]

    @property
    def last(self) -> KpiReading | None:
        return self.readings[-1] if self.readings else None

    @property
    def trend(self) -> list[float]:
        return _recent(self.readings)

    @property
    def move(self) -> Move | None:
        """None while there is nothing to compare with, or nothing moved."""
        earlier = [r for r in self.readings if r.day <= self.readings[-1].day - COMPARED]
        if not earlier or earlier[-1].value == self.readings[-1].value:
            return None
        difference = self.readings[-1].value - earlier[-1].value
        return Move(earlier[-1].value, difference, (difference > 0) == (self.kpi.direction == Direction.UP))


def goal_lines(goals: Iterable[Goal], today: date, *, whole: bool = False) -> list[GoalLine]:
    """Each goal with where it stands, in the order given. At most three queries whatever the number.

    Goals come `with_kpi()`. Each brings the readings of its last eight weeks; `whole`: all since its start.
    """
    chosen = list(goals)
    found = _readings(_weeks_of(goal, today, whole=whole) for goal in chosen)
    silent = [
        goal for goal in chosen if goal.start_date <= today and not _is_judged_by(found[goal.kpi_id], goal, today)
    ]
    # A KPI that was silent for eight weeks still has its last word.
    older = _readings(Q(kpi=goal.kpi_id, day__gte=goal.start_date, day__lte=last_day(goal, today)) for goal in silent)
    lines = []
    for goal in chosen:
        readings = (older[goal.kpi_id] if goal in silent else []) or found[goal.kpi_id]
        lines.append(GoalLine(goal, progress_of(goal, readings, today), readings))
    return lines


def _readings(wanted: Iterable[Q]) -> dict[int, list[KpiReading]]:
    """The readings that fit any of the conditions by KPI, oldest first. One query; none without a condition."""
    conditions, by_kpi = list(wanted), defaultdict[int, list[KpiReading]](list)
    if conditions:
        for reading in KpiReading.objects.filter(reduce(or_, conditions)).order_by("kpi_id", "day"):
            by_kpi[reading.kpi_id].append(reading)
    return by_kpi


def _weeks_of(goal: Goal, today: date, *, whole: bool) -> Q:
    """The eight weeks before a goal's last day; while it is open, also what came after, for the trend."""
    since = last_day(goal, today) - TREND + timedelta(days=1)
    since = min(since, goal.start_date) if whole else since
    return Q(kpi=goal.kpi_id, day__gte=since, day__lte=last_day(goal, today) if goal.closed_at else today)


def _is_judged_by(readings: list[KpiReading], goal: Goal, today: date) -> bool:
    """Whether the goal's last reading is surely among these, which are complete for its last eight weeks."""
    until = last_day(goal, today)
    return any(max(goal.start_date, until - TREND + timedelta(days=1)) <= r.day <= until for r in readings)


def goal_tree(workspace: Workspace, today: date, *, closed: bool = False) -> list[GoalLine]:
    """The goals nobody else's goal stands above, each with those that serve it. At most three queries."""
    goals = Goal.objects.for_workspace(workspace).with_kpi().filter(closed_at__isnull=not closed)
    lines = {line.goal.pk: line for line in goal_lines(goals.order_by("due_date", "pk"), today)}
    roots: list[GoalLine] = []
    for line in lines.values():
        parent = lines.get(line.goal.parent_id or 0)
        (parent.children if parent else roots).append(line)
    return roots


def flat(tree: Iterable[GoalLine]) -> list[GoalLine]:
    """All lines of a tree, each before those that serve it."""
    return [line for root in tree for line in (root, *(below for _depth, below in root.below))]


def states(lines: Iterable[GoalLine]) -> list[tuple[GoalState, int]]:
    """How many goals are in each state that occurs, in the order of the states."""
    counted = Counter(line.progress.state for line in lines)
    return [(state, counted[state]) for state in GoalState if counted[state]]


def goals_above(goal: Goal) -> list[Goal]:
    """The goals a goal serves, the highest first. One query for each."""
    above: list[Goal] = []
    step = goal.parent
    while step is not None and step not in above:
        above.append(step)
        step = step.parent
    return above[::-1]


def kpi_lines(kpis: Iterable[Kpi]) -> list[KpiLine]:
    """Each KPI with the eight weeks up to its last reading, in the order given. Three queries whatever the number."""
    chosen = list(kpis)
    last = KpiReading.objects.filter(kpi__in=chosen).order_by("kpi_id", "-day").distinct("kpi_id")
    readings = _readings(Q(kpi=reading.kpi_id, day__gt=reading.day - TREND) for reading in last)
    return [KpiLine(kpi, readings[kpi.pk]) for kpi in chosen]
