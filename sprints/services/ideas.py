"""Verbs on raw ideas: let them in, and decide each: accept, merge, snooze, decline."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from audience.models import Contact
from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, seal, unseal
from sprints.broadcast import tell_ideas
from sprints.models import (
    OPEN_IDEAS,
    Idea,
    IdeaSource,
    IdeaState,
    IntakeLink,
    OriginKind,
    Sprint,
    Story,
    StoryKind,
)
from sprints.services.stories import write_story
from sprints.services.templates import Origin, set_origin
from sprints.telling_team import tell_idea_answered, tell_idea_received
from workspaces.audit import record
from workspaces.models import Member, Workspace
from workspaces.systemmail import post

NONCE_BITS = 63  # of a signed 64-bit column
MOST_AN_HOUR = 30  # ideas by one link: a campaign among friends, not a flood
MOST_A_DAY = 150
LONGEST_SNOOZE = timedelta(days=366)
ORIGINS = {IdeaSource.ANSWER: OriginKind.ANSWER, IdeaSource.RETRO: OriginKind.RETRO}


class IdeaRefused(DomainError):
    """The idea cannot be taken, or not be decided like this."""

    code = "idea_refused"


class IntakeClosed(DomainError):
    """The link does not lead to an open idea page."""

    code = "intake_closed"
    status = 404


class TooManyIdeas(DomainError):
    """More came by one link than people write."""

    code = "too_many_ideas"
    status = 429


@dataclass(frozen=True, slots=True)
class Told:
    """An idea as it comes in. With a `reference` the same idea told again is known."""

    title: str
    text: str = ""
    sender_name: str = ""
    sender_email: str = ""
    source: IdeaSource = IdeaSource.TEAM
    link: IntakeLink | None = None
    contact: Contact | None = None
    sprint: Sprint | None = None
    reference: str = ""


@transaction.atomic
def open_link(*, workspace: Workspace, label: str, welcome: str, by: Member, now: datetime) -> IntakeLink:
    """Open a page on which anybody with its address can leave an idea. Raises `IdeaRefused` without a label."""
    if not label.strip():
        raise IdeaRefused(_("Say for whom the link is."), fields={"label": [_("Empty.")]})
    link = IntakeLink.objects.create(
        workspace=workspace, label=label.strip(), welcome=welcome.strip(),
        nonce=secrets.randbits(NONCE_BITS), created_by=by, created_at=now,
    )  # fmt: skip
    record("intake_link.opened", link, by=by, now=now)
    return link


@transaction.atomic
def revoke_link(*, link: IntakeLink, by: Member, now: datetime) -> None:
    """Switch a link off for good. What came by it stays. Repeating changes nothing."""
    if IntakeLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now):
        record("intake_link.revoked", link, by=by, now=now)


def link_token(link: IntakeLink) -> str:
    return seal(Kind.IDEA, link.pk, link.nonce)


def link_address(link: IntakeLink) -> str:
    """The address to hand out."""
    return settings.BASE_URL + reverse("sprints:idea_page", args=[link_token(link)])


def link_of(token: str) -> IntakeLink:
    """The open link of an address. Raises `IntakeClosed`, for any defect alike."""
    try:
        pk, nonce = unseal(Kind.IDEA, token)
    except (BadToken, ValueError) as error:
        raise IntakeClosed(_("This address does not take ideas.")) from error
    link = IntakeLink.objects.filter(pk=pk, nonce=nonce).select_related("workspace").first()
    if link is None or link.revoked_at is not None:
        raise IntakeClosed(_("The team has closed this page. Ask the person who sent you the link for a new one."))
    return link


@transaction.atomic
def take_idea(*, workspace: Workspace, told: Told, by: Member | None, now: datetime) -> Idea:
    """Put an idea into the inbox; told again under its reference it is the one that is there.

    Raises `IdeaRefused` without a title, `TooManyIdeas` for a flood by one link.
    """
    if not told.title.strip():
        raise IdeaRefused(_("Say the idea in one line."), fields={"title": [_("Empty.")]})
    if told.link is not None:
        _require_pace(told.link, now)
    fields = {name: getattr(told, name) for name in told.__dataclass_fields__}
    fields |= {"title": told.title.strip(), "text": told.text.strip(), "language": workspace.language}
    try:
        with transaction.atomic():
            idea = Idea.objects.create(workspace=workspace, sent_by=by, received_at=now, **fields)
    except IntegrityError:
        return Idea.objects.for_workspace(workspace).get(reference=told.reference)
    record("idea.received", idea, by=by, now=now, source=told.source)
    tell_idea_received(idea, by, now)
    tell_ideas(idea.workspace)
    return idea


def _require_pace(link: IntakeLink, now: datetime) -> None:
    """One at a time by each link, so that two at once are counted too."""
    IntakeLink.objects.select_for_update(no_key=True).get(pk=link.pk)
    came = link.ideas.filter(received_at__gt=now - timedelta(days=1))
    last_hour = came.filter(received_at__gt=now - timedelta(hours=1)).count()
    if last_hour >= MOST_AN_HOUR or came.count() >= MOST_A_DAY:
        raise TooManyIdeas(_("More ideas came in just now than the team can read. Please try again in an hour."))


def _open(idea: Idea) -> Idea:
    """The idea as it stands now, until the transaction ends. Raises `IdeaRefused` when somebody was quicker."""
    found = Idea.objects.select_for_update().get(pk=idea.pk)
    found.workspace = idea.workspace
    if found.state not in OPEN_IDEAS:
        raise IdeaRefused(_("This was decided already: %(state)s.") % {"state": found.get_state_display()})
    return found


def _decide(idea: Idea, state: IdeaState, by: Member, now: datetime) -> None:
    idea.state, idea.decided_by, idea.decided_at, idea.snoozed_until = state, by, now, None
    idea.save()


@transaction.atomic
def accept_idea(
    *, idea: Idea, by: Member, now: datetime, title: str = "", kind: StoryKind = StoryKind.CAMPAIGN, tell: bool = False
) -> Story:
    """Make a story of an idea, on top of the backlog; it keeps where it came from. `tell` mails the sender.

    Raises `IdeaRefused` when it was decided already, or there is nobody to tell.
    """
    idea = _open(idea)
    story = write_story(
        workspace=idea.workspace, title=title or idea.title, problem=idea.text, kind=kind, by=by, now=now
    )
    words = _("%(name)s: %(title)s") % {"name": idea.sender_name or idea.get_source_display(), "title": idea.title}
    kind_of_origin = ORIGINS.get(IdeaSource(idea.source), OriginKind.IDEA)
    set_origin(story=story, origin=Origin(kind_of_origin, words[:300], idea.contact), by=by, now=now)
    idea.story = story
    _decide(idea, IdeaState.ACCEPTED, by, now)
    record("idea.accepted", idea, by=by, now=now, story=story.number)
    tell_idea_answered(idea, by, now)
    tell_ideas(idea.workspace)
    _answer(idea, now, tell=tell)
    return story


@transaction.atomic
def merge_idea(*, idea: Idea, story: Story, by: Member, now: datetime) -> None:
    """Add an idea to a story that says the same; the story's page shows it. Raises `IdeaRefused`."""
    idea = _open(idea)
    if story.dropped_at is not None:
        raise IdeaRefused(_("“%(story)s” was dropped. Bring it back first, or make a new story.") % {"story": story})
    idea.story = story
    _decide(idea, IdeaState.MERGED, by, now)
    record("idea.merged", idea, by=by, now=now, story=story.number)
    tell_idea_answered(idea, by, now)
    tell_ideas(idea.workspace)


