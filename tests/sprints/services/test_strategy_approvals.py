"""Goals, principles and the plan of both: the same versions, answers and standing as plans of sprints."""

from datetime import datetime
from decimal import Decimal

import pytest

from sprints.answers import Say
from sprints.models import ApprovalRequest, Verdict
from sprints.services.answer_words import ApprovalRefused
from sprints.services.approvals import PlanChanged
from sprints.services.strategy_approvals import (
    request_goal_approval,
    request_plan_approval,
    request_principle_approval,
)
from sprints.standing import Standing
from sprints.strategy_standing import goal_standing, principle_standings
from strategy.models import Goal, Principle
from tests.factories.approvals import answer
from tests.factories.strategy import GoalFactory, PrincipleFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def goal(workspace: Workspace) -> Goal:
    made: Goal = GoalFactory.create(workspace=workspace)
    return Goal.objects.with_kpi().get(pk=made.pk)


@pytest.fixture
def principle(workspace: Workspace) -> Principle:
    made: Principle = PrincipleFactory.create(workspace=workspace)
    return made


def _where(goal: Goal) -> Standing:
    return goal_standing(Goal.objects.with_kpi().get(pk=goal.pk)).standing


def _asked(goal: Goal, lead: Member, owner: Member, now: datetime) -> ApprovalRequest:
    return request_goal_approval(goal=goal, approver=owner, by=lead, now=now)


def test_a_goal_is_asked_about_answered_and_held_to_its_target(
    goal: Goal, lead: Member, owner: Member, now: datetime
) -> None:
    assert _where(goal) == Standing.NONE
    request = _asked(goal, lead, owner, now)
    assert _where(goal) == Standing.WAITING

    answer(request, Verdict.APPROVED, now)
    assert _where(goal) == Standing.APPROVED
    Goal.objects.filter(pk=goal.pk).update(name="The same in other words", why="Because")
    assert _where(goal) == Standing.APPROVED

    Goal.objects.filter(pk=goal.pk).update(target=goal.target + Decimal(1))
    assert _where(goal) == Standing.VOID


def test_a_goal_that_moved_meanwhile_is_not_decided(goal: Goal, lead: Member, owner: Member, now: datetime) -> None:
    request = _asked(goal, lead, owner, now)
    Goal.objects.filter(pk=goal.pk).update(target=goal.target + Decimal(1))

    with pytest.raises(PlanChanged):
        answer(request, Verdict.APPROVED, now)


def test_what_stands_approved_is_not_asked_again(goal: Goal, lead: Member, owner: Member, now: datetime) -> None:
    answer(_asked(goal, lead, owner, now), Verdict.APPROVED, now)

    with pytest.raises(ApprovalRefused, match="nothing to ask"):
        _asked(goal, lead, owner, now)


def test_closed_goals_and_archived_principles_are_history(
    goal: Goal, principle: Principle, lead: Member, owner: Member, now: datetime
) -> None:
    Goal.objects.update(closed_at=now)
    Principle.objects.update(archived_at=now)

    with pytest.raises(ApprovalRefused, match="closed"):
        _asked(goal, lead, owner, now)
    with pytest.raises(ApprovalRefused, match="archived"):
        request_principle_approval(principle=principle, approver=owner, by=lead, now=now)
    with pytest.raises(ApprovalRefused, match="no open goal"):
        request_plan_approval(approver=owner, by=lead, now=now)


def test_a_principle_is_its_words(principle: Principle, lead: Member, owner: Member, now: datetime) -> None:
    answer(request_principle_approval(principle=principle, approver=owner, by=lead, now=now), Verdict.APPROVED, now)
    Principle.objects.update(rule="Another rule")

    found = principle_standings(list(Principle.objects.select_related("workspace")))[principle.pk]

    assert found.standing == Standing.VOID


def test_the_plan_is_decided_one_by_one_and_what_was_approved_alone_is_carried(
    goal: Goal, principle: Principle, lead: Member, owner: Member, now: datetime
) -> None:
    answer(_asked(goal, lead, owner, now), Verdict.APPROVED, now)
    other = GoalFactory.create(workspace=goal.workspace)

    plan = request_plan_approval(approver=owner, by=lead, now=now)
    asked = {(item["kind"], item["object"]): item["id"] for item in plan.asked_items}
    assert set(asked) == {("goal", other.pk), ("principle", principle.pk)}
    answer(plan, Verdict.APPROVED, now, each={asked["goal", other.pk]: Say(Verdict.DECLINED, "Too much.")})

    plan.refresh_from_db()
    assert plan.verdict == Verdict.CHANGE
    assert [_where(goal), _where(other)] == [Standing.APPROVED, Standing.DECLINED]
    held = principle_standings(list(Principle.objects.select_related("workspace")))
    assert held[principle.pk].standing == Standing.APPROVED


def test_nobody_approves_a_goal_of_his_own_proposal(goal: Goal, owner: Member, now: datetime) -> None:
    with pytest.raises(ApprovalRefused, match="own proposal"):
        _asked(goal, owner, owner, now)
