"""Rows of the sprints app: approvals and retrospectives."""

from typing import Any

from django.utils import timezone

from sprints.models import ApprovalRequest, Sprint
from tests.factories.approvals import MAIL, asked, asked_about_mail, member_as, ready_sprint
from tests.factories.owners import delegated
from tests.factories.workspaces import MemberFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can, Role

SEE, PLAN, WRITE, ANSWER = Can.SEE_SPRINTS, Can.PLAN_SPRINTS, Can.EDIT_STORIES, Can.ANSWER
MANAGE = Can.MANAGE_WORKSPACE


def _ready(workspace: Workspace) -> dict[str, Any]:
    member_as(workspace, Role.OWNER)
    return {"pk": ready_sprint(workspace).pk}


def _asked(workspace: Workspace) -> dict[str, Any]:
    return {"pk": asked(ready_sprint(workspace), timezone.now()).pk}


def _asked_sprint(workspace: Workspace) -> dict[str, Any]:
    return {"pk": asked(ready_sprint(workspace), timezone.now()).sprint_id}


def _asked_and_delegated(workspace: Workspace) -> dict[str, Any]:
    """A request that the lead may answer instead of the owner, and did not make."""
    owner, lead = member_as(workspace, Role.OWNER), member_as(workspace, Role.LEAD)
    delegated(owner, lead, timezone.now())
    author = MemberFactory.create(workspace=workspace, role=Role.MARKETER)
    return {"pk": asked(ready_sprint(workspace), timezone.now(), by=author, to=owner).pk}


def _asked_about_mail(workspace: Workspace) -> dict[str, Any]:
    story = ready_sprint(workspace).stories.get()
    return {"pk": asked_about_mail(story, timezone.now()).pk}


def _ask(workspace: Workspace, _kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"approver": member_as(workspace, Role.OWNER).pk, "message": "Please look at the offer."}


def _yes(_workspace: Workspace, kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"fingerprint": ApprovalRequest.objects.get(pk=kwargs["pk"]).fingerprint, "verdict": "approved"}


ROWS = [
    Row("sprints:approval_list", see=SEE),
    Row("sprints:approval_request", see=PLAN, act=PLAN, kwargs=_ready, data=_ask),
    Row("sprints:approval_detail", see=SEE, act=ANSWER, kwargs=_asked_and_delegated, data=_yes),
    Row("sprints:approval_mail", see=SEE, kwargs=_asked_about_mail),
    Row("sprints:approval_remind", act=PLAN, kwargs=_asked),
    Row("sprints:approval_say", act=ANSWER, kwargs=_asked, data=lambda _w, _k: {"text": "Is there enough stock?"}),
    Row("sprints:approval_card", see=SEE, kwargs=_asked_sprint),
    Row("sprints:approval_waiting", see=SEE),
    Row(
        "sprints:settings_approval",
        see=MANAGE,
        act=MANAGE,
        data=lambda _w, _k: {"covers": "content", "tolerance": "10"},
    ),
]


def _ask_by_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    sprint = Sprint.objects.for_workspace(workspace).order_by("-pk").first() or ready_sprint(workspace)
    return {"sprint": sprint.pk, "approver": member_as(workspace, Role.OWNER).user.email}


def _yes_by_api(workspace: Workspace, _method: str) -> dict[str, Any]:
    newest = ApprovalRequest.objects.for_workspace(workspace).order_by("-pk").first()
    return {"fingerprint": newest.fingerprint if newest else MAIL["fingerprint"], "verdict": "approved"}


API_ROWS = [
    ApiRow("api:approval-list", {"get": SEE, "post": PLAN}, data=_ask_by_api),
    ApiRow("api:approval-detail", {"get": SEE}, kwargs=_asked),
    ApiRow("api:approval-remind", {"post": PLAN}, kwargs=_asked),
    ApiRow("api:approval-messages", {"get": SEE}, kwargs=_asked),
    ApiRow("api:approval-say", {"post": ANSWER}, kwargs=_asked, data=lambda _w, _m: {"text": "Is there enough stock?"}),
    ApiRow("api:approval-decide", {"post": ANSWER}, kwargs=_asked_and_delegated, data=_yes_by_api),
]
