"""The line of a goal's KPI around a sprint."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from insights.charts import WEEKS_AFTER, WEEKS_BEFORE, SprintKpi, sprint_kpi
from sprints.models import Sprint
from strategy.models import Goal
from tests.factories.sprints import SprintFactory
from tests.factories.strategy import GoalFactory, KpiFactory, ReadingFactory
from workspaces.models import Workspace

FIRST, LAST = date(2026, 5, 18), date(2026, 5, 29)
LATER = LAST + timedelta(days=200)


@pytest.fixture
def goal(workspace: Workspace) -> Goal:
    made: Goal = GoalFactory.create(workspace=workspace, kpi__name="Repeat purchase")
    return made


@pytest.fixture
def sprint(workspace: Workspace, goal: Goal) -> Sprint:
    made: Sprint = SprintFactory.create(
        workspace=workspace, goal=goal, number=16, start_date=FIRST, end_date=LAST, running=True
    )
    return made


def read(goal: Goal, *readings: tuple[date, str]) -> None:
    for day, value in readings:
        ReadingFactory.create(kpi=goal.kpi, day=day, value=Decimal(value))


def line(sprint: Sprint, today: date = LATER) -> SprintKpi:
    found = sprint_kpi(sprint, today)
    assert found is not None
    return found


def test_without_a_goal_there_is_no_line(workspace: Workspace) -> None:
    assert sprint_kpi(SprintFactory.create(workspace=workspace, goal=None), LATER) is None


def test_one_reading_is_no_line(sprint: Sprint, goal: Goal) -> None:
    read(goal, (FIRST, "0.3"))

    assert sprint_kpi(sprint, LATER) is None


def test_it_reaches_from_weeks_before_to_weeks_after(sprint: Sprint, goal: Goal) -> None:
    start, end = FIRST - timedelta(weeks=WEEKS_BEFORE), LAST + timedelta(weeks=WEEKS_AFTER)
    one_day = timedelta(days=1)
    read(goal, (start - one_day, "0.1"), (start, "0.2"), (end, "0.3"), (end + one_day, "0.4"))

    target, actual = line(sprint).chart.series

    assert list(actual.values) == [0.2, 0.3]
    assert list(target.values) == [0.34, 0.34]


def test_it_ends_today(sprint: Sprint, goal: Goal) -> None:
    read(goal, *((FIRST + timedelta(days=day), f"0.3{day}") for day in range(4)))

    assert list(line(sprint, FIRST + timedelta(days=1)).chart.series[1].values) == [0.3, 0.31]


def test_what_moved_is_from_the_first_day_to_the_last(sprint: Sprint, goal: Goal) -> None:
    read(
        goal, (FIRST - timedelta(days=3), "0.28"), (LAST - timedelta(days=1), "0.31"), (LAST + timedelta(days=9), "0.5")
    )

    found = line(sprint)

    assert (found.first.value, found.last.value, found.difference) == (
        Decimal("0.28"),
        Decimal("0.31"),
        Decimal("0.03"),
    )
    assert found.is_better


def test_readings_that_begin_late_are_compared_as_far_as_they_go(sprint: Sprint, goal: Goal) -> None:
    after = LAST + timedelta(days=1)
    read(goal, (after, "0.2"), (after + timedelta(days=1), "0.3"))

    found = line(sprint)

    assert (found.first.value, found.last.value) == (Decimal("0.2"), Decimal("0.3"))


def test_where_less_is_better_a_fall_is_good(workspace: Workspace, sprint: Sprint) -> None:
    falling = GoalFactory.create(workspace=workspace, kpi=KpiFactory.create(workspace=workspace, falling=True))
    sprint.goal = falling
    read(falling, (FIRST, "0.3"), (LAST, "0.2"))

    assert line(sprint).is_better


def test_the_start_is_marked_where_the_line_reaches_back_before_it(sprint: Sprint, goal: Goal) -> None:
    read(goal, (FIRST, "0.29"), (LAST, "0.31"))
    assert line(sprint).chart.marks == []

    read(goal, (FIRST - timedelta(days=9), "0.28"))

    (mark,) = line(sprint).chart.marks
    assert (mark.at, mark.text) == (1, "Sprint 16 starts")


def test_a_line_that_ends_before_the_sprint_has_no_mark(sprint: Sprint, goal: Goal) -> None:
    read(goal, (FIRST - timedelta(days=9), "0.28"), (FIRST - timedelta(days=8), "0.29"))

    assert line(sprint).chart.marks == []


def test_it_is_told_in_words_and_units(sprint: Sprint, goal: Goal) -> None:
    read(goal, (FIRST, "0.281"), (LAST, "0.316"))

    chart = line(sprint).chart

    assert chart.label == "Repeat purchase from 28.1% on 18 May 2026 to 31.6% on 29 May 2026; the target is 34%"
    assert (chart.unit, chart.currency, chart.labels) == ("percent", "", ["18 May", "29 May"])


def test_money_is_drawn_in_the_businesss_currency(workspace: Workspace, sprint: Sprint) -> None:
    kpi = KpiFactory.create(workspace=workspace, money=True)
    sprint.goal = GoalFactory.create(workspace=workspace, kpi=kpi, baseline=100, target=9000)
    read(sprint.goal, (FIRST, "100"), (LAST, "4500"))

    chart = line(sprint).chart

    assert (chart.unit, chart.currency) == ("", "EUR")
    assert "from €100" in chart.label


def test_it_takes_one_query(sprint: Sprint, goal: Goal, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    read(goal, *((FIRST + timedelta(days=day), "0.3") for day in range(9)))
    fresh = Sprint.objects.select_related("workspace", "goal__kpi").get(pk=sprint.pk)

    with django_assert_num_queries(1):
        sprint_kpi(fresh, LATER)
