"""Verbs on consent and suppression: give, withdraw, suppress."""

from collections.abc import Mapping
from contextlib import suppress as ignoring
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from audience.erasing.holding import ContactGone, hold_contact
from audience.models import (
    Consent,
    ConsentEntry,
    ConsentTo,
    Contact,
    Suppression,
    SuppressionReason,
    Topic,
    address_hash,
)
from workspaces.audit import record
from workspaces.models import Member, Workspace


@dataclass(frozen=True, slots=True)
class ConsentBasis:
    """Where a consent comes from: `source` is how (form, import, api), `wording` what the person agreed to.

    `form_version` names the form and its version, `evidence` whatever else can be shown, such as the network address.
    """

    source: str
    wording: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    form_version: str = ""

    def saying(self, wording: str) -> "ConsentBasis":
        """The same way, other words."""
        return replace(self, wording=wording)


@transaction.atomic
def give_consent(*, contact: Contact, basis: ConsentBasis, by: Member | None, now: datetime) -> None:
    """Write down that the person agreed to marketing mail. Lifts no suppression. Repeating adds to the log.

    Raises `ContactGone`.
    """
    hold_contact(contact)
    _log_consent(contact, Consent.GIVEN, basis, by, now)


@transaction.atomic
def withdraw_consent(*, contact: Contact, basis: ConsentBasis, by: Member | None, now: datetime) -> None:
    """Write down that the person wants no more marketing mail, and suppress the address. Repeating is harmless.

    Of a person who was erased a moment ago there is nothing to write down; the address is shut all the same.
    """
    address = contact.address
    with ignoring(ContactGone):
        held = hold_contact(contact)
        address = held.address
        if held.consent != Consent.WITHDRAWN:
            _log_consent(contact, Consent.WITHDRAWN, basis, by, now)
    suppress(
        workspace=contact.workspace,
        address=address,
        reason=SuppressionReason.UNSUBSCRIBED,
        note=basis.source,
        by=by,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Word:
    """What was said: yes or no, to what."""

    consent: Consent
    to: ConsentTo = ConsentTo.MAIL
    topic: Topic | None = None


def log_word(contact: Contact, word: Word, basis: ConsentBasis, by: Member | None, now: datetime) -> None:
    """Add to the append-only log. Whoever calls this writes what follows from it, in the same transaction."""
    ConsentEntry.objects.create(
        workspace=contact.workspace,
        contact=contact,
        to=word.to,
        topic=word.topic,
        consent=word.consent,
        source=basis.source,
        wording=basis.wording,
        form_version=basis.form_version,
        evidence=dict(basis.evidence),
        by=by,
        at=now,
    )


def _log_consent(contact: Contact, consent: Consent, basis: ConsentBasis, by: Member | None, now: datetime) -> None:
    log_word(contact, Word(consent), basis, by, now)
    contact.consent, contact.consent_at = consent, now
    contact.save(update_fields=["consent", "consent_at"])
    record(f"consent.{consent}", contact, by=by, now=now, source=basis.source)


@transaction.atomic
def suppress(
    *, workspace: Workspace, address: str, reason: SuppressionReason, by: Member | None, now: datetime, note: str = ""
) -> Suppression:
    """Never write to this normalised address again. Repeating is harmless.

    The first reason stays, but an unsubscribe gives way to another one: its reader alone could take it back.
    """
    suppression, created = Suppression.objects.get_or_create(
        workspace=workspace, address_hash=address_hash(address), defaults={"reason": reason, "note": note, "at": now}
    )
    gives_way = not created and suppression.reason == SuppressionReason.UNSUBSCRIBED != reason
    if gives_way:
        suppression.reason, suppression.note, suppression.at = reason, note, now
        suppression.save(update_fields=["reason", "note", "at"])
    Contact.objects.for_workspace(workspace).filter(
        address=address, suppression__in=["", SuppressionReason.UNSUBSCRIBED]
    ).update(suppression=suppression.reason)
    if created or gives_way:
        record("address.suppressed", suppression, by=by, now=now, reason=reason)
    return suppression


OWN_WORDS = (SuppressionReason.UNSUBSCRIBED, SuppressionReason.ERASED)
"""What the reader of an address asked for, and can take back."""


@transaction.atomic
def take_back_unsubscribe(*, workspace: Workspace, address: str, now: datetime) -> bool:
    """Let the reader of an address, who asked for it by the address's own mail, be written to again.

    Returns whether there was an unsubscribe, or a wish to be forgotten. Lifts nothing else: a bounce, a complaint or
    our own decision stays.
    """
    own = Suppression.objects.for_workspace(workspace).of(address).filter(reason__in=OWN_WORDS)
    lifted = own.select_for_update().first()
    if lifted is None:
        return False
    record("address.allowed_again", lifted, by=None, now=now)
    lifted.delete()
    Contact.objects.for_workspace(workspace).filter(address=address, suppression=SuppressionReason.UNSUBSCRIBED).update(
        suppression=""
    )
    return True
