"""A new version asks about what is new or changed, and about nothing that stands approved."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from sprints.answers import Say
from sprints.models import Sprint, Story, Verdict
from sprints.services.answer_words import ApprovalRefused
from sprints.standing import Standing, standing_of
from tests.factories.approvals import answer, asked, brief_of, ready_sprint, ready_story
from tests.factories.sprints import CriterionFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


def _dearer(story: Story) -> None:
    brief = brief_of(story)
    brief.cost = Decimal(99)
    brief.save()


def _standings(sprint: Sprint, now: datetime) -> dict[int, Standing]:
    stories = list(Story.objects.with_plan().filter(sprint=sprint))
    return {pk: found.standing for pk, found in standing_of(stories, now).items()}


def test_only_the_delta_is_asked_and_the_rest_stands(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=3)
    kept, dearer, declined = sprint.stories.ranked()
    first = asked(sprint, now, to=owner)
    answer(first, Verdict.APPROVED, now, each={declined.pk: Say(Verdict.DECLINED, "No.")})
    _dearer(dearer)
    new = ready_story(sprint)

    second = asked(sprint, now + timedelta(hours=1), to=owner)

    assert second.carried == [kept.pk]
    assert [item["id"] for item in second.asked_items] == [dearer.pk, declined.pk, new.pk]
    assert len(second.items) == 4
    assert _standings(sprint, now) == {
        kept.pk: Standing.APPROVED,
        dearer.pk: Standing.WAITING,
        declined.pk: Standing.WAITING,
        new.pk: Standing.WAITING,
    }
    answer(second, Verdict.DECLINED, now + timedelta(hours=2))
    assert set(second.decisions.values_list("story", flat=True)) == {dearer.pk, declined.pk, new.pk}
    assert _standings(sprint, now)[kept.pk] == Standing.APPROVED


def test_what_is_carried_cannot_be_judged_again(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=2)
    kept, dearer = sprint.stories.ranked()
    answer(asked(sprint, now, to=owner), Verdict.APPROVED, now)
    _dearer(dearer)
    second = asked(sprint, now, to=owner)

    with pytest.raises(ApprovalRefused, match=str(kept.pk)):
        answer(second, Verdict.APPROVED, now, each={kept.pk: Say(Verdict.DECLINED)})


def test_an_approved_plan_without_a_change_that_matters_is_not_asked_about(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now, to=owner), Verdict.APPROVED, now)
    sprint.stories.update(title="Another title", as_a="friend")

    with pytest.raises(ApprovalRefused, match="nothing to ask"):
        asked(sprint, now, to=owner)


def test_another_goal_of_the_sprint_is_asked_about_although_every_story_stands(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now, to=owner), Verdict.APPROVED, now)
    Sprint.objects.filter(pk=sprint.pk).update(goal_sentence="Something else.")

    second = asked(sprint, now, to=owner)
    answer(second, Verdict.APPROVED, now)

    second.refresh_from_db()
    assert (second.asked_items, second.verdict) == ([], Verdict.APPROVED)
    assert _standings(sprint, now) == {sprint.stories.get().pk: Standing.APPROVED}


def test_other_criteria_end_an_approval_and_other_words_do_not(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace, stories=2)
    reworded, other = sprint.stories.ranked()
    answer(asked(sprint, now, to=owner), Verdict.APPROVED, now)
    Story.objects.filter(pk=reworded.pk).update(title="Another title")
    CriterionFactory.create(story=other)

    assert _standings(sprint, now) == {reworded.pk: Standing.APPROVED, other.pk: Standing.VOID}


def test_a_story_of_an_earlier_sprint_is_asked_about_in_the_next(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    first, second = ready_sprint(workspace), ready_sprint(workspace, stories=0)
    story = first.stories.get()
    answer(asked(first, now, to=owner), Verdict.APPROVED, now)
    Story.objects.filter(pk=story.pk).update(sprint=second)

    assert asked(second, now, to=owner).carried == []
