"""What the audience app holds of a person, and what an erasure does with it."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audience.erasing import (
    REDACTED,
    Fate,
    Part,
    Person,
    leave_unsearched,
    register_part,
    register_whole,
    register_writings,
)
from audience.erasing.sales import keep_sales, keep_sold_events, keeps_books, sold_events
from audience.imports.forgetting import ERASED_ROW
from audience.models import (
    AddressChange,
    BulkEditPast,
    ConsentEntry,
    Contact,
    ContactDay,
    ContactNote,
    ContactProfile,
    Event,
    ListMembership,
    OptInRequest,
    Order,
    PrivacyRequest,
    RequestKind,
    RequestState,
    SegmentMember,
    SiteVisitor,
    SurveyAnswer,
    TopicConsent,
)
from workspaces.models import AuditEntry, SystemMail, User

Rows = Callable[[Person], "QuerySet[Any]"]
FOR_THE_BOOKS = _(
    "Day, products and money stay for the books, if the workspace keeps them, and go on to count as revenue; the buyer"
    " goes."
)
HARDLY_NEEDED = _("Nothing asks for it once the person is gone.")


def _of(model: type[Model]) -> Rows:
    def rows(person: Person) -> "QuerySet[Any]":
        found = model._default_manager.filter(workspace=person.workspace)
        return found.filter(contact=person.contact_id) if person.contact_id else found.none()

    return rows


def _count(*sources: Rows) -> Callable[[Person], int]:
    return lambda person: sum(rows(person).count() for rows in sources)


def _delete(*sources: Rows) -> Callable[[Person, datetime], int]:
    def erase(person: Person, now: datetime) -> int:
        return sum(_deleted(rows(person)) for rows in sources)

    return erase


def _deleted(rows: "QuerySet[Any]") -> int:
    """How many of the rows themselves, without what went with them."""
    _total, by_model = rows.delete()
    return by_model.get(rows.model._meta.label, 0)


def _goes(key: str, label: Any, *sources: Rows, why: Any = HARDLY_NEEDED) -> Part:
    return Part(key, label, Fate.DELETED, why, _count(*sources), _delete(*sources))


def _contact(person: Person) -> "QuerySet[Contact]":
    return Contact.objects.for_workspace(person.workspace).filter(pk=person.contact_id or 0)


def _asked(person: Person) -> "QuerySet[OptInRequest]":
    ours = OptInRequest.objects.for_workspace(person.workspace)
    return ours.filter(Q(address__in=person.addresses) | Q(contact=person.contact_id or 0))


def _former(person: Person) -> "QuerySet[AddressChange]":
    ours = AddressChange.objects.for_workspace(person.workspace)
    return ours.filter(Q(address__in=person.addresses) | Q(contact=person.contact_id or 0))


def _mails(person: Person) -> "QuerySet[SystemMail]":
    """Mails of the product to the person; a colleague's are about the work, not about the contact."""
    wanted = {*person.addresses, *person.written}
    colleagues = User.objects.filter(email__in=person.addresses).values_list("email", flat=True)
    wanted -= {address for address in wanted if address.lower() in set(colleagues)}
    return SystemMail.objects.for_workspace(person.workspace).filter(to__in=wanted)


def _requests(person: Person) -> "QuerySet[PrivacyRequest]":
    return PrivacyRequest.objects.for_workspace(person.workspace).filter(contact=person.contact_id or 0)


def _close_requests(person: Person, now: datetime) -> int:
    """An open wish to be forgotten is fulfilled by this; who asked is not kept."""
    rows = _requests(person)
    open_ones = rows.filter(kind=RequestKind.ERASURE, state=RequestState.OPEN)
    open_ones.update(state=RequestState.DONE, handled_at=now)
    return rows.update(evidence={}, note="", contact=None)


def _entries(person: Person) -> "QuerySet[AuditEntry]":
    ours = AuditEntry.objects.for_workspace(person.workspace)
    return ours.filter(target_type="contact", target_id=person.contact_id or 0)


def _blank_entries(person: Person, now: datetime) -> int:
    if person.contact_id:
        of_contact = {"content_type__app_label": "audience", "content_type__model": "contact"}
        operator = LogEntry.objects.filter(object_id=str(person.contact_id), **of_contact)
        operator.update(object_repr=REDACTED, change_message="")
    return _entries(person).update(target_label=REDACTED, detail={})


def _other_events(person: Person) -> "QuerySet[Event]":
    """Without those that a part of their own takes care of."""
    return _of(Event)(person).exclude(pk__in=sold_events(person).values("pk"))


