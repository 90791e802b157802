"""Everything that happened between a contact and us, newest first."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from audience import timeline as timeline_module
from audience.models import Contact
from audience.own_timeline import contact_moments
from audience.services import ConsentBasis, NewEvent, add_to_list, give_consent, record_events, withdraw_consent
from audience.timeline import Moment, register_timeline, timeline
from tests.factories.audience import ContactFactory, ListFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline_module, "_sources", [contact_moments])


@pytest.fixture
def contact(workspace: Workspace, now: datetime) -> Contact:
    made: Contact = ContactFactory.create(workspace=workspace, created_at=now - timedelta(days=9), consent="unknown")
    return made


def test_the_story_of_a_contact_is_told_newest_first(contact: Contact, lead: Member, now: datetime) -> None:
    def days(number: int) -> datetime:
        return now - timedelta(days=number)

    vip = ListFactory.create(workspace=contact.workspace, name="VIP")
    give_consent(contact=contact, basis=ConsentBasis("form", "Yes, please"), by=lead, now=days(8))
    add_to_list(contact_list=vip, contact=contact, source="form", by=lead, now=days(7))
    order = NewEvent(contact, "order_placed", days(3), value=Decimal("12.50"))
    record_events(workspace=contact.workspace, events=[order, NewEvent(contact, "visited", days(5))], by=lead, now=now)
    withdraw_consent(contact=contact, basis=ConsentBasis("link"), by=None, now=days(1))

    told = [(moment.title, moment.detail, moment.tone) for moment in timeline(contact)]

    assert told == [
        ("Consent: withdrawn", "link", "bad"),
        ("Order placed", "€12.50", ""),
        ("Visited", "", ""),
        ("Added to the list “VIP”", "form", ""),
        ("Consent: given", "Yes, please", "ok"),
        ("Became a contact", "", ""),
    ]


def test_only_so_many_moments_are_told_and_they_are_the_newest(
    contact: Contact, lead: Member, now: datetime, django_assert_max_num_queries: Any
) -> None:
    events = [NewEvent(contact, "visited", now - timedelta(minutes=number)) for number in range(50)]
    record_events(workspace=contact.workspace, events=events, by=lead, now=now)

    with django_assert_max_num_queries(6):
        told = timeline(contact, limit=10)

    assert [moment.at for moment in told] == [now - timedelta(minutes=number) for number in range(10)]


def test_other_apps_add_what_they_know(contact: Contact, now: datetime) -> None:
    asked: list[tuple[Contact, int]] = []

    def source(found: Contact, limit: int) -> Iterator[Moment]:
        asked.append((found, limit))
        yield Moment(now, "mail", "A letter", href="/letter/")

    register_timeline(source)

    assert [moment.title for moment in timeline(contact, limit=5)] == ["A letter", "Became a contact"]
    assert asked == [(contact, 5)]


def test_the_story_of_another_contact_is_not_told(contact: Contact, lead: Member, now: datetime) -> None:
    other = ContactFactory.create(workspace=contact.workspace)
    record_events(workspace=contact.workspace, events=[NewEvent(other, "visited", now)], by=lead, now=now)

    assert [moment.title for moment in timeline(contact)] == ["Became a contact"]
