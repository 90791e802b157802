"""What was done to a contact stands on the timeline: changes by hand and of many, merges, what shut an address."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from audience.changes_timeline import change_moments
from audience.many import run_bulk
from audience.models import AttributeKind, BulkAction, Contact, SuppressionReason
from audience.own_timeline import contact_moments
from audience.services import Crowd, merge_contacts, save_contact, start_bulk, suppress, undo_bulk
from tests.factories.audience import AttributeFactory, ContactFactory
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(workspace: Workspace) -> Contact:
    made: Contact = ContactFactory.create(workspace=workspace, email="ann@example.org", city="Sofia")
    return made


def _told(contact: Contact) -> list[tuple[str, str]]:
    return [(moment.title, moment.detail) for moment in change_moments(contact, 50)]


def test_a_change_by_hand_names_what_became_another(contact: Contact, lead: Member, now: datetime) -> None:
    AttributeFactory.create(workspace=contact.workspace, key="points", label="Points", kind=AttributeKind.NUMBER)
    same: dict[str, Any] = {
        "workspace": contact.workspace,
        "email": contact.email,
        "contact": contact,
        "by": lead,
        "now": now,
    }

    save_contact(
        fields={"city": "Plovdiv", "country": contact.country, "seller": lead}, attributes={"points": 7}, **same
    )
    save_contact(fields={"city": "Plovdiv"}, **same)

    assert _told(contact) == [("Changed: Points, City, Looked after by", str(lead))]
    assert [entry.detail["fields"] for entry in AuditEntry.objects.filter(action="contact.updated").order_by("pk")] == [
        ["attributes.points", "city", "seller"],
        [],
    ]


def test_a_change_of_many_is_told_of_each_and_says_that_it_was_taken_back(
    contact: Contact, lead: Member, now: datetime
) -> None:
    choices = [{"key": "dry", "label": "Dry"}]
    AttributeFactory.create(
        workspace=contact.workspace, key="skin", label="Skin type", kind=AttributeKind.CHOICE, choices=choices
    )
    ticks = count()
    detail = {"attribute": "skin", "value": "Dry"}

    edit = start_bulk(action=BulkAction.SET_ATTRIBUTE, detail=detail, crowd=Crowd([contact.pk]), by=lead, now=now)
    run_bulk(edit.pk, lambda: now + timedelta(milliseconds=next(ticks)))
    done = _told(contact)
    undo_bulk(edit=edit, by=lead, now=now)
    run_bulk(edit.pk, lambda: now + timedelta(milliseconds=next(ticks)))

    assert done == [("Set an attribute: Skin type = Dry", f"{lead}, with many others")]
    assert _told(contact) == [("Set an attribute: Skin type = Dry", f"{lead}, with many others; taken back")]


def test_what_shut_an_address_is_told_and_an_unsubscribe_is_left_to_the_consent_log(
    contact: Contact, workspace: Workspace, now: datetime
) -> None:
    other = ContactFactory.create(workspace=workspace)
    for person, reason in ((contact, SuppressionReason.BOUNCED), (other, SuppressionReason.UNSUBSCRIBED)):
        suppress(workspace=workspace, address=person.address, reason=reason, by=None, now=now)

    assert _told(contact) == [("Never written to again", "The address does not exist")]
    assert _told(other) == []


def test_a_merge_is_told_as_one_and_not_as_another_address(contact: Contact, lead: Member, now: datetime) -> None:
    other = ContactFactory.create(workspace=contact.workspace, email="anna@example.org")

    merge_contacts(kept=contact, merged=other, by=lead, now=now)

    titles = [moment.title for moment in contact_moments(contact, 50)]
    assert "Became one with the contact anna@example.org" in titles
    assert not any(title.startswith("Address changed") for title in titles)
