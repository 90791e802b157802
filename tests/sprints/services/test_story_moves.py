"""Verbs on stories that move them: into a sprint, over the board, out of the backlog, and several at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sprints.models import (
    ScopeChange,
    Sprint,
    SprintState,
    Story,
    StoryStatus,
)
from sprints.ordering import LONGEST_RANK
from sprints.services.stories import (
    StoryRefused,
    drop_story,
    move_story,
    plan_story,
    set_criteria,
    write_story,
)
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.sprints.looking import scope, titles
from workspaces.models import AuditEntry, Member, Workspace


class TestPlanning:
    def test_into_a_sprint_is_its_end_and_back_is_the_top_of_the_backlog(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace)
        StoryFactory.create(workspace=workspace, sprint=sprint, title="Planned")
        StoryFactory.create(workspace=workspace, title="Waits")
        story = StoryFactory.create(workspace=workspace, title="Moves")

        plan_story(story=story, sprint=sprint, by=lead, now=now)

        assert (titles(workspace, sprint), titles(workspace)) == (["Planned", "Moves"], ["Waits"])

        plan_story(story=story, sprint=None, by=lead, now=now)

        assert (titles(workspace, sprint), titles(workspace)) == (["Planned"], ["Moves", "Waits"])

    def test_planning_again_changes_nothing(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        sprint = SprintFactory.create(workspace=workspace)
        story = StoryFactory.create(workspace=workspace, sprint=sprint)

        plan_story(story=story, sprint=sprint, by=lead, now=now)

        assert not AuditEntry.objects.exists()

    def test_only_a_running_sprint_keeps_a_scope_log(self, running: Sprint, lead: Member, now: datetime) -> None:
        planned = SprintFactory.create(workspace=running.workspace)
        story = StoryFactory.create(workspace=running.workspace, points=5)

        for sprint in (running, planned, running, None):
            plan_story(story=story, sprint=sprint, by=lead, now=now)

        gone_and_back = [(ScopeChange.ADDED, 5), (ScopeChange.REMOVED, -5)]
        assert scope(running) == gone_and_back * 2
        assert scope(planned) == []

    def test_nothing_goes_into_a_closed_sprint(self, closed: Sprint, lead: Member, now: datetime) -> None:
        story = StoryFactory.create(workspace=closed.workspace)

        with pytest.raises(StoryRefused, match=f"Sprint {closed.number} is closed"):
            plan_story(story=story, sprint=closed, by=lead, now=now)

    def test_a_done_story_does_not_leave_its_sprint(self, running: Sprint, lead: Member, now: datetime) -> None:
        story = StoryFactory.create(workspace=running.workspace, sprint=running, done=True)

        with pytest.raises(StoryRefused, match="done"):
            plan_story(story=story, sprint=None, by=lead, now=now)

        assert scope(running) == []

    def test_a_dropped_story_comes_back_when_it_is_planned(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        drop_story(story=story, by=lead, now=now)
        assert not Story.objects.in_backlog().exists()

        plan_story(story=story, sprint=None, by=lead, now=now)

        assert list(Story.objects.in_backlog()) == [story]


class TestMoving:
    def test_done_and_reopened_go_into_the_scope_log(self, running: Sprint, marketer: Member, now: datetime) -> None:
        story = StoryFactory.create(workspace=running.workspace, sprint=running, points=3)

        for status in (StoryStatus.DOING, StoryStatus.DONE, StoryStatus.REVIEW):
            move_story(story=story, status=status, by=marketer, now=now)

        assert scope(running) == [(ScopeChange.DONE, 3), (ScopeChange.REOPENED, -3)]
        story.refresh_from_db()
        assert (story.status, story.done_at) == (StoryStatus.REVIEW, None)

    def test_a_done_story_keeps_the_moment_it_was_done(self, running: Sprint, marketer: Member, now: datetime) -> None:
        story = StoryFactory.create(workspace=running.workspace, sprint=running)

        move_story(story=story, status=StoryStatus.DONE, by=marketer, now=now)
        move_story(story=story, status=StoryStatus.DONE, by=marketer, now=now + timedelta(days=1))

        story.refresh_from_db()
        assert story.done_at == now
        assert len(scope(running)) == 1

    def test_before_another_story_and_to_the_end(self, workspace: Workspace, marketer: Member, now: datetime) -> None:
        first, second, third = (StoryFactory.create(workspace=workspace, title=title) for title in "ABC")

        move_story(story=third, before=first, by=marketer, now=now)
        assert titles(workspace) == ["C", "A", "B"]

        move_story(story=first, by=marketer, now=now)
        assert titles(workspace) == ["C", "B", "A"]

        move_story(story=first, before=second, by=marketer, now=now)
        assert titles(workspace) == ["C", "A", "B"]

    def test_only_one_row_is_written(self, workspace: Workspace, marketer: Member, now: datetime) -> None:
        stories = StoryFactory.create_batch(4, workspace=workspace)
        ranks = dict(Story.objects.values_list("pk", "rank"))

        move_story(story=stories[3], before=stories[1], by=marketer, now=now)

        changed_rows = {pk for pk, rank in Story.objects.values_list("pk", "rank") if ranks[pk] != rank}
        assert changed_rows == {stories[3].pk}

    def test_a_change_of_order_is_no_move_on_the_board(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        first, second = StoryFactory.create_batch(2, workspace=workspace)

        move_story(story=second, before=first, by=marketer, now=now)

        assert AuditEntry.objects.get().action == "story.ordered"

    def test_a_neighbour_that_is_no_longer_in_the_list_is_refused(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        gone = StoryFactory.create(workspace=workspace, sprint=SprintFactory.create(workspace=workspace))

        with pytest.raises(StoryRefused, match="no longer in this list"):
            move_story(story=story, before=gone, by=marketer, now=now)

    @pytest.mark.parametrize("state", [None, SprintState.PLANNING])
    def test_columns_change_only_while_the_sprint_runs(
        self, workspace: Workspace, marketer: Member, now: datetime, state: SprintState | None
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace, state=state) if state else None
        story = StoryFactory.create(workspace=workspace, sprint=sprint)

        with pytest.raises(StoryRefused, match="running sprint"):
            move_story(story=story, status=StoryStatus.DONE, by=marketer, now=now)

    def test_a_dropped_story_does_not_move(self, workspace: Workspace, marketer: Member, now: datetime) -> None:
        story = StoryFactory.create(workspace=workspace, dropped_at=now)

        with pytest.raises(StoryRefused, match="dropped"):
            move_story(story=story, by=marketer, now=now)

    def test_ranks_that_grew_long_are_made_short_again_without_changing_the_order(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        StoryFactory.create(workspace=workspace, title="A", rank="V")
        StoryFactory.create(workspace=workspace, title="B", rank="V" + "0" * LONGEST_RANK + "1")
        last = StoryFactory.create(workspace=workspace, title="C", rank="W")
        second = Story.objects.get(title="B")

        move_story(story=last, before=second, by=marketer, now=now)

        assert titles(workspace) == ["A", "C", "B"]
        assert max(len(rank) for rank in Story.objects.values_list("rank", flat=True)) < LONGEST_RANK

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(moves=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=12))
    def test_any_moves_give_the_order_a_plain_list_would_have(
        self, workspace: Workspace, marketer: Member, now: datetime, moves: list[tuple[int, int]]
    ) -> None:
        Story.objects.all().delete()
        stories = [StoryFactory.create(workspace=workspace, title=title, created_by=marketer) for title in "ABCDE"]
        expected = list("ABCDE")

        for moved, place in moves:
            story = stories[moved]
            others = [title for title in expected if title != story.title]
            before = next((s for s in stories if others[place:] and s.title == others[place]), None)
            move_story(story=story, before=before, by=marketer, now=now)
            expected = [*others[:place], story.title, *others[place:]]

        assert titles(workspace) == expected


class TestDropping:
    def test_it_leaves_the_backlog_and_stays_in_the_history(
        self, workspace: Workspace, lead: Member, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=workspace)

        for _again in range(2):
            drop_story(story=story, by=lead, now=now)

        assert not Story.objects.in_backlog().exists()
        assert AuditEntry.objects.filter(action="story.dropped").count() == 1

    def test_a_planned_story_has_to_leave_its_sprint_first(self, running: Sprint, lead: Member, now: datetime) -> None:
        story = StoryFactory.create(workspace=running.workspace, sprint=running)

        with pytest.raises(StoryRefused, match="sprint first"):
            drop_story(story=story, by=lead, now=now)


def _at_once(jobs: list[Callable[[], object]]) -> None:
    """All jobs in threads of their own, each with its own connection."""

    def run(job: Callable[[], object]) -> None:
        try:
            job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for result in [pool.submit(run, job) for job in jobs]:
            result.result()


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_moves_to_the_same_place_keep_a_strict_order(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        first = StoryFactory.create(workspace=workspace)
        others = StoryFactory.create_batch(6, workspace=workspace)

        _at_once([lambda s=story: move_story(story=s, before=first, by=marketer, now=now) for story in others])  # type: ignore[misc]  # bound early

        ranks = list(Story.objects.order_by("rank").values_list("rank", flat=True))
        assert len(set(ranks)) == len(ranks) == 7
        assert Story.objects.ranked().last() == first

    def test_stories_written_at_once_get_numbers_and_places_of_their_own(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        _at_once([lambda: write_story(workspace=workspace, title="A", by=marketer, now=now)] * 5)

        assert sorted(Story.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5]
        assert len(set(Story.objects.values_list("rank", flat=True))) == 5

    def test_criteria_written_by_two_people_are_those_of_one_of_them(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        lists = [["A", "B"], ["C", "D", "E"]]

        _at_once([lambda t=texts: set_criteria(story=story, texts=t, by=marketer, now=now) for texts in lists])  # type: ignore[misc]  # bound early

        assert list(story.criteria.order_by("position").values_list("text", flat=True)) in lists
