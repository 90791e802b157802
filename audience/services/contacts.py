"""Verbs on contacts: add, change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import Contact, Suppression
from audience.services.attributes import checked_attributes
from emailops.lib.addresses import Address, read_address
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace

CONTACT_FIELDS = ("external_id", "first_name", "last_name", "language", "time_zone")


class ContactRefused(DomainError):
    """The contact cannot be written as asked."""

    code = "contact_refused"


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
    stored = checked_attributes(workspace, attributes or {})
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


def _require_free(workspace: Workspace, contact: Contact, address: str, external_id: str) -> None:
    others = Contact.objects.for_workspace(workspace).exclude(pk=contact.pk)
    if others.filter(address=address).exists():
        raise ContactRefused(_("Another contact has this address."), fields={"email": [_("Taken.")]})
    if external_id and others.filter(external_id=external_id).exists():
        raise ContactRefused(_("Another contact has this id."), fields={"external_id": [_("Taken.")]})


def _suppression_of(workspace: Workspace, address: str) -> str:
    found = Suppression.objects.for_workspace(workspace).of(address).first()
    return found.reason if found else ""
