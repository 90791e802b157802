"""Verbs on contacts, attributes, lists, consent, suppression, events and segments."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from audience.attributes import AttributeRefused, stored_value
from audience.models import (
    AttributeDefinition,
    AttributeKind,
    Consent,
    ConsentEntry,
    Contact,
    ContactList,
    ListMembership,
    Segment,
    Suppression,
    SuppressionReason,
    address_hash,
)
from audience.segments.compile import condition_for
from audience.segments.definition import Group, read_definition, write_definition
from audience.segments.fields import fields_of
from emailops.lib.addresses import Address, read_address
from emailops.lib.bulk import Json, insert_rows
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace

NOBODY = 0  # no row has this key
CONTACT_FIELDS = ("external_id", "first_name", "last_name", "language", "time_zone")


class ContactRefused(DomainError):
    """The contact cannot be written as asked."""

    code = "contact_refused"


class NameTaken(DomainError):
    """Another one in the workspace has this name."""

    code = "name_taken"


class EventRefused(DomainError):
    """The event cannot be taken."""

    code = "event_refused"
    status = 400


@dataclass(frozen=True, slots=True)
class ConsentBasis:
    """Where a consent comes from: `source` is how (form, import, api), `wording` what the person agreed to."""

    source: str
    wording: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def define_attribute(
    *, workspace: Workspace, label: str, kind: AttributeKind, by: Member, now: datetime
) -> AttributeDefinition:
    """Add an attribute, or bring an archived one of the same key and kind back.

    Raises `AttributeRefused` if a current one has the key, or an archived one another kind.
    """
    key = _key_of(label)
    definition, created = AttributeDefinition.objects.get_or_create(
        workspace=workspace, key=key, defaults={"label": label, "kind": kind}
    )
    if not created and (definition.archived_at is None or definition.kind != kind):
        raise AttributeRefused(
            _("There is an attribute “%(label)s” already.") % {"label": definition.label},
            fields={"label": [_("Already there.")]},
        )
    definition.archived_at, definition.label = None, label
    definition.save(update_fields=["archived_at", "label"])
    record("attribute.defined", definition, by=by, now=now, kind=kind)
    return definition


def _key_of(label: str) -> str:
    key = slugify(label, allow_unicode=True).replace("-", "_")[:40].strip("_")
    if not key:
        raise AttributeRefused(_("The label needs at least one letter."), fields={"label": [_("No letter.")]})
    # PostgreSQL and Django take a key that reads as a number for a place in a list.
    return f"n{key}"[:40] if key[0].isdigit() else key


@transaction.atomic
def archive_attribute(*, definition: AttributeDefinition, by: Member, now: datetime) -> None:
    """Take an attribute out of use. Values stay; segments that ask about it say so. Repeating is harmless."""
    if AttributeDefinition.objects.filter(pk=definition.pk, archived_at=None).update(archived_at=now):
        record("attribute.archived", definition, by=by, now=now)


def current_attributes(workspace: Workspace) -> dict[str, AttributeDefinition]:
    """The attributes in use, by key."""
    found = AttributeDefinition.objects.for_workspace(workspace).filter(archived_at=None).order_by("label", "pk")
    return {definition.key: definition for definition in found}


def add_contact(
    *,
    workspace: Workspace,
    email: str,
    by: Member | None,
    now: datetime,
    fields: Mapping[str, str] | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Contact:
    """Add a contact as a person does who believes it to be new. Raises what `save_contact` raises.

    Raises `ContactRefused` if there is one with this address: empty fields of a form must not empty that one's.
    """
    if Contact.objects.for_workspace(workspace).filter(address=read_address(email).key).exists():
        raise ContactRefused(_("There is a contact with this address already."), fields={"email": [_("Taken.")]})
    contact, _created = save_contact(
        workspace=workspace, email=email, by=by, now=now, fields=fields, attributes=attributes
    )
    return contact


@transaction.atomic
def save_contact(
    *,
    workspace: Workspace,
    email: str,
    by: Member | None,
    now: datetime,
    fields: Mapping[str, str] | None = None,
    attributes: Mapping[str, Any] | None = None,
    contact: Contact | None = None,
) -> tuple[Contact, bool]:
    """Add a contact, or change the one with this address (or `contact`, whose address may change). Returns (it, new?).

    Only the fields and attributes named are touched; an attribute of None is removed. Raises `InvalidAddress`,
    `AttributeRefused`, or `ContactRefused` when the address or external id belongs to somebody else.
    """
    address = read_address(email)
    stored = _checked_attributes(workspace, attributes or {})
    chosen = {name: value for name, value in (fields or {}).items() if name in CONTACT_FIELDS}
    row, created = _locked_contact(workspace, address, contact, now)
    _require_free(workspace, row, address.key, chosen.get("external_id", ""))
    row.email, row.address, row.updated_at = address.written, address.key, now
    for name, value in chosen.items():
        setattr(row, name, value)
    row.attributes = {key: value for key, value in {**row.attributes, **stored}.items() if value is not None}
    row.suppression = _suppression_of(workspace, address.key)
    row.save()
    record("contact.created" if created else "contact.updated", row, by=by, now=now, fields=sorted({*chosen, *stored}))
    return row, created


def _locked_contact(
    workspace: Workspace, address: Address, contact: Contact | None, now: datetime
) -> tuple[Contact, bool]:
    """The row to write and whether it is new, ours alone until the end of the transaction."""
    rows = Contact.objects.for_workspace(workspace).select_for_update()
    if contact is not None:
        return rows.get(pk=contact.pk), False
    defaults = {"email": address.written, "created_at": now, "updated_at": now}
    return rows.get_or_create(workspace=workspace, address=address.key, defaults=defaults)


def _checked_attributes(workspace: Workspace, given: Mapping[str, Any]) -> dict[str, Any]:
    known = current_attributes(workspace)
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise AttributeRefused(
            _("There is no attribute “%(key)s”. Define it first.") % {"key": unknown[0]},
            fields={f"attributes.{key}": [_("Not defined.")] for key in unknown},
        )
    return {
        key: None if value is None or value == "" else stored_value(known[key], value) for key, value in given.items()
    }


def _require_free(workspace: Workspace, contact: Contact, address: str, external_id: str) -> None:
    others = Contact.objects.for_workspace(workspace).exclude(pk=contact.pk)
    if others.filter(address=address).exists():
        raise ContactRefused(_("Another contact has this address."), fields={"email": [_("Taken.")]})
    if external_id and others.filter(external_id=external_id).exists():
        raise ContactRefused(_("Another contact has this id."), fields={"external_id": [_("Taken.")]})


def _suppression_of(workspace: Workspace, address: str) -> str:
    found = Suppression.objects.for_workspace(workspace).of(address).first()
    return found.reason if found else ""


@transaction.atomic
def give_consent(*, contact: Contact, basis: ConsentBasis, by: Member | None, now: datetime) -> None:
    """Write down that the person agreed to marketing mail. Lifts no suppression. Repeating adds to the log."""
    _log_consent(contact, Consent.GIVEN, basis, by, now)


@transaction.atomic
def withdraw_consent(*, contact: Contact, basis: ConsentBasis, by: Member | None, now: datetime) -> None:
    """Write down that the person wants no more marketing mail, and suppress the address. Repeating is harmless."""
    if contact.consent != Consent.WITHDRAWN:
        _log_consent(contact, Consent.WITHDRAWN, basis, by, now)
    suppress(
        workspace=contact.workspace,
        address=contact.address,
        reason=SuppressionReason.UNSUBSCRIBED,
        note=basis.source,
        by=by,
        now=now,
    )


def _log_consent(contact: Contact, consent: Consent, basis: ConsentBasis, by: Member | None, now: datetime) -> None:
    ConsentEntry.objects.create(
        workspace=contact.workspace,
        contact=contact,
        consent=consent,
        source=basis.source,
        wording=basis.wording,
        evidence=dict(basis.evidence),
        by=by,
        at=now,
    )
    contact.consent, contact.consent_at = consent, now
    contact.save(update_fields=["consent", "consent_at"])
    record(f"consent.{consent}", contact, by=by, now=now, source=basis.source)


@transaction.atomic
def suppress(
    *, workspace: Workspace, address: str, reason: SuppressionReason, by: Member | None, now: datetime, note: str = ""
) -> Suppression:
    """Never write to this normalised address again. The first reason stays. Repeating is harmless."""
    suppression, created = Suppression.objects.get_or_create(
        workspace=workspace, address_hash=address_hash(address), defaults={"reason": reason, "note": note, "at": now}
    )
    Contact.objects.for_workspace(workspace).filter(address=address, suppression="").update(
        suppression=suppression.reason
    )
    if created:
        record("address.suppressed", suppression, by=by, now=now, reason=reason)
    return suppression


@transaction.atomic
def create_list(*, workspace: Workspace, name: str, by: Member, now: datetime, description: str = "") -> ContactList:
    """Open a list. Raises `NameTaken`."""
    contact_list, created = ContactList.objects.get_or_create(
        workspace=workspace, name=name.strip(), defaults={"description": description}
    )
    if not created:
        raise NameTaken(_("There is a list “%(name)s” already.") % {"name": name}, fields={"name": [_("Taken.")]})
    record("list.created", contact_list, by=by, now=now)
    return contact_list


@transaction.atomic
def add_to_list(*, contact_list: ContactList, contact: Contact, source: str, by: Member | None, now: datetime) -> None:
    """Put a contact on a list. Repeating is harmless."""
    _membership, created = ListMembership.objects.get_or_create(
        workspace=contact_list.workspace,
        contact_list=contact_list,
        contact=contact,
        defaults={"added_at": now, "source": source},
    )
    if created:
        record("list.contact_added", contact_list, by=by, now=now, contact=contact.pk)


@transaction.atomic
def remove_from_list(*, contact_list: ContactList, contact: Contact, by: Member | None, now: datetime) -> None:
    """Take a contact off a list. Repeating is harmless."""
    removed, _by_model = ListMembership.objects.filter(contact_list=contact_list, contact=contact).delete()
    if removed:
        record("list.contact_removed", contact_list, by=by, now=now, contact=contact.pk)


def contacts_by_email(workspace: Workspace, emails: Sequence[str]) -> dict[str, Contact]:
    """The contacts with these addresses, by the address as given. Raises `EventRefused` for an unknown one."""
    keys = {email: read_address(email).key for email in emails}
    found = {c.address: c for c in Contact.objects.for_workspace(workspace).filter(address__in=set(keys.values()))}
    unknown = next((email for email, key in keys.items() if key not in found), None)
    if unknown is not None:
        raise EventRefused(_("There is no contact “%(email)s”. Send the contact first.") % {"email": unknown})
    return {email: found[key] for email, key in keys.items()}


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event as a program reports it. `external_id` is the program's own id: the same one counts once."""

    contact: Contact
    name: str
    occurred_at: datetime
    value: Decimal | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    external_id: str = ""


