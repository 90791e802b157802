"""Reads that span goals and KPIs, each within its number of queries."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from strategy.models import Goal, Kpi
from strategy.progress import GoalState
from strategy.queries import (
    GoalLine,
    flat,
    goal_lines,
    goal_tree,
    goals_above,
    kpi_lines,
    states,
)
from tests.factories.strategy import GoalFactory, KpiFactory
from tests.factories.workspaces import WorkspaceFactory
from tests.strategy.conftest import read
from workspaces.models import Workspace

TODAY = date(2026, 5, 18)


def _goal(workspace: Workspace, name: str, **fields: Any) -> Goal:
    made: Goal = GoalFactory.create(
        workspace=workspace, name=name, start_date=TODAY - timedelta(days=30), **{"due_date": TODAY, **fields}
    )
    return made


def _names(lines: list[GoalLine]) -> list[str]:
    return [line.goal.name for line in lines]


def test_a_tree_has_parents_before_those_that_serve_them(workspace: Workspace) -> None:
    late = _goal(workspace, "Late", due_date=TODAY + timedelta(days=60))
    soon = _goal(workspace, "Soon", due_date=TODAY + timedelta(days=20))
    under_late = _goal(workspace, "Under late", parent=late)
    _goal(workspace, "Deep", parent=under_late)
    _goal(workspace, "Also under late", parent=late, due_date=TODAY + timedelta(days=1))

    tree = goal_tree(workspace, TODAY)

    assert _names(tree) == [soon.name, late.name]
    assert [(depth, line.goal.name) for depth, line in tree[1].below] == [
        (1, "Under late"),
        (2, "Deep"),
        (1, "Also under late"),
    ]
    assert _names(flat(tree)) == ["Soon", "Late", "Under late", "Deep", "Also under late"]


def test_a_tree_holds_open_goals_or_closed_ones_of_one_workspace(workspace: Workspace) -> None:
    over = _goal(workspace, "Over", closed=True)
    _goal(workspace, "Still there", parent=over)
    _goal(WorkspaceFactory.create(), "Of somebody else")

    assert _names(goal_tree(workspace, TODAY)) == ["Still there"]
    assert _names(goal_tree(workspace, TODAY, closed=True)) == ["Over"]


def test_a_tree_takes_three_queries_whatever_its_size(workspace: Workspace, django_assert_num_queries: Any) -> None:
    top = _goal(workspace, "Top")
    for number in range(6):
        goal = _goal(workspace, f"Goal {number}", parent=top)
        read(goal.kpi, TODAY - timedelta(days=number), "0.3")

    with django_assert_num_queries(3):
        lines = flat(goal_tree(workspace, TODAY))
        shown = [(line.progress.why, str(line.goal.champion), line.goal.kpi.workspace.currency) for line in lines]

    assert len(shown) == 7


def test_a_line_knows_the_reading_it_is_judged_by(workspace: Workspace) -> None:
    goal = _goal(workspace, "Customers come back", due_date=TODAY - timedelta(days=1))
    judged = read(goal.kpi, TODAY - timedelta(days=1), "0.33")
    read(goal.kpi, TODAY, "0.40")

    [line] = goal_lines([goal], TODAY)

    assert (line.reading, line.progress.state) == (judged, GoalState.MISSED)


def test_a_line_without_a_reading_has_none(workspace: Workspace) -> None:
    [line] = goal_lines([_goal(workspace, "New")], TODAY)

    assert (line.reading, line.trend) == (None, [])


def test_a_trend_is_one_value_a_week_of_the_last_eight(workspace: Workspace) -> None:
    goal = _goal(workspace, "Customers come back")
    for back in range(70):
        read(goal.kpi, TODAY - timedelta(days=back), f"0.{100 + back}")

    [line] = goal_lines([goal], TODAY)

    assert line.trend == pytest.approx([0.149, 0.142, 0.135, 0.128, 0.121, 0.114, 0.107, 0.1])


def test_a_long_goal_is_judged_by_a_reading_older_than_a_trend(workspace: Workspace) -> None:
    goal = _goal(workspace, "Slow")
    Goal.objects.filter(pk=goal.pk).update(start_date=TODAY - timedelta(days=300))
    goal.refresh_from_db()
    read(goal.kpi, TODAY - timedelta(days=200), "0.31")

    [line] = goal_lines([goal], TODAY)

    assert line.progress.value == Decimal("0.31")


def test_states_are_counted_in_their_order(workspace: Workspace) -> None:
    _goal(workspace, "Without a reading")
    for number, value in enumerate(("0.335", "0.334", "0.20")):
        read(_goal(workspace, f"Goal {number}").kpi, TODAY, value)

    counted = states(flat(goal_tree(workspace, TODAY)))

    assert counted == [(GoalState.UNKNOWN, 1), (GoalState.ON_TRACK, 2), (GoalState.OFF_TRACK, 1)]


def test_the_goals_above_come_highest_first_even_round_a_circle(workspace: Workspace) -> None:
    top = _goal(workspace, "Top")
    middle = _goal(workspace, "Middle", parent=top)
    low = _goal(workspace, "Low", parent=middle)

    assert [goal.name for goal in goals_above(low)] == ["Top", "Middle"]

    Goal.objects.filter(pk=top.pk).update(parent=middle)
    assert {goal.name for goal in goals_above(Goal.objects.get(pk=low.pk))} == {"Top", "Middle"}


def test_two_goals_on_one_kpi_are_each_judged_by_the_last_reading_of_their_own_time(workspace: Workspace) -> None:
    kpi = KpiFactory.create(workspace=workspace)
    long, over = (_goal(workspace, name, kpi=kpi) for name in ("Long", "Over"))
    for goal, start, due in ((long, 400, -30), (over, 400, 200)):
        Goal.objects.filter(pk=goal.pk).update(
            start_date=TODAY - timedelta(days=start), due_date=TODAY - timedelta(days=due)
        )
    for back in (380, 210, 190, 100):
        read(kpi, TODAY - timedelta(days=back), f"0.{back}")

    lines = goal_lines(Goal.objects.with_kpi().order_by("pk"), TODAY)

    assert [line.progress.value for line in lines] == [Decimal("0.1"), Decimal("0.21")]


def test_the_whole_of_a_goal_is_every_reading_since_its_start(workspace: Workspace) -> None:
    goal = _goal(workspace, "Long", due_date=TODAY + timedelta(days=30))
    Goal.objects.filter(pk=goal.pk).update(start_date=TODAY - timedelta(days=200))
    for back in (210, 190, 100, 0):
        read(goal.kpi, TODAY - timedelta(days=back), "0.3")
    goal.refresh_from_db()

    [short], [whole] = goal_lines([goal], TODAY), goal_lines([goal], TODAY, whole=True)

    assert (len(short.readings), len(whole.readings)) == (1, 3)
    assert short.progress == whole.progress


def test_a_closed_goal_needs_nothing_that_came_after(workspace: Workspace) -> None:
    goal = _goal(workspace, "Over", closed_at=datetime(2026, 5, 1, 9, tzinfo=UTC))
    for back in (30, 20, 10):
        read(goal.kpi, TODAY - timedelta(days=back), f"0.{back}")

    [line] = goal_lines([goal], TODAY)

    assert [str(reading.value) for reading in line.readings] == ["0.300000", "0.200000"]


def _kpi_with(workspace: Workspace, *values: tuple[int, str], **fields: Any) -> Kpi:
    kpi: Kpi = KpiFactory.create(workspace=workspace, **fields)
    for back, value in values:
        read(kpi, TODAY - timedelta(days=back), value)
    return kpi


def test_a_kpi_is_shown_by_its_own_last_eight_weeks(workspace: Workspace, django_assert_num_queries: Any) -> None:
    fresh = _kpi_with(workspace, (70, "0.1"), (20, "0.2"), (0, "0.3"))
    asleep = _kpi_with(workspace, (400, "0.7"), (380, "0.8"))
    empty = _kpi_with(workspace)

    with django_assert_num_queries(2):
        lines = kpi_lines([empty, asleep, fresh])

    assert [[float(reading.value) for reading in line.readings] for line in lines] == [[], [0.7, 0.8], [0.2, 0.3]]
    assert [line.last and float(line.last.value) for line in lines] == [None, 0.8, 0.3]


def test_no_kpi_asks_for_no_reading(workspace: Workspace) -> None:
    assert kpi_lines([]) == []
    assert kpi_lines([_kpi_with(workspace)])[0].last is None


@pytest.mark.parametrize(
    ("values", "falling", "move"),
    [
        ([(28, "0.2"), (0, "0.3")], False, ("0.2", "0.1", True)),
        ([(28, "0.2"), (0, "0.3")], True, ("0.2", "0.1", False)),
        ([(40, "0.1"), (30, "0.3"), (0, "0.2")], True, ("0.3", "-0.1", True)),
        ([(27, "0.2"), (0, "0.3")], False, None),
        ([(28, "0.3"), (0, "0.3")], False, None),
        ([(0, "0.3")], False, None),
    ],
)
def test_a_move_is_against_four_weeks_before(
    workspace: Workspace,
    values: list[tuple[int, str]],
    falling: bool,
    move: tuple[str, str, bool] | None,
) -> None:
    [line] = kpi_lines([_kpi_with(workspace, *values, falling=falling)])

    found = line.move and (line.move.before, line.move.difference, line.move.is_better)

    assert found == (move and (Decimal(move[0]), Decimal(move[1]), move[2]))
