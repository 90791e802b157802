"""Burndown and velocity: what happened later never rewrites what was drawn before."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from sprints.charts import burndown, velocity
from sprints.models import Sprint, StoryStatus
from sprints.pace import even_done, even_pace, working_days
from sprints.services.sprints import close_sprint, start_sprint
from sprints.services.stories import move_story, plan_story, rewrite_story
from tests.factories.cadence import HolidayFactory
from tests.factories.sprints import SprintFactory, StoryFactory
from workspaces.charts import Band
from workspaces.models import Member, Workspace

MONDAY = date(2026, 5, 18)
SOFIA = ZoneInfo("Europe/Sofia")


def at(day: int, hour: int = 12) -> datetime:
    """Noon in Sofia on a day of the sprint; 0 is its first."""
    return datetime.combine(MONDAY + timedelta(days=day), time(hour), SOFIA)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


@pytest.fixture
def sprint(workspace: Workspace, lead: Member) -> Sprint:
    """Two weeks from a Monday, started on that day with stories of 5, 3 and 2 points."""
    made: Sprint = SprintFactory.create(workspace=workspace, start_date=MONDAY, end_date=day(11))
    for points in (5, 3, 2):
        StoryFactory.create(workspace=workspace, sprint=made, points=points)
    start_sprint(sprint=made, by=lead, now=at(0))
    made.refresh_from_db()
    return made


def left(sprint: Sprint, today: date) -> list[float]:
    chart = burndown(sprint, today)
    assert chart is not None
    return list(chart.series[1].values)


class TestBurndown:
    def test_a_sprint_that_has_not_started_has_none(self, workspace: Workspace) -> None:
        assert burndown(SprintFactory.create(workspace=workspace), MONDAY) is None

    def test_it_falls_when_stories_are_done_and_ends_today(self, sprint: Sprint, lead: Member) -> None:
        stories = list(sprint.stories.ranked())
        move_story(story=stories[0], status=StoryStatus.DONE, by=lead, now=at(1))
        move_story(story=stories[2], status=StoryStatus.DONE, by=lead, now=at(3))

        assert left(sprint, day(4)) == [10, 5, 5, 3, 3]

    def test_what_is_added_raises_the_line_on_its_day_and_not_before(self, sprint: Sprint, lead: Member) -> None:
        move_story(story=sprint.stories.ranked()[0], status=StoryStatus.DONE, by=lead, now=at(1))
        before = left(sprint, day(2))
        late = StoryFactory.create(workspace=sprint.workspace, points=8)

        plan_story(story=late, sprint=sprint, by=lead, now=at(3))
        rewrite_story(story=late, points=4, by=lead, now=at(4))

        after = left(sprint, day(4))
        assert after[:3] == before == [10, 5, 5]
        assert after[3:] == [13, 9]

    def test_what_is_taken_out_or_opened_again_counts_on_its_day(self, sprint: Sprint, lead: Member) -> None:
        first, second, _third = sprint.stories.ranked()
        move_story(story=first, status=StoryStatus.DONE, by=lead, now=at(1))
        move_story(story=first, status=StoryStatus.REVIEW, by=lead, now=at(2))
        plan_story(story=second, sprint=None, by=lead, now=at(3))

        assert left(sprint, day(3)) == [10, 5, 10, 7]

    def test_days_are_those_of_the_workspace_not_of_utc(self, sprint: Sprint, lead: Member) -> None:
        just_after_midnight = datetime.combine(day(2), time(0, 30), SOFIA)  # still the day before in UTC

        move_story(story=sprint.stories.ranked()[0], status=StoryStatus.DONE, by=lead, now=just_after_midnight)

        assert left(sprint, day(2)) == [10, 10, 5]

    def test_a_sprint_that_is_late_gets_the_days_it_needs(self, sprint: Sprint) -> None:
        chart = burndown(sprint, day(13))

        assert chart is not None
        even, points_left = chart.series
        assert (len(chart.labels), len(points_left.values), len(even.values)) == (14, 14, 12)

    def test_the_line_of_a_closed_sprint_ends_on_the_day_it_was_closed(self, sprint: Sprint, lead: Member) -> None:
        close_sprint(sprint=sprint, carry_to=None, by=lead, now=at(9))
        sprint.refresh_from_db()

        assert len(left(sprint, day(40))) == 10

    def test_a_sprint_started_late_held_its_commitment_from_its_first_day(
        self, workspace: Workspace, lead: Member
    ) -> None:
        late = SprintFactory.create(workspace=workspace, start_date=MONDAY, end_date=day(11))
        StoryFactory.create(workspace=workspace, sprint=late, points=5)
        start_sprint(sprint=late, by=lead, now=at(2))
        late.refresh_from_db()

        assert left(late, day(3)) == [5, 5, 5, 5]

    def test_a_sprint_started_early_begins_on_that_day(self, workspace: Workspace, lead: Member) -> None:
        early = SprintFactory.create(workspace=workspace, start_date=MONDAY, end_date=day(11))
        story = StoryFactory.create(workspace=workspace, sprint=early, points=5)
        start_sprint(sprint=early, by=lead, now=at(-3))
        move_story(story=story, status=StoryStatus.DONE, by=lead, now=at(-1))
        early.refresh_from_db()

        chart = burndown(early, day(0))

        assert chart is not None
        even, points_left = chart.series
        assert list(points_left.values) == [5, 5, 0, 0]
        assert list(even.values)[:4] == [5, 5, 5, 5]

    def test_it_takes_two_queries(self, sprint: Sprint, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        fresh = Sprint.objects.select_related("workspace").get(pk=sprint.pk)

        with django_assert_num_queries(2):
            burndown(fresh, day(4))

    def test_the_even_pace_stands_still_on_a_holiday(self, sprint: Sprint) -> None:
        HolidayFactory.create(workspace=sprint.workspace, day=day(2))

        chart = burndown(sprint, day(4))

        assert chart is not None
        even = chart.series[0].values
        assert even[2] == even[1]
        assert even[-1] == 0


class TestPace:
    def test_it_stands_still_at_the_weekend(self) -> None:
        days = [day(n) for n in range(12)]

        pace = even_pace(9, days)

        assert pace[0] == 9
        assert pace[4] == pace[5] == pace[6] == 5
        assert pace[-1] == pytest.approx(0)

    def test_days_without_a_working_day_count_alike(self) -> None:
        assert even_pace(4, [day(5), day(6)]) == [4, 0]

    def test_one_day_is_enough(self) -> None:
        assert even_pace(4, [day(0)]) == [4]

    def test_an_even_pace_has_done_nothing_before_the_start_and_all_after_the_end(self, sprint: Sprint) -> None:
        assert even_done(sprint, day(-1)) == 0
        assert even_done(sprint, day(30)) == pytest.approx(10)

    @given(first=st.dates(date(2020, 1, 1), date(2030, 1, 1)), count=st.integers(0, 40))
    def test_working_days_are_five_of_seven(self, first: date, count: int) -> None:
        days = working_days(first, first + timedelta(days=count - 1))

        assert days == working_days(first, first + timedelta(days=count + 6)) - 5


class TestVelocity:
    def test_without_a_closed_sprint_there_is_none(self) -> None:
        assert velocity([]) is None

    def test_it_shows_what_was_planned_beside_what_was_delivered(self, workspace: Workspace) -> None:
        sprints = [
            SprintFactory.create(workspace=workspace, closed=True, number=n, committed_points=10, delivered_points=n)
            for n in (7, 8)
        ]

        chart = velocity(sprints)

        assert chart is not None
        assert chart.labels == ["S7", "S8"]
        assert [list(series.values) for series in chart.series] == [[10, 10], [7, 8]]
        assert chart.band is None

    def test_from_three_sprints_on_the_middle_half_is_a_band_and_said(self, workspace: Workspace) -> None:
        sprints = [
            SprintFactory.create(workspace=workspace, closed=True, number=n, committed_points=10, delivered_points=n)
            for n in (6, 8, 10, 20)
        ]

        chart = velocity(sprints)

        assert chart is not None
        assert chart.band == Band(7.5, 12.5, 9)
        assert chart.label.endswith("the middle half of them delivered 7.5 to 12.5")
