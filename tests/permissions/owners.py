"""Rows of the sprints app: delegations, owner rules, conditions, the log, and questions about the strategy."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.factories.approvals import asked, member_as, ready_sprint
from tests.factories.owners import condition, delegated, policy
from tests.factories.strategy import GoalFactory, PrincipleFactory
from tests.factories.workspaces import MemberFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can, Role

SEE, PLAN, DECIDE, TICK = Can.SEE_SPRINTS, Can.PLAN_SPRINTS, Can.DECIDE, Can.TICK_CONDITIONS
MANAGE, AUDIT = Can.MANAGE_WORKSPACE, Can.SEE_AUDIT


def _asked(workspace: Workspace) -> dict[str, Any]:
    return {"pk": asked(ready_sprint(workspace), timezone.now()).pk}


def _given(workspace: Workspace) -> dict[str, Any]:
    receiver = MemberFactory.create(workspace=workspace)
    return {"pk": delegated(member_as(workspace, Role.OWNER), receiver, timezone.now()).pk}


def _condition(workspace: Workspace) -> dict[str, Any]:
    found = condition(workspace, timezone.now())
    policy(workspace, timezone.now(), lead_ticks_conditions=True)
    return {"pk": found.pk}


def _name(workspace: Workspace, _kwargs: Any) -> dict[str, Any]:
    return {"named": MemberFactory.create(workspace=workspace).pk}


def _name_by_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"named": MemberFactory.create(workspace=workspace).user.email}


def _goal(workspace: Workspace) -> dict[str, Any]:
    return {"pk": GoalFactory.create(workspace=workspace).pk}


def _principle(workspace: Workspace) -> dict[str, Any]:
    return {"pk": PrincipleFactory.create(workspace=workspace).pk}


def _line(workspace: Workspace) -> dict[str, Any]:
    return {"pk": asked(ready_sprint(workspace), timezone.now()).log.get().pk}


def _give(workspace: Workspace, _kwargs: Any) -> dict[str, Any]:
    today = timezone.now().astimezone(workspace.zone).date()
    receiver = MemberFactory.create(workspace=workspace).pk
    return {"to": receiver, "scope": "all", "start_date": today, "end_date": today + timedelta(days=6)}


def _give_by_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    receiver = MemberFactory.create(workspace=workspace).user.email
    return {**_give(workspace, {}), "to": receiver}


def _rules(_workspace: Workspace, _kwargs: Any) -> dict[str, Any]:
    return {"quiet_from": "21:00", "quiet_until": "07:00", "silence_below": "100", "silence_days": "3"}


def _ask(workspace: Workspace, _kwargs: Any) -> dict[str, Any]:
    return {"approver": member_as(workspace, Role.OWNER).pk, "message": ""}


def _ask_about_plan(workspace: Workspace, _kwargs: Any) -> dict[str, Any]:
    GoalFactory.create(workspace=workspace)
    return _ask(workspace, _kwargs)


ROWS = [
    Row("sprints:approval_log", see=AUDIT),
    Row("sprints:approval_log_csv", see=AUDIT),
    Row("sprints:approval_log_pdf", see=AUDIT),
    Row("sprints:approval_pdf", see=SEE, kwargs=_asked),
    Row("sprints:delegation_list", see=SEE, act=DECIDE, data=_give),
    Row("sprints:delegation_revoke", act=DECIDE, kwargs=_given),
    Row("sprints:owner_rules_edit", see=DECIDE, act=DECIDE, data=_rules),
    Row("sprints:condition_tick", act=Can.ANSWER, kwargs=_condition, data=lambda _w, _k: {"is_met": "on"}),
    Row("sprints:condition_name", act=TICK, kwargs=_condition, data=_name),
    Row("sprints:goal_approval_request", see=PLAN, act=PLAN, kwargs=_goal, data=_ask),
    Row("sprints:principle_approval_request", see=PLAN, act=PLAN, kwargs=_principle, data=_ask),
    Row("sprints:plan_approval_request", see=PLAN, act=PLAN, data=_ask_about_plan),
]

API_ROWS = [
    ApiRow("api:delegation-list", {"get": SEE, "post": DECIDE}, data=_give_by_api),
    ApiRow("api:delegation-detail", {"get": SEE}, kwargs=_given),
    ApiRow("api:delegation-revoke", {"post": DECIDE}, kwargs=_given),
    ApiRow("api:owner-rules-list", {"get": DECIDE, "post": DECIDE}, data=lambda _w, _m: {"silence_days": 3}),
    ApiRow("api:approval-condition-list", {"get": SEE}),
    ApiRow("api:approval-condition-detail", {"get": SEE}, kwargs=_condition),
    ApiRow(
        "api:approval-condition-tick", {"post": Can.ANSWER}, kwargs=_condition, data=lambda _w, _m: {"is_met": True}
    ),
    ApiRow("api:approval-condition-assign", {"post": TICK}, kwargs=_condition, data=_name_by_api),
    ApiRow("api:approval-policy-list", {"get": MANAGE, "post": MANAGE}, data=lambda _w, _m: {"covers": "launch"}),
    ApiRow("api:approval-log-list", {"get": AUDIT}),
    ApiRow("api:approval-log-detail", {"get": AUDIT}, kwargs=_line),
    ApiRow("api:approval-log-verify", {"get": AUDIT}),
]
