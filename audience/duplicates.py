"""Contacts that look like the same person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audience.figures import Numbers, figures_of
from audience.models import Contact
from audience.models.contacts import Domain, FullName, Mailbox
from workspaces.models import Member, Workspace
from workspaces.permissions import Role

MOST_GROUPS = 20  # of a kind, on the page
MOST_IN_GROUP = 10


@dataclass(frozen=True, slots=True)
class Likeness:
    """People who share something, the oldest contact first."""

    why: "str | Promise"
    people: Sequence[Contact]


def duplicates_of(contact: Contact, member: Member) -> list[Contact]:
    """Who of those that this member sees looks like the same person. Three lookups in indexes."""
    others = _keyed(Contact.objects.seen_by(member)).exclude(pk=contact.pk)
    own = _keyed(Contact.objects.seen_by(member)).get(pk=contact.pk)
    alike = [others.filter(mailbox=own.mailbox)]
    if own.phone:
        alike.append(others.filter(phone=own.phone))
    if own.first_name and own.last_name:
        alike.append(others.filter(full=own.full, domain_part=own.domain_part).exclude(last_name=""))
    found = {row.pk: row for rows in alike for row in rows.order_by("pk")[:MOST_IN_GROUP]}
    return list(found.values())


def likenesses(member: Member, now: datetime) -> tuple[list[Likeness], datetime | None]:
    """The first groups of each kind, and of when they are: of very many people they are looked for every hour.

    Of those who were merged since then the rest is shown. Of a seller's own people they are looked for at once.
    """
    if member.role == Role.SELLER:
        groups, looked_at = _groups(Contact.objects.seen_by(member)), None
    else:
        figures = figures_of(member.workspace, "duplicates", now)
        groups, looked_at = figures.numbers["groups"], figures.counted_at
    asked = {key for _kind, keys in groups for key in keys}
    people = Contact.objects.seen_by(member).in_bulk(asked)
    found = [Likeness(_KINDS[kind].why, [people[key] for key in keys if key in people]) for kind, keys in groups]
    return _once(found), looked_at


def duplicate_figures(workspace: Workspace, now: datetime) -> Numbers:
    """The groups of a whole workspace, for `likenesses`. Walks indexes over everybody."""
    return {"groups": _groups(Contact.objects.for_workspace(workspace))}


@dataclass(frozen=True, slots=True)
class _Kind:
    """What two people can share: the columns, and which rows an index holds for them."""

    why: Promise
    keys: tuple[str, ...]
    indexed: Q


_NAMED = ~Q(last_name="")
_KINDS = {
    "phone": _Kind(_("The same phone"), ("phone",), ~Q(phone="")),
    "mailbox": _Kind(_("The same mailbox, written in another way"), ("mailbox",), Q()),
    "name": _Kind(_("The same name and domain"), ("full", "domain_part"), _NAMED & ~Q(first_name="")),
}


def _groups(people: "QuerySet[Contact]") -> list[tuple[str, list[int]]]:
    """The first groups of each kind, as kind and ids, the oldest contact first. One query a kind and one a group."""
    groups: list[tuple[str, list[int]]] = []
    for name, kind in _KINDS.items():
        rows = _keyed(people).filter(kind.indexed).order_by()
        shared = rows.values(*kind.keys).annotate(number=Count("pk")).filter(number__gt=1)[:MOST_GROUPS]
        for row in shared:
            alike = rows.filter(**{key: row[key] for key in kind.keys}).order_by("pk").values_list("pk", flat=True)
            groups.append((name, list(alike[:MOST_IN_GROUP])))
    return groups


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


def _keyed(people: "QuerySet[Contact]") -> Any:
    return people.annotate(mailbox=Mailbox("address"), full=FullName(), domain_part=Domain("address"))
