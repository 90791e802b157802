"""Goals, principles, their plan and launches that changed after the owner was asked: they ask again by themselves."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from campaigns.launches import ask_about_launch
from campaigns.models import Campaign, CampaignState
from sprints.models import ApprovalEvent, ApprovalLogEntry, ApprovalRequest, ApprovalState, Verdict
from sprints.services.approval_drift import follow_plans
from sprints.services.strategy_approvals import (
    request_goal_approval,
    request_plan_approval,
    request_principle_approval,
)
from sprints.telling import ASKED_AGAIN, FOLLOWED
from strategy.models import Goal, Principle
from tests.factories.approvals import answer, asked_about_mail, ready_sprint
from tests.factories.campaigns import ready_campaign, with_parts, write
from tests.factories.owners import policy
from tests.factories.strategy import GoalFactory, PrincipleFactory
from workspaces.models import Member, Notice, Workspace

pytestmark = pytest.mark.django_db
QUIET = timedelta(minutes=30)


@pytest.fixture
def goal(workspace: Workspace) -> Goal:
    made: Goal = GoalFactory.create(workspace=workspace)
    return made


@pytest.fixture
def principle(workspace: Workspace) -> Principle:
    made: Principle = PrincipleFactory.create(workspace=workspace)
    return made


def _rest(now: datetime) -> datetime:
    """Looked at, left in peace for the quiet time, and looked at twice more."""
    later = now + QUIET
    for moment in (now, later, later + QUIET):
        follow_plans(moment)
    return later


def _aim_higher(goal: Goal) -> None:
    Goal.objects.filter(pk=goal.pk).update(target=goal.target + Decimal(1))


def _newest(**about: object) -> ApprovalRequest:
    return ApprovalRequest.objects.filter(**about).order_by("-version")[0]


def test_a_goal_that_aims_elsewhere_is_asked_about_once(goal: Goal, lead: Member, owner: Member, now: datetime) -> None:
    answer(request_goal_approval(goal=goal, approver=owner, by=lead, now=now), Verdict.APPROVED, now)
    _aim_higher(goal)

    later = _rest(now)

    made = _newest(goal=goal)
    assert (made.version, made.state, made.is_automatic) == (2, ApprovalState.OPEN, True)
    assert (made.requested_by, made.approver, made.requested_at) == (lead, owner, later)
    assert [notice.detail["what"] for notice in Notice.objects.filter(member=lead, kind=FOLLOWED)] == [ASKED_AGAIN]


def test_other_words_for_the_same_goal_are_logged_and_not_asked(
    goal: Goal, lead: Member, owner: Member, now: datetime
) -> None:
    answer(request_goal_approval(goal=goal, approver=owner, by=lead, now=now), Verdict.APPROVED, now)
    Goal.objects.filter(pk=goal.pk).update(why="Another reason")

    _rest(now)

    assert _newest(goal=goal).version == 1
    [entry] = ApprovalLogEntry.objects.filter(event=ApprovalEvent.CHANGED)
    assert entry.detail["material"] == []
    assert "Another reason" in entry.detail["immaterial"][0]


def test_a_goal_the_owner_refused_is_the_teams_to_ask_about(
    goal: Goal, lead: Member, owner: Member, now: datetime
) -> None:
    request = request_goal_approval(goal=goal, approver=owner, by=lead, now=now)
    answer(request, Verdict.DECLINED, now, comment="Not this year")
    _aim_higher(goal)

    _rest(now)

    assert _newest(goal=goal).version == 1


def test_a_goal_that_is_closed_and_a_principle_that_is_archived_are_let_rest(
    goal: Goal, principle: Principle, lead: Member, owner: Member, now: datetime
) -> None:
    answer(request_goal_approval(goal=goal, approver=owner, by=lead, now=now), Verdict.APPROVED, now)
    answer(request_principle_approval(principle=principle, approver=owner, by=lead, now=now), Verdict.APPROVED, now)
    _aim_higher(goal)
    Goal.objects.filter(pk=goal.pk).update(closed_at=now)
    Principle.objects.filter(pk=principle.pk).update(rule="Another", archived_at=now)

    _rest(now)

    assert ApprovalRequest.objects.count() == 2


def test_a_question_about_a_principle_that_changed_is_asked_anew(
    principle: Principle, lead: Member, owner: Member, now: datetime
) -> None:
    request_principle_approval(principle=principle, approver=owner, by=lead, now=now)
    Principle.objects.filter(pk=principle.pk).update(rule="Never on a Sunday")

    _rest(now)

    made = _newest(principle=principle)
    assert (made.version, made.state) == (2, ApprovalState.OPEN)
    assert made.items[0]["title"] == "Never on a Sunday"


def test_a_change_that_is_taken_back_withdraws_the_question(
    goal: Goal, lead: Member, owner: Member, now: datetime
) -> None:
    answer(request_goal_approval(goal=goal, approver=owner, by=lead, now=now), Verdict.APPROVED, now)
    _aim_higher(goal)
    later = _rest(now)
    Goal.objects.filter(pk=goal.pk).update(target=goal.target)

    _rest(later + QUIET)

    made = _newest(goal=goal)
    assert (made.version, made.state) == (2, ApprovalState.WITHDRAWN)


def test_of_a_plan_only_the_goal_that_changed_is_asked_about(
    goal: Goal, principle: Principle, lead: Member, owner: Member, now: datetime
) -> None:
    answer(request_plan_approval(approver=owner, by=lead, now=now), Verdict.APPROVED, now)
    _aim_higher(goal)
    GoalFactory.create(workspace=goal.workspace)

    later = _rest(now)

    made = ApprovalRequest.objects.get(goal=goal)
    assert (made.is_automatic, made.requested_at) == (True, later)
    assert ApprovalRequest.objects.count() == 2


def test_a_launch_whose_mail_changed_is_asked_about_with_the_new_mail(
    workspace: Workspace, lead: Member, owner: Member, now: datetime
) -> None:
    campaign = ready_campaign(workspace, now)
    first = ask_about_launch(campaign=campaign, approver=owner, by=lead, now=now)
    answer(first, Verdict.APPROVED, now)
    write(with_parts(campaign), "# Another mail\n\n[Order](https://shop.example/again)\n")

    _rest(now)

    made = _newest(story=campaign.story)
    assert (made.version, made.state, made.is_automatic) == (2, ApprovalState.OPEN, True)
    assert "Another mail" in made.items[0]["content"]["html"]
    assert made.items[0]["brief"]["window"] == first.items[0]["brief"]["window"]


def test_a_launch_that_went_out_is_let_rest(workspace: Workspace, lead: Member, owner: Member, now: datetime) -> None:
    campaign = ready_campaign(workspace, now)
    answer(ask_about_launch(campaign=campaign, approver=owner, by=lead, now=now), Verdict.APPROVED, now)
    write(with_parts(campaign), "# Another mail\n\n[Order](https://shop.example/again)\n")
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.SENT)

    _rest(now)

    assert _newest(story=campaign.story).version == 1


def test_a_finished_mail_alone_is_left_to_its_author(
    workspace: Workspace, lead: Member, owner: Member, now: datetime
) -> None:
    story = ready_sprint(workspace).stories.get()
    answer(asked_about_mail(story, now, to=owner), Verdict.APPROVED, now)
    story.criteria.all().delete()

    _rest(now)

    assert ApprovalRequest.objects.filter(story=story).count() == 1


def test_where_the_policy_says_so_only_the_log_is_written(
    goal: Goal, lead: Member, owner: Member, now: datetime
) -> None:
    policy(goal.workspace, now, asks_again=False)
    answer(request_goal_approval(goal=goal, approver=owner, by=lead, now=now), Verdict.APPROVED, now)
    _aim_higher(goal)

    _rest(now)

    assert _newest(goal=goal).version == 1
    assert ApprovalLogEntry.objects.filter(event=ApprovalEvent.CHANGED).count() == 1
