"""Readings that span goals and KPIs."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from strategy.models import Goal, Kpi, KpiReading
from strategy.progress import Progress, progress_of
from workspaces.models import Workspace


@dataclass(slots=True)
class GoalLine:
    """A goal with where it stands, its KPI's readings (oldest first) and the goals that serve it."""

    goal: Goal
    progress: Progress
    readings: list[KpiReading]
    children: "list[GoalLine]" = field(default_factory=list)

    @property
    def trend(self) -> list[float]:
        return [float(reading.value) for reading in self.readings]


def readings_of(kpis: Iterable[Kpi], *, since: date | None = None) -> dict[int, list[KpiReading]]:
    """The readings of several KPIs by KPI, oldest first, in one query."""
    found = KpiReading.objects.filter(kpi__in=list(kpis)).order_by("kpi_id", "day")
    by_kpi: dict[int, list[KpiReading]] = defaultdict(list)
    for reading in found.filter(day__gte=since) if since else found:
        by_kpi[reading.kpi_id].append(reading)
    return by_kpi


def goal_lines(goals: Iterable[Goal], today: date) -> list[GoalLine]:
    """Each goal with where it stands, in the order given. Two queries whatever the number."""
    chosen = list(goals)
    readings = readings_of({goal.kpi for goal in chosen})
    return [
        GoalLine(goal, progress_of(goal, found, today), found) for goal in chosen for found in [readings[goal.kpi_id]]
    ]


def goal_tree(workspace: Workspace, today: date, *, closed: bool = False) -> list[GoalLine]:
    """The goals nobody else's goal stands above, each with those that serve it. Two queries."""
    goals = Goal.objects.for_workspace(workspace).with_kpi().filter(closed_at__isnull=not closed)
    lines = {line.goal.pk: line for line in goal_lines(goals.order_by("due_date", "pk"), today)}
    roots: list[GoalLine] = []
    for line in lines.values():
        parent = lines.get(line.goal.parent_id or 0)
        (parent.children if parent else roots).append(line)
    return roots
