"""Rows of the campaigns app."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from campaigns.models import Campaign, CampaignState
from tests.factories.approvals import member_as
from tests.factories.campaigns import TEXT, CampaignFactory, SenderFactory, cover_content, ready_campaign, write
from tests.factories.sprints import BriefFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can, Role

SEE, EDIT, STOP, MANAGE = Can.SEE_CAMPAIGNS, Can.EDIT_CAMPAIGNS, Can.STOP_CAMPAIGNS, Can.MANAGE_WORKSPACE
MAIL = {"subject": "Hello", "preheader": "", "source": "Hello", "written_as": "markdown"}


def _campaign(workspace: Workspace) -> dict[str, Any]:
    return {"pk": CampaignFactory.create(workspace=workspace, content=TEXT).pk}


def _scheduled(workspace: Workspace) -> dict[str, Any]:
    at = timezone.now()
    return {"pk": CampaignFactory.create(workspace=workspace, state=CampaignState.SCHEDULED, scheduled_at=at).pk}


def _ready(workspace: Workspace) -> dict[str, Any]:
    return {"pk": ready_campaign(workspace, timezone.now()).pk}


def _askable(workspace: Workspace) -> dict[str, Any]:
    cover_content(workspace, timezone.now())
    return _campaign(workspace)


def _version(workspace: Workspace) -> dict[str, Any]:
    campaign = CampaignFactory.create(workspace=workspace, content=TEXT)
    write(campaign, "Newer")
    return {"pk": campaign.pk, "number": 1}


def _sender(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SenderFactory.create(workspace=workspace).pk}


def _story(workspace: Workspace, *_ignored: Any) -> dict[str, Any]:
    return {"story": BriefFactory.create(story__workspace=workspace).story_id, "name": "Reminder"}


def _changes(workspace: Workspace, kwargs: dict[str, Any]) -> dict[str, Any]:
    campaign = Campaign.objects.get(pk=kwargs["pk"])
    return {
        "name": "Renamed",
        "sender": campaign.sender_id,
        "segment": campaign.segment_id,
        "cost": "1",
        "unknown_policy": "hold",
    }


def _noon(campaign: Campaign) -> datetime:
    day = campaign.story.brief.window_start
    return datetime(day.year, day.month, day.day, 12, tzinfo=campaign.workspace.zone)


def _moment(_workspace: Workspace, kwargs: dict[str, Any]) -> dict[str, Any]:
    noon = _noon(Campaign.objects.get(pk=kwargs["pk"]))
    return {"when": "later", "at": noon.strftime("%Y-%m-%dT%H:%M")}


def _moment_of_newest(workspace: Workspace, _method: str) -> dict[str, Any]:
    newest = Campaign.objects.for_workspace(workspace).order_by("-pk").first()
    return {"at": _noon(newest).isoformat()} if newest else {}


def _approver(workspace: Workspace, _kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"approver": member_as(workspace, Role.OWNER).pk}


def _launch(workspace: Workspace, kwargs: dict[str, Any]) -> dict[str, Any]:
    day = timezone.now().astimezone(workspace.zone).date() + timedelta(days=1)
    return {**_approver(workspace, kwargs), "first_day": day, "last_day": day}


def _approver_by_email(workspace: Workspace, _method: str) -> dict[str, Any]:
    return {"approver": member_as(workspace, Role.OWNER).user.email}


ROWS = [
    Row("campaigns:campaign_list", see=SEE),
    Row("campaigns:campaign_new", see=EDIT, act=EDIT, data=_story),
    Row("campaigns:campaign_detail", see=SEE, kwargs=_campaign),
    Row("campaigns:campaign_edit", see=EDIT, act=EDIT, kwargs=_campaign, data=_changes),
    Row("campaigns:campaign_cancel", act=STOP, kwargs=_campaign),
    Row("campaigns:campaign_content", see=SEE, act=EDIT, kwargs=_campaign, data=lambda _w, _k: MAIL),
    Row(
        "campaigns:campaign_draft_preview",
        act=EDIT,
        kwargs=_campaign,
        data=lambda _w, _k: MAIL,
        is_audited=False,
    ),
    Row("campaigns:campaign_content_restore", act=EDIT, kwargs=_version),
    Row("campaigns:campaign_preview", see=SEE, kwargs=_campaign),
    Row("campaigns:campaign_checks", see=SEE, kwargs=_campaign),
    Row("campaigns:campaign_schedule", see=SEE, act=EDIT, kwargs=_ready, data=_moment),
    Row("campaigns:campaign_unschedule", act=STOP, kwargs=_scheduled),
    Row("campaigns:campaign_ask_owner", see=EDIT, act=EDIT, kwargs=_askable, data=_approver),
    Row("campaigns:campaign_ask_launch", see=EDIT, act=EDIT, kwargs=_askable, data=_launch),
    Row(
        "campaigns:settings_senders",
        see=MANAGE,
        act=MANAGE,
        data=lambda _w, _k: {"name": "Maren", "email": "maren@marenmoss.example"},
    ),
    Row("campaigns:sender_archive", act=MANAGE, kwargs=_sender),
]

API_MAIL = {"subject": "Hello", "source": "Hello from the API"}

API_ROWS = [
    ApiRow("api:campaign-list", {"get": SEE, "post": EDIT}, data=_story),
    ApiRow("api:campaign-detail", {"get": SEE, "patch": EDIT}, kwargs=_campaign, data=lambda _w, _m: {"offer": "10 %"}),
    ApiRow("api:campaign-content", {"get": SEE, "put": EDIT}, kwargs=_campaign, data=lambda _w, _m: API_MAIL),
    ApiRow("api:campaign-versions", {"get": SEE}, kwargs=_campaign),
    ApiRow("api:campaign-restore", {"post": EDIT}, kwargs=_campaign, data=lambda _w, _m: {"number": 1}),
    ApiRow("api:campaign-preview", {"get": SEE}, kwargs=_campaign),
    ApiRow("api:campaign-checks", {"get": SEE}, kwargs=_campaign),
    ApiRow("api:campaign-schedule", {"post": EDIT}, kwargs=_ready, data=_moment_of_newest),
    ApiRow("api:campaign-unschedule", {"post": STOP}, kwargs=_scheduled),
    ApiRow("api:campaign-cancel", {"post": STOP}, kwargs=_campaign),
    ApiRow("api:campaign-ask-owner", {"post": EDIT}, kwargs=_askable, data=_approver_by_email),
    ApiRow("api:campaign-ask-launch", {"post": EDIT}, kwargs=_askable, data=_approver_by_email),
    ApiRow(
        "api:sender-list",
        {"get": SEE, "post": MANAGE},
        data=lambda _w, _m: {"name": "API", "email": "api@marenmoss.example"},
    ),
    ApiRow("api:sender-archive", {"post": MANAGE}, kwargs=_sender),
]
