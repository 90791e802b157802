"""Asking for a finished mail: frozen word for word, replaced by the next, void when its story changes."""

from datetime import datetime

import pytest

from sprints.models import (
    ApprovalRequest,
    ApprovalState,
    Verdict,
)
from sprints.services.approvals import PlanChanged, request_content_approval
from sprints.services.stories import rewrite_story
from tests.factories.approvals import (
    MAIL,
    answer,
    asked,
    asked_about_mail,
    ready_sprint,
    ready_story,
)
from tests.factories.strategy import GoalFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


def test_a_finished_mail_is_frozen_word_for_word(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    story = ready_story(ready_sprint(workspace))

    request = request_content_approval(story=story, content=MAIL, approver=owner, by=lead, now=now)

    assert (request.story, request.sprint, request.version) == (story, None, 1)
    assert request.items[0]["content"] == MAIL


def test_a_newer_mail_replaces_the_one_that_waits_and_leaves_the_plan_alone(
    workspace: Workspace, owner: Member, now: datetime
) -> None:
    sprint = ready_sprint(workspace)
    plan = asked(sprint, now, to=owner)
    story = sprint.stories.get()
    first = asked_about_mail(story, now, to=owner)

    second = asked_about_mail(story, now, to=owner, subject="Another subject")

    states = {request.pk: request.state for request in ApprovalRequest.objects.all()}
    assert states == {
        plan.pk: ApprovalState.OPEN,
        first.pk: ApprovalState.SUPERSEDED,
        second.pk: ApprovalState.OPEN,
    }
    assert second.version == 2


def test_a_mail_is_not_decided_when_its_story_is_for_another_goal(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    story = ready_story(ready_sprint(workspace))
    request = asked_about_mail(story, now, to=owner)
    rewrite_story(story=story, by=lead, now=now, goal=GoalFactory.create(workspace=workspace, name="Another goal"))

    with pytest.raises(PlanChanged):
        answer(request, Verdict.APPROVED, now)
