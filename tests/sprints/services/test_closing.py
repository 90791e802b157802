"""Closing a sprint with a choice for each story that is not done."""

from datetime import datetime

import pytest

from sprints.models import ScopeChange, Sprint, Story, StoryStatus
from sprints.services.closing import CarryRefused, Leftover
from sprints.services.sprints import close_sprint, start_sprint
from sprints.services.stories import move_story
from tests.factories.cadence import StoryPointsFactory
from tests.factories.sprints import BriefFactory, CriterionFactory, HypothesisFactory, SprintFactory, StoryFactory
from tests.sprints.looking import scope, titles
from workspaces.models import AuditEntry, Member, Workspace


@pytest.fixture
def running(workspace: Workspace, lead: Member, now: datetime) -> Sprint:
    """Stories of 2, 3, 5 and 8 points, none of them done."""
    sprint: Sprint = SprintFactory.create(workspace=workspace)
    for points in (2, 3, 5, 8):
        StoryFactory.create(workspace=workspace, sprint=sprint, points=points, title=str(points))
    start_sprint(sprint=sprint, by=lead, now=now)
    return sprint


def story(sprint: Sprint, title: str) -> Story:
    return sprint.stories.get(title=title)


def test_each_story_goes_where_it_was_chosen_to(
    workspace: Workspace, running: Sprint, lead: Member, now: datetime
) -> None:
    following = SprintFactory.create(workspace=workspace)
    StoryFactory.create(workspace=workspace, title="waits")
    choices = {
        story(running, "2").pk: Leftover(to=following),
        story(running, "3").pk: Leftover(),
        story(running, "5").pk: Leftover(is_dropped=True),
    }

    carried = close_sprint(sprint=running, carry_to=None, leftovers=choices, by=lead, now=now)

    assert carried == 3
    assert titles(workspace, following) == ["2"]
    assert titles(workspace) == ["3", "8", "waits"]
    assert Story.objects.get(title="5").dropped_at == now


class TestSplitting:
    def test_the_done_part_stays_with_its_points_and_the_rest_is_a_new_story(
        self, workspace: Workspace, running: Sprint, lead: Member, now: datetime
    ) -> None:
        following = SprintFactory.create(workspace=workspace)
        big = story(running, "8")

        close_sprint(
            sprint=running, carry_to=None, leftovers={big.pk: Leftover(to=following, done_points=5)}, by=lead, now=now
        )

        big.refresh_from_db()
        running.refresh_from_db()
        rest = following.stories.get()
        assert (big.sprint, big.points, big.status, big.done_at) == (running, 5, StoryStatus.DONE, now)
        assert (rest.points, rest.title, rest.split_from.story) == (3, "8 (the rest)", big)
        assert (running.delivered_points, running.committed_points) == (5, 18)
        assert scope(running)[-2:] == [(ScopeChange.ESTIMATED, -3), (ScopeChange.DONE, 5)]

    def test_what_is_not_met_goes_with_the_rest_and_the_hypothesis_holds_for_both(
        self, running: Sprint, lead: Member, now: datetime
    ) -> None:
        big = story(running, "8")
        CriterionFactory.create(story=big, text="written", is_met=True)
        CriterionFactory.create(story=big, text="sent")
        HypothesisFactory.create(story=big)
        BriefFactory.create(story=big)

        close_sprint(sprint=running, carry_to=None, leftovers={big.pk: Leftover(done_points=1)}, by=lead, now=now)

        rest = Story.objects.get(split_from__story=big)
        assert [criterion.text for criterion in big.criteria.all()] == ["written"]
        assert [criterion.text for criterion in rest.criteria.all()] == ["sent"]
        assert rest.hypothesis.change == big.hypothesis.change
        assert rest.brief.segment_id == big.brief.segment_id
        assert rest.hypothesis.pk != big.hypothesis.pk

    def test_both_parts_keep_the_mixture_of_skills_and_nothing_is_lost(
        self, running: Sprint, lead: Member, now: datetime
    ) -> None:
        big = story(running, "8")
        for points in (5, 2, 1):
            StoryPointsFactory.create(story=big, points=points)

        close_sprint(sprint=running, carry_to=None, leftovers={big.pk: Leftover(done_points=4)}, by=lead, now=now)

        rest = Story.objects.get(split_from__story=big)
        both = [sum(row.points for row in part.skill_points.all()) for part in (big, rest)]
        assert sum(both) == 8
        assert min(both) > 0

    @pytest.mark.parametrize("done", [0, -1, 8, 9])
    def test_both_parts_have_points(
        self, workspace: Workspace, running: Sprint, lead: Member, now: datetime, done: int
    ) -> None:
        big = story(running, "8")

        with pytest.raises(CarryRefused) as refused:
            close_sprint(
                sprint=running, carry_to=None, leftovers={big.pk: Leftover(done_points=done)}, by=lead, now=now
            )

        assert set(refused.value.fields) == {f"story-{big.pk}"}
        assert Sprint.objects.running().get() == running
        assert Story.objects.for_workspace(workspace).count() == 4

    def test_a_story_without_an_estimate_cannot_be_split(
        self, workspace: Workspace, running: Sprint, lead: Member, now: datetime
    ) -> None:
        vague = StoryFactory.create(workspace=workspace, sprint=running, points=None)

        with pytest.raises(CarryRefused):
            close_sprint(sprint=running, carry_to=None, leftovers={vague.pk: Leftover(done_points=1)}, by=lead, now=now)


def test_a_story_cannot_go_into_a_sprint_that_is_not_planned(
    workspace: Workspace, running: Sprint, lead: Member, now: datetime
) -> None:
    old = SprintFactory.create(workspace=workspace, closed=True)
    some = story(running, "2")

    with pytest.raises(CarryRefused) as refused:
        close_sprint(sprint=running, carry_to=None, leftovers={some.pk: Leftover(to=old)}, by=lead, now=now)

    assert set(refused.value.fields) == {f"story-{some.pk}"}


def test_a_choice_for_a_story_that_was_done_meanwhile_is_not_needed(
    running: Sprint, lead: Member, now: datetime
) -> None:
    done = story(running, "2")
    move_story(story=done, status=StoryStatus.DONE, by=lead, now=now)

    close_sprint(sprint=running, carry_to=None, leftovers={done.pk: Leftover(is_dropped=True)}, by=lead, now=now)

    done.refresh_from_db()
    assert (done.sprint, done.dropped_at) == (running, None)
    assert AuditEntry.objects.filter(action="sprint.closed").count() == 1
