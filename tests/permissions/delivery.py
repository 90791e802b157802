"""Rows of the delivery app."""

from typing import Any

from django.db.models import Model
from django.utils import timezone

from delivery import services
from delivery.models import INSTALLATION, DeliveryState, Doubt, Reason, RestoreHold, RunState, SigningKey
from tests.factories.delivery import (
    DeliveryFactory,
    RunFactory,
    SentCampaignFactory,
    SentSenderFactory,
    SigningKeyFactory,
    run_to,
    settled,
)
from tests.factories.pace import SpeedLimitFactory, WarmUpFactory
from tests.factories.workspaces import MemberFactory
from tests.permissions.rows import ApiRow, Row
from workspaces.models import Workspace
from workspaces.permissions import Can

MANAGE = Can.MANAGE_WORKSPACE
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


def _new_key(workspace: Workspace) -> dict[str, Any]:
    return {"pk": SigningKeyFactory.create(workspace=workspace).pk}


def _active_key(workspace: Workspace) -> dict[str, Any]:
    domain = f"shop{SigningKey.objects.count()}.example"  # of its own, as one domain takes only a few
    return {"pk": SigningKeyFactory.create(workspace=workspace, active=True, domain=domain).pk}


def _domain(workspace: Workspace, _given: Any) -> dict[str, Any]:
    SentSenderFactory.create(workspace=workspace)
    return {"domain": "marenmoss.example", "algorithm": "ed25519-sha256"}


def _schedule() -> dict[str, Any]:
    today = str(timezone.now().date())
    return {"start_date": today, "first_day_count": 500, "growth_percent": 40, "target_count": 100_000}


def _warm_up(workspace: Workspace) -> dict[str, Any]:
    return {"server": WarmUpFactory.create(workspace=workspace).transport_id}


def _limit() -> dict[str, Any]:
    return {"scope": "group", "group": "gmail", "per_minute": 600}


def _pk(row: Model) -> dict[str, Any]:
    return {"pk": row.pk}


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
    Row("delivery:run_speed", act=STOP, kwargs=_sending, data=lambda _w, _k: {"per_minute": "600"}),
    Row("delivery:settings_speed", see=MANAGE, act=MANAGE, data=lambda _w, _k: {"minute_workspace_0": "600"}),
    Row(
        "delivery:settings_speed_warm_up",
        see=MANAGE,
        act=MANAGE,
        kwargs=lambda _w: {"server": INSTALLATION},
        data=lambda _w, _k: _schedule(),
        is_shared=True,
    ),
    Row("delivery:settings_speed_warm_up_end", act=MANAGE, kwargs=_warm_up),
    Row("delivery:campaign_test", see=EDIT, act=EDIT, kwargs=_campaign),
    Row("delivery:settings_signing", see=MANAGE, act=MANAGE, data=_domain),
    Row("delivery:settings_signing_key", see=MANAGE, kwargs=_new_key),
    Row("delivery:settings_signing_switch_on", act=MANAGE, kwargs=_new_key),
    Row("delivery:settings_signing_replace", act=MANAGE, kwargs=_active_key),
    Row("delivery:settings_signing_retire", see=MANAGE, act=MANAGE, kwargs=_new_key),
]

API_ROWS = [
    ApiRow("api:run-detail", {"get": SEE}, kwargs=_sending),
    ApiRow("api:run-deliveries", {"get": PEOPLE}, kwargs=_sending),
    ApiRow("api:run-pause", {"post": STOP}, kwargs=_sending),
    ApiRow("api:run-resume", {"post": STOP}, kwargs=_paused),
    ApiRow("api:run-cancel", {"post": STOP}, kwargs=_sending),
    ApiRow("api:signingkey-list", {"get": SEE, "post": MANAGE}, data=_domain),
    ApiRow("api:signingkey-detail", {"get": SEE}, kwargs=_new_key),
    ApiRow("api:signingkey-domains", {"get": SEE}),
    ApiRow("api:signingkey-switch-on", {"post": MANAGE}, kwargs=_new_key),
    ApiRow("api:signingkey-replace", {"post": MANAGE}, kwargs=_active_key),
    ApiRow("api:signingkey-retire", {"post": MANAGE}, kwargs=_new_key),
    ApiRow("api:run-speed", {"put": STOP}, kwargs=_sending, data=lambda _w, _m: {"per_minute": 600}),
    ApiRow("api:speedlimit-list", {"get": MANAGE, "post": MANAGE}, data=lambda _w, _m: _limit()),
    ApiRow("api:speedlimit-detail", {"delete": MANAGE}, kwargs=lambda w: _pk(SpeedLimitFactory.create(workspace=w))),
    ApiRow("api:speedlimit-outlook", {"get": MANAGE}),
    ApiRow("api:warmup-list", {"get": MANAGE, "post": MANAGE}, data=lambda _w, _m: _schedule()),
    ApiRow("api:warmup-detail", {"delete": MANAGE}, kwargs=lambda w: _pk(WarmUpFactory.create(workspace=w))),
    ApiRow("api:run-send-again", {"post": STOP}, kwargs=_refused_for_the_sender, data=lambda _w, _m: AGAIN),
    ApiRow("api:safety-limits", {"get": MANAGE, "patch": MANAGE}, data=lambda _w, _m: {"refused_rate": 0.04}),
    ApiRow("api:safety-doubt", {"get": MANAGE}),
    ApiRow("api:safety-confirm", {"post": MANAGE}, data=_held),
    ApiRow("api:reaction-list", {"get": PEOPLE, "post": Can.EDIT_AUDIENCE}, data=_complaint),
    ApiRow("api:testmail-list", {"post": EDIT}, data=lambda w, _m: {"campaign": _campaign(w)["pk"]}),
    ApiRow("api:testmail-detail", {"get": EDIT}, kwargs=_tested),
]
