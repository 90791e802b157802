"""Contacts: one record a person, found by the address, changed only where something is said."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from audience.attributes import AttributeRefused
from audience.models import Consent, Contact, Suppression, SuppressionReason
from audience.services import ContactRefused, add_contact, save_contact, suppress
from emailops.lib.addresses import InvalidAddress
from tests.factories.audience import AttributeFactory, ContactFactory
from tests.together import together
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


def _save(workspace: Workspace, by: Member, now: datetime, email: str, **options: Any) -> tuple[Contact, bool]:
    return save_contact(workspace=workspace, email=email, by=by, now=now, **options)


def test_a_new_address_is_a_new_contact(workspace: Workspace, lead: Member, now: datetime) -> None:
    contact, created = _save(workspace, lead, now, "Ann@Example.org", fields={"first_name": "Ann", "language": "bg"})

    contact.refresh_from_db()
    assert created
    assert (contact.email, contact.address) == ("Ann@example.org", "ann@example.org")
    assert (contact.first_name, contact.language, contact.consent) == ("Ann", "bg", Consent.UNKNOWN)
    assert contact.created_at == contact.updated_at == now
    entry = AuditEntry.objects.for_workspace(workspace).get()
    assert (entry.action, entry.detail) == ("contact.created", {"fields": ["first_name", "language"]})


def test_a_known_address_is_the_same_contact_however_it_is_spelt(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    first, _created = _save(workspace, lead, now, "ann@bücher.example", fields={"first_name": "Ann"})
    later = now + timedelta(days=1)

    again, created = _save(workspace, lead, later, "ANN@xn--bcher-kva.example", fields={"last_name": "Lee"})

    assert (again.pk, created) == (first.pk, False)
    assert (again.first_name, again.last_name) == ("Ann", "Lee")
    assert (again.created_at, again.updated_at) == (now, later)


def test_what_is_not_named_stays_and_what_is_named_empty_is_emptied(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    ContactFactory.create(workspace=workspace, email="ann@example.org", first_name="Ann", last_name="Lee")

    contact, _created = _save(workspace, lead, now, "ann@example.org", fields={"last_name": ""})

    assert (contact.first_name, contact.last_name) == ("Ann", "")


def test_fields_that_are_not_the_callers_to_set_are_passed_over(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    contact, _created = _save(workspace, lead, now, "ann@example.org", fields={"consent": "given", "suppression": "x"})

    assert (contact.consent, contact.suppression) == (Consent.UNKNOWN, "")


def test_attributes_are_typed_merged_and_removed(workspace: Workspace, lead: Member, now: datetime) -> None:
    for key, kind in (("city", "text"), ("points", "number"), ("vip", "boolean")):
        AttributeFactory.create(workspace=workspace, key=key, kind=kind)
    _save(workspace, lead, now, "ann@example.org", attributes={"city": "Sofia", "points": "7", "vip": "yes"})

    contact, _created = _save(
        workspace, lead, now, "ann@example.org", attributes={"city": None, "points": 8, "vip": ""}
    )

    assert contact.attributes == {"points": 8}


@pytest.mark.parametrize("value", [["Sofia"], {"a": 1}])
def test_an_attribute_holds_one_value(workspace: Workspace, lead: Member, now: datetime, value: Any) -> None:
    AttributeFactory.create(workspace=workspace, key="city")

    with pytest.raises(AttributeRefused):
        _save(workspace, lead, now, "ann@example.org", attributes={"city": value})

    assert not Contact.objects.exists()


def test_an_unknown_attribute_is_refused_by_name(
    workspace: Workspace, lead: Member, outsider: Member, now: datetime
) -> None:
    AttributeFactory.create(workspace=outsider.workspace, key="city")

    with pytest.raises(AttributeRefused, match="“city”") as refusal:
        _save(workspace, lead, now, "ann@example.org", attributes={"city": "Sofia"})

    assert set(refusal.value.fields) == {"attributes.city"}
    assert not Contact.objects.exists()


def test_an_archived_attribute_is_unknown(workspace: Workspace, lead: Member, now: datetime) -> None:
    AttributeFactory.create(workspace=workspace, key="city", archived_at=now)

    with pytest.raises(AttributeRefused):
        _save(workspace, lead, now, "ann@example.org", attributes={"city": "Sofia"})


def test_what_is_no_address_writes_nothing(workspace: Workspace, lead: Member, now: datetime) -> None:
    with pytest.raises(InvalidAddress):
        _save(workspace, lead, now, "ann")

    assert not Contact.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_address_of_a_contact_changes(workspace: Workspace, lead: Member, now: datetime) -> None:
    contact = ContactFactory.create(workspace=workspace, email="old@example.org")

    saved, created = _save(workspace, lead, now, "new@example.org", contact=contact)

    assert (saved.pk, created, saved.address) == (contact.pk, False, "new@example.org")


def test_the_address_of_another_contact_is_taken(workspace: Workspace, lead: Member, now: datetime) -> None:
    contact = ContactFactory.create(workspace=workspace, email="ann@example.org")
    ContactFactory.create(workspace=workspace, email="bob@example.org")

    with pytest.raises(ContactRefused, match="Another contact has this address") as refusal:
        _save(workspace, lead, now, "BOB@example.org", contact=contact)

    contact.refresh_from_db()
    assert "email" in refusal.value.fields
    assert contact.address == "ann@example.org"


def test_an_external_id_belongs_to_one_contact(
    workspace: Workspace, lead: Member, outsider: Member, now: datetime
) -> None:
    ContactFactory.create(workspace=workspace, external_id="C-1")
    ContactFactory.create(workspace=outsider.workspace, external_id="C-2")

    with pytest.raises(ContactRefused, match="Another contact has this id"):
        _save(workspace, lead, now, "ann@example.org", fields={"external_id": "C-1"})
    contact, _created = _save(workspace, lead, now, "ann@example.org", fields={"external_id": "C-2"})
    again, _created = _save(workspace, lead, now, "ann@example.org", fields={"external_id": "C-2"})

    assert contact == again
    assert Contact.objects.for_workspace(workspace).count() == 2


def test_empty_external_ids_are_no_ids(workspace: Workspace, lead: Member, now: datetime) -> None:
    for email in ("ann@example.org", "bob@example.org"):
        _save(workspace, lead, now, email, fields={"external_id": ""})

    assert Contact.objects.for_workspace(workspace).count() == 2


def test_a_suppressed_address_is_suppressed_from_its_first_moment(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    reason = SuppressionReason.BOUNCED
    suppress(workspace=workspace, address="ann@example.org", reason=reason, by=None, now=now)

    contact, _created = _save(workspace, lead, now, "Ann@example.org")

    assert contact.suppression == SuppressionReason.BOUNCED


def test_a_new_address_has_its_own_suppression(workspace: Workspace, lead: Member, now: datetime) -> None:
    contact = ContactFactory.create(workspace=workspace, email="ann@example.org")
    for address in ("ann@example.org", "ann@work.example"):
        suppress(workspace=workspace, address=address, reason=SuppressionReason.COMPLAINED, by=None, now=now)
    Suppression.objects.filter(address_hash__in=[]).delete()

    free, _created = _save(workspace, lead, now, "ann@home.example", contact=contact)
    was_free = free.suppression
    caught, _created = _save(workspace, lead, now, "ann@work.example", contact=contact)

    assert (was_free, caught.suppression) == ("", SuppressionReason.COMPLAINED)


def test_a_contact_of_another_workspace_is_another_contact(
    workspace: Workspace, lead: Member, outsider: Member, now: datetime
) -> None:
    theirs = ContactFactory.create(workspace=outsider.workspace, email="ann@example.org", first_name="Theirs")

    ours, created = _save(workspace, lead, now, "ann@example.org", fields={"first_name": "Ours"})

    theirs.refresh_from_db()
    assert created
    assert (ours.first_name, theirs.first_name) == ("Ours", "Theirs")


def test_whoever_adds_a_contact_empties_none(workspace: Workspace, lead: Member, now: datetime) -> None:
    known = ContactFactory.create(workspace=workspace, email="ann@example.org", first_name="Ann")

    with pytest.raises(ContactRefused, match="already") as refusal:
        add_contact(workspace=workspace, email="ANN@example.org", by=lead, now=now, fields={"first_name": ""})

    known.refresh_from_db()
    assert "email" in refusal.value.fields
    assert known.first_name == "Ann"


def test_a_contact_is_added(workspace: Workspace, lead: Member, now: datetime) -> None:
    contact = add_contact(workspace=workspace, email="ann@example.org", by=lead, now=now, fields={"first_name": "Ann"})

    assert Contact.objects.for_workspace(workspace).get() == contact


@pytest.mark.django_db(transaction=True)
def test_one_new_address_sent_twice_at_once_is_one_contact(workspace: Workspace, lead: Member, now: datetime) -> None:
    results = together(*[lambda: _save(workspace, lead, now, "ann@example.org")[1]] * 3)

    assert sorted(map(bool, results)) == [False, False, True], results
    assert Contact.objects.for_workspace(workspace).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_programs_that_set_different_attributes_at_once_both_succeed(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    keys = [f"a{number}" for number in range(4)]
    for key in keys:
        AttributeFactory.create(workspace=workspace, key=key)
    ContactFactory.create(workspace=workspace, email="ann@example.org")

    together(*(lambda k=key: _save(workspace, lead, now, "ann@example.org", attributes={k: "set"}) for key in keys))

    assert Contact.objects.for_workspace(workspace).get().attributes == dict.fromkeys(keys, "set")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {"Ann Lee", "Bob Moss"}),
        ("ann", {"Ann Lee"}),
        ("LEE ann", {"Ann Lee"}),
        ("example.org", {"Ann Lee", "Bob Moss"}),
        ("ann moss", set()),
        ("%", set()),
        ("_", set()),
        ("\0ann", {"Ann Lee"}),
        ("'; --", set()),
    ],
)
def test_contacts_are_found_by_words(workspace: Workspace, text: str, found: set[str]) -> None:
    ContactFactory.create(workspace=workspace, email="ann@example.org", first_name="Ann", last_name="Lee")
    ContactFactory.create(workspace=workspace, email="bob@example.org", first_name="Bob", last_name="Moss")

    assert {str(contact) for contact in Contact.objects.for_workspace(workspace).matching(text)} == found


def test_a_contact_without_a_name_is_called_by_the_address() -> None:
    assert str(Contact(email="ann@example.org")) == "ann@example.org"
    assert str(Contact(email="ann@example.org", last_name="Lee")) == "Lee"
    assert Contact(address="ann@mail.example.org").domain == "mail.example.org"
