"""Rows of the delivery app."""

from typing import Any

from delivery import services
from delivery.models import RunState
from tests.factories.delivery import DeliveryFactory, RunFactory, SentCampaignFactory, run_to
from tests.factories.workspaces import MemberFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can

SEE, PEOPLE, STOP, EDIT = Can.SEE_CAMPAIGNS, Can.SEE_AUDIENCE, Can.STOP_CAMPAIGNS, Can.EDIT_CAMPAIGNS


def _sending(workspace: Workspace) -> dict[str, Any]:
    run, _rows = run_to(workspace, 1)
    return {"pk": run.campaign_id}


def _paused(workspace: Workspace) -> dict[str, Any]:
    paused = RunFactory.create(workspace=workspace, state=RunState.PAUSED, campaign__state="paused")
    return {"pk": paused.campaign_id}


def _campaign(workspace: Workspace) -> dict[str, Any]:
    DeliveryFactory.create(run__workspace=workspace)
    return {"pk": SentCampaignFactory.create(workspace=workspace, state="draft").pk}


def _tested(workspace: Workspace) -> dict[str, Any]:
    campaign = SentCampaignFactory.create(workspace=workspace)
    by = MemberFactory.create(workspace=workspace)
    services.ask_for_test(campaign=campaign, contact=None, by=by, now=campaign.created_at)
    return {"pk": campaign.pk}


ROWS = [
    Row("delivery:run_panel", see=SEE, kwargs=_sending),
    Row("delivery:run_pause", act=STOP, kwargs=_sending),
    Row("delivery:run_resume", act=STOP, kwargs=_paused),
    Row("delivery:run_cancel", act=STOP, kwargs=_sending),
    Row("delivery:recipient_list", see=PEOPLE, kwargs=_sending),
    Row("delivery:recipients_csv", see=PEOPLE, kwargs=_sending),
    Row("delivery:campaign_test", see=EDIT, act=EDIT, kwargs=_campaign),
]

API_ROWS = [
    ApiRow("api:run-detail", {"get": SEE}, kwargs=_sending),
    ApiRow("api:run-deliveries", {"get": PEOPLE}, kwargs=_sending),
    ApiRow("api:run-pause", {"post": STOP}, kwargs=_sending),
    ApiRow("api:run-resume", {"post": STOP}, kwargs=_paused),
    ApiRow("api:run-cancel", {"post": STOP}, kwargs=_sending),
    ApiRow("api:testmail-list", {"post": EDIT}, data=lambda w, _m: {"campaign": _campaign(w)["pk"]}),
    ApiRow("api:testmail-detail", {"get": EDIT}, kwargs=_tested),
]
