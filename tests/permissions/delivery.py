"""Rows of the delivery app."""

from typing import Any

from django.utils import timezone

from delivery import services
from delivery.models import DeliveryState, Doubt, Reason, RestoreHold, RunState
from tests.factories.delivery import DeliveryFactory, RunFactory, SentCampaignFactory, run_to, settled
from tests.factories.workspaces import MemberFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can

SEE, PEOPLE, STOP, EDIT = Can.SEE_CAMPAIGNS, Can.SEE_AUDIENCE, Can.STOP_CAMPAIGNS, Can.EDIT_CAMPAIGNS
MANAGE = Can.MANAGE_WORKSPACE


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


def _refused_for_the_sender(workspace: Workspace) -> dict[str, Any]:
    """A send that is over, in which one server did not trust the sender."""
    run = RunFactory.create(workspace=workspace, done=True)
    settled(run, 1, DeliveryState.FAILED, run.finished_at, reason=Reason.REFUSED, reply_text="550 5.7.26 no SPF")
    return {"pk": run.campaign_id}


def _held(workspace: Workspace, *_ignored: Any) -> dict[str, Any]:
    """A workspace whose database is in doubt."""
    now = timezone.now()
    about = {"doubt": Doubt.OLDER, "known_until": now, "seen_at": now, "since": now}
    RestoreHold.objects.get_or_create(workspace=workspace, confirmed_at=None, defaults=about)
    return {}


def _complaint(workspace: Workspace, _method: str) -> dict[str, Any]:
    row = DeliveryFactory.create(run__workspace=workspace, state=DeliveryState.SENT, attempt=1)
    return {"kind": "complaint", "address": row.address}


AGAIN = {"what": "sender_fault"}
LIMITS = {
    "refused_rate": "4", "refused_sample": "100", "complaint_rate": "0.3", "complaint_warn_rate": "0.1",
    "content_rate": "10", "sender_fault_limit": "20", "unanswered_limit": "10", "late_after_minutes": "30",
    "stuck_after_minutes": "10",
}  # fmt: skip

ROWS = [
    Row("delivery:run_panel", see=SEE, kwargs=_sending),
    Row("delivery:run_pause", act=STOP, kwargs=_sending),
    Row("delivery:run_resume", act=STOP, kwargs=_paused),
    Row("delivery:run_cancel", act=STOP, kwargs=_sending),
    Row("delivery:run_send_again", act=STOP, kwargs=_refused_for_the_sender, data=lambda _w, _k: AGAIN),
    Row("delivery:settings_safety", see=MANAGE, act=MANAGE, data=lambda _w, _k: LIMITS),
    Row("delivery:restore_confirm", act=MANAGE, data=_held),
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
    ApiRow("api:run-send-again", {"post": STOP}, kwargs=_refused_for_the_sender, data=lambda _w, _m: AGAIN),
    ApiRow("api:safety-limits", {"get": MANAGE, "patch": MANAGE}, data=lambda _w, _m: {"refused_rate": 0.04}),
    ApiRow("api:safety-doubt", {"get": MANAGE}),
    ApiRow("api:safety-confirm", {"post": MANAGE}, data=_held),
    ApiRow("api:reaction-list", {"get": PEOPLE, "post": Can.EDIT_AUDIENCE}, data=_complaint),
    ApiRow("api:testmail-list", {"post": EDIT}, data=lambda w, _m: {"campaign": _campaign(w)["pk"]}),
    ApiRow("api:testmail-detail", {"get": EDIT}, kwargs=_tested),
]
