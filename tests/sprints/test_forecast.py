"""Velocity with its range, and when the work ahead will be done."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprints.calendar import ends_ahead
from sprints.forecast import FURTHEST, forecast, past_sprints, quantile, sprints_needed, velocity_range
from sprints.models import Sprint, SprintState
from tests.factories.cadence import CadenceFactory
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory
from workspaces.models import Workspace

MONDAY = date(2026, 5, 18)


def past(workspace: Workspace, *delivered: int) -> list[Sprint]:
    """Closed sprints of two weeks, the last of which ended on the Friday before."""
    first = MONDAY - timedelta(weeks=2 * len(delivered))
    return [
        SprintFactory.create(
            workspace=workspace,
            closed=True,
            number=n,
            delivered_points=points,
            start_date=first + timedelta(weeks=2 * (n - 1)),
            end_date=first + timedelta(weeks=2 * (n - 1), days=11),
        )
        for n, points in enumerate(delivered, start=1)
    ]


class TestVelocity:
    def test_the_range_holds_the_middle_half(self, workspace: Workspace) -> None:
        found = velocity_range(past(workspace, 8, 12, 10, 14, 30))

        assert found is not None
        assert (found.low, found.median, found.high) == (10, 12, 14)

    def test_fewer_than_three_sprints_have_no_range(self, workspace: Workspace) -> None:
        assert velocity_range(past(workspace, 8, 12)) is None

    def test_the_last_eight_count(self, workspace: Workspace) -> None:
        past(workspace, *range(1, 11))

        assert [sprint.number for sprint in past_sprints(workspace)] == list(range(3, 11))

    @given(values=st.lists(st.integers(0, 100), min_size=1), share=st.floats(0, 1))
    def test_a_quantile_lies_within_the_values(self, values: list[int], share: float) -> None:
        assert min(values) <= quantile(values, share) <= max(values)


class TestSprintsNeeded:
    @given(points=st.floats(0.1, 200), delivered=st.lists(st.integers(1, 20), min_size=3, max_size=8))
    def test_it_lies_between_the_best_and_the_worst_case(self, points: float, delivered: list[int]) -> None:
        needed = sprints_needed(points, delivered, runs=20)

        assert needed == sorted(needed)
        assert min(FURTHEST + 1, -(-points // max(delivered))) <= needed[0]
        assert needed[-1] <= min(FURTHEST + 1, -(-points // min(delivered)))

    def test_the_same_past_gives_the_same_runs(self) -> None:
        assert sprints_needed(40, [3, 9, 12]) == sprints_needed(40, [3, 9, 12])

    def test_what_the_running_sprint_has_done_is_not_counted_twice(self) -> None:
        assert set(sprints_needed(5, [10, 10, 10], credit=8)) == {2}
        assert set(sprints_needed(5, [10, 10, 10])) == {1}

    def test_a_team_that_delivers_nothing_never_ends(self) -> None:
        assert set(sprints_needed(5, [0, 0, 0], runs=10)) == {FURTHEST + 1}


class TestForecast:
    def test_with_even_sprints_it_is_a_plain_division(self, workspace: Workspace) -> None:
        past(workspace, 10, 10, 10)
        CadenceFactory.create(workspace=workspace)
        StoryFactory.create_batch(5, workspace=workspace, points=5)

        found = forecast(workspace, MONDAY)

        assert (found.likely_sprints, found.safe_sprints, found.work.total) == (3, 3, 25)
        assert found.likely == found.safe == MONDAY + timedelta(weeks=4, days=11)

    def test_it_says_a_range_and_how_sure_it_is(self, workspace: Workspace) -> None:
        past(workspace, 5, 10, 20)
        CadenceFactory.create(workspace=workspace)
        StoryFactory.create_batch(5, workspace=workspace, points=8)

        found = forecast(workspace, MONDAY)

        assert found.early is not None
        assert found.safe is not None
        assert found.early < found.safe
        by_end = {chance.sprints: chance.sure for chance in found.chances}
        before = by_end.get((found.early_sprints or 0) - 1, 0.0)
        assert found.sure == pytest.approx(by_end[found.safe_sprints or 0] - before)
        assert list(by_end.values()) == sorted(by_end.values())
        assert found.sure >= 0.7

    def test_of_a_story_it_counts_what_stands_before_it(self, workspace: Workspace) -> None:
        past(workspace, 10, 10, 10)
        stories = [StoryFactory.create(workspace=workspace, points=4) for _n in range(3)]
        dropped = StoryFactory.create(workspace=workspace, points=4, dropped_at=datetime(2026, 5, 1, tzinfo=UTC))

        assert [forecast(workspace, MONDAY, story).work.total for story in stories] == [4, 8, 12]
        assert forecast(workspace, MONDAY, dropped).work.stories == 0

    def test_a_cancelled_sprint_is_none_of_those_ahead_and_keeps_its_days(self, workspace: Workspace) -> None:
        CadenceFactory.create(workspace=workspace, weeks=1)
        friday = MONDAY + timedelta(days=4)
        SprintFactory.create(workspace=workspace, number=1, start_date=MONDAY, end_date=friday)
        SprintFactory.create(
            workspace=workspace, number=2, state=SprintState.CANCELLED,
            start_date=MONDAY + timedelta(weeks=1), end_date=friday + timedelta(weeks=1),
        )  # fmt: skip

        assert ends_ahead(workspace, MONDAY, 2) == [friday, friday + timedelta(weeks=2)]

    def test_cancelled_sprints_are_no_past(self, workspace: Workspace) -> None:
        past(workspace, 10, 10)
        SprintFactory.create(workspace=workspace, number=50, state=SprintState.CANCELLED)

        assert [sprint.delivered_points for sprint in past_sprints(workspace)] == [10, 10]

    def test_under_three_sprints_there_is_no_date(self, workspace: Workspace) -> None:
        past(workspace, 10, 10)
        StoryFactory.create(workspace=workspace)

        found = forecast(workspace, MONDAY)

        assert (found.enough, found.likely, found.safe) == (False, None, None)

    def test_stories_without_an_estimate_count_as_the_middle_of_the_others(self, workspace: Workspace) -> None:
        past(workspace, 10, 10, 10)
        for points in (2, 3, 8, None):
            StoryFactory.create(workspace=workspace, points=points)

        work = forecast(workspace, MONDAY).work

        assert (work.points, work.unestimated, work.total) == (13, 1, 16)

    def test_a_goal_is_done_with_all_that_stands_before_its_last_story(self, workspace: Workspace) -> None:
        past(workspace, 10, 10, 10)
        goal = GoalFactory.create(workspace=workspace)
        planned = SprintFactory.create(workspace=workspace, number=9, start_date=MONDAY)
        for serves, sprint in ((None, None), (goal, None), (None, None), (None, planned)):
            StoryFactory.create(workspace=workspace, goal=serves, sprint=sprint, points=4)

        assert forecast(workspace, MONDAY, goal).work.total == 12
        assert forecast(workspace, MONDAY).work.total == 16

    def test_what_will_never_end_has_no_date(self, workspace: Workspace) -> None:
        past(workspace, 0, 0, 0)
        StoryFactory.create(workspace=workspace)

        found = forecast(workspace, MONDAY)

        assert (found.enough, found.likely, found.likely_sprints) == (True, None, None)

    def test_without_work_ahead_there_is_nothing_to_say(self, workspace: Workspace) -> None:
        past(workspace, 10, 10, 10)

        found = forecast(workspace, MONDAY)

        assert (found.work.stories, found.likely) == (0, None)

    @pytest.mark.parametrize("days_late", [0, 3])
    def test_ends_are_those_of_the_running_sprint_the_planned_ones_and_the_cadence(
        self, workspace: Workspace, days_late: int
    ) -> None:
        CadenceFactory.create(workspace=workspace, weeks=1)
        friday = MONDAY + timedelta(days=4)
        SprintFactory.create(workspace=workspace, running=True, number=1, start_date=MONDAY, end_date=friday)
        second = MONDAY + timedelta(weeks=1)
        SprintFactory.create(workspace=workspace, number=2, start_date=second, end_date=second + timedelta(days=8))

        today = friday + timedelta(days=days_late)

        assert ends_ahead(workspace, today, 3) == [
            today,
            second + timedelta(days=8),
            MONDAY + timedelta(weeks=3, days=4),
        ]
