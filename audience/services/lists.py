"""Verbs on lists: open, rename, put away, put on, take off."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audience.erasing.holding import hold_contact
from audience.models import Contact, ContactList, ListMembership, Segment, SignupForm
from audience.segments.naming import segments_asking
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace


class NameTaken(DomainError):
    """Another one in the workspace has this name."""

    code = "name_taken"


class ListInUse(DomainError):
    """Forms put people on the list, or segments ask who is on it."""

    code = "list_in_use"


@dataclass(frozen=True, slots=True)
class ListUses:
    """What would miss a list: forms that put people on it, segments that ask who is on it."""

    forms: list[SignupForm]
    segments: list[Segment]

    @property
    def names(self) -> list[str]:
        """Each of them, as it stands in a sentence."""
        forms = [_("the form “%(name)s”") % {"name": form} for form in self.forms]
        return forms + [_("the segment “%(name)s”") % {"name": segment} for segment in self.segments]


@transaction.atomic
def create_list(*, workspace: Workspace, name: str, by: Member, now: datetime, description: str = "") -> ContactList:
    """Open a list. Raises `NameTaken`."""
    contact_list, created = ContactList.objects.get_or_create(
        workspace=workspace, name=name.strip(), defaults={"description": description}
    )
    if not created:
        raise _taken(contact_list)
    record("list.created", contact_list, by=by, now=now)
    return contact_list


def _taken(other: ContactList) -> NameTaken:
    if other.archived_at is None:
        words = _("There is a list “%(name)s” already.")
    else:
        words = _("A list “%(name)s” was put away. Take it into use again, or choose another name.")
    return NameTaken(words % {"name": other}, fields={"name": [_("Taken.")]})


@transaction.atomic
def change_list(
    *, contact_list: ContactList, name: str, by: Member, now: datetime, description: str = ""
) -> ContactList:
    """Call a list something else, or say otherwise what it is for. Raises `NameTaken`."""
    row = ContactList.objects.select_for_update().get(pk=contact_list.pk)
    before = {"name": row.name, "description": row.description}
    row.name, row.description = name.strip(), description
    try:
        with transaction.atomic():
            row.save(update_fields=["name", "description"])
    except IntegrityError as error:
        raise _taken(ContactList.objects.get(workspace=row.workspace_id, name=row.name)) from error
    record("list.changed", row, by=by, now=now, before=before)
    return row


@transaction.atomic
def archive_list(*, contact_list: ContactList, by: Member, now: datetime) -> None:
    """Offer a list no more; who is on it stays on it. Repeating is harmless. Raises `ListInUse`."""
    if hold_lists(contact_list.workspace, [contact_list.pk]):
        _require_unused(contact_list)
        ContactList.objects.filter(pk=contact_list.pk).update(archived_at=now)
        record("list.archived", contact_list, by=by, now=now)


@transaction.atomic
def return_list(*, contact_list: ContactList, by: Member, now: datetime) -> None:
    """Take a list that was put away into use again, with who is on it. Repeating is harmless."""
    if ContactList.objects.filter(pk=contact_list.pk).exclude(archived_at=None).update(archived_at=None):
        record("list.returned", contact_list, by=by, now=now)


def uses_of(contact_list: ContactList) -> ListUses:
    """Two queries."""
    forms = SignupForm.objects.for_workspace(contact_list.workspace).filter(archived_at=None)
    return ListUses(
        forms=list(forms.filter(contact_list=contact_list).order_by("name", "pk")),
        segments=segments_asking(contact_list.workspace, "list", contact_list.pk),
    )


def _require_unused(contact_list: ContactList) -> None:
    if names := uses_of(contact_list).names:
        words = _("“%(name)s” is used by %(others)s. Take it out there first.")
        raise ListInUse(words % {"name": contact_list, "others": ", ".join(names)})


def hold_lists(workspace: Workspace, keys: Collection[int]) -> list[ContactList]:
    """Those of these lists that are in use, which nobody can put away before the transaction ends."""
    rows = ContactList.objects.for_workspace(workspace).filter(pk__in=keys, archived_at=None)
    return list(rows.select_for_update(no_key=True).order_by("pk"))


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
