"""As whom a mail is looked at before it goes out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from audience.models import Consent, Contact, ContactQuerySet
from audience.segments.compile import contacts_in
from audience.segments.definition import SegmentBroken, read_definition
from campaigns.models import Campaign
from workspaces.models import Member, Workspace
from workspaces.permissions import Can

OFFERED = 20
SAMPLE = "sample"  # asks for nobody in particular, as an approval shows it
SAMPLE_UNSUBSCRIBE = "https://unsubscribe.invalid/"
"""Stands where each reader's own link will be; `.invalid` never resolves (RFC 2606 section 2)."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A contact to show the mail as; `note` says why it is not the one asked for."""

    contact: Contact
    note: str = ""


def reader_for(campaign: Campaign, member: Member, wanted: str, now: datetime) -> Reader:
    """The contact of the segment that `wanted` names (an id, or words of name or address), else the first.

    Somebody who may not see contacts, or sees none of the segment, gets a made-up reader.
    """
    if not member.may(Can.SEE_AUDIENCE):
        return Reader(made_up_reader(campaign.workspace), _("Shown as a made-up reader: you may not see contacts."))
    if wanted == SAMPLE:
        return Reader(sample_reader(campaign, now))
    people = people_of(campaign, now).seen_by(member)
    found = _matching(people, wanted.strip()) if wanted.strip() else None
    if found is not None:
        return Reader(found)
    first = people.order_by("pk").first()
    if first is None:
        return Reader(
            made_up_reader(campaign.workspace), _("Shown as a made-up reader: the segment holds nobody you see.")
        )
    if wanted.strip():
        return Reader(first, _("Nobody in the segment has “%(words)s” in the name or address.") % {"words": wanted})
    return Reader(first)


def _matching(people: ContactQuerySet, wanted: str) -> Contact | None:
    if wanted.isdecimal() and len(wanted) < 19:
        return people.filter(pk=int(wanted)).first()
    return people.filter(address=wanted.lower()).first() or people.matching(wanted).order_by("pk").first()


@dataclass(frozen=True, slots=True)
class Reach:
    """How many belong to a segment, and how many of them may be written to."""

    total: int
    reachable: int


def reach_of(campaign: Campaign, now: datetime) -> Reach:
    """Counted now, in one query."""
    willing = Q(consent=Consent.GIVEN, suppression="")
    counted = people_of(campaign, now).aggregate(total=Count("pk"), reachable=Count("pk", filter=willing))
    return Reach(counted["total"], counted["reachable"])


def readers_offered(campaign: Campaign, member: Member, now: datetime) -> list[Contact]:
    """A few of the segment whom the member sees, to choose from."""
    if not member.may(Can.SEE_AUDIENCE):
        return []
    return list(people_of(campaign, now).seen_by(member).order_by("pk")[:OFFERED])


def people_of(campaign: Campaign, now: datetime) -> ContactQuerySet:
    """Who belongs to the segment now; nobody when it no longer works, which the checks say by themselves."""
    try:
        return contacts_in(campaign.workspace, read_definition(campaign.segment.definition), now)
    except SegmentBroken:
        return Contact.objects.none()


def sample_reader(campaign: Campaign, now: datetime) -> Contact:
    """Nobody in particular, with what is known about the first of the segment.

    For what is kept: an approval outlives the contact, so it must not hold a name or an address.
    """
    first = people_of(campaign, now).order_by("pk").first()
    return made_up_reader(campaign.workspace, attributes=first.attributes if first else None)


def made_up_reader(workspace: Workspace, *, attributes: dict[str, Any] | None = None) -> Contact:
    return Contact(
        workspace=workspace,
        email="anna@example.com",
        address="anna@example.com",
        first_name=_("Anna"),
        last_name=_("Example"),
        language=workspace.language,
        attributes=attributes or {},
    )
