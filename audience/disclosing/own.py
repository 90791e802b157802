"""What the audience app tells a person about himself or herself."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from audience.disclosing import Record, Section, register_section
from audience.models import Contact, ContactProfile, Lifecycle, OptInRequest, PrivacyRequest, SegmentMember
from audience.services.attributes import current_attributes
from workspaces.models import AuditEntry

FIELDS = (
    "email", "first_name", "last_name", "phone", "language", "time_zone", "country", "city", "external_id", "tags",
    "consent", "consent_at", "tracking", "tracking_at", "frequency", "paused_until", "suppression", "created_at",
    "updated_at",
)  # fmt: skip
COUNTED = ("sent_count", "open_count", "click_count", "order_count", "order_sum", "first_order_at", "last_order_at")


def _person(contact: Contact) -> Iterator[Record]:
    fields = {name: getattr(contact, name) for name in FIELDS}
    yield fields | {"looked_after_by": str(contact.seller) if contact.seller else ""}


def _attributes(contact: Contact) -> Iterator[Record]:
    labels = {key: definition.shown_label for key, definition in current_attributes(contact.workspace).items()}
    for key, value in contact.attributes.items():
        yield {"key": key, "label": labels.get(key, key), "value": value}


def _profile(contact: Contact) -> Iterator[Record]:
    found = ContactProfile.objects.filter(contact=contact).first()
    if found is not None:
        stage = Lifecycle(found.lifecycle).name.lower()
        yield {"lifecycle": stage, "rfm": found.rfm, **{name: getattr(found, name) for name in COUNTED}}


def _addresses(contact: Contact) -> Iterator[Record]:
    yield from contact.former_addresses.order_by("at", "pk").values("email", "at")


def _consent(contact: Contact) -> Iterator[Record]:
    for entry in contact.consent_log.select_related("topic").order_by("at", "pk"):
        yield {
            "at": entry.at,
            "to": entry.to,
            "topic": str(entry.topic or ""),
            "consent": entry.consent,
            "how": entry.source,
            "wording": entry.wording,
            "form": entry.form_version,
            "evidence": entry.evidence,
        }


def _topics(contact: Contact) -> Iterator[Record]:
    for said in contact.topics.select_related("topic").order_by("at", "pk"):
        yield {"topic": said.topic.name, "consent": said.consent, "at": said.at}


def _lists(contact: Contact) -> Iterator[Record]:
    for place in contact.memberships.select_related("contact_list").order_by("added_at", "pk"):
        yield {"list": place.contact_list.name, "added_at": place.added_at, "how": place.source}


def _segments(contact: Contact) -> Iterator[Record]:
    for place in SegmentMember.objects.filter(contact=contact).select_related("segment").order_by("entered_at", "pk"):
        yield {"segment": place.segment.name, "since": place.entered_at}


def _events(contact: Contact) -> Iterator[Record]:
    yield from contact.events.order_by("occurred_at", "pk").values("occurred_at", "name", "value", "properties")


def _orders(contact: Contact) -> Iterator[Record]:
    for order in contact.orders.prefetch_related("lines").order_by("placed_at", "pk"):
        lines: list[dict[str, Any]] = [
            {"sku": line.sku, "name": line.name, "quantity": line.quantity, "price": line.price}
            for line in order.lines.all()
        ]
        yield {
            "number": order.external_id,
            "placed_at": order.placed_at,
            "status": order.status,
            "total": order.total,
            "currency": contact.workspace.currency,
            "lines": lines,
            "properties": order.properties,
        }


def _forms(contact: Contact) -> Iterator[Record]:
    asked = OptInRequest.objects.filter(workspace=contact.workspace, address=contact.address)
    fields = ("asked_at", "confirmed_at", "source", "wording", "values", "evidence")
    yield from asked.order_by("asked_at", "pk").values(*fields)


def _notes(contact: Contact) -> Iterator[Record]:
    for note in contact.notes.select_related("by__user").order_by("at", "pk"):
        yield {"at": note.at, "text": note.text, "by": str(note.by)}


def _requests(contact: Contact) -> Iterator[Record]:
    asked = PrivacyRequest.objects.filter(contact=contact)
    yield from asked.order_by("asked_at", "pk").values("asked_at", "kind", "state", "confirmed_at", "handled_at")


def _changes(contact: Contact) -> Iterator[Record]:
    ours = AuditEntry.objects.filter(workspace=contact.workspace, target_type="contact", target_id=contact.pk)
    yield from ours.order_by("at", "pk").values("at", "action", "detail")


def register_own_sections() -> None:
    for key, label, records in (
        ("person", _("The person"), _person),
        ("attributes", _("Attributes"), _attributes),
        ("profile", _("What was worked out about behaviour"), _profile),
        ("former_addresses", _("Former addresses"), _addresses),
        ("consent", _("The consent log"), _consent),
        ("topics", _("Wishes about topics"), _topics),
        ("lists", _("Lists"), _lists),
        ("segments", _("Segments"), _segments),
        ("events", _("Events"), _events),
        ("orders", _("Orders"), _orders),
        ("forms", _("Forms that were filled in, and requests to be written to"), _forms),
        ("notes", _("Notes of colleagues"), _notes),
        ("privacy_requests", _("Requests for a copy or an erasure"), _requests),
        ("changes", _("What colleagues and programs changed"), _changes),
    ):
        register_section(Section(key, label, records))
