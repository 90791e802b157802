"""Contacts that look like the same person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from audience.models import Contact
from audience.models.contacts import Domain, FullName, Mailbox
from workspaces.models import Member

MOST_GROUPS = 20  # of a kind, on the page
MOST_IN_GROUP = 10


@dataclass(frozen=True, slots=True)
class Likeness:
    """People who share something, the oldest contact first."""

    why: str
    people: Sequence[Contact]


def duplicates_of(contact: Contact, member: Member) -> list[Contact]:
    """Who of those that this member sees looks like the same person. Three lookups in indexes."""
    others = _keyed(member).exclude(pk=contact.pk)
    own = _keyed(member).get(pk=contact.pk)
    alike = [others.filter(mailbox=own.mailbox)]
    if own.phone:
        alike.append(others.filter(phone=own.phone))
    if own.first_name and own.last_name:
        alike.append(others.filter(full=own.full, domain_part=own.domain_part).exclude(last_name=""))
    found = {row.pk: row for rows in alike for row in rows.order_by("pk")[:MOST_IN_GROUP]}
    return list(found.values())


def likenesses(member: Member) -> list[Likeness]:
    """The first groups of each kind; walks indexes, one query a kind and one for the people."""
    groups: list[tuple[str, Q]] = []
    people = _keyed(member)
    for why, keys, rows in (
        (_("The same phone"), ("phone",), people.exclude(phone="")),
        (_("The same mailbox, written in another way"), ("mailbox",), people),
        (_("The same name and domain"), ("full", "domain_part"), people.exclude(last_name="").exclude(first_name="")),
    ):
        many = rows.order_by().values(*keys).annotate(number=Count("pk")).filter(number__gt=1)[:MOST_GROUPS]
        groups += [(why, Q(**{key: row[key] for key in keys})) for row in many]
    return _once([Likeness(why, list(people.filter(same).order_by("pk")[:MOST_IN_GROUP])) for why, same in groups])


def _once(found: Sequence[Likeness]) -> list[Likeness]:
    """The same people are one suggestion, whatever they share."""
    seen: set[frozenset[int]] = set()
    kept = []
    for likeness in found:
        ids = frozenset(person.pk for person in likeness.people)
        if len(ids) > 1 and ids not in seen:
            seen.add(ids)
            kept.append(likeness)
    return kept


def _keyed(member: Member) -> Any:
    return Contact.objects.seen_by(member).annotate(
        mailbox=Mailbox("address"), full=FullName(), domain_part=Domain("address")
    )