@transaction.atomic
def record_events(*, workspace: Workspace, events: Iterable[NewEvent], by: Member | None, now: datetime) -> int:
    """Keep what contacts did. Returns how many were new: an event with a known external id is not counted again.

    Raises `EventRefused` for a moment in the future; nothing of the batch is kept then.
    """
    # Two programs that send the same ids wait for each other in one order, and so never for ever.
    batch = sorted(events, key=lambda event: (event.name, event.external_id))
    if any(event.occurred_at > now for event in batch):
        raise EventRefused(
            _("An event cannot lie in the future. Send its time with the zone, as 2026-05-18T09:30+03:00.")
        )
    added = insert_rows(
        "audience_event",
        ("workspace_id", "contact_id", "name", "occurred_at", "value", "properties", "external_id"),
        [
            (workspace.pk, e.contact.pk, e.name, e.occurred_at, e.value, Json(dict(e.properties)), e.external_id)
            for e in batch
        ],
        conflict="ON CONFLICT DO NOTHING",
        returning="id",
    )
    if batch:
        record("events.recorded", workspace, by=by, now=now, received=len(batch), added=len(added))
    return len(added)


@transaction.atomic
def create_segment(
    *, workspace: Workspace, name: str, definition: Group, by: Member, now: datetime, description: str = ""
) -> Segment:
    """Keep a rule under a name. Raises `NameTaken`, or `SegmentBroken` when the rule cannot be evaluated."""
    _require_working(workspace, definition, now)
    _require_free_name(workspace, name, None)
    segment = Segment.objects.create(
        workspace=workspace,
        name=name.strip(),
        description=description,
        definition=write_definition(definition),
        created_by=by,
        created_at=now,
        updated_at=now,
    )
    record("segment.created", segment, by=by, now=now)
    return segment


