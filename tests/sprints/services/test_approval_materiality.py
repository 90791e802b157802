"""What of a change stands in the way of an answer, and what is only logged; and the words an answer needs."""

from contextlib import nullcontext
from datetime import datetime

import pytest

from sprints.answers import Say
from sprints.models import ApprovalState, StoryDecision, Verdict
from sprints.services.answer_words import ApprovalRefused
from sprints.services.approvals import PlanChanged
from tests.factories.approvals import answer, asked, ready_sprint
from tests.factories.audience import ContactFactory
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


def test_a_change_that_matters_little_is_logged_and_does_not_stand_in_the_way(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    request = asked(sprint, now, to=owner)
    sprint.stories.update(title="Another title")

    answer(request, Verdict.APPROVED, now)

    entry = AuditEntry.objects.get(action="approval.decided")
    assert len(entry.detail["immaterial"]) == 1
    assert "Another title" in entry.detail["immaterial"][0]


@pytest.mark.parametrize(("points", "is_decided"), [([2, 2, 3], True), ([2, 3, 3], False)])
def test_points_matter_when_the_whole_plan_grows_by_more_than_a_fifth(
    workspace: Workspace, owner: Member, now: datetime, points: list[int], is_decided: bool
) -> None:
    sprint = ready_sprint(workspace, stories=3)
    request = asked(sprint, now, to=owner)
    for story, new in zip(sprint.stories.ranked(), points, strict=True):
        sprint.stories.filter(pk=story.pk).update(points=new)

    with nullcontext() if is_decided else pytest.raises(PlanChanged):
        answer(request, Verdict.APPROVED, now)

    request.refresh_from_db()
    assert (request.state == ApprovalState.DECIDED) is is_decided


def test_an_audience_that_drifted_beyond_the_tolerance_is_not_decided(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    ContactFactory.create_batch(4, workspace=workspace)
    request = asked(ready_sprint(workspace), now, to=owner)
    ContactFactory.create(workspace=workspace)

    with pytest.raises(PlanChanged):
        answer(request, Verdict.APPROVED, now)


@pytest.mark.parametrize("each", [True, False])
def test_a_change_is_asked_for_in_words(workspace: Workspace, owner: Member, now: datetime, each: bool) -> None:
    sprint = ready_sprint(workspace, stories=2)
    request = asked(sprint, now, to=owner)
    said = {sprint.stories.ranked()[0].pk: Say(Verdict.CHANGE, "  ")} if each else {}

    with pytest.raises(ApprovalRefused, match="what should change"):
        answer(request, Verdict.APPROVED if each else Verdict.CHANGE, now, each=said, comment=" ")

    assert not StoryDecision.objects.exists()
