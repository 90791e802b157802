"""Consent is written down word by word; suppression wins over everything."""

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from audience.models import Consent, ConsentEntry, Contact, Suppression, SuppressionReason, address_hash
from audience.services import ConsentBasis, give_consent, save_contact, suppress, withdraw_consent
from tests.factories.audience import ContactFactory
from tests.together import together
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db
AT_THE_TILL = ConsentBasis("by hand", "Yes, write to me", {"shop": "Sofia"})


@pytest.fixture
def contact(workspace: Workspace) -> Contact:
    made: Contact = ContactFactory.create(workspace=workspace, email="ann@example.org", consent=Consent.UNKNOWN)
    return made


def test_consent_is_kept_with_how_and_in_which_words(contact: Contact, lead: Member, now: datetime) -> None:
    give_consent(contact=contact, basis=AT_THE_TILL, by=lead, now=now)

    contact.refresh_from_db()
    entry = ConsentEntry.objects.get()
    assert (contact.consent, contact.consent_at) == (Consent.GIVEN, now)
    assert (entry.consent, entry.source, entry.wording, entry.evidence, entry.by, entry.at) == (
        Consent.GIVEN,
        "by hand",
        "Yes, write to me",
        {"shop": "Sofia"},
        lead,
        now,
    )
    assert AuditEntry.objects.get().action == "consent.given"


def test_saying_it_again_adds_to_the_log(contact: Contact, lead: Member, now: datetime) -> None:
    for days in range(3):
        give_consent(contact=contact, basis=AT_THE_TILL, by=lead, now=now + timedelta(days=days))

    assert ConsentEntry.objects.filter(contact=contact).count() == 3


def test_whoever_withdraws_is_suppressed_at_once(contact: Contact, now: datetime) -> None:
    withdraw_consent(contact=contact, basis=ConsentBasis("link"), by=None, now=now)

    contact.refresh_from_db()
    assert (contact.consent, contact.suppression) == (Consent.WITHDRAWN, SuppressionReason.UNSUBSCRIBED)
    assert Suppression.objects.for_workspace(contact.workspace).of("ann@example.org").exists()


def test_withdrawing_again_changes_nothing(contact: Contact, now: datetime) -> None:
    for days in range(2):
        withdraw_consent(contact=contact, basis=ConsentBasis("link"), by=None, now=now + timedelta(days=days))

    contact.refresh_from_db()
    assert contact.consent_at == now
    assert ConsentEntry.objects.count() == Suppression.objects.count() == 1


def test_consent_lifts_no_suppression(contact: Contact, lead: Member, now: datetime) -> None:
    withdraw_consent(contact=contact, basis=ConsentBasis("link"), by=None, now=now)

    give_consent(contact=contact, basis=AT_THE_TILL, by=lead, now=now)

    contact.refresh_from_db()
    assert (contact.consent, contact.suppression) == (Consent.GIVEN, SuppressionReason.UNSUBSCRIBED)
    assert not Contact.objects.reachable().exists()


def test_reachable_is_who_consented_and_is_not_suppressed(workspace: Workspace) -> None:
    for consent in Consent:
        for suppression in ("", SuppressionReason.BOUNCED):
            ContactFactory.create(workspace=workspace, consent=consent, suppression=suppression)

    reachable = Contact.objects.for_workspace(workspace).reachable()

    assert [(c.consent, c.suppression) for c in reachable] == [(Consent.GIVEN, "")]


def test_the_first_reason_stays(contact: Contact, lead: Member, now: datetime) -> None:
    for reason in (SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED):
        suppress(workspace=contact.workspace, address="ann@example.org", reason=reason, by=lead, now=now)

    contact.refresh_from_db()
    assert contact.suppression == Suppression.objects.get().reason == SuppressionReason.BOUNCED
    assert AuditEntry.objects.filter(action="address.suppressed").count() == 1


def test_an_address_without_a_contact_is_suppressed_too(workspace: Workspace, lead: Member, now: datetime) -> None:
    suppress(workspace=workspace, address="bob@example.org", reason=SuppressionReason.MANUAL, by=lead, now=now)

    contact, _created = save_contact(workspace=workspace, email="Bob@example.org", by=lead, now=now)

    assert contact.suppression == SuppressionReason.MANUAL


def test_other_workspaces_are_not_touched(contact: Contact, outsider: Member, lead: Member, now: datetime) -> None:
    theirs = ContactFactory.create(workspace=outsider.workspace, email="ann@example.org")

    suppress(workspace=contact.workspace, address="ann@example.org", reason=SuppressionReason.MANUAL, by=lead, now=now)

    theirs.refresh_from_db()
    assert theirs.suppression == ""
    assert not Suppression.objects.for_workspace(outsider.workspace).exists()


def test_the_list_of_suppressed_holds_no_address(contact: Contact, now: datetime) -> None:
    withdraw_consent(contact=contact, basis=ConsentBasis("link"), by=None, now=now)

    kept = str(Suppression.objects.values().get())

    assert "ann" not in kept
    assert "example" not in kept


def test_the_hash_needs_the_key_of_the_installation(settings: Settings) -> None:
    ours = address_hash("ann@example.org")

    settings.SUPPRESSION_KEY = "another"

    assert address_hash("ann@example.org") != ours
    assert len(ours) == 64


@pytest.mark.django_db(transaction=True)
def test_an_address_suppressed_twice_at_once_is_suppressed_once(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    results = together(
        *(
            lambda r=reason: suppress(workspace=workspace, address="ann@example.org", reason=r, by=lead, now=now)
            for reason in (SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED)
        )
    )

    assert all(isinstance(result, Suppression) for result in results), results
    assert Suppression.objects.count() == 1
