"""The lines of KPIs and goals."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from strategy.charts import goal_chart, kpi_chart
from strategy.models import Goal, Kpi, KpiReading, Unit
from strategy.queries import goal_lines
from tests.factories.strategy import GoalFactory
from tests.strategy.conftest import read
from workspaces.models import Workspace

START = date(2026, 4, 1)


@pytest.fixture
def goal(workspace: Workspace) -> Goal:
    """From 28 % to 34 % in 28 days."""
    made: Goal = GoalFactory.create(
        workspace=workspace, kpi__name="Repeat purchase", start_date=START, due_date=START + timedelta(days=28)
    )
    return made


def _readings(unit: Unit, *values: str) -> tuple[Kpi, list[KpiReading]]:
    kpi = Kpi(name="A figure", unit=unit, workspace=Workspace(currency="EUR"))
    return kpi, [KpiReading(day=START + timedelta(days=n), value=Decimal(value)) for n, value in enumerate(values)]


@pytest.mark.parametrize("values", [[], ["0.3"]])
def test_a_line_needs_two_points(values: list[str]) -> None:
    assert kpi_chart(*_readings(Unit.RATE, *values)) is None


@pytest.mark.parametrize(
    ("unit", "values", "ticks", "shown"),
    [
        (Unit.RATE, ["0.281", "0.316"], ["28%", "29%", "30%", "31%", "32%"], "31.6%"),
        (Unit.RATE, ["0.0003", "0.0010"], ["0.02%", "0.04%", "0.06%", "0.08%", "0.1%"], "0.1%"),
        (Unit.RATE, ["0.0000", "0.0010"], ["0%", "0.025%", "0.05%", "0.075%", "0.1%"], "0.1%"),
        (Unit.RATE, ["0.03", "0.03"], ["3%", "4%"], "3%"),
        (Unit.MONEY, ["31000", "39000"], ["€30,000", "€32,000", "€34,000", "€36,000", "€38,000", "€40,000"], "€39,000"),
        (Unit.COUNT, ["600", "1900"], ["500", "1,000", "1,500", "2,000"], "1,900"),
    ],
)
def test_the_axis_speaks_the_unit_of_the_kpi(unit: Unit, values: list[str], ticks: list[str], shown: str) -> None:
    chart = kpi_chart(*_readings(unit, *values))

    assert chart is not None
    assert chart.tick_labels == ticks
    assert chart.rows[-1][1] == [shown]


def test_a_kpis_line_is_told_in_words() -> None:
    chart = kpi_chart(*_readings(Unit.RATE, "0.28", "0.316"))

    assert chart is not None
    assert chart.label.startswith("A figure: 28% on 1 April 2026, 31.6% on 2 April")
    assert chart.labels == ["1 April", "2 April"]


def test_a_long_line_names_the_year() -> None:
    kpi, readings = _readings(Unit.COUNT, "1", "2")
    readings[1].day = START + timedelta(days=400)

    chart = kpi_chart(kpi, readings)

    assert chart is not None
    assert chart.labels == ["1 April 2026", "6 May 2027"]


def test_a_goals_line_ends_today_and_its_axis_on_the_last_day(goal: Goal) -> None:
    for day, value in ((-7, "0.2"), (0, "0.28"), (7, "0.29"), (14, "0.31")):
        read(goal.kpi, START + timedelta(days=day), value)

    chart = goal_chart(goal_lines([goal], START + timedelta(days=16), whole=True)[0])

    assert chart is not None
    even, target, actual = chart.series
    assert chart.labels == ["1 April", "8 April", "15 April", "22 April", "29 April"]
    assert list(actual.values) == pytest.approx([0.28, 0.29, 0.31])
    assert list(even.values) == pytest.approx([0.28, 0.295, 0.31, 0.325, 0.34])
    assert list(target.values) == pytest.approx([0.34] * 5)
    assert target.is_dashed
    assert chart.label.endswith("; the target is 34% by 29 April 2026")


def test_a_goal_without_a_reading_has_no_line(goal: Goal) -> None:
    assert goal_chart(goal_lines([goal], START, whole=True)[0]) is None


def test_one_reading_is_a_point_with_the_way_ahead(goal: Goal) -> None:
    read(goal.kpi, START, "0.28")

    chart = goal_chart(goal_lines([goal], START, whole=True)[0])

    assert chart is not None
    assert len(chart.series[2].values) == 1
    assert (chart.labels[0], chart.labels[-1]) == ("1 April", "29 April")


def test_a_goal_far_away_does_not_draw_every_day_until_then(goal: Goal) -> None:
    goal.due_date = date(2199, 1, 1)
    for day in range(3):
        read(goal.kpi, START + timedelta(days=day), "0.3")

    chart = goal_chart(goal_lines([goal], START + timedelta(days=3), whole=True)[0])

    assert chart is not None
    assert len(chart.labels) < 400
    assert chart.labels[-1] == "1 January 2199"


def test_a_goal_that_is_over_ends_with_its_last_reading(goal: Goal) -> None:
    for day in (0, 27, 28, 29):
        read(goal.kpi, START + timedelta(days=day), "0.3")

    chart = goal_chart(goal_lines([goal], START + timedelta(days=60), whole=True)[0])

    assert chart is not None
    assert chart.labels == ["1 April", "28 April", "29 April"]
