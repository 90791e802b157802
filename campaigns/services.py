"""Verbs on campaigns: create, write, schedule, and the moves of their life."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from campaigns.liquid import TemplateRefused, html_template, text_template
from campaigns.models import CAMPAIGN_MOVES, Campaign, CampaignState, ContentFormat, ContentVersion, Sender
from campaigns.rendering import template_from_source
from emailops.lib.errors import DomainError
from emailops.lib.fingerprint import fingerprint
from emailops.lib.queue import enqueue
from sprints.models import Story
from sprints.services.approvals import request_content_approval
from sprints.snapshot import people_in, segment_snapshot
from sprints.standing import SendFacts
from workspaces.audit import record
from workspaces.models import Member, Workspace

CAMPAIGN_FIELDS = {"name", "segment", "sender", "offer", "cost"}


class CampaignRefused(DomainError):
    """The campaign cannot be changed as asked."""

    code = "campaign_refused"


class ScheduleRefused(DomainError):
    """The campaign cannot go out, or not then; the message says what has to be mended first."""

    code = "schedule_refused"


@transaction.atomic
def add_sender(*, workspace: Workspace, name: str, email: str, by: Member, now: datetime, reply_to: str = "") -> Sender:
    """Add somebody mails can be from. Raises `CampaignRefused` if the same one is there."""
    if any(char in name for char in "\r\n\0"):
        raise CampaignRefused(_("A name is one line."), fields={"name": [_("One line.")]})
    sender, created = Sender.objects.get_or_create(
        workspace=workspace, name=name.strip(), email=email.lower(), archived_at=None, defaults={"reply_to": reply_to}
    )
    if not created:
        raise CampaignRefused(_("This sender is there already."), fields={"email": [_("Taken.")]})
    record("sender.added", sender, by=by, now=now)
    return sender


@transaction.atomic
def archive_sender(*, sender: Sender, by: Member, now: datetime) -> None:
    """Offer a sender no more. Repeating is harmless."""
    if Sender.objects.filter(pk=sender.pk, archived_at=None).update(archived_at=now):
        record("sender.archived", sender, by=by, now=now)


@transaction.atomic
def create_campaign(*, story: Story, by: Member, now: datetime, name: str = "") -> Campaign:
    """Start a campaign for a story. It inherits the brief: audience, offer, cost.

    Raises `CampaignRefused` for a story without a brief.
    """
    brief = getattr(story, "brief", None)
    if brief is None:
        raise CampaignRefused(_("The story has no send brief: say first who hears from us, when, with which offer."))
    campaign = Campaign.objects.create(
        workspace=story.workspace,
        name=(name or story.title).strip(),
        story=story,
        segment=brief.segment,
        sender=Sender.objects.for_workspace(story.workspace).filter(archived_at=None).order_by("pk").first(),
        offer=brief.offer,
        cost=brief.cost,
        created_by=by,
        created_at=now,
        updated_at=now,
    )
    record("campaign.created", campaign, by=by, now=now, story=story.number)
    return campaign


@transaction.atomic
def change_campaign(*, campaign: Campaign, by: Member, now: datetime, **changes: Any) -> None:
    """Change name, segment, sender, offer or cost of a campaign that is not scheduled. Raises `CampaignRefused`."""
    if set(changes) - CAMPAIGN_FIELDS:
        raise TypeError(f"A campaign has no {', '.join(sorted(set(changes) - CAMPAIGN_FIELDS))}")
    _require_editable(campaign)
    before = {name: str(getattr(campaign, name)) for name in changes}
    for name, value in changes.items():
        setattr(campaign, name, value)
    campaign.updated_at = now
    campaign.save(update_fields=[*changes, "updated_at"])
    record("campaign.changed", campaign, by=by, now=now, before=before)


def _require_editable(campaign: Campaign) -> None:
    if not campaign.is_editable:
        raise CampaignRefused(
            _("The campaign is “%(state)s”. Take it off the schedule to change it.")
            % {"state": campaign.get_state_display()}
        )


@transaction.atomic
def write_content(
    *,
    campaign: Campaign,
    subject: str,
    preheader: str,
    written_as: ContentFormat,
    source: str,
    by: Member,
    now: datetime,
) -> ContentVersion:
    """Save the mail as a new version; the same text makes none.

    Raises `TemplateRefused` for an error in the personal parts, naming the field and the line, and `CampaignRefused`
    for a campaign that is scheduled or gone out.
    """
    campaign = (
        Campaign.objects.select_for_update(of=("self",)).select_related("workspace", "content").get(pk=campaign.pk)
    )
    _require_editable(campaign)
    html = template_from_source(
        written_as=written_as,
        source=source,
        preheader=preheader,
        language=campaign.workspace.language,
    )
    _require_templates(subject=subject, preheader=preheader, source=source, html=html)
    mark = fingerprint({"subject": subject, "html": html})
    if campaign.content is not None and campaign.content.fingerprint == mark:
        return campaign.content
    last = campaign.versions.aggregate(last=Max("number"))["last"] or 0
    version = ContentVersion.objects.create(
        workspace=campaign.workspace,
        campaign=campaign,
        number=last + 1,
        subject=subject.strip(),
        preheader=preheader.strip(),
        format=written_as,
        source=source,
        html=html,
        fingerprint=mark,
        created_by=by,
        created_at=now,
    )
    campaign.content, campaign.updated_at = version, now
    campaign.save(update_fields=["content", "updated_at"])
    record("campaign.content_written", campaign, by=by, now=now, version=version.number, fingerprint=mark)
    return version


def _require_templates(*, subject: str, preheader: str, source: str, html: str) -> None:
    """Parse each part by itself first, so that the line named is the line the person sees."""
    if any(char in subject for char in "\r\n\0"):
        raise TemplateRefused(_("A subject is one line."), fields={"subject": [_("One line.")]})
    for name, parse, text in (
        ("subject", text_template, subject),
        ("preheader", html_template, preheader),
        ("source", html_template, source),
    ):
        try:
            parse(text)
        except TemplateRefused as refusal:
            raise TemplateRefused(refusal.message, fields={name: [refusal.message]}) from refusal
    html_template(html)


def send_facts(campaign: Campaign, *, at: datetime, now: datetime) -> SendFacts:
    """What would go out at that moment, in the words of the brief the owner approved."""
    day = at.astimezone(campaign.workspace.zone).date().isoformat()
    brief = {
        "segment": segment_snapshot(campaign.segment),
        "window": [day, day],
        "offer": campaign.offer,
        "cost": format(Decimal(campaign.cost), ".2f"),
        "people": people_in(campaign.segment, now),
    }
    return SendFacts(brief, campaign.content.fingerprint if campaign.content else "")


def content_shown(campaign: Campaign) -> dict[str, str]:
    """The finished mail as the owner is asked about it."""
    version = campaign.content
    if version is None:
        raise CampaignRefused(_("There is no content yet."))
    return {
        "campaign": campaign.name,
        "subject": version.subject,
        "preheader": version.preheader,
        "sender": str(campaign.sender or ""),
        "html": version.html,
        "fingerprint": version.fingerprint,
    }


def ask_about_content(*, campaign: Campaign, approver: Member, by: Member, now: datetime) -> None:
    """Send the finished mail to the owner. Raises `ApprovalRefused` or `CampaignRefused`."""
    _require_editable(campaign)
    request_content_approval(story=campaign.story, content=content_shown(campaign), approver=approver, by=by, now=now)


@transaction.atomic
def schedule_campaign(*, campaign: Campaign, at: datetime, problems: list[str], by: Member, now: datetime) -> None:
    """Put a campaign on the schedule; workers start it when its time comes.

    `problems` are the stops that preflight found for exactly this campaign. Raises `ScheduleRefused` for them, or for
    a time in the past.
    """
    if at < now:
        raise ScheduleRefused(_("This time is in the past. Choose a later one."), fields={"at": [_("In the past.")]})
    if problems:
        raise ScheduleRefused(_("This has to be mended first: %(what)s") % {"what": " ".join(problems)})
    move_campaign(campaign=campaign, to=CampaignState.SCHEDULED, by=by, now=now, scheduled_at=at, held_reason="")
    enqueue("delivery.ring")


@transaction.atomic
def unschedule_campaign(*, campaign: Campaign, by: Member, now: datetime) -> None:
    """Take a campaign off the schedule, back to a draft. Raises `CampaignRefused` once it has started."""
    move_campaign(campaign=campaign, to=CampaignState.DRAFT, by=by, now=now)


@transaction.atomic
def move_campaign(*, campaign: Campaign, to: CampaignState, by: Member | None, now: datetime, **fields: Any) -> None:
    """Move a campaign to another state of its life, setting `fields` with it. Of two at once, the second is refused.

    Raises `CampaignRefused` when the table of moves has no such step.
    """
    sources = [state for state, targets in CAMPAIGN_MOVES.items() if to in targets]
    moved = Campaign.objects.filter(pk=campaign.pk, state__in=sources).update(state=to, updated_at=now, **fields)
    if not moved:
        current = Campaign.objects.get(pk=campaign.pk)
        raise CampaignRefused(
            _("The campaign is “%(state)s”, so it cannot become “%(to)s”.")
            % {"state": current.get_state_display(), "to": to.label}
        )
    campaign.refresh_from_db(fields=["state", "updated_at", *fields])
    record(f"campaign.{to}", campaign, by=by, now=now, reason=fields.get("held_reason", ""))
