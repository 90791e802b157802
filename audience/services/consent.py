"""Verbs on consent and suppression: give, withdraw, suppress."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from audience.models import Consent, ConsentEntry, Contact, Suppression, SuppressionReason, address_hash
from workspaces.audit import record
from workspaces.models import Member, Workspace


@dataclass(frozen=True, slots=True)
class ConsentBasis:
    """Where a consent comes from: `source` is how (form, import, api), `wording` what the person agreed to."""

    source: str
    wording: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def give_consent(*, contact: Contact, basis: ConsentBasis, by: Member | None, now: datetime) -> None:
    """Write down that the person agreed to marketing mail. Lifts no suppression. Repeating adds to the log."""
    _log_consent(contact, Consent.GIVEN, basis, by, now)


@transaction.atomic
def withdraw_consent(*, contact: Contact, basis: ConsentBasis, by: Member | None, now: datetime) -> None:
    """Write down that the person wants no more marketing mail, and suppress the address. Repeating is harmless."""
    if contact.consent != Consent.WITHDRAWN:
        _log_consent(contact, Consent.WITHDRAWN, basis, by, now)
    suppress(
        workspace=contact.workspace,
        address=contact.address,
        reason=SuppressionReason.UNSUBSCRIBED,
        note=basis.source,
        by=by,
        now=now,
    )


def _log_consent(contact: Contact, consent: Consent, basis: ConsentBasis, by: Member | None, now: datetime) -> None:
    ConsentEntry.objects.create(
        workspace=contact.workspace,
        contact=contact,
        consent=consent,
        source=basis.source,
        wording=basis.wording,
        evidence=dict(basis.evidence),
        by=by,
        at=now,
    )
    contact.consent, contact.consent_at = consent, now
    contact.save(update_fields=["consent", "consent_at"])
    record(f"consent.{consent}", contact, by=by, now=now, source=basis.source)


@transaction.atomic
def suppress(
    *, workspace: Workspace, address: str, reason: SuppressionReason, by: Member | None, now: datetime, note: str = ""
) -> Suppression:
    """Never write to this normalised address again. The first reason stays. Repeating is harmless."""
    suppression, created = Suppression.objects.get_or_create(
        workspace=workspace, address_hash=address_hash(address), defaults={"reason": reason, "note": note, "at": now}
    )
    Contact.objects.for_workspace(workspace).filter(address=address, suppression="").update(
        suppression=suppression.reason
    )
    if created:
        record("address.suppressed", suppression, by=by, now=now, reason=reason)
    return suppression
