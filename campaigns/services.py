"""Verbs on campaigns: create, write, schedule, and the moves of their life."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from campaigns.brand import brand_for
from campaigns.liquid import TemplateRefused, html_template, text_template
from campaigns.meant import people_meant
from campaigns.models import (
    AHEAD,
    CAMPAIGN_MOVES,
    EDITABLE,
    Campaign,
    CampaignState,
    ContentFormat,
    ContentVersion,
    Sender,
)
from campaigns.preflight import preflight, stops
from campaigns.readers import SAMPLE_UNSUBSCRIBE, sample_reader
from campaigns.rendering import CompiledContent, header_text, personal_context, template_from_source
from campaigns.timing import planned_at
from emailops.lib.errors import DomainError
from emailops.lib.fingerprint import fingerprint
from emailops.lib.queue import enqueue
from sprints.deciders import policy_of
from sprints.launches import tell_mail_changed
from sprints.models import Covers, Story
from sprints.services.approvals import request_content_approval, request_launch_approval
from sprints.snapshot import segment_snapshot
from sprints.standing import SendFacts
from workspaces.audit import record
from workspaces.models import Member, Workspace

CAMPAIGN_FIELDS = {"name", "segment", "sender", "offer", "cost", "topic", "unknown_policy"}

NOT_HELD = {"held_reason": "", "missed_at": None}


class CampaignRefused(DomainError):
    """The campaign cannot be changed as asked."""

    code = "campaign_refused"


class ScheduleRefused(DomainError):
    """The campaign cannot go out, or not then; the message says what has to be mended first."""

    code = "schedule_refused"


@transaction.atomic
def add_sender(*, workspace: Workspace, name: str, email: str, by: Member, now: datetime, reply_to: str = "") -> Sender:
    """Add somebody mails can be from. Raises `CampaignRefused` if the same one is there."""
    if header_text(name) != name.strip():
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

    Raises `CampaignRefused` for a story without a brief, or one that was dropped.
    """
    brief = getattr(story, "brief", None)
    if brief is None:
        raise CampaignRefused(_("The story has no send brief: say first who hears from us, when, with which offer."))
    if story.dropped_at is not None:
        raise CampaignRefused(_("The story was dropped from the backlog, so nothing is sent for it."))
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
    """Change one or more of `CAMPAIGN_FIELDS` of a campaign that is not scheduled. Raises `CampaignRefused`."""
    if set(changes) - CAMPAIGN_FIELDS:
        raise TypeError(f"A campaign has no {', '.join(sorted(set(changes) - CAMPAIGN_FIELDS))}")
    if changes.get("cost", Decimal(0)) < 0:
        raise CampaignRefused(_("A cost cannot be negative."), fields={"cost": [_("Negative.")]})
    before = {name: str(getattr(campaign, name)) for name in changes}
    editable = Campaign.objects.filter(pk=campaign.pk, state__in=EDITABLE)
    if not editable.update(**changes, updated_at=now):
        raise _not_editable(campaign)
    for name, value in {**changes, "updated_at": now}.items():
        setattr(campaign, name, value)
    record("campaign.changed", campaign, by=by, now=now, before=before)
    tell_mail_changed(campaign.story)


