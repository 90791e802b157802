"""The owner's word on a launch: asked from the finished mail with its audience, days and offer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import AHEAD, Campaign, CampaignQuerySet
from campaigns.services import CampaignRefused, content_shown, send_facts
from campaigns.timing import planned_at, send_window
from sprints.deciders import policy_of
from sprints.models import ApprovalRequest, ApprovalSubject
from sprints.services.approvals import request_launch_approval
from sprints.snapshot import Snapshot
from sprints.standing import launch_reasons, launch_requests
from workspaces.models import Member

Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class LaunchApproval:
    """The newest question about a launch, and why it does not cover what would go out now."""

    request: ApprovalRequest | None = None
    reasons: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.request is not None and self.request.is_yes and not self.reasons


@transaction.atomic
def ask_about_launch(
    *,
    campaign: Campaign,
    approver: Member,
    by: Member,
    now: datetime,
    message: str = "",
    days: Days | None = None,
    because: Sequence[str] | None = None,
) -> ApprovalRequest:
    """Ask the owner whether exactly this may go out: the finished mail, its audience, its offer, on one of these days.

    Without `days` on those of `launch_days`. `because`: what changed, when nobody pressed a button.

    Until the yes the campaign can neither be scheduled nor sent, and a change afterwards voids it. Raises
    `CampaignRefused` for a campaign that is no longer ahead, without a mail, or for days that are over or the wrong way
    round, and `ApprovalRefused` for somebody who may not decide.
    """
    locked = Campaign.objects.select_for_update(of=("self",)).with_parts().get(pk=campaign.pk)
    if locked.state not in AHEAD:
        raise CampaignRefused(
            _("The campaign is “%(state)s”, so there is nothing to ask about its launch.")
            % {"state": locked.get_state_display()}
        )
    first, last = days or launch_days(locked, now)
    _require_ahead(first, last, now.astimezone(locked.workspace.zone).date())
    facts = send_facts(locked, at=planned_at(locked, now), now=now)
    brief = {**facts.brief, "window": [first.isoformat(), last.isoformat()]}
    return request_launch_approval(
        story=locked.story, mail={"content": content_shown(locked, now), "brief": brief}, approver=approver, by=by,
        now=now, message=message.strip(), because=because,
    )  # fmt: skip


def launch_days(campaign: Campaign, now: datetime) -> Days:
    """The days to propose: that of the schedule, else what is left of the window, else the next good day."""
    planned = planned_at(campaign, now).astimezone(campaign.workspace.zone).date()
    window = send_window(campaign)
    if campaign.scheduled_at is not None or window is None:
        return planned, planned
    first = max(window[0], now.astimezone(campaign.workspace.zone).date())
    return (first, window[1]) if first <= window[1] else (planned, planned)


def _require_ahead(first: date, last: date, today: date) -> None:
    if last < first:
        words = _("The last day is before the first.")
        raise CampaignRefused(words, fields={"last_day": [words]})
    if last < today:
        words = _("These days are over.")
        raise CampaignRefused(words, fields={"last_day": [words]})


def launch_approval(campaign: Campaign, now: datetime) -> LaunchApproval:
    """Where the launch of a campaign stands with the owner. The campaign needs `with_parts`."""
    newest = launch_requests(campaign.story, str(campaign.pk)).with_people().order_by("-version").first()
    if newest is None or not campaign.is_ahead:
        return LaunchApproval(newest)
    facts = send_facts(campaign, at=planned_at(campaign, now), now=now)
    return LaunchApproval(newest, launch_reasons(campaign.story, facts, policy_of(campaign.workspace)))


def mail_of(request: ApprovalRequest, now: datetime) -> Snapshot | None:
    """The mail of a request as it would go out now; None for one that is not a campaign's, or no longer ahead."""
    frozen, campaign = request.items[0], _campaigns_of(request).with_parts().first()
    if campaign is None or campaign.state not in AHEAD:
        return None
    facts = send_facts(campaign, at=planned_at(campaign, now), now=now)
    shown = {name: value for name, value in frozen["content"].items() if name not in {"topic_pk", "topic"}}
    content = {**shown, "sender": str(campaign.sender or ""), "fingerprint": facts.content, **facts.topic}
    if request.subject != ApprovalSubject.LAUNCH:
        return {"content": content}
    window = _window(campaign, frozen, facts.brief)
    return {"content": content, "brief": {**frozen["brief"], **facts.brief, "window": window}}


def _campaigns_of(request: ApprovalRequest) -> CampaignQuerySet:
    """The campaign whose mail a request froze; none for one that is not a campaign's."""
    pk = request.items[0]["content"].get("campaign_pk", "")
    campaigns = Campaign.objects.for_workspace(request.workspace)
    return campaigns.filter(pk=int(pk)) if pk.isdecimal() else campaigns.none()


def hold_mail(request: ApprovalRequest) -> None:
    """Let nobody else change or launch the campaign of a request until the transaction ends."""
    list(_campaigns_of(request).select_for_update(of=("self",)).values_list("pk"))


def ask_about_mail(
    *, request: ApprovalRequest, approver: Member, by: Member, now: datetime, because: Sequence[str]
) -> ApprovalRequest:
    """Ask about a launch anew, as it would be now and on the days it would be. Raises as `ask_about_launch`."""
    campaign, mail = _campaigns_of(request).get(), mail_of(request, now)
    first, last = map(date.fromisoformat, (mail or request.items[0])["brief"]["window"])
    return ask_about_launch(campaign=campaign, approver=approver, by=by, now=now, days=(first, last), because=because)


def _window(campaign: Campaign, frozen: Snapshot, current: Snapshot) -> list[str]:
    """The days that were asked about, as long as no other one is set."""
    asked: list[str] = frozen["brief"]["window"]
    day: str = current["window"][0]
    return asked if campaign.scheduled_at is None or asked[0] <= day <= asked[1] else [day, day]
