"""The campaigns app's own preflight checks."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import urlsplit

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audience.segments.compile import contacts_in
from audience.segments.definition import SegmentBroken, read_definition
from audience.services import current_attributes
from campaigns.links import links_in
from campaigns.liquid import RenderFailed
from campaigns.models import Campaign, CampaignState, ContentVersion
from campaigns.preflight import Finding, Level, Place
from campaigns.readers import SAMPLE_UNSUBSCRIBE, Reach, made_up_reader, people_of, reach_of
from campaigns.rendering import (
    CONTACT_PATHS,
    POSTAL_ADDRESS,
    PREFERENCES,
    SURVEY,
    UNSUBSCRIBE,
    CompiledContent,
    RenderedMail,
    personal_context,
)
from campaigns.services import send_facts
from campaigns.timing import planned_at
from sprints.deciders import policy_of
from sprints.models import Covers
from sprints.standing import unapproved_reasons

WARN_AT = 90_000  # bytes of HTML; Gmail cuts a mail off at 102,000
LONGEST_SUBJECT = 70  # characters that common inboxes show
SHOWN_LINKS = 5


def approval_checks(campaign: Campaign, now: datetime) -> Iterator[Finding]:
    """Is this exactly what the owner approved; while no time is set, for the one that would be proposed."""
    if _why_broken(campaign, now):
        remedy = _("Nobody can say whom the segment means, so it cannot be compared. Mend the segment.")
        yield Finding(Level.STOP, _("Not what the owner approved"), remedy, Place.SEGMENT)
        return
    facts = send_facts(campaign, at=planned_at(campaign, now), now=now)
    reasons = unapproved_reasons(story=campaign.story, facts=facts)
    if reasons:
        is_about_content = policy_of(campaign.workspace).covers != Covers.BRIEF and len(reasons) == 1
        place = Place.OWNER if is_about_content and campaign.content else Place.STORY
        yield Finding(Level.STOP, _("Not what the owner approved"), " ".join(reasons), place)
    else:
        yield Finding(Level.OK, _("The owner approved exactly this"))


def _why_broken(campaign: Campaign, now: datetime) -> str:
    try:
        contacts_in(campaign.workspace, read_definition(campaign.segment.definition), now)
    except SegmentBroken as broken:
        return str(broken)
    return ""


def audience_checks(campaign: Campaign, now: datetime) -> Iterator[Finding]:
    """Is there somebody to write to, and may we."""
    broken = _why_broken(campaign, now)
    if broken:
        yield Finding(Level.STOP, _("The segment does not work"), broken, Place.SEGMENT)
        return
    reach = reach_of(campaign, now)
    if not reach.reachable:
        remedy = _("No one in the segment has given consent.") if reach.total else _("The segment holds nobody.")
        yield Finding(Level.STOP, _("Nobody can be written to"), remedy, Place.SEGMENT)
        return
    yield Finding(Level.OK, _people(reach.reachable), _left_out(reach))
    if campaign.segment.archived_at is not None:
        remedy = _("It still works. Choose another if this was not meant.")
        yield Finding(Level.WARN, _("The segment was put away"), remedy, Place.CAMPAIGN)


def _people(count: int) -> str:
    words = ngettext("One person can be written to", "%(count)s people can be written to", count)
    return words % {"count": number_format(count)}


def _left_out(reach: Reach) -> str:
    if reach.total == reach.reachable:
        return _("Everybody in the segment has given consent.")
    return _("%(total)s are in the segment; the others have not given consent or asked not to be written to.") % {
        "total": number_format(reach.total)
    }


def content_checks(campaign: Campaign, now: datetime) -> Iterator[Finding]:
    """Is the mail complete, lawful and whole."""
    yield from _sender_checks(campaign)
    version = campaign.content
    if version is None:
        yield Finding(Level.STOP, _("There is no content yet"), _("Write the mail."), Place.CONTENT)
        return
    compiled = CompiledContent(version)
    yield from _address_checks(campaign, compiled)
    yield from _variable_checks(campaign, version, compiled)
    contact = people_of(campaign, now).order_by("pk").first() or made_up_reader(campaign.workspace)
    try:
        mail = compiled.render(personal_context(contact, campaign.workspace, unsubscribe_url=SAMPLE_UNSUBSCRIBE))
    except RenderFailed as failed:
        yield Finding(Level.STOP, _("The mail cannot be filled in"), str(failed), Place.CONTENT)
    else:
        yield from _rendered_checks(mail)


def _sender_checks(campaign: Campaign) -> Iterator[Finding]:
    sender = campaign.sender
    if sender is None:
        yield Finding(Level.STOP, _("There is no sender"), _("Choose whom the mail is from."), Place.CAMPAIGN)
    elif sender.archived_at is not None:
        remedy = _("“%(sender)s” is used no more. Choose another.") % {"sender": sender}
        yield Finding(Level.STOP, _("The sender was put away"), remedy, Place.CAMPAIGN)
    else:
        yield Finding(Level.OK, _("The mail is from %(sender)s") % {"sender": sender})


def _address_checks(campaign: Campaign, compiled: CompiledContent) -> Iterator[Finding]:
    missing = _("The postal address is missing")
    if POSTAL_ADDRESS not in set(compiled.html.paths()):
        yield Finding(Level.STOP, missing, _("Put {{ postal_address }} into the mail."), Place.CONTENT)
    elif not campaign.workspace.postal_address.strip():
        remedy = _("Write it into the settings of the workspace: the law asks for it in every mail.")
        yield Finding(Level.STOP, missing, remedy, Place.SETTINGS)
    else:
        yield Finding(Level.OK, _("The postal address is in the mail"))


def _variable_checks(campaign: Campaign, version: ContentVersion, compiled: CompiledContent) -> Iterator[Finding]:
    known = {"contact", "workspace.name", UNSUBSCRIBE, PREFERENCES, SURVEY, POSTAL_ADDRESS, "contact.attributes"}
    known |= {f"contact.{path}" for path in CONTACT_PATHS}
    known |= {f"contact.attributes.{key}" for key in current_attributes(campaign.workspace)}
    unknown = sorted({*compiled.html.paths(), *compiled.subject.paths()} - known)
    if unknown:
        yield Finding(
            Level.WARN,
            _("Unknown personal parts: %(names)s") % {"names": ", ".join(unknown)},
            _("They stay empty for everybody."),
            Place.CONTENT,
        )
    if not version.preheader:
        remedy = _("Inboxes show it beside the subject.")
        yield Finding(Level.WARN, _("There is no preview text"), remedy, Place.CONTENT)


def _rendered_checks(mail: RenderedMail) -> Iterator[Finding]:
    links = list(links_in(mail.html))
    if not mail.subject:
        yield Finding(Level.STOP, _("The subject is empty"), _("Write one."), Place.CONTENT)
    if len(mail.subject) > LONGEST_SUBJECT:
        remedy = _("Phones show about 40 characters, inboxes about 70.")
        yield Finding(Level.WARN, _("The subject is long"), remedy, Place.CONTENT)
    yield from _link_checks(links)
    yield _size_check(len(mail.html.encode()))


def _link_checks(links: Iterable[str]) -> Iterator[Finding]:
    links = list(links)
    if SAMPLE_UNSUBSCRIBE in links:
        yield Finding(Level.OK, _("There is an unsubscribe link"))
    else:
        remedy = _("Put {{ unsubscribe_url }} into a link: the law and every mailbox provider ask for it.")
        yield Finding(Level.STOP, _("The unsubscribe link is missing"), remedy, Place.CONTENT)
    broken = sorted({link for link in links if not _is_usable(link)})
    if broken:
        shown = ", ".join(link or _("(empty)") for link in broken[:SHOWN_LINKS])
        title = ngettext("One link leads nowhere", "%(count)s links lead nowhere", len(broken))
        remedy = _("%(links)s: a link starts with https://.") % {"links": shown}
        yield Finding(Level.STOP, title % {"count": len(broken)}, remedy, Place.CONTENT)
    else:
        yield Finding(Level.OK, _("All links lead somewhere"))


def _is_usable(link: str) -> bool:
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError:  # "https://[half an address"
        return False
    return parts.scheme in {"mailto", "tel"} or (parts.scheme in {"http", "https"} and bool(host) and " " not in link)


def _size_check(size: int) -> Finding:
    shown = _("The mail has %(size)s KB") % {"size": number_format(size / 1000, 1)}
    if size > WARN_AT:
        remedy = _("Gmail cuts a mail off at 102 KB, and the links we track make it longer.")
        return Finding(Level.WARN, shown, remedy, Place.CONTENT)
    return Finding(Level.OK, shown)


def schedule_checks(campaign: Campaign, now: datetime) -> Iterator[Finding]:
    """Is the moment a good one."""
    at, was_held = campaign.scheduled_at, campaign.state == CampaignState.HELD
    if at is None or (was_held and at < now):
        yield Finding(Level.WARN, _("No time is set yet"), _("You choose it on the last step."), Place.SCHEDULE)
    elif campaign.is_editable and at < now:
        yield Finding(Level.STOP, _("The time is in the past"), _("Choose another."), Place.SCHEDULE)
    else:
        yield Finding(Level.OK, _("The time is set"))