def _not_editable(campaign: Campaign) -> CampaignRefused:
    campaign.refresh_from_db(fields=["state"])
    words = {"state": campaign.get_state_display()}
    if campaign.state == CampaignState.SCHEDULED:
        return CampaignRefused(_("The campaign is “%(state)s”. Take it off the schedule to change it.") % words)
    return CampaignRefused(_("The campaign is “%(state)s”, so it can no longer be changed.") % words)


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
    locked = Campaign.objects.select_for_update(of=("self",)).select_related("workspace", "content").get(pk=campaign.pk)
    if not locked.is_editable:
        raise _not_editable(campaign)
    draft = draft_version(campaign=locked, subject=subject, preheader=preheader, written_as=written_as, source=source)
    if locked.content is not None and _is_same(locked.content, draft):
        return locked.content
    draft.number = (locked.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    draft.created_by, draft.created_at = by, now
    draft.save()
    Campaign.objects.filter(pk=locked.pk).update(content=draft, updated_at=now)
    campaign.content, campaign.updated_at = draft, now
    record("campaign.content_written", campaign, by=by, now=now, version=draft.number, fingerprint=draft.fingerprint)
    tell_mail_changed(campaign.story)
    return draft


def draft_version(
    *, campaign: Campaign, subject: str, preheader: str, written_as: ContentFormat, source: str
) -> ContentVersion:
    """The version that this text would become; nothing is written. Raises `TemplateRefused` as `write_content` does."""
    subject, preheader = subject.strip(), preheader.strip()
    source = source.replace("\r\n", "\n")
    _require_templates(subject=subject, preheader=preheader, source=source)
    html = template_from_source(
        written_as=written_as,
        source=source,
        preheader=preheader,
        language=campaign.workspace.language,
        brand=brand_for(campaign.workspace),
    )
    html_template(html)
    return ContentVersion(
        workspace=campaign.workspace,
        campaign=campaign,
        subject=subject,
        preheader=preheader,
        format=written_as,
        source=source,
        html=html,
        fingerprint=fingerprint({"subject": subject, "html": html}),
    )


def _is_same(saved: ContentVersion, draft: ContentVersion) -> bool:
    fields = ("fingerprint", "format", "source", "preheader")
    return all(getattr(saved, name) == getattr(draft, name) for name in fields)


def _require_templates(*, subject: str, preheader: str, source: str) -> None:
    """Parse each part by itself first, so that the line named is the line the person sees."""
    for name, text in (("subject", subject), ("preheader", preheader)):
        if header_text(text) != text:
            raise TemplateRefused(_("A subject and a preview text are one line."), fields={name: [_("One line.")]})
    for name, parse, text in (
        ("subject", text_template, subject),
        ("preheader", html_template, preheader),
        ("source", html_template, source),
    ):
        try:
            parse(text)
        except TemplateRefused as refusal:
            raise TemplateRefused(refusal.message, fields={name: [refusal.message]}) from refusal


def restore_content(*, version: ContentVersion, by: Member, now: datetime) -> ContentVersion:
    """Make an earlier version the current one again, as a new version. Raises `CampaignRefused` as `write_content`."""
    return write_content(
        campaign=version.campaign,
        subject=version.subject,
        preheader=version.preheader,
        written_as=ContentFormat(version.format),
        source=version.source,
        by=by,
        now=now,
    )


def send_facts(campaign: Campaign, *, at: datetime, now: datetime) -> SendFacts:
    """What would go out at that moment, in the words of the brief the owner approved."""
    day = at.astimezone(campaign.workspace.zone).date().isoformat()
    brief = {
        "segment": segment_snapshot(campaign.segment),
        "window": [day, day],
        "offer": campaign.offer,
        "cost": format(Decimal(campaign.cost), ".2f"),
        "people": people_meant(campaign, now),
    }
    content = campaign.content.fingerprint if campaign.content else ""
    return SendFacts(brief, content, str(campaign.pk), topic_words(campaign))


def topic_words(campaign: Campaign) -> dict[str, str]:
    """The topic as the owner is shown it, beside the mail: whoever left it is left out. Nothing for none."""
    topic = campaign.topic
    return {"topic_pk": str(topic.pk), "topic": topic.name} if topic else {}


def content_shown(campaign: Campaign, now: datetime) -> dict[str, str]:
    """The finished mail as the owner is asked about it: filled in for a sample reader, ready to be looked at.

    `fingerprint` names the version. Raises `CampaignRefused` while there is none, `RenderFailed` when it cannot be
    filled in.
    """
    if campaign.content is None:
        raise CampaignRefused(_("There is no content yet. Write the mail first."))
    context = personal_context(sample_reader(campaign, now), campaign.workspace, unsubscribe_url=SAMPLE_UNSUBSCRIBE)
    mail = CompiledContent(campaign.content).render(context)
    return {
        "campaign": campaign.name,
        "campaign_pk": str(campaign.pk),
        "subject": mail.subject,
        "preheader": mail.preheader,
        "sender": str(campaign.sender or ""),
        **topic_words(campaign),
        "html": mail.html,
        "fingerprint": campaign.content.fingerprint,
    }


def ask_about_content(*, campaign: Campaign, approver: Member, by: Member, now: datetime, message: str = "") -> None:
    """Send the finished mail to the owner.

    Raises `ApprovalRefused` for somebody who may not decide, and `CampaignRefused` where the owner approves briefs
    only, for a campaign that is no longer ahead, or without content.
    """
    covers = policy_of(campaign.workspace).covers
    if covers not in {Covers.CONTENT, Covers.LAUNCH}:
        raise CampaignRefused(
            _("In this workspace the owner approves the brief; the text of each mail is up to the team.")
        )
    if campaign.state not in AHEAD:
        raise _not_editable(campaign)
    content = content_shown(campaign, now)
    asked: dict[str, Any] = {
        "story": campaign.story, "approver": approver, "by": by, "now": now, "message": message.strip(),
    }  # fmt: skip
    if covers == Covers.LAUNCH:
        brief = send_facts(campaign, at=planned_at(campaign, now), now=now).brief
        request_launch_approval(mail={"content": content, "brief": brief}, **asked)
    else:
        request_content_approval(content=content, **asked)


@transaction.atomic
def put_on_schedule(*, campaign: Campaign, at: datetime, by: Member, now: datetime) -> None:
    """Look at the campaign as it would go out at `at`, and put it on the schedule if nothing stops it.

    Nobody can change it between the look and the schedule. Raises `ScheduleRefused` as `schedule_campaign` does.
    """
    then = Campaign.objects.select_for_update(of=("self",)).with_parts().get(pk=campaign.pk)
    then.scheduled_at = at
    found = stops(preflight(then, now)) if at >= now else []
    problems = [f"{stop.title}: {stop.detail}" if stop.detail else f"{stop.title}." for stop in found]
    schedule_campaign(campaign=campaign, at=at, problems=problems, by=by, now=now)


@transaction.atomic
def schedule_campaign(*, campaign: Campaign, at: datetime, problems: list[str], by: Member, now: datetime) -> None:
    """Put a campaign on the schedule; workers start it when its time comes.

    `problems` are the stops that preflight found for exactly this campaign. Raises `ScheduleRefused` for them, or for
    a time in the past.
    """
    if at < now:
        words = _("This time is in the past. Choose a later one.")
        raise ScheduleRefused(words, fields={"at": [words]})
    if problems:
        raise ScheduleRefused(_("This has to be mended first: %(what)s") % {"what": " ".join(problems)})
    move_campaign(campaign=campaign, to=CampaignState.SCHEDULED, by=by, now=now, scheduled_at=at, **NOT_HELD)
    enqueue("delivery.ring")


@transaction.atomic
def unschedule_campaign(*, campaign: Campaign, by: Member, now: datetime) -> None:
    """Take a campaign off the schedule, back to a draft without a time. Raises `CampaignRefused` once it started."""
    move_campaign(campaign=campaign, to=CampaignState.DRAFT, by=by, now=now, scheduled_at=None, **NOT_HELD)


@transaction.atomic
def cancel_campaign(*, campaign: Campaign, by: Member, now: datetime) -> None:
    """Give a campaign up before it starts. Raises `CampaignRefused` after that: what is being sent has a run to end."""
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if locked.state in {CampaignState.SENDING, CampaignState.PAUSED}:
        raise CampaignRefused(_("The campaign is being sent. Stop its sending instead; who has the mail keeps it."))
    move_campaign(campaign=campaign, to=CampaignState.CANCELLED, by=by, now=now, finished_at=now)


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