@transaction.atomic
def snooze_idea(*, idea: Idea, until: date, by: Member, now: datetime) -> None:
    """Put an idea away until the morning of a day. Raises `IdeaRefused` for a day that has come or is far away."""
    idea = _open(idea)
    today = now.astimezone(idea.workspace.zone).date()
    if not today < until <= today + LONGEST_SNOOZE:
        said = _("Choose a day from tomorrow up to a year from now.")
        raise IdeaRefused(said, fields={"until": [said]})
    idea.state, idea.snoozed_until = IdeaState.SNOOZED, until
    idea.save(update_fields=["state", "snoozed_until"])
    record("idea.snoozed", idea, by=by, now=now, until=until.isoformat())
    tell_ideas(idea.workspace)


@transaction.atomic
def decline_idea(*, idea: Idea, reason: str, by: Member, now: datetime, tell: bool = False) -> None:
    """Say no, and why. `tell` mails the reason to the sender. Raises `IdeaRefused` without a reason or an address."""
    idea = _open(idea)
    if not reason.strip():
        raise IdeaRefused(_("Say why: whoever had the idea deserves a reason."), fields={"reason": [_("Empty.")]})
    idea.reason = reason.strip()
    _decide(idea, IdeaState.DECLINED, by, now)
    record("idea.declined", idea, by=by, now=now, reason=idea.reason)
    tell_idea_answered(idea, by, now)
    tell_ideas(idea.workspace)
    _answer(idea, now, tell=tell)


def _answer(idea: Idea, now: datetime, *, tell: bool) -> None:
    if not tell:
        return
    if not idea.sender_email:
        raise IdeaRefused(_("The sender left no address."), fields={"tell": [_("There is nobody to write to.")]})
    post("sprints.idea_answer", workspace=idea.workspace, object_id=idea.pk, to=idea.sender_email, now=now)


@transaction.atomic
def reopen_idea(*, idea: Idea, by: Member, now: datetime) -> None:
    """Bring an idea that was snoozed, declined or merged back into the inbox. Repeating changes nothing.

    Raises `IdeaRefused` for one that has become a story.
    """
    found = Idea.objects.select_for_update().get(pk=idea.pk)
    found.workspace = idea.workspace
    if found.state == IdeaState.NEW:
        return
    if found.state == IdeaState.ACCEPTED:
        raise IdeaRefused(_("This idea is a story now. Drop the story instead."))
    found.story, found.reason = None, ""
    found.state, found.decided_by, found.decided_at, found.snoozed_until = IdeaState.NEW, None, None, None
    found.save()
    record("idea.reopened", found, by=by, now=now)
    tell_ideas(found.workspace)
