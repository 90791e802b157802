"""Rows of the sprints app: the stand-up."""

from typing import Any

from django.utils import timezone

from sprints.models import Sprint
from tests.factories.approvals import member_as
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.standups import every_day, said, todays
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can, Role

SEE, WRITE, MANAGE = Can.SEE_SPRINTS, Can.EDIT_STORIES, Can.MANAGE_WORKSPACE
ENTRY = {"today": "Write to the customers who have not bought since spring"}


def _today(workspace: Workspace) -> dict[str, Any]:
    lead = member_as(workspace, Role.LEAD)
    every_day([lead], timezone.now())
    return {"pk": todays(lead, timezone.now()).pk}


def _entry(workspace: Workspace) -> dict[str, Any]:
    _today(workspace)
    return {"pk": said(member_as(workspace, Role.LEAD), timezone.now()).pk}


def _story(workspace: Workspace) -> int:
    running = Sprint.objects.for_workspace(workspace).running().first()
    sprint = running or SprintFactory.create(workspace=workspace, running=True)
    pk: int = StoryFactory.create(workspace=workspace, sprint=sprint).pk
    return pk


def _sprint(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SprintFactory.create(workspace=workspace, closed=True).pk}


def _blocker(workspace: Workspace, _kwargs: Any) -> dict[str, Any]:
    owner = member_as(workspace, Role.LEAD).pk
    return {"story": _story(workspace), "reason": "No product feed", "owner": owner}


def _schedule(workspace: Workspace, _kwargs: Any) -> dict[str, Any]:
    return {
        "weekdays": ["0", "4"], "remind_hour": "9", "closing_hour": "11", "seconds_each": "90", "order": "drawn",
        "members": [member_as(workspace, Role.LEAD).pk],
    }  # fmt: skip


ROWS = [
    Row("sprints:stand_up_today", see=SEE),
    Row("sprints:stand_up_entry", act=WRITE, kwargs=_today, data=lambda _w, _k: ENTRY),
    Row("sprints:stand_up_blocker_add", act=WRITE, data=_blocker),
    Row("sprints:stand_up_list", see=SEE),
    Row("sprints:stand_up_detail", see=SEE, kwargs=_today),
    Row("sprints:stand_up_round", see=SEE),
    Row("sprints:stand_up_step", act=WRITE, kwargs=_today, data=lambda _w, _k: {"step": "start"}),
    Row("sprints:sprint_blockers", see=SEE, kwargs=_sprint),
    Row("sprints:settings_stand_up", see=MANAGE, act=MANAGE, data=_schedule),
]


def _entry_by_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    _today(workspace)
    return ENTRY


def _schedule_by_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {
        "weekdays": [0, 4], "remind_hour": 9, "closing_hour": 11, "has_round": True, "seconds_each": 90,
        "order": "by_hand", "members": [member_as(workspace, Role.LEAD).user.email],
    }  # fmt: skip


API_ROWS = [
    ApiRow("api:stand-up-list", {"get": SEE}),
    ApiRow("api:stand-up-detail", {"get": SEE}, kwargs=_today),
    ApiRow("api:stand-up-round", {"get": SEE}, kwargs=_today),
    ApiRow("api:stand-up-step", {"post": WRITE}, kwargs=_today, data=lambda _w, _m: {"step": "start"}),
    ApiRow("api:stand-up-schedule-list", {"get": SEE, "post": MANAGE}, data=_schedule_by_api),
    ApiRow("api:stand-up-entry-list", {"post": WRITE}, data=_entry_by_api),
    ApiRow("api:stand-up-entry-detail", {"get": SEE}, kwargs=_entry),
]
