"""Verbs on contacts: add, change, write a note."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audience.calling_codes import calling_code
from audience.erasing.holding import hold_contact
from audience.erasing.turns import wait_for_erasures
from audience.models import AddressChange, Contact, ContactNote, Suppression, SuppressionReason
from audience.places import read_country, read_phone
from audience.services.attributes import checked_attributes
from audience.tags import read_tags
from emailops.lib.addresses import Address, read_address
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace
from workspaces.permissions import Role

CONTACT_FIELDS = (
    "external_id", "first_name", "last_name", "language", "time_zone", "phone", "country", "city", "tags", "seller",
)  # fmt: skip
READERS: dict[str, Callable[[Any], Any]] = {"country": read_country, "tags": read_tags}


class ContactRefused(DomainError):
    """The contact cannot be written as asked."""

    code = "contact_refused"


def add_contact(
    *,
    workspace: Workspace,
    email: str,
    by: Member | None,
    now: datetime,
    fields: Mapping[str, Any] | None = None,
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
    fields: Mapping[str, Any] | None = None,
    attributes: Mapping[str, Any] | None = None,
    contact: Contact | None = None,
) -> tuple[Contact, bool]:
    """Add a contact, or change the one with this address (or `contact`, whose address may change). Returns (it, new?).

    Only the fields and attributes named are touched; an attribute of None is removed. A former address is kept, consent
    stays with the person, and what is suppressed about the new address holds. Whom a seller adds, he or she looks
    after.
    Raises `InvalidAddress`, `AttributeRefused`, `PlaceRefused`, `TagRefused`, or `ContactRefused` when the address or
    external id belongs to somebody else, a seller writes to somebody that a colleague looks after, or the person asked
    to be forgotten.
    """
    address = read_address(email)
    wait_for_erasures(workspace)
    stored = checked_attributes(workspace, attributes or {})
    chosen = _read_fields(workspace, fields or {})
    row, created = _locked_contact(workspace, address, contact, now)
    _require_looked_after(row, created, chosen, by)
    _require_free(workspace, row, address.key, chosen.get("external_id", ""))
    _keep_former_address(row, address, by, now)
    before = {} if created else _known_of(row)
    row.email, row.address, row.updated_at = address.written, address.key, now
    for name, value in chosen.items():
        setattr(row, name, value)
    row.attributes = {key: value for key, value in {**row.attributes, **stored}.items() if value is not None}
    row.suppression = suppression_of(workspace, address.key)
    _require_not_erased(row)
    _save(row)
    named = {*chosen, *stored} if created else dict(before.items() ^ _known_of(row).items())
    record("contact.created" if created else "contact.updated", row, by=by, now=now, fields=sorted(named))
    return row, created


def _known_of(row: Contact) -> dict[str, str]:
    """What is known, as texts to compare, by the names that merges use."""
    own = {name: getattr(row, "seller_id" if name == "seller" else name) for name in ("email", *CONTACT_FIELDS)}
    own = {name: value for name, value in own.items() if value not in ("", None, [])}
    attributes = {f"attributes.{key}": value for key, value in row.attributes.items()}
    return {name: str(value) for name, value in (own | attributes).items()}


def _require_not_erased(row: Contact) -> None:
    if row.suppression == SuppressionReason.ERASED:
        words = _("This person asked to be forgotten, and can come back only by confirming a form of yours by mail.")
        raise ContactRefused(words, fields={"email": [words]})


def _read_fields(workspace: Workspace, given: Mapping[str, Any]) -> dict[str, Any]:
    readers = READERS | {"phone": lambda typed: read_phone(typed, calling_code(workspace.country))}
    chosen = {name: readers.get(name, _as_is)(value) for name, value in given.items() if name in CONTACT_FIELDS}
    seller = chosen.get("seller")
    if isinstance(seller, Member) and (seller.workspace_id != workspace.pk or seller.left_at is not None):
        raise ContactRefused(_("Choose a colleague who is still here."), fields={"seller": [_("Not here any more.")]})
    return chosen


def _as_is(value: Any) -> Any:
    return value


def _locked_contact(
    workspace: Workspace, address: Address, contact: Contact | None, now: datetime
) -> tuple[Contact, bool]:
    """The row to write and whether it is new, ours alone until the end of the transaction."""
    rows = Contact.objects.for_workspace(workspace).select_for_update()
    if contact is not None:
        return hold_contact(contact), False
    defaults = {"email": address.written, "created_at": now, "updated_at": now}
    return rows.get_or_create(workspace=workspace, address=address.key, defaults=defaults)


def _require_looked_after(row: Contact, created: bool, chosen: dict[str, Any], by: Member | None) -> None:
    """Sellers write to those they look after, and hand over nobody this way."""
    if by is None or by.role != Role.SELLER:
        return
    if created:
        chosen["seller"] = by
    elif row.seller_id != by.pk:
        raise ContactRefused(_("A colleague looks after this contact."), fields={"email": [_("Taken.")]})
    elif chosen.get("seller", by) != by:
        raise ContactRefused(_("Ask your lead to hand this contact over."), fields={"seller": [_("Not by you.")]})


def _keep_former_address(row: Contact, address: Address, by: Member | None, now: datetime) -> None:
    if row.address and row.address != address.key:
        AddressChange.objects.create(
            workspace=row.workspace, contact=row, email=row.email, address=row.address, by=by, at=now
        )


def _save(row: Contact) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # another transaction took the address or the id between our look and our write
        refusal = _("Somebody has just given this address or id to another contact.")
        raise ContactRefused(refusal, fields={"email": [refusal]}) from error


def _require_free(workspace: Workspace, contact: Contact, address: str, external_id: str) -> None:
    others = Contact.objects.for_workspace(workspace).exclude(pk=contact.pk)
    if others.filter(address=address).exists():
        raise ContactRefused(_("Another contact has this address."), fields={"email": [_("Taken.")]})
    if external_id and others.filter(external_id=external_id).exists():
        raise ContactRefused(_("Another contact has this id."), fields={"external_id": [_("Taken.")]})


def suppression_of(workspace: Workspace, address: str) -> str:
    """Why this normalised address is never written to; empty if it may be."""
    found = Suppression.objects.for_workspace(workspace).of(address).first()
    return found.reason if found else ""


@transaction.atomic
def write_note(*, contact: Contact, text: str, by: Member, now: datetime) -> ContactNote:
    """Keep what a colleague should know about a contact. Raises `ContactGone`."""
    if not text.strip():
        raise ContactRefused(_("Write something first."), fields={"text": [_("Nothing written.")]})
    hold_contact(contact)
    note = ContactNote.objects.create(workspace=contact.workspace, contact=contact, text=text.strip(), by=by, at=now)
    record("contact.noted", contact, by=by, now=now)
    return note


@transaction.atomic
def remove_note(*, note: ContactNote, by: Member, now: datetime) -> None:
    """Take a note away again, by who wrote it. Repeating is harmless."""
    if note.by_id != by.pk:
        raise ContactRefused(_("Only the person who wrote a note can remove it."))
    removed, _by_model = ContactNote.objects.filter(pk=note.pk).delete()
    if removed:
        record("contact.note_removed", note.contact, by=by, now=now)
