"""A yes with conditions: what is held back, and who says that they are met."""

from datetime import datetime

import pytest

from sprints.answers import Say
from sprints.models import ApprovalRequest, Story, Verdict
from sprints.services.answer_words import ApprovalRefused
from sprints.services.conditions import ConditionRefused, tick_condition
from sprints.snapshot import brief_snapshot
from sprints.standing import SendFacts, Standing, standing_of, unapproved_reasons
from tests.factories.approvals import answer, asked, brief_of, ready_sprint
from tests.factories.owners import condition, policy
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


def _held(story: Story, now: datetime) -> list[str]:
    facts = SendFacts(brief=brief_snapshot(brief_of(story), now), content="a" * 64)
    return unapproved_reasons(story=Story.objects.select_related("workspace").get(pk=story.pk), facts=facts)


def _standing(story: Story, now: datetime) -> Standing:
    return standing_of([Story.objects.with_plan().get(pk=story.pk)], now)[story.pk].standing


def test_each_line_of_a_yes_with_conditions_is_one_to_tick(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)

    answer(request, Verdict.CONDITIONS, now, comment="- Stock is checked\n\n• The pouch is ordered\n")

    request.refresh_from_db()
    assert request.verdict == Verdict.CONDITIONS
    found = list(request.conditions.order_by("position"))
    assert [condition.text for condition in found] == ["Stock is checked", "The pouch is ordered"]
    assert {condition.story for condition in found} == {None}


def test_the_launch_waits_until_the_condition_is_ticked(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=2)
    held, free = sprint.stories.ranked()
    request = asked(sprint, now, to=owner)
    answer(request, Verdict.APPROVED, now, each={held.pk: Say(Verdict.CONDITIONS, "Stock is checked")})

    assert _held(held, now) == ["The owner’s condition is not met yet: “Stock is checked”."]
    assert _held(free, now) == []
    assert (_standing(held, now), _standing(free, now)) == (Standing.CONDITIONS, Standing.APPROVED)

    tick_condition(condition=request.conditions.get(), is_met=True, by=owner, now=now)

    assert _held(held, now) == []
    assert _standing(held, now) == Standing.APPROVED
    tick_condition(condition=request.conditions.get(), is_met=False, by=owner, now=now)
    assert _held(held, now) != []


def test_a_condition_on_the_whole_holds_every_story(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=2)

    answer(asked(sprint, now, to=owner), Verdict.CONDITIONS, now, conditions=["Legal has read it"])

    assert all(_held(story, now) for story in sprint.stories.all())


def test_a_yes_with_conditions_names_one(workspace: Workspace, owner: Member, now: datetime) -> None:
    request = asked(ready_sprint(workspace), now, to=owner)

    with pytest.raises(ApprovalRefused, match="conditions"):
        answer(request, Verdict.CONDITIONS, now, comment=" \n - ")
    with pytest.raises(ApprovalRefused, match="At most"):
        answer(request, Verdict.CONDITIONS, now, conditions=["x" * 301])


def test_a_lead_ticks_where_the_policy_allows_it_and_nobody_else(
    workspace: Workspace, owner: Member, lead: Member, marketer: Member, now: datetime
) -> None:
    found = condition(workspace, now)
    for person in (lead, marketer):
        with pytest.raises(ConditionRefused):
            tick_condition(condition=found, is_met=True, by=person, now=now)
    policy(workspace, now, lead_ticks_conditions=True)

    tick_condition(condition=found, is_met=True, by=lead, now=now)
    tick_condition(condition=found, is_met=True, by=lead, now=now)

    found.refresh_from_db()
    assert found.met_by == lead
    assert AuditEntry.objects.filter(action="approval.condition_ticked").count() == 1
    with pytest.raises(ConditionRefused):
        tick_condition(condition=found, is_met=False, by=marketer, now=now)


def test_an_owner_of_another_workspace_ticks_nothing(workspace: Workspace, outsider: Member, now: datetime) -> None:
    found = condition(workspace, now)

    with pytest.raises(ConditionRefused):
        tick_condition(condition=found, is_met=True, by=outsider, now=now)

    assert not ApprovalRequest.objects.filter(conditions__met_at__isnull=False).exists()
