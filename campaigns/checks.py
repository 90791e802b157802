"""The campaigns app's own preflight checks."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import urlsplit

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from audience.segments.compile import contacts_in
from audience.segments.definition import SegmentBroken, read_definition
from audience.services import current_attributes
from campaigns.links import links_in
from campaigns.liquid import RenderFailed
from campaigns.models import Campaign, ContentVersion
from campaigns.preflight import Finding, Level
from campaigns.rendering import CONTACT_PATHS, POSTAL_ADDRESS, UNSUBSCRIBE, CompiledContent, personal_context
from campaigns.services import send_facts
from sprints.standing import unapproved_reasons

CLIPPED_AT = 102_000  # bytes of HTML from which Gmail cuts a mail off
WARN_AT = 90_000
LONGEST_SUBJECT = 70  # characters that common inboxes show
SAMPLE_UNSUBSCRIBE = "https://unsubscribe.invalid/"


def approval_checks(campaign: Campaign, now: datetime) -> Iterator[Finding]:
    """Is this exactly what the owner approved."""
    try:
        facts = send_facts(campaign, at=campaign.scheduled_at or now, now=now)
    except SegmentBroken as broken:
        yield Finding(Level.STOP, _("The segment does not work"), str(broken))
        return
    reasons = unapproved_reasons(story=campaign.story, facts=facts)
    if reasons:
        yield Finding(Level.STOP, _("Not what the owner approved"), " ".join(reasons))
    else:
        yield Finding(Level.OK, _("The owner approved exactly this"))


def audience_checks(campaign: Campaign, now: datetime) -> Iterator[Finding]:
    """Is there somebody to write to, and may we."""
    try:
        people = contacts_in(campaign.workspace, read_definition(campaign.segment.definition), now)
    except SegmentBroken as broken:
        yield Finding(Level.STOP, _("The segment does not work"), str(broken))
        return
    total = people.count()
    reachable = people.consenting().filter(suppression="").count()
    if not reachable:
        yield Finding(Level.STOP, _("Nobody can be written to"), _("No one in the segment has given consent."))
        return
    yield Finding(
        Level.OK,
        _("%(count)s people can be written to") % {"count": number_format(reachable)},
        _("%(total)s are in the segment; the others have not given consent or asked not to be written to.")
        % {"total": number_format(total)},
    )


def content_checks(campaign: Campaign, now: datetime) -> Iterator[Finding]:
    """Is the mail complete, lawful and whole."""
    version = campaign.content
    if version is None:
        yield Finding(Level.STOP, _("There is no content yet"), _("Write the mail."))
        return
    compiled = CompiledContent(version)
    yield from _duty_checks(campaign, compiled)
    yield from _variable_checks(campaign, version, compiled)
    yield from _rendered_checks(campaign, compiled, now)


def _duty_checks(campaign: Campaign, compiled: CompiledContent) -> Iterator[Finding]:
    asked = set(compiled.html.paths())
    yield _either(
        UNSUBSCRIBE in asked,
        _("There is an unsubscribe link"),
        _("Put {{ unsubscribe_url }} into a link: the law and every mailbox provider ask for it."),
    )
    yield _either(
        POSTAL_ADDRESS in asked and bool(campaign.workspace.postal_address.strip()),
        _("The postal address is in the mail"),
        _("Put {{ postal_address }} into the mail, and the address into the settings of the workspace.")
        if POSTAL_ADDRESS not in asked
        else _("Write the postal address into the settings of the workspace."),
    )
    yield _either(campaign.sender is not None, _("There is a sender"), _("Choose whom the mail is from."))


def _variable_checks(campaign: Campaign, version: ContentVersion, compiled: CompiledContent) -> Iterator[Finding]:
    known = {"contact", "workspace.name", UNSUBSCRIBE, POSTAL_ADDRESS, "contact.attributes"}
    known |= {f"contact.{path}" for path in CONTACT_PATHS}
    known |= {f"contact.attributes.{key}" for key in current_attributes(campaign.workspace)}
    unknown = sorted({*compiled.html.paths(), *compiled.subject.paths()} - known)
    if unknown:
        yield Finding(
            Level.WARN,
            _("Unknown personal parts: %(names)s") % {"names": ", ".join(unknown)},
            _("They stay empty for everybody."),
        )
    if len(version.subject) > LONGEST_SUBJECT:
        yield Finding(Level.WARN, _("The subject is long"), _("Phones show about 40 characters, inboxes about 70."))
    if not version.preheader:
        yield Finding(Level.WARN, _("There is no preview text"), _("Inboxes show it beside the subject."))


def _rendered_checks(campaign: Campaign, compiled: CompiledContent, now: datetime) -> Iterator[Finding]:
    try:
        people = contacts_in(campaign.workspace, read_definition(campaign.segment.definition), now)
    except SegmentBroken:
        return  # said under "audience"
    contact = people.order_by("pk").first()
    if contact is None:
        return
    context = personal_context(contact, campaign.workspace, unsubscribe_url=SAMPLE_UNSUBSCRIBE)
    try:
        mail = compiled.render(context)
    except RenderFailed as failed:
        yield Finding(Level.STOP, _("The mail cannot be filled in"), str(failed))
        return
    yield from _link_checks(list(links_in(mail.html)))
    yield _size_check(len(mail.html.encode()))


def _link_checks(links: Iterable[str]) -> Iterator[Finding]:
    broken = sorted({link for link in links if not _is_usable(link)})
    yield _either(
        not broken,
        _("All links lead somewhere"),
        _("These do not: %(links)s. A link starts with https://.") % {"links": ", ".join(broken[:5]) or _("(empty)")},
    )


def _is_usable(link: str) -> bool:
    parts = urlsplit(link)
    return parts.scheme in {"mailto", "tel"} or (parts.scheme in {"http", "https"} and bool(parts.hostname))


def _size_check(size: int) -> Finding:
    shown = _("The mail has %(size)s KB") % {"size": number_format(size / 1000, 1)}
    if size > WARN_AT:
        return Finding(Level.WARN, shown, _("Gmail cuts a mail off at 102 KB, and the links we track make it longer."))
    return Finding(Level.OK, shown)


def schedule_checks(campaign: Campaign, now: datetime) -> Iterator[Finding]:
    """Is the moment a good one."""
    if campaign.scheduled_at is None:
        yield Finding(Level.WARN, _("No time is set yet"), _("You choose it on the last step."))
    elif campaign.scheduled_at < now and campaign.is_editable:
        yield Finding(Level.STOP, _("The time is in the past"), _("Choose another."))
    else:
        yield Finding(Level.OK, _("The time is set"))


def _either(is_ok: bool, title: str, todo: str) -> Finding:
    return Finding(Level.OK, title) if is_ok else Finding(Level.STOP, title, todo)
