"""The lines of a KPI, and of a goal on its way."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from strategy.figures import figure
from strategy.models import Kpi, KpiReading, Unit
from strategy.progress import even_value
from strategy.queries import GoalLine
from workspaces.charts import Chart, Series

MOST_DAYS_AHEAD = 366
LONG = timedelta(days=300)
"""From here on a day needs its year."""


def kpi_chart(kpi: Kpi, readings: Sequence[KpiReading]) -> Chart | None:
    """The readings given, oldest first, one point each; None for fewer than two."""
    if len(readings) < 2:
        return None
    return Chart(
        label=_said(kpi, readings),
        labels=_labels([reading.day for reading in readings]),
        series=[Series(kpi.name, "accent", [float(reading.value) for reading in readings], has_area=True)],
        starts_at_zero=False,
        **_unit_of(kpi),
    )


def goal_chart(line: GoalLine) -> Chart | None:
    """A goal's readings against an even pace and the target, up to its last day; None without a reading.

    The days to come are as far apart as the readings were.
    """
    goal = line.goal
    readings = [r for r in line.readings if goal.start_date <= r.day <= (line.progress.day or goal.start_date)]
    if not readings:
        return None
    days = [reading.day for reading in readings]
    days += _days_ahead(days, goal.due_date)
    actual = [float(reading.value) for reading in readings]
    even = [float(even_value(goal, day)) for day in days]
    target = [float(goal.target)] * len(days)
    return Chart(
        label=_("%(readings)s; the target is %(target)s by %(due)s")
        % {
            "readings": _said(goal.kpi, readings),
            "target": figure(goal.target, goal.kpi.unit, goal.kpi.workspace.currency),
            "due": date_format(goal.due_date),
        },
        labels=_labels(days),
        series=[
            Series(_("Even pace"), "soft", even, is_straight=True, has_dot=False),
            Series(_("Target"), "grey", target, is_straight=True, is_dashed=True, has_dot=False),
            Series(_("Actual"), "accent", actual, has_area=True),
        ],
        starts_at_zero=False,
        **_unit_of(goal.kpi),
    )


def _days_ahead(days: Sequence[date], due: date) -> list[date]:
    """The days after the last of these until a goal's last, as far apart as these."""
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    left = (due - days[-1]).days
    step = max(1, round(median(gaps)) if gaps else left // 12)
    ahead = [days[-1] + timedelta(days=step * n) for n in range(1, min(left // step, MOST_DAYS_AHEAD) + 1)]
    return [*ahead, due] if left > 0 and due not in ahead else ahead


def _said(kpi: Kpi, readings: Sequence[KpiReading]) -> str:
    first, last = readings[0], readings[-1]
    currency = kpi.workspace.currency
    return _("%(kpi)s: %(first)s on %(since)s, %(last)s on %(day)s") % {
        "kpi": kpi.name,
        "first": figure(first.value, kpi.unit, currency),
        "since": date_format(first.day),
        "last": figure(last.value, kpi.unit, currency),
        "day": date_format(last.day),
    }


def _labels(days: Sequence[date]) -> list[str]:
    form = "DATE_FORMAT" if days[-1] - days[0] > LONG else "MONTH_DAY_FORMAT"
    return [date_format(day, form) for day in days]


def _unit_of(kpi: Kpi) -> dict[str, Any]:
    if kpi.unit == Unit.RATE:
        return {"unit": "percent"}
    return {"currency": kpi.workspace.currency} if kpi.unit == Unit.MONEY else {}
