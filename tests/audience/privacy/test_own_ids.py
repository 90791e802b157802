"""The id by which a CRM knows a person, in what others wrote and programs reported."""

from datetime import datetime

import pytest
from django.utils import timezone

from audience.erasing import REDACTED
from audience.erasing.traces import Clues, is_telling
from audience.models import ContactNote, Event, Order
from audience.services.erasures import erase_contact, finish_erasure, person_of, preview_erasure
from tests.factories.audience import ContactFactory, SegmentFactory
from tests.factories.commerce import ShopOrderFactory
from workspaces.models import Member

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("own_id", "is_found"),
    [("CRM-1042", True), ("20261042", True), ("1042", False), ("A1", False), ("customer", False), ("2026", False)],
)
def test_only_an_id_that_is_told_from_other_words_is_looked_for(own_id: str, is_found: bool) -> None:
    assert is_telling(own_id) is is_found


def test_an_id_goes_from_what_others_wrote_and_programs_reported(lead: Member, now: datetime) -> None:
    person = ContactFactory.create(workspace=lead.workspace, external_id="CRM-1042")
    other = ContactFactory.create(workspace=lead.workspace, external_id="CRM-10421")
    owned = {"workspace": lead.workspace, "contact": other}
    note = ContactNote.objects.create(**owned, text="Sister of crm-1042, not of CRM-10421", by=lead, at=now)
    event = Event.objects.create(**owned, name="invited", occurred_at=now, properties={"by": "CRM-1042"})
    segment = SegmentFactory.create(workspace=lead.workspace, definition={"values": ["CRM-1042", "CRM-10421"]})

    finish_erasure(erase_contact(contact=person, by=lead, now=now).pk, timezone.now)

    note.refresh_from_db()
    event.refresh_from_db()
    segment.refresh_from_db()
    assert note.text == f"Sister of {REDACTED}, not of CRM-10421"
    assert event.properties == {"by": REDACTED}
    assert segment.definition == {"values": [REDACTED, "CRM-10421"]}


def test_the_number_of_somebody_elses_order_is_no_trace(lead: Member, now: datetime) -> None:
    person = ContactFactory.create(workspace=lead.workspace, external_id="CRM-1042")
    order = ShopOrderFactory.create(
        contact=ContactFactory.create(workspace=lead.workspace), external_id="CRM-1042", placed_at=now
    )

    finish_erasure(erase_contact(contact=person, by=lead, now=now).pk, timezone.now)

    assert Order.objects.get(pk=order.pk).external_id == "CRM-1042"


def test_the_preview_says_that_a_short_id_is_not_looked_for(lead: Member) -> None:
    person = ContactFactory.create(workspace=lead.workspace, external_id="1042")

    lines = {line.key: str(line.label) for line in preview_erasure(person_of(person))}

    assert "1042" in lines["own_id"]
    assert Clues.of(person_of(person)).own_ids == ()
