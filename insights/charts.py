"""The line of a goal's KPI around a sprint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sprints.models import Sprint
from strategy.figures import figure
from strategy.models import Direction, Goal, Kpi, KpiReading, Unit
from workspaces.charts import Chart, Mark, Series
from workspaces.charts import Unit as ChartUnit

WEEKS_BEFORE = 6
WEEKS_AFTER = 4  # what a sprint sent goes on working for a while


@dataclass(frozen=True, slots=True)
class SprintKpi:
    """A goal's KPI before, in and after a sprint, and how far it moved in between."""

    goal: Goal
    chart: Chart
    first: KpiReading
    last: KpiReading

    @property
    def kpi(self) -> Kpi:
        return self.goal.kpi

    @property
    def difference(self) -> Decimal:
        return self.last.value - self.first.value

    @property
    def is_better(self) -> bool:
        return (self.difference > 0) == (self.kpi.direction == Direction.UP)


def sprint_kpi(sprint: Sprint, today: date) -> SprintKpi | None:
    """The readings of the KPI of the sprint's goal around the sprint; None without a goal or with too few readings.

    One query. The sprint needs its goal with KPI and workspace at hand.
    """
    goal = sprint.goal
    if goal is None:
        return None
    first_day = sprint.start_date - timedelta(weeks=WEEKS_BEFORE)
    last_day = min(today, sprint.end_date + timedelta(weeks=WEEKS_AFTER))
    readings = list(goal.kpi.readings.filter(day__gte=first_day, day__lte=last_day).order_by("day"))
    if len(readings) < 2:
        return None
    start = _last_until(readings, sprint.start_date) or readings[0]
    end = _last_until(readings, sprint.end_date) or readings[-1]
    return SprintKpi(goal, _chart(sprint, goal, readings), start, end)


def _last_until(readings: Sequence[KpiReading], day: date) -> KpiReading | None:
    return next((reading for reading in reversed(readings) if reading.day <= day), None)


def _chart(sprint: Sprint, goal: Goal, readings: Sequence[KpiReading]) -> Chart:
    kpi, currency = goal.kpi, sprint.workspace.currency
    first, last = readings[0], readings[-1]
    unit: ChartUnit = "percent" if kpi.unit == Unit.RATE else ""
    return Chart(
        label=_("%(kpi)s from %(first)s on %(since)s to %(last)s on %(until)s; the target is %(target)s")
        % {
            "kpi": kpi.name,
            "first": figure(first.value, kpi.unit, currency),
            "since": date_format(first.day),
            "last": figure(last.value, kpi.unit, currency),
            "until": date_format(last.day),
            "target": figure(goal.target, kpi.unit, currency),
        },
        labels=[date_format(reading.day, "MONTH_DAY_FORMAT") for reading in readings],
        series=[
            Series(_("Target"), "grey", [float(goal.target)] * len(readings), is_dashed=True, has_dot=False),
            Series(_("Actual"), "accent", [float(reading.value) for reading in readings], has_area=True),
        ],
        unit=unit,
        currency=currency if kpi.unit == Unit.MONEY else "",
        starts_at_zero=False,
        marks=_marks(sprint, readings),
    )


def _marks(sprint: Sprint, readings: Sequence[KpiReading]) -> list[Mark]:
    """Where the sprint starts, if the line reaches back before it."""
    after = next((n for n, reading in enumerate(readings) if reading.day >= sprint.start_date), None)
    if not after:
        return []
    return [Mark(after, _("Sprint %(number)d starts") % {"number": sprint.number})]
