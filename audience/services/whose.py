"""Whose events and orders are: contacts found by their id or their address, all of a batch at once."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from audience.erasing.turns import wait_for_erasures
from audience.models import Contact, Suppression, SuppressionReason, address_hash
from emailops.lib.addresses import Address, InvalidAddress, read_address
from emailops.lib.bulk import Json, insert_rows
from workspaces.models import Workspace

LONGEST_ID = 100


@dataclass(frozen=True, slots=True)
class Whose:
    """A person as programs name them. The id is asked first; the address where there is none with this id."""

    email: str = ""
    external_id: str = ""


@dataclass(slots=True)
class People:
    """Contacts by who was asked for, why there is none for the others, and how many were added."""

    found: dict[Whose, int] = field(default_factory=dict)
    reasons: dict[Whose, str] = field(default_factory=dict)
    added: int = 0
    erased: set[str] = field(default_factory=set)


class Became(models.TextChoices):
    """What came of one event or order of a batch."""

    CREATED = "created", _lazy("Taken")
    UPDATED = "updated", _lazy("Changed")
    DUPLICATE = "duplicate", _lazy("Known already")
    REFUSED = "refused", _lazy("Not taken")


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one item; `pk` is its row, None for what was refused."""

    became: Became
    pk: int | None = None
    reason: str = ""


def refused(reason: str) -> Taken:
    return Taken(Became.REFUSED, reason=reason)


def people_of(workspace: Workspace, wanted: Iterable["Contact | Whose"], *, adds: bool, now: datetime) -> People:
    """The contacts of a batch in at most five queries. With `adds`, strangers with an address become contacts.

    A contact that is added this way has given no consent, and is suppressed where its address is. Who was erased is not
    added. Nobody of them is erased before the end of the transaction.
    """
    wait_for_erasures(workspace)
    people, addresses = People(), dict[Whose, Address]()
    asked = dict.fromkeys(one for one in wanted if isinstance(one, Whose))
    by_id = _by_external_id(workspace, {one.external_id for one in asked if one.external_id})
    for one in asked:
        if one.external_id in by_id:
            people.found[one] = by_id[one.external_id]
        else:
            _read(one, addresses, people)
    keys = {address.key for address in addresses.values()}
    known = _by_address(workspace, keys)
    if adds and keys - known.keys():
        strangers: dict[str, tuple[Address, Whose]] = {}
        for one, address in sorted(addresses.items(), key=lambda pair: not pair[0].external_id):
            if address.key not in known:
                strangers.setdefault(address.key, (address, one))
        people.added = _add(workspace, strangers, people, now)
        known = _by_address(workspace, keys)
    for one, address in addresses.items():
        _settle(one, address.key, known, people)
    return people


def _read(one: Whose, addresses: dict[Whose, Address], people: People) -> None:
    if len(one.external_id) > LONGEST_ID:
        people.reasons[one] = _("The id of a contact has at most %(most)d characters.") % {"most": LONGEST_ID}
    elif one.email.strip():
        try:
            addresses[one] = read_address(one.email)
        except InvalidAddress as refusal:
            people.reasons[one] = str(refusal)
    elif one.external_id:
        people.reasons[one] = _("There is no contact with the id “%(id)s”. Add the contact first.") % {
            "id": one.external_id
        }
    else:
        people.reasons[one] = _("Say whose it is: by the address, or by the id in your system.")


def _settle(one: Whose, key: str, known: dict[str, int], people: People) -> None:
    if key in known:
        people.found[one] = known[key]
    elif key in people.erased:
        people.reasons[one] = _("This person asked to be forgotten, and can come back only by a form of yours.")
    else:
        people.reasons[one] = _("There is no contact “%(email)s”. Add the contact first.") % {"email": one.email[:80]}


def _by_external_id(workspace: Workspace, ids: Collection[str]) -> dict[str, int]:
    if not ids:
        return {}
    rows = Contact.objects.for_workspace(workspace).filter(external_id__in=ids)
    return dict(rows.values_list("external_id", "pk"))


def _by_address(workspace: Workspace, keys: Collection[str]) -> dict[str, int]:
    if not keys:
        return {}
    return dict(Contact.objects.for_workspace(workspace).filter(address__in=keys).values_list("address", "pk"))


COLUMNS = (
    "workspace_id", "email", "address", "external_id", "suppression", "first_name", "last_name", "language",
    "time_zone", "attributes", "consent", "created_at", "updated_at",
)  # fmt: skip


def _add(workspace: Workspace, strangers: dict[str, tuple[Address, Whose]], people: People, now: datetime) -> int:
    hashes = {address_hash(key): key for key in strangers}
    shut = Suppression.objects.for_workspace(workspace).filter(address_hash__in=hashes)
    reasons = {hashes[found]: reason for found, reason in shut.values_list("address_hash", "reason")}
    for key in [key for key, reason in reasons.items() if reason == SuppressionReason.ERASED]:
        del strangers[key]
        people.erased.add(key)
    rows = [
        (
            workspace.pk, address.written, key, one.external_id, reasons.get(key, ""), "", "", "", "", Json({}),
            "unknown", now, now,
        )
        for key, (address, one) in sorted(strangers.items())
    ]  # fmt: skip
    # Two strangers with one id: the second stays unknown, and is told so.
    return len(insert_rows("audience_contact", COLUMNS, rows, conflict="ON CONFLICT DO NOTHING", returning="id"))
