"""What the audience app lets go by rule."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from audience.imports.forgetting import delete_file
from audience.models import (
    BulkEditPast,
    Consent,
    ConsentEntry,
    Contact,
    ContactImport,
    Event,
    Handling,
    ImportRefusal,
    OptInRequest,
    Order,
)
from audience.retention import Keeping, free_to_go, register_keeping
from audience.services.erasures import forget_quietly
from workspaces.models import SystemMail, SystemMailState, Workspace


def masked(address: str) -> str:
    """Enough of an address to recognise one's own rows in a preview: `a…@example.org`."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}…{at}{domain}"


NETWORK = ("ip", "user_agent")


def _delete(rows: "QuerySet[Any]", now: datetime) -> int:
    return rows.delete()[0]


def _unconfirmed(workspace: Workspace, before: datetime) -> "QuerySet[OptInRequest]":
    return OptInRequest.objects.for_workspace(workspace).filter(confirmed_at=None, asked_at__lt=before)


def _submissions(workspace: Workspace, before: datetime) -> "QuerySet[OptInRequest]":
    return OptInRequest.objects.for_workspace(workspace).filter(confirmed_at__lt=before)


def _inactive(workspace: Workspace, before: datetime) -> "QuerySet[Contact]":
    """People without consent of whom nothing was heard since: no change, event, order, open or click."""
    people = Contact.objects.for_workspace(workspace).exclude(consent=Consent.GIVEN)
    quiet = people.filter(created_at__lt=before, updated_at__lt=before).exclude(
        Q(profile__last_open_at__gte=before)
        | Q(profile__last_click_at__gte=before)
        | Q(Exists(Event.objects.filter(contact=OuterRef("pk"), occurred_at__gte=before)))
        | Q(Exists(Order.objects.filter(contact=OuterRef("pk"), placed_at__gte=before)))
    )
    return free_to_go(quiet)


def _forget_people(rows: "QuerySet[Contact]", now: datetime) -> int:
    return sum(forget_quietly(contact=contact, now=now) for contact in rows.select_related("workspace").order_by("pk"))


def _events(workspace: Workspace, before: datetime) -> "QuerySet[Event]":
    return Event.objects.for_workspace(workspace).filter(occurred_at__lt=before)


def _files(workspace: Workspace, before: datetime) -> "QuerySet[ContactImport]":
    ended = ContactImport.objects.for_workspace(workspace).filter(created_at__lt=before).exclude(file="")
    return ended.exclude(pk__in=ContactImport.objects.unfinished().values("pk"))


def _delete_files(rows: "QuerySet[ContactImport]", now: datetime) -> int:
    found = list(rows.order_by("pk"))
    for kept in found:
        delete_file(kept)
    return len(found)


def _refused(workspace: Workspace, before: datetime) -> "QuerySet[ImportRefusal]":
    return ImportRefusal.objects.for_workspace(workspace).filter(contact_import__created_at__lt=before)


def _undo(workspace: Workspace, before: datetime) -> "QuerySet[BulkEditPast]":
    return BulkEditPast.objects.for_workspace(workspace).filter(edit__at__lt=before)


def _networks(workspace: Workspace, before: datetime) -> "QuerySet[ConsentEntry]":
    return ConsentEntry.objects.for_workspace(workspace).filter(at__lt=before, evidence__has_any_keys=list(NETWORK))


def _drop_networks(rows: "QuerySet[ConsentEntry]", now: datetime) -> int:
    return rows.update(evidence=RawSQL("evidence - %s::text[]", [list(NETWORK)]))


def _system_mails(workspace: Workspace, before: datetime) -> "QuerySet[SystemMail]":
    ours = SystemMail.objects.for_workspace(workspace).exclude(state=SystemMailState.WAITING)
    return ours.filter(next_attempt_at__lt=before).exclude(to="")


def _drop_recipients(rows: "QuerySet[SystemMail]", now: datetime) -> int:
    return rows.update(to="", error="")


def _address(row: Any) -> str:
    return masked(row.email)


def _of_event(row: Event) -> str:
    return f"{row.name}, {row.occurred_at:%Y-%m-%d}"


def _of_contact(row: Any) -> str:
    return masked(row.contact.email)


def register_own_keepings() -> None:
    delete, anonymise = Handling.DELETE, Handling.ANONYMISE
    for kept in (
        Keeping(
            "opt_ins",
            _("Requests that nobody confirmed"),
            _("Who asked for mail and never pressed the button. After 30 days they go in any case."),
            14,
            7,
            _unconfirmed,
            {delete: _delete},
            _address,
        ),
        Keeping(
            "inactive_contacts",
            _("People without consent of whom nothing is heard"),
            _("No consent, and no change, order, event, open or click since. Nobody for whom a send is running."),
            730,
            90,
            _inactive,
            {delete: _forget_people},
            _address,
        ),
        Keeping("events", _("Events"), _("What people did elsewhere."), 730, 30, _events, {delete: _delete}, _of_event),
        Keeping(
            "submissions",
            _("Forms that were filled in"),
            _("What was typed, and how it came. What follows from it stays with the contact and in the consent log."),
            365,
            30,
            _submissions,
            {delete: _delete},
            _address,
        ),
        Keeping(
            "import_files",
            _("Files of imports"),
            _("The uploads. What was imported and how many rows stays."),
            90,
            1,
            _files,
            {delete: _delete_files},
        ),
        Keeping(
            "import_refusals",
            _("Rows that imports did not take"),
            _("They wait to be mended and imported again."),
            90,
            1,
            _refused,
            {delete: _delete},
            lambda row: f"{row.line}",
        ),
        Keeping(
            "undo",
            _("What could be taken back of changes to many"),
            _("It can be used for seven days only."),
            30,
            7,
            _undo,
            {delete: _delete},
            _of_contact,
        ),
        Keeping(
            "consent_networks",
            _("Network addresses in the consent log"),
            _("From where somebody agreed. The words, the day and the form stay."),
            365,
            30,
            _networks,
            {anonymise: _drop_networks},
            _of_contact,
        ),
        Keeping(
            "system_mails",
            _("Addresses of mails of the product"),
            _("To whom confirmations and notices went. That they went stays."),
            180,
            7,
            _system_mails,
            {anonymise: _drop_recipients},
            lambda row: masked(row.to),
        ),
    ):
        register_keeping(kept)
