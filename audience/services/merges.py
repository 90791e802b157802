"""Two contacts who are one person become one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audience.merging import move_rows
from audience.models import (
    AddressChange,
    Consent,
    ConsentEntry,
    Contact,
    ContactDay,
    ContactNote,
    ContactProfile,
    Event,
    ListMembership,
    OptInRequest,
    Order,
    SiteVisitor,
    SuppressionReason,
    TopicConsent,
)
from audience.services.attributes import current_attributes
from audience.services.consent import suppress
from audience.services.contacts import ContactRefused, suppression_of
from workspaces.audit import record
from workspaces.models import Member
from workspaces.permissions import Role

MERGED_FIELDS = (
    "email", "external_id", "first_name", "last_name", "phone", "country", "city", "language", "time_zone", "seller",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """One field of both contacts, by name; attributes are named `attributes.<key>`."""

    name: str
    kept: Any
    merged: Any

    @property
    def differs(self) -> bool:
        return bool(self.kept != self.merged)

    @property
    def takes_merged(self) -> bool:
        """What is proposed: the kept contact's value, unless it has none."""
        return not self.kept and bool(self.merged)


def compare(kept: Contact, merged: Contact) -> list[Pair]:
    """What both have, field by field, as it is stored; fields that both lack are left out."""
    pairs = [Pair(name, getattr(kept, name), getattr(merged, name)) for name in MERGED_FIELDS]
    pairs += [
        Pair(f"attributes.{key}", kept.attributes.get(key), merged.attributes.get(key))
        for key in current_attributes(kept.workspace)
    ]
    return [pair for pair in pairs if pair.kept not in (None, "", []) or pair.merged not in (None, "", [])]


@transaction.atomic
def merge_contacts(
    *, kept: Contact, merged: Contact, from_merged: Collection[str] | None = None, by: Member, now: datetime
) -> Contact:
    """Make one contact of two, and return it. The second one is gone afterwards; all that belonged to it moves.

    `from_merged` names the fields (`attributes.<key>` for attributes) to take from the second one; with None those that
    the first one lacks. Tags are joined. If either address is suppressed, both are. Consent to mail, topics and being
    followed is the last word: a withdrawal by either wins unless consent was given after it. The address that goes is
    kept as a former one. Raises `ContactRefused` when the two are one, are not in one workspace, or one is looked after
    by a colleague of a seller.
    """
    first, second = _locked_pair(kept, merged, by)
    taken = _taken(first, second, from_merged)
    addresses = [first.address, second.address]
    gone = second if "email" not in taken else first
    AddressChange.objects.create(
        workspace=first.workspace,
        contact=first,
        email=gone.email,
        address=gone.address,
        merged_id=second.pk,
        by=by,
        at=now,
    )
    _move(first, second)
    move_rows(first, second)
    values = {name: getattr(second, name) for name in taken if not name.startswith("attributes.")}
    detail = {"id": second.pk, "email": second.email, "fields": sorted(taken)}
    _join(first, second, taken, now)
    # The address and the id are unique: the second contact has to let go of them first.
    second_address = second.address
    second.delete()
    for name, value in values.items():
        setattr(first, name, value)
    if "email" in taken:
        first.address = second_address
    first.save()
    _suppress_both(first, addresses, by, now)
    record("contact.merged", first, by=by, now=now, **detail)
    first.refresh_from_db()
    return first


def _locked_pair(kept: Contact, merged: Contact, by: Member) -> tuple[Contact, Contact]:
    rows = Contact.objects.seen_by(by).filter(pk__in=(kept.pk, merged.pk)).order_by("pk")
    found = {row.pk: row for row in rows.select_for_update().select_related(None)}
    if kept.pk == merged.pk or len(found) < len({kept.pk, merged.pk}):
        raise ContactRefused(_("Choose two contacts that are both still here."))
    if by.role == Role.SELLER and any(row.seller_id != by.pk for row in found.values()):
        raise ContactRefused(_("A colleague looks after this contact."))
    return found[kept.pk], found[merged.pk]


def _taken(first: Contact, second: Contact, asked: Collection[str] | None) -> set[str]:
    pairs = compare(first, second)
    if asked is None:
        return {pair.name for pair in pairs if pair.takes_merged}
    unknown = sorted(set(asked) - {*MERGED_FIELDS, *(pair.name for pair in pairs)})
    if unknown:
        raise ContactRefused(
            _("There is no field “%(field)s” to merge.") % {"field": unknown[0]}, fields={"from_merged": unknown}
        )
    return set(asked)


