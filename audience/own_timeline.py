"""What the audience app itself adds to a contact's timeline."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from audience.models import ORDER_EVENT, Consent, ConsentEntry, ConsentTo, Contact, Order
from audience.timeline import Moment
from workspaces.templatetags.ui import exact_money

KINDS = {
    "contact": _lazy("About the person"),
    "consent": _lazy("Consent"),
    "list": _lazy("Lists"),
    "event": _lazy("Events and orders"),
    "note": _lazy("Notes"),
}
TONES = {Consent.GIVEN: "ok", Consent.WITHDRAWN: "bad", Consent.UNKNOWN: ""}
LIST_SOURCES = {"import": _lazy("From a file"), "api": _lazy("By the API")}


def contact_moments(contact: Contact, limit: int) -> Iterator[Moment]:
    """When we got to know the person, what was said about consent, which lists, what was done elsewhere."""
    yield Moment(contact.created_at, "user-plus", _("Became a contact"))
    for entry in contact.consent_log.select_related("topic").order_by("-at", "-pk")[:limit]:
        tone, words = TONES[Consent(entry.consent)], entry.wording or entry.source
        yield Moment(entry.at, "shield-check", _said(entry), words, tone=tone, kind="consent")
    for membership in contact.memberships.select_related("contact_list").order_by("-added_at", "-pk")[:limit]:
        title = _("Added to the list “%(name)s”") % {"name": membership.contact_list}
        how = LIST_SOURCES.get(membership.source.partition(" ")[0], membership.source)
        yield Moment(membership.added_at, "list-checks", title, str(how), kind="list")
    yield from _words_and_addresses(contact, limit)
    yield from _events_and_orders(contact, limit)


def _events_and_orders(contact: Contact, limit: int) -> Iterator[Moment]:
    """What was done and bought. The event by which an order is counted as money is no second thing."""
    slug, currency = contact.workspace.slug, contact.workspace.currency
    known = Order.objects.filter(workspace=contact.workspace_id, external_id=OuterRef("external_id"))
    events = contact.events.exclude(Q(Exists(known), name=ORDER_EVENT))
    for event in events.order_by("-occurred_at", "-pk")[:limit]:
        worth = exact_money(event.value, currency) if event.value is not None else ""
        yield Moment(event.occurred_at, "mouse-pointer-click", event.shown_name, worth, kind="event")
    for order in contact.orders.order_by("-placed_at", "-pk")[:limit]:
        title = _("Order %(number)s: %(status)s") % {"number": order, "status": order.get_status_display().lower()}
        href = reverse("audience:order_detail", kwargs={"workspace": slug, "pk": order.pk})
        yield Moment(order.placed_at, "shopping-bag", title, exact_money(order.total, currency), href, kind="event")


def _words_and_addresses(contact: Contact, limit: int) -> Iterator[Moment]:
    for note in contact.notes.select_related("by__user").order_by("-at", "-pk")[:limit]:
        title = _("Note by %(person)s") % {"person": note.by}
        yield Moment(note.at, "message-square", title, note.text, kind="note")
    for change in contact.former_addresses.order_by("-at", "-pk")[:limit]:
        is_merge = change.merged_id is not None
        words = _("Became one with the contact %(email)s") if is_merge else _("Address changed; it was %(email)s")
        yield Moment(change.at, "mail", words % {"email": change.email}, kind="contact")


def _said(entry: ConsentEntry) -> str:
    """A word of the consent log as a heading."""
    words = {"consent": entry.get_consent_display().lower(), "topic": entry.topic}
    if entry.to == ConsentTo.TOPIC:
        return _("Topic “%(topic)s”: %(consent)s") % words
    if entry.to == ConsentTo.TRACKING:
        return _("Being followed: %(consent)s") % words
    return _("How often") if entry.to == ConsentTo.PACE else _("Consent: %(consent)s") % words
