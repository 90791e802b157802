"""What the audience app itself adds to a contact's timeline."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from audience.models import Consent, ConsentEntry, ConsentTo, Contact
from audience.timeline import Moment
from workspaces.templatetags.ui import money

TONES = {Consent.GIVEN: "ok", Consent.WITHDRAWN: "bad", Consent.UNKNOWN: ""}


def contact_moments(contact: Contact, limit: int) -> Iterator[Moment]:
    """When we got to know the person, what was said about consent, which lists, what was done elsewhere."""
    yield Moment(contact.created_at, "user-plus", _("Became a contact"))
    for entry in contact.consent_log.select_related("topic").order_by("-at", "-pk")[:limit]:
        title = _said(entry)
        yield Moment(entry.at, "shield-check", title, entry.wording or entry.source, tone=TONES[Consent(entry.consent)])
    for membership in contact.memberships.select_related("contact_list").order_by("-added_at", "-pk")[:limit]:
        title = _("Added to the list “%(name)s”") % {"name": membership.contact_list}
        yield Moment(membership.added_at, "list-checks", title, membership.source)
    for event in contact.events.order_by("-occurred_at", "-pk")[:limit]:
        worth = money(event.value, contact.workspace.currency) if event.value is not None else ""
        yield Moment(event.occurred_at, "shopping-bag", event.name.replace("_", " "), worth)


def _said(entry: ConsentEntry) -> str:
    """A word of the consent log as a heading."""
    words = {"consent": entry.get_consent_display().lower(), "topic": entry.topic}
    if entry.to == ConsentTo.TOPIC:
        return _("Topic “%(topic)s”: %(consent)s") % words
    if entry.to == ConsentTo.TRACKING:
        return _("Being followed: %(consent)s") % words
    return _("How often") if entry.to == ConsentTo.PACE else _("Consent: %(consent)s") % words
