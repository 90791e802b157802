"""Verbs on lists: open, put on, take off."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audience.erasing.holding import hold_contact
from audience.models import Contact, ContactList, ListMembership
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace


class NameTaken(DomainError):
    """Another one in the workspace has this name."""

    code = "name_taken"


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
    """Put a contact on a list. Repeating is harmless. Raises `ContactGone`."""
    hold_contact(contact)
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
