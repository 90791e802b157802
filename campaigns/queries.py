"""Reads that span models: what was approved beside what would go out, upcoming sends, stories to send for."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, QuerySet
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from campaigns.models import AHEAD, Campaign, CampaignState
from campaigns.services import send_facts
from campaigns.timing import first_moment, planned_at
from sprints.deciders import policy_of
from sprints.models import ApprovalRequest, ApprovalSubject, Covers, Story, StoryStatus
from sprints.snapshot import Snapshot, brief_differences, people_in
from sprints.standing import StoryApproval, approved_brief, standing_of
from workspaces.models import Workspace
from workspaces.templatetags.ui import exact_money

SHOWN_UPCOMING = 4  # each is counted live
UNDER_WAY = (CampaignState.SENDING, CampaignState.PAUSED)


def stories_to_send_for(workspace: Workspace) -> QuerySet[Story]:
    """Open stories with a send brief, those in sprints first, each with its number of campaigns."""
    stories = Story.objects.for_workspace(workspace).filter(brief__isnull=False, dropped_at=None)
    open_ones = stories.exclude(status=StoryStatus.DONE).select_related("sprint", "brief__segment__workspace", "goal")
    return open_ones.annotate(campaign_count=Count("campaigns")).order_by("-sprint__start_date", "rank", "pk")


@dataclass(frozen=True, slots=True)
class BriefLine:
    """One thing the brief says: as the owner approved it, and as it would go out now."""

    what: str
    approved: str
    now: str
    differs: bool


@dataclass(frozen=True, slots=True)
class BriefComparison:
    """A campaign beside what the owner approved. Without an approval the approved side is empty.

    Of a campaign that went out the audience is not compared: it was at the launch, and segments live on.
    """

    approval: StoryApproval
    is_approved: bool
    lines: list[BriefLine] = field(default_factory=list)

    @property
    def differences(self) -> int:
        return sum(line.differs for line in self.lines)


def compare_with_approved(campaign: Campaign, now: datetime) -> BriefComparison:
    """What of the brief is as approved, and what is not. The campaign needs `with_parts`. About eight queries."""
    story, approved = campaign.story, approved_brief(campaign.story)
    facts = send_facts(campaign, at=planned_at(campaign, now), now=now).brief
    tolerance = policy_of(campaign.workspace).audience_tolerance
    found = {d.what for d in brief_differences(approved, facts, tolerance)} if approved else set()
    currency = campaign.workspace.currency
    then, goes_out = _in_words(approved, currency) if approved else {}, _in_words(facts, currency)
    if campaign.is_launched:
        found -= {_("Audience"), _("Number of people")}
        goes_out.pop(_("Number of people"))
    lines = [BriefLine(what, then.get(what, ""), words, what in found) for what, words in goes_out.items()]
    approval = standing_of([story], now)[story.pk]
    return BriefComparison(approval, approved is not None, lines)


def _in_words(brief: Snapshot, currency: str) -> dict[str, str]:
    """A brief by what it says, in the words that `brief_differences` uses for the same things."""
    first, last = (date_format(date.fromisoformat(day), "DATE_FORMAT") for day in brief["window"])
    return {
        _("Audience"): brief["segment"]["name"],
        _("Number of people"): number_format(brief["people"]),
        _("Window"): first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last},
        _("Offer"): brief["offer"] or _("no offer"),
        _("Cost"): exact_money(Decimal(brief["cost"]), currency),
    }


@dataclass(frozen=True, slots=True)
class ContentApproval:
    """Where the finished mail stands with the owner. `is_covered` is False where briefs alone are approved."""

    is_covered: bool
    request: ApprovalRequest | None = None
    is_this_version: bool = False


def content_approval(campaign: Campaign) -> ContentApproval:
    """The newest request about the mail, and whether it is about the version that would go out."""
    covers = policy_of(campaign.workspace).covers
    if covers == Covers.BRIEF:
        return ContentApproval(is_covered=False)
    subject = ApprovalSubject.LAUNCH if covers == Covers.LAUNCH else ApprovalSubject.CONTENT
    requests = ApprovalRequest.objects.filter(story=campaign.story, subject=subject).with_people()
    newest = requests.order_by("-version", "-pk").first()
    if newest is None or campaign.content is None:
        return ContentApproval(is_covered=True, request=newest)
    shown = newest.items[0]["content"]["fingerprint"]
    return ContentApproval(is_covered=True, request=newest, is_this_version=shown == campaign.content.fingerprint)


@dataclass(frozen=True, slots=True)
class UpcomingSend:
    """A line of “Upcoming sends”: when, what, to how many. `is_set` is False while only the window is known."""

    campaign: Campaign
    at: datetime
    is_set: bool
    people: int


def upcoming_sends(workspace: Workspace, now: datetime) -> list[UpcomingSend]:
    """What is being sent and what goes out next, soonest first. One query, and a count for each line."""
    open_ones = Campaign.objects.for_workspace(workspace).filter(state__in=(*AHEAD, *UNDER_WAY)).with_parts()
    moments = ((campaign, _moment(campaign, now)) for campaign in open_ones.order_by("pk"))
    dated = [(campaign, at) for campaign, at in moments if at is not None]
    soonest = sorted(dated, key=lambda line: (line[1], line[0].pk))[:SHOWN_UPCOMING]
    return [UpcomingSend(c, at, not c.is_editable, people_in(c.segment, now)) for c, at in soonest]


def _moment(campaign: Campaign, now: datetime) -> datetime | None:
    """When a campaign goes out; without a time, the first good moment in its brief's window, if that is ahead."""
    if not campaign.is_editable:
        return campaign.launched_at or campaign.scheduled_at
    brief = getattr(campaign.story, "brief", None)
    zone = campaign.workspace.zone
    return first_moment(brief.window_start, brief.window_end, zone, now) if brief else None
