"""What the pages of stories and sprints read."""

from datetime import datetime, timedelta

import pytest

from sprints.models import Story, StoryKind
from sprints.queries import cards, carried_over, missing_parts, usual_points
from sprints.services.sprints import close_sprint, start_sprint
from sprints.services.stories import plan_story
from tests.factories.sprints import BriefFactory, CriterionFactory, HypothesisFactory, SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory
from workspaces.models import Member, Workspace


class TestCards:
    def test_each_knows_its_steps(self, workspace: Workspace) -> None:
        first, second, third = stories = StoryFactory.create_batch(3, workspace=workspace)

        steps = [(card.up, card.down) for card in cards(stories)]

        assert steps == [(None, str(third.pk)), (str(first.pk), ""), (str(second.pk), None)]

    def test_one_alone_has_none(self, workspace: Workspace) -> None:
        (card,) = cards([StoryFactory.create(workspace=workspace)])

        assert (card.up, card.down) == (None, None)

    def test_ticked_criteria_are_counted(self, workspace: Workspace) -> None:
        story = StoryFactory.create(workspace=workspace)
        for is_met in (True, True, False):
            CriterionFactory.create(story=story, is_met=is_met)

        (card,) = cards([Story.objects.with_plan().get()])

        assert card.met == 2


class TestMissingParts:
    def test_a_sending_story_needs_a_hypothesis_and_a_brief(self, workspace: Workspace) -> None:
        story = StoryFactory.create(workspace=workspace, goal=GoalFactory.create(workspace=workspace))
        CriterionFactory.create(story=story)
        assert missing_parts(Story.objects.with_plan().get()) == ["hypothesis", "send brief"]

        HypothesisFactory.create(story=story)
        BriefFactory.create(story=story)

        assert missing_parts(Story.objects.with_plan().get()) == []

    def test_other_work_does_not(self, workspace: Workspace) -> None:
        story = StoryFactory.create(workspace=workspace, kind=StoryKind.RESEARCH, so_that="", points=None)

        assert missing_parts(story) == ["who wants what and why", "goal", "acceptance criteria", "estimate"]


@pytest.mark.parametrize(("delivered", "usual"), [([], None), ([7], 7), ([100, 10, 11, 13], 11)])
def test_usual_is_the_average_of_the_last_three(workspace: Workspace, delivered: list[int], usual: int | None) -> None:
    for number, points in enumerate(delivered, start=1):
        SprintFactory.create(workspace=workspace, closed=True, number=number, delivered_points=points)

    assert usual_points(workspace) == usual


def test_carried_over_is_what_was_inside_and_is_elsewhere_now(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    sprint, following = SprintFactory.create_batch(2, workspace=workspace)
    done, unfinished = StoryFactory.create_batch(2, workspace=workspace, sprint=sprint)
    taken_out = StoryFactory.create(workspace=workspace, sprint=sprint)
    start_sprint(sprint=sprint, by=lead, now=now)
    Story.objects.filter(pk=done.pk).update(status="done")
    plan_story(story=taken_out, sprint=None, by=lead, now=now + timedelta(days=1))
    close_sprint(sprint=sprint, carry_to=following, by=lead, now=now + timedelta(days=2))

    assert set(carried_over(sprint)) == {unfinished, taken_out}
