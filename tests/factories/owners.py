"""Delegations, owner rules and policies, made by the services as people make them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sprints.models import ApprovalCondition, Covers, Delegation, DelegationScope, Verdict
from sprints.services.approval_policy import set_policy
from sprints.services.delegations import delegate
from sprints.services.owner_rules import set_rules
from tests.factories.approvals import answer, asked, member_as, ready_sprint
from workspaces.models import Member, Workspace
from workspaces.permissions import Role


def delegated(by: Member, to: Member, now: datetime, **more: Any) -> Delegation:
    """The decision given away for a week, from today."""
    today = now.astimezone(by.workspace.zone).date()
    chosen = {
        "scope": DelegationScope.ALL,
        "limit": None,
        "start_date": today,
        "end_date": today + timedelta(days=6),
        **more,
    }
    return delegate(to=to, by=by, now=now, **chosen)


def policy(workspace: Workspace, now: datetime, **chosen: Any) -> None:
    """The workspace's policy, as an owner chooses it."""
    wanted = {"covers": Covers.BRIEF, "audience_tolerance": 0.2, **chosen}
    set_policy(workspace=workspace, by=member_as(workspace, Role.OWNER), now=now, **wanted)


def silent_yes(by: Member, now: datetime, **more: Any) -> None:
    """An owner whose silence is a yes to what costs at most a thousand, after two days."""
    chosen = {"silence_is_yes": True, "silence_below": Decimal(1000), "silence_days": 2, **more}
    set_rules(by=by, now=now, **chosen)


def condition(workspace: Workspace, now: datetime, text: str = "Stock is checked") -> ApprovalCondition:
    """The condition of an owner's yes to a plan of one story."""
    request = asked(ready_sprint(workspace), now)
    answer(request, Verdict.CONDITIONS, now, comment=text)
    return request.conditions.select_related("request", "workspace").get()