def _join(first: Contact, second: Contact, taken: set[str], now: datetime) -> None:
    """Attributes, tags and consent of both."""
    keys = {name.removeprefix("attributes.") for name in taken if name.startswith("attributes.")}
    chosen = {key: second.attributes[key] for key in keys if key in second.attributes}
    left = {key: value for key, value in first.attributes.items() if key not in keys}
    first.attributes = {**left, **chosen}
    first.tags = sorted({*first.tags, *second.tags})
    first.created_at, first.updated_at = min(first.created_at, second.created_at), now
    for said, at in (("consent", "consent_at"), ("tracking", "tracking_at")):
        _take_later(first, second, said, at)
    first.frequency = first.frequency or second.frequency
    first.paused_until = max(filter(None, (first.paused_until, second.paused_until)), default=None)


def _take_later(first: Contact, second: Contact, said: str, at: str) -> None:
    word, moment = getattr(second, said), getattr(second, at)
    if _weight(word, moment) > _weight(getattr(first, said), getattr(first, at)):
        setattr(first, said, word)
        setattr(first, at, moment)


def _weight(word: str, moment: datetime | None) -> tuple[bool, float, bool]:
    """The later of two words weighs more, and a withdrawal more than a yes that is not known to have followed it."""
    is_no = word == Consent.WITHDRAWN
    undated = inf if is_no else -inf
    return word != Consent.UNKNOWN, moment.timestamp() if moment else undated, is_no


def _move(first: Contact, second: Contact) -> None:
    """What this app holds of the second contact. Where both are on a list, the first one's place stays."""
    on = ListMembership.objects.filter(contact=first).values("contact_list")
    ListMembership.objects.filter(contact=second).exclude(contact_list__in=on).update(contact=first)
    _take_later_of_topics(first, second)
    for model in (ConsentEntry, OptInRequest, Event, Order, ContactNote, AddressChange, SiteVisitor):
        model._default_manager.filter(contact=second).update(contact=first)
    _add_days(first, second)
    _add_profile(first, second)


def _take_later_of_topics(first: Contact, second: Contact) -> None:
    mine = {said.topic_id: said for said in TopicConsent.objects.filter(contact=first)}
    for theirs in TopicConsent.objects.filter(contact=second):
        own = mine.get(theirs.topic_id)
        if own is not None and _weight(own.consent, own.at) >= _weight(theirs.consent, theirs.at):
            continue
        if own is not None:
            own.delete()
        TopicConsent.objects.filter(pk=theirs.pk).update(contact=first)


def _add_days(first: Contact, second: Contact) -> None:
    mine = {day.day: day for day in ContactDay.objects.filter(contact=first)}
    for day in ContactDay.objects.filter(contact=second):
        if (own := mine.get(day.day)) is None:
            ContactDay.objects.filter(pk=day.pk).update(contact=first)
            continue
        own.sent, own.opens, own.clicks = own.sent + day.sent, own.opens + day.opens, own.clicks + day.clicks
        own.save(update_fields=["sent", "opens", "clicks"])


SUMS = ("sent_count", "open_count", "click_count", "order_count", "order_sum")
LATEST = ("last_sent_at", "last_open_at", "last_click_at", "last_event_at", "last_order_at")


def _add_profile(first: Contact, second: Contact) -> None:
    """Sums and latest moments of both; the stage is the one with more orders, until it is worked out again."""
    profiles = {row.contact_id: row for row in ContactProfile.objects.filter(contact__in=(first, second))}
    theirs = profiles.get(second.pk)
    if theirs is None:
        return
    ours = profiles.get(first.pk) or ContactProfile(workspace=first.workspace, contact=first)
    if theirs.order_count > ours.order_count or first.pk not in profiles:
        ours.lifecycle, ours.rfm = theirs.lifecycle, theirs.rfm
    for name in SUMS:
        setattr(ours, name, getattr(ours, name) + getattr(theirs, name))
    for name in LATEST:
        setattr(ours, name, max(filter(None, (getattr(ours, name), getattr(theirs, name))), default=None))
    ours.first_order_at = min(filter(None, (ours.first_order_at, theirs.first_order_at)), default=None)
    theirs.delete()
    ours.save()


def _suppress_both(contact: Contact, addresses: Collection[str], by: Member, now: datetime) -> None:
    """Suppression wins: what holds for one of the addresses holds for the person, whichever address stays.

    An unsubscribe gives way to another reason, as in `suppress`: a confirmation by mail would take it back.
    """
    reasons = [reason for address in addresses if (reason := suppression_of(contact.workspace, address))]
    if not reasons:
        return
    reason = next((reason for reason in reasons if reason != SuppressionReason.UNSUBSCRIBED), reasons[0])
    for address in addresses:
        suppress(
            workspace=contact.workspace,
            address=address,
            reason=SuppressionReason(reason),
            note="merged",
            by=by,
            now=now,
        )
