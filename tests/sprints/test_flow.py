"""Cumulative flow and cycle times."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from sprints.columns import groups_of
from sprints.flow import cumulative_flow, cycle_times, flowing
from sprints.flow_charts import flow_chart
from sprints.models import BoardColumn, Sprint, Story, StoryStatus, Verdict
from sprints.pace import days_from
from sprints.services.sprints import close_sprint, start_sprint
from sprints.services.stories import drop_story, move_story, plan_story
from tests.factories.approvals import answer, asked_about_mail, ready_sprint
from tests.factories.sprints import SprintFactory, StoryFactory
from workspaces.models import Member, Workspace

MONDAY = date(2026, 5, 18)
SOFIA = ZoneInfo("Europe/Sofia")
DAYS = days_from(MONDAY, MONDAY + timedelta(days=4))


def at(day: int, hour: int = 12) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=day), time(hour), SOFIA)


def move(story: Story, status: StoryStatus, day: int, by: Member, hour: int = 12) -> None:
    move_story(story=story, status=status, by=by, now=at(day, hour))


@pytest.fixture
def sprint(workspace: Workspace, lead: Member) -> Sprint:
    made: Sprint = SprintFactory.create(workspace=workspace, start_date=MONDAY, end_date=MONDAY + timedelta(days=11))
    StoryFactory.create_batch(2, workspace=workspace, sprint=made)
    start_sprint(sprint=made, by=lead, now=at(0))
    return made


def shown(stories: list[Story]) -> list[tuple[int, int, int]]:
    """To do, in production and done, at the end of each day."""
    columns = (StoryStatus.TODO, StoryStatus.DOING, StoryStatus.DONE)
    days = cumulative_flow(stories, DAYS, SOFIA)
    return [tuple(day.counts.get(column, 0) for column in columns) for day in days]  # type: ignore[misc]


class TestFlowChart:
    def test_its_areas_are_called_as_the_team_calls_its_columns(self, sprint: Sprint) -> None:
        columns = [
            BoardColumn(name="Waiting", status=StoryStatus.TODO, position=0),
            BoardColumn(name="Writing", status=StoryStatus.DOING, position=1),
            BoardColumn(name="Building", status=StoryStatus.DOING, position=2),
            BoardColumn(name="Out", status=StoryStatus.DONE, position=3),
        ]
        days = cumulative_flow(sprint.stories.all(), DAYS, SOFIA)

        chart = flow_chart(days, groups_of(columns))

        assert chart is not None
        assert [series.name for series in chart.series] == ["Out", "Writing, Building", "Waiting"]

    def test_a_group_without_a_column_is_there_while_a_story_stood_in_it(self, sprint: Sprint, lead: Member) -> None:
        move(sprint.stories.ranked()[0], StoryStatus.REVIEW, 1, lead)
        columns = [
            BoardColumn(name="Waiting", status=StoryStatus.TODO),
            BoardColumn(name="Out", status=StoryStatus.DONE),
        ]
        days = cumulative_flow(sprint.stories.all(), DAYS, SOFIA)

        chart = flow_chart(days, groups_of(columns))

        assert chart is not None
        assert [series.name for series in chart.series] == ["Out", "In review", "Waiting"]


class TestCumulativeFlow:
    def test_a_story_counts_in_its_column_at_the_end_of_each_day(self, sprint: Sprint, lead: Member) -> None:
        first = sprint.stories.ranked()[0]
        move(first, StoryStatus.DOING, 1, lead)
        move(first, StoryStatus.DONE, 3, lead)

        assert shown(list(sprint.stories.all())) == [(2, 0, 0), (1, 1, 0), (1, 1, 0), (1, 0, 1), (1, 0, 1)]

    def test_it_comes_in_when_added_and_goes_when_taken_out(
        self, workspace: Workspace, sprint: Sprint, lead: Member
    ) -> None:
        late = StoryFactory.create(workspace=workspace)
        plan_story(story=late, sprint=sprint, by=lead, now=at(1))
        plan_story(story=late, sprint=None, by=lead, now=at(3))

        assert shown([late]) == [(0, 0, 0), (1, 0, 0), (1, 0, 0), (0, 0, 0), (0, 0, 0)]

    def test_what_is_dropped_is_gone(self, sprint: Sprint, lead: Member) -> None:
        close_sprint(sprint=sprint, carry_to=None, by=lead, now=at(1))
        story = Story.objects.in_backlog().ranked()[0]
        drop_story(story=story, by=lead, now=at(2))
        story.refresh_from_db()

        assert shown([story]) == [(1, 0, 0), (1, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)]

    def test_midnight_belongs_to_the_next_day_of_the_workspace(self, sprint: Sprint, lead: Member) -> None:
        first = sprint.stories.ranked()[0]
        move(first, StoryStatus.DOING, 2, lead, hour=0)

        assert shown([first])[1:3] == [(1, 0, 0), (0, 1, 0)]

    def test_it_takes_two_queries_however_many_stories(
        self, sprint: Sprint, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        stories = list(sprint.stories.all())

        with django_assert_num_queries(2):
            cumulative_flow(stories, DAYS, SOFIA)

    def test_what_was_done_long_ago_is_not_looked_at(self, sprint: Sprint, lead: Member) -> None:
        first, second = sprint.stories.ranked()
        move(first, StoryStatus.DONE, 1, lead)

        assert flowing(sprint.workspace, at(2)) == [second]
        assert flowing(sprint.workspace, at(1)) == [first, second]


class TestCycleTime:
    def test_it_runs_from_the_first_beginning_to_the_last_end(self, sprint: Sprint, lead: Member) -> None:
        first = sprint.stories.ranked()[0]
        for day, status in enumerate((StoryStatus.DOING, StoryStatus.DONE, StoryStatus.DOING, StoryStatus.DONE)):
            move(first, status, day, lead)

        found = cycle_times(sprint.stories.all(), SOFIA)

        (line,) = found.stories
        assert (line.days, line.day) == (3, MONDAY + timedelta(days=3))
        assert found.percentiles == [(50, 3), (85, 3), (95, 3)]

    def test_the_owners_time_is_a_part_of_it(self, workspace: Workspace, lead: Member) -> None:
        sprint = ready_sprint(workspace, start_date=MONDAY)
        story = sprint.stories.get()
        start_sprint(sprint=sprint, by=lead, now=at(0, 8))
        move(story, StoryStatus.DOING, 0, lead)
        request = asked_about_mail(story, at(1))
        answer(request, Verdict.APPROVED, at(3))
        move(story, StoryStatus.DONE, 4, lead)

        found = cycle_times(sprint.stories.all(), SOFIA)

        assert (found.stories[0].days, found.stories[0].waited, found.waited) == (4, 2, 2)

    def test_without_a_story_that_is_done_there_is_none(self, sprint: Sprint) -> None:
        found = cycle_times(sprint.stories.all(), SOFIA)

        assert (found.stories, found.percentiles) == ([], [])
