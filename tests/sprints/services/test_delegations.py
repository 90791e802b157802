"""Somebody else decides for a while: how far, how long, and never on what he or she proposed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sprints.deciders import may_decide
from sprints.models import ApprovalLogEntry, DecidedVia, DelegationScope, SendBrief, Verdict
from sprints.services.answer_words import ApprovalRefused
from sprints.services.approval_links import ApprovalLinkInvalid, approval_token, open_link
from sprints.services.delegations import DelegationRefused, revoke_delegation
from sprints.shown_plan import decided_by_words
from tests.factories.approvals import answer, asked, asked_about_mail, ready_sprint
from tests.factories.owners import delegated
from tests.factories.workspaces import MemberFactory
from workspaces.models import Member, SystemMail, Workspace
from workspaces.permissions import Role

pytestmark = pytest.mark.django_db


def test_the_one_it_was_given_to_decides_and_the_answer_says_for_whom(
    workspace: Workspace, owner: Member, analyst: Member, lead: Member, now: datetime
) -> None:
    given = delegated(owner, analyst, now)
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)

    answer(request, Verdict.APPROVED, now, by=analyst)

    request.refresh_from_db()
    assert (request.decided_by, request.delegation, request.decided_via) == (analyst, given, DecidedVia.MEMBER)
    assert decided_by_words(request) == "Daniel Okafor for Marta Lindqvist"
    assert ApprovalLogEntry.objects.get(event="decided").detail["on_behalf_of"] == "Marta Lindqvist"


def test_both_are_mailed_a_link_of_their_own(
    workspace: Workspace, owner: Member, analyst: Member, lead: Member, now: datetime
) -> None:
    delegated(owner, analyst, now)

    request = asked(ready_sprint(workspace), now, by=lead, to=owner)

    mailed = SystemMail.objects.filter(kind="sprints.approval").values_list("to", flat=True)
    assert sorted(mailed) == sorted([owner.user.email, analyst.user.email])
    assert open_link(approval_token(request, analyst), now).holder == analyst
    assert open_link(approval_token(request), now).holder == owner


def test_nobody_decides_on_a_proposal_of_his_own_for_another(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    delegated(owner, lead, now)
    request = asked(ready_sprint(workspace), now, by=lead, to=owner)

    with pytest.raises(ApprovalRefused, match="own proposal"):
        answer(request, Verdict.APPROVED, now, by=lead)

    assert not SystemMail.objects.filter(kind="sprints.approval", to=lead.user.email).exists()
    with pytest.raises(ApprovalLinkInvalid):
        open_link(approval_token(request, lead), now)


def _dear(workspace: Workspace, given: dict[str, Any]) -> None:
    SendBrief.objects.filter(workspace=workspace).update(cost=Decimal("500.01"))


def _later(_workspace: Workspace, given: dict[str, Any]) -> None:
    given["start_date"] += timedelta(days=1)


def _other_scope(_workspace: Workspace, given: dict[str, Any]) -> None:
    given["scope"] = DelegationScope.LAUNCH


@pytest.mark.parametrize("spoil", [_dear, _later, _other_scope])
def test_it_ends_at_its_limit_its_days_and_its_scope(
    workspace: Workspace, owner: Member, analyst: Member, now: datetime, spoil: Callable[..., None]
) -> None:
    today = now.astimezone(workspace.zone).date()
    given = {"limit": Decimal(500), "start_date": today, "scope": DelegationScope.SPRINT}
    sprint = ready_sprint(workspace)
    spoil(workspace, given)
    delegated(owner, analyst, now, **given)
    request = asked(sprint, now, to=owner)

    with pytest.raises(ApprovalRefused, match="Only a business owner"):
        answer(request, Verdict.APPROVED, now, by=analyst)

    assert not may_decide(request, analyst, now)


def test_the_last_day_counts_and_the_day_after_does_not(
    workspace: Workspace, owner: Member, analyst: Member, now: datetime
) -> None:
    delegated(owner, analyst, now)
    request = asked(ready_sprint(workspace), now, to=owner)

    assert may_decide(request, analyst, now + timedelta(days=6))
    assert not may_decide(request, analyst, now + timedelta(days=7))


def test_a_launch_is_delegated_by_itself(workspace: Workspace, owner: Member, analyst: Member, now: datetime) -> None:
    delegated(owner, analyst, now, scope=DelegationScope.LAUNCH)
    sprint = ready_sprint(workspace)

    assert may_decide(asked_about_mail(sprint.stories.get(), now, to=owner), analyst, now)
    assert not may_decide(asked(sprint, now, to=owner), analyst, now)


def test_what_was_taken_back_or_given_by_one_who_lost_the_role_is_worth_nothing(
    workspace: Workspace, owner: Member, analyst: Member, now: datetime
) -> None:
    given = delegated(owner, analyst, now)
    request = asked(ready_sprint(workspace), now, to=owner)
    link = approval_token(request, analyst)

    revoke_delegation(delegation=given, by=owner, now=now)
    revoke_delegation(delegation=given, by=owner, now=now)

    assert ApprovalLogEntry.objects.filter(event="delegation_ended").count() == 1
    with pytest.raises(ApprovalLinkInvalid):
        open_link(link, now)
    delegated(owner, analyst, now)
    owner.role = Role.GUEST
    owner.save()
    request.refresh_from_db()
    assert not may_decide(request, analyst, now)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"end_date": timedelta(days=-1)}, "end_date"),
        ({"end_date": timedelta(days=92)}, "end_date"),
        ({"limit": Decimal(-1)}, "limit"),
    ],
)
def test_days_and_amounts_that_make_no_sense_are_refused(
    owner: Member, analyst: Member, now: datetime, change: dict[str, Any], field: str
) -> None:
    today = now.astimezone(owner.workspace.zone).date()
    wanted = {name: today + value if isinstance(value, timedelta) else value for name, value in change.items()}

    with pytest.raises(DelegationRefused) as refused:
        delegated(owner, analyst, now, **wanted)

    assert field in refused.value.fields


def test_only_a_decider_gives_and_only_to_another_member(
    workspace: Workspace, owner: Member, lead: Member, outsider: Member, now: datetime
) -> None:
    gone = MemberFactory.create(workspace=workspace, left_at=now)
    for giver, receiver in ((lead, owner), (owner, owner), (owner, outsider), (owner, gone)):
        with pytest.raises(DelegationRefused):
            delegated(giver, receiver, now)


def test_a_delegate_cannot_pass_it_on(owner: Member, lead: Member, analyst: Member, now: datetime) -> None:
    delegated(owner, lead, now)

    with pytest.raises(DelegationRefused):
        delegated(lead, analyst, now)


def test_a_stranger_cannot_end_it(owner: Member, lead: Member, analyst: Member, now: datetime) -> None:
    given = delegated(owner, lead, now)

    with pytest.raises(DelegationRefused):
        revoke_delegation(delegation=given, by=analyst, now=now)