def _take_person_out_of_orders(person: Person, now: datetime) -> int:
    """Day, money and products stay for the books; number, hour and properties go, which lead back to the buyer."""
    orders = list(_of(Order)(person).select_related("workspace").prefetch_related("lines").order_by("pk"))
    if keeps_books(person):
        keep_sales(orders)
    Order.objects.filter(pk__in=[order.pk for order in orders]).delete()
    return len(orders)


def proof_of(person: Person) -> list[dict[str, str]]:
    """What is kept of the consent log: what was said and on which day, and a keyed digest of the whole entry.

    Whoever shows the entry again, from a mail or on paper, can have it compared; nobody can read it out of the digest.
    """
    return [
        {
            "to": entry.to,
            "consent": entry.consent,
            "on": entry.at.date().isoformat(),
            "digest": digest_of(entry, person.addresses[0]),
        }
        for entry in _of(ConsentEntry)(person).order_by("at", "pk")
    ]


def digest_of(entry: ConsentEntry, address: str) -> str:
    """HMAC-SHA-256 of a word of the consent log with the address it came from, 64 hexadecimal digits."""
    said = [address, entry.to, entry.consent, entry.at.isoformat(), entry.source, entry.wording, entry.form_version]
    text = json.dumps(said, ensure_ascii=False)
    return hmac.new(settings.SUPPRESSION_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def _nothing(_person: Person, _now: datetime) -> int:
    return 0


def _one(_person: Person) -> int:
    return 1


OWN_PARTS = (
    _goes("contact", _("The contact with all its attributes, tags and settings"), _contact),
    _goes("addresses", _("Former addresses"), _former),
    _goes("notes", _("Notes of colleagues"), _of(ContactNote)),
    _goes("lists", _("Places on lists and in segments"), _of(ListMembership), _of(SegmentMember)),
    _goes("topics", _("Wishes about topics"), _of(TopicConsent)),
    _goes("profile", _("What was worked out about behaviour"), _of(ContactProfile), _of(ContactDay)),
    Part(
        "sold_events",
        _("Orders that were reported as events alone"),
        Fate.ANONYMISED,
        FOR_THE_BOOKS,
        _count(sold_events),
        keep_sold_events,
    ),
    _goes("events", _("Events"), _other_events),
    _goes("browsers", _("Browsers that web sites know the person by"), _of(SiteVisitor)),
    _goes("answers", _("Answers to surveys, with what was written"), _of(SurveyAnswer)),
    _goes("requests", _("Forms that were filled in, and requests to be written to"), _asked),
    _goes("undo", _("What could be taken back of changes to many"), _of(BulkEditPast)),
    _goes("system_mails", _("Mails of the product to this address"), _mails),
    Part(
        "orders",
        _("Orders"),
        Fate.ANONYMISED,
        FOR_THE_BOOKS,
        _count(_of(Order)),
        _take_person_out_of_orders,
    ),
    Part(
        "privacy_requests",
        _("Requests for a copy or an erasure"),
        Fate.ANONYMISED,
        _("That a request came and was answered in time stays; from whom it came goes."),
        _count(_requests),
        _close_requests,
    ),
    Part(
        "audit",
        _("Entries of the audit log"),
        Fate.ANONYMISED,
        _("Who of the team did what and when stays; about whom goes."),
        _count(_entries),
        _blank_entries,
    ),
    Part(
        "consent",
        _("The consent log"),
        Fate.ANONYMISED,
        _("The words go. The day and a keyed digest stay, to show that there was consent (GDPR 17(3)(e))."),
        _count(_of(ConsentEntry)),
        _delete(_of(ConsentEntry)),
    ),
    Part(
        "hash",
        _("A keyed hash of each address"),
        Fate.KEPT,
        _("So that no import brings the person back. The address cannot be read out of it."),
        _one,
        _nothing,
    ),
)
"""In the order in which the preview shows them."""


def register_own_parts() -> None:
    """Everything of this app, and where its people write freely."""
    for part in OWN_PARTS:
        register_part(part)
    register_writings("workspaces.AuditEntry", ("target_label", "detail"))
    register_writings("workspaces.Notice", ("detail",))
    register_writings("audience.ContactNote", ("text",))
    register_writings("audience.ImportRefusal", ("cells", "reason"))
    register_whole("audience.ImportRefusal", {"cells": [], "reason": ERASED_ROW})
    register_writings("audience.AnswerValue", ("text",))
    register_writings("audience.SiteDeed", ("content",))  # of a browser that may well be the person's
    register_writings("admin.LogEntry", ("object_repr", "change_message"))
    for model in ("workspaces.Member", "workspaces.Invitation", "workspaces.ApiKey"):
        leave_unsearched(model, _("What belongs to members of the team is theirs, also where they are readers too."))
