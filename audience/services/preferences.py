"""The page on which a reader chooses what to get: who may open it, what it asks, and leaving altogether."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audience.attributes import AttributeRefused
from audience.models import AttributeDefinition, Contact, Following, PreferencePage
from audience.services.attributes import current_attributes
from audience.services.consent import ConsentBasis, withdraw_consent
from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, seal, unseal
from workspaces.audit import record
from workspaces.models import Member, Workspace

NO_MAIL = 0  # the number of no message: the page was opened from elsewhere
Leaver = Callable[[int, Mapping[str, Any], datetime], None]
_leavers: list[Leaver] = []


class PreferencesGone(DomainError):
    """The address leads to nobody."""

    code = "preferences_gone"
    status = 404


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose page it is, and from which message it was opened (`NO_MAIL`: from none)."""

    contact: Contact
    mail: int


def preferences_token(contact_id: int, mail: int = NO_MAIL) -> str:
    """Opens the page of a contact; `mail` is a number that the app which sent the mail knows it by."""
    return seal(Kind.PREFERENCES, contact_id, mail)


def visitor_of(token: str) -> Visitor:
    """Whose page a token opens. Raises `PreferencesGone`, for any defect alike."""
    try:
        contact_id, mail = unseal(Kind.PREFERENCES, token)
    except (BadToken, ValueError) as error:
        raise _gone() from error
    contact = survivor_of(contact_id)
    if contact is None:
        raise _gone()
    return Visitor(contact, mail)


def survivor_of(contact_id: int) -> Contact | None:
    """The contact of this number, or the one that it was merged into; None when neither is here any more.

    Whoever held a link before a merge is the same person after it.
    """
    contacts = Contact.objects.select_related("workspace")
    if (found := contacts.filter(pk=contact_id).first()) is not None:
        return found
    return contacts.filter(former_addresses__merged_id=contact_id).order_by("pk").first()


def holder_of(workspace: Workspace, address: str) -> Contact | None:
    """Who has this normalised address, or took over from who had it; None for nobody.

    An address that somebody merely changed leads to nobody: it may be a stranger's by now.
    """
    contacts = Contact.objects.for_workspace(workspace).order_by("pk")
    if (found := contacts.filter(address=address).first()) is not None:
        return found
    return contacts.filter(former_addresses__address=address, former_addresses__merged_id__isnull=False).first()


def _gone() -> PreferencesGone:
    return PreferencesGone(_("This link does not work. Open it again from the mail, or copy it as a whole."))


def register_leaver(leaver: Leaver) -> None:
    """Be told by which message somebody left: its number, how it came, and when."""
    if leaver not in _leavers:
        _leavers.append(leaver)


@transaction.atomic
def leave_everything(*, visitor: Visitor, basis: ConsentBasis, now: datetime) -> None:
    """No more marketing mail, whatever was chosen. Repeating is harmless."""
    withdraw_consent(contact=visitor.contact, basis=basis, by=None, now=now)
    if visitor.mail != NO_MAIL:
        for leaver in _leavers:
            leaver(visitor.mail, basis.evidence, now)


def preference_page(workspace: Workspace) -> PreferencePage:
    """The workspace's page; one that is not stored while nothing of it was changed."""
    return PreferencePage.objects.for_workspace(workspace).first() or PreferencePage(workspace=workspace)


def asked_attributes(page: PreferencePage) -> dict[str, AttributeDefinition]:
    """The attributes in use that the page asks for, in its order."""
    known = current_attributes(page.workspace)
    return {key: known[key] for key in page.attributes if key in known}


@transaction.atomic
def change_preference_page(
    *,
    workspace: Workspace,
    intro: str,
    attributes: Sequence[str],
    tracking_wording: str,
    following: str = Following.UNLESS_NO,
    by: Member,
    now: datetime,
) -> PreferencePage:
    """Write what the page says and asks. Raises `AttributeRefused` for an attribute that is not in use."""
    unknown = sorted(set(attributes) - set(current_attributes(workspace)))
    if unknown:
        words = _("There is no attribute “%(key)s”. Define it first.") % {"key": unknown[0]}
        raise AttributeRefused(words, fields={"attributes": [words]})
    given: dict[str, Any] = {"intro": intro, "attributes": list(attributes), "tracking_wording": tracking_wording}
    given["following"] = Following(following)
    page, _created = PreferencePage.objects.update_or_create(workspace=workspace, defaults=given)
    record("preferences.changed", page, by=by, now=now)
    return page