@transaction.atomic
def update_segment(
    *, segment: Segment, name: str, definition: Group, by: Member, now: datetime, description: str = ""
) -> None:
    """Change a rule. The audit entry keeps the old one. Raises `NameTaken` or `SegmentBroken`."""
    _require_working(segment.workspace, definition, now)
    _require_free_name(segment.workspace, name, segment)
    before = segment.definition
    segment.name, segment.description, segment.updated_at = name.strip(), description, now
    segment.definition = write_definition(definition)
    segment.save(update_fields=["name", "description", "definition", "updated_at"])
    record("segment.updated", segment, by=by, now=now, before=before)


@transaction.atomic
def archive_segment(*, segment: Segment, by: Member, now: datetime) -> None:
    """Put a segment away; what used it keeps it. Repeating is harmless."""
    if Segment.objects.filter(pk=segment.pk, archived_at=None).update(archived_at=now):
        record("segment.archived", segment, by=by, now=now)


def _require_working(workspace: Workspace, definition: Group, now: datetime) -> None:
    """What is written must be readable again, and every condition must work."""
    condition_for(read_definition(write_definition(definition)), fields_of(workspace), now)


def _require_free_name(workspace: Workspace, name: str, segment: Segment | None) -> None:
    taken = Segment.objects.for_workspace(workspace).current().filter(name=name.strip())
    if taken.exclude(pk=segment.pk if segment else NOBODY).exists():
        raise NameTaken(_("There is a segment “%(name)s” already.") % {"name": name}, fields={"name": [_("Taken.")]})
