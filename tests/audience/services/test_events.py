"""Events: what contacts did elsewhere, each counted once."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from audience.models import Consent, Contact, Event, Source, SuppressionReason
from audience.services import Became, NewEvent, Taken, Whose, record_events, suppress
from tests.factories.audience import ContactFactory
from tests.together import together
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


def _count(results: list[Taken], became: Became = Became.CREATED) -> int:
    return sum(1 for result in results if result.became == became)


def _event(workspace: Workspace, now: datetime, **changes: Any) -> NewEvent:
    contact = changes.pop("contact", None) or ContactFactory.create(workspace=workspace)
    return NewEvent(contact, changes.pop("name", "order_placed"), changes.pop("at", now), **changes)


def test_an_event_is_kept_as_it_was_reported(workspace: Workspace, lead: Member, now: datetime) -> None:
    event = _event(workspace, now, value=Decimal("12.50"), properties={"items": [{"sku": "A-1"}]}, external_id="o-1")

    added = record_events(workspace=workspace, events=[event], by=lead, now=now)

    kept = Event.objects.for_workspace(workspace).get()
    assert _count(added) == 1
    assert (kept.contact, kept.name, kept.occurred_at, kept.value, kept.properties, kept.external_id) == (
        event.contact,
        "order_placed",
        now,
        Decimal("12.50"),
        {"items": [{"sku": "A-1"}]},
        "o-1",
    )
    assert AuditEntry.objects.get().detail == {"received": 1, "added": 1}


def test_the_same_id_counts_once_in_one_batch_and_over_batches(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    events = [_event(workspace, now, external_id=external_id) for external_id in ("o-1", "o-2", "o-1")]

    first = record_events(workspace=workspace, events=events, by=lead, now=now)
    second = record_events(workspace=workspace, events=events, by=lead, now=now)

    assert (_count(first), _count(second)) == (2, 0)
    assert Event.objects.count() == 2


def test_the_same_id_under_another_name_or_elsewhere_is_another_event(
    workspace: Workspace, lead: Member, outsider: Member, now: datetime
) -> None:
    ours = [_event(workspace, now, external_id="1", name=name) for name in ("order_placed", "order_returned")]
    theirs = [_event(outsider.workspace, now, external_id="1")]

    added = record_events(workspace=workspace, events=ours, by=lead, now=now)
    added += record_events(workspace=outsider.workspace, events=theirs, by=outsider, now=now)

    assert _count(added) == 3


def test_events_without_an_id_all_count(workspace: Workspace, lead: Member, now: datetime) -> None:
    contact = ContactFactory.create(workspace=workspace)
    events = [_event(workspace, now, contact=contact) for _count in range(3)]

    assert _count(record_events(workspace=workspace, events=events, by=lead, now=now)) == 3


def test_an_event_of_the_future_is_refused_and_the_others_are_taken(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    events = [_event(workspace, now), _event(workspace, now, at=now + timedelta(seconds=1))]

    taken, late = record_events(workspace=workspace, events=events, by=lead, now=now)

    assert (taken.became, late.became, late.pk) == (Became.CREATED, Became.REFUSED, None)
    assert "future" in late.reason
    assert Event.objects.count() == 1


def test_nothing_to_record_leaves_no_trace(workspace: Workspace, lead: Member, now: datetime) -> None:
    assert record_events(workspace=workspace, events=[], by=lead, now=now) == []
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_batch_sent_twice_at_once_counts_once(workspace: Workspace, lead: Member, now: datetime) -> None:
    events = [_event(workspace, now, external_id=f"o-{number}") for number in range(50)]

    results = together(
        lambda: record_events(workspace=workspace, events=events, by=lead, now=now),
        lambda: record_events(workspace=workspace, events=events[::-1], by=lead, now=now),
    )

    assert sorted(_count(result) for result in results if not isinstance(result, Exception)) == [0, 50]
    assert Event.objects.count() == 50


def test_people_are_found_by_their_id_first_and_by_any_spelling_of_their_address(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    ann = ContactFactory.create(workspace=workspace, email="ann@example.org", external_id="A-1")
    bob = ContactFactory.create(workspace=workspace, email="bob@xn--bcher-kva.example")
    asked = [Whose("ANN@example.org"), Whose("bob@bücher.example"), Whose("bob@xn--bcher-kva.example", "A-1")]

    record_events(workspace=workspace, events=[_event(workspace, now, contact=one) for one in asked], by=lead, now=now)

    assert list(Event.objects.order_by("pk").values_list("contact", flat=True)) == [ann.pk, bob.pk, ann.pk]


@pytest.mark.parametrize(
    ("whose", "words"),
    [
        (Whose("theirs@example.org"), "no contact “theirs@example.org”"),
        (Whose("nobody"), "not an e-mail address"),
        (Whose(external_id="X-9"), "no contact with the id “X-9”"),
        (Whose(external_id="X" * 101), "at most 100"),
        (Whose(), "whose it is"),
    ],
)
def test_an_event_of_a_stranger_is_refused_with_the_reason(
    workspace: Workspace, outsider: Member, lead: Member, now: datetime, whose: Whose, words: str
) -> None:
    ContactFactory.create(workspace=outsider.workspace, email="theirs@example.org", external_id="T-1")

    [result] = record_events(workspace=workspace, events=[_event(workspace, now, contact=whose)], by=lead, now=now)

    assert (result.became, result.pk) == (Became.REFUSED, None)
    assert words in result.reason
    assert not AuditEntry.objects.exists()


def test_a_contact_of_another_workspace_is_nobody_here(
    workspace: Workspace, outsider: Member, lead: Member, now: datetime
) -> None:
    theirs = ContactFactory.create(workspace=outsider.workspace)

    [result] = record_events(workspace=workspace, events=[_event(workspace, now, contact=theirs)], by=lead, now=now)

    assert result.became == Became.REFUSED


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "two words"}, "no name of an event"),
        ({"name": ""}, "no name of an event"),
        ({"name": "x" * 61}, "no name of an event"),
        ({"external_id": "x" * 101}, "at most 100"),
        ({"value": Decimal("1.005")}, "parts of a cent"),
        ({"value": Decimal("NaN")}, "no sum"),
        ({"value": Decimal(10) ** 10}, "no sum"),
        ({"value": Decimal(1), "currency": "USD"}, "in USD, but sums here are in EUR"),
    ],
)
def test_an_unsound_event_is_refused_with_the_reason(
    workspace: Workspace, lead: Member, now: datetime, changes: dict[str, Any], words: str
) -> None:
    [result] = record_events(workspace=workspace, events=[_event(workspace, now, **changes)], by=lead, now=now)

    assert result.became == Became.REFUSED
    assert words in result.reason


def test_strangers_become_contacts_without_consent_if_that_is_asked_for(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    suppress(workspace=workspace, address="shut@example.org", reason=SuppressionReason.MANUAL, by=lead, now=now)
    asked = [Whose("New@example.org", "N-1"), Whose("shut@example.org"), Whose("new@example.org")]
    events = [_event(workspace, now, contact=one) for one in asked]

    results = record_events(workspace=workspace, events=events, by=lead, now=now, adds_people=True)

    new, shut = Contact.objects.get(address="new@example.org"), Contact.objects.get(address="shut@example.org")
    assert _count(results) == 3
    assert (new.email, new.external_id, new.consent, new.suppression) == ("New@example.org", "N-1", Consent.UNKNOWN, "")
    assert (shut.consent, shut.suppression) == (Consent.UNKNOWN, SuppressionReason.MANUAL)
    assert new.events.count() == 2
    assert AuditEntry.objects.get(action="events.recorded").detail == {"received": 3, "added": 3, "people": 2}


def test_what_a_site_reported_gives_way_to_another_source_and_never_the_other_way_round(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    contact, other = ContactFactory.create_batch(2, workspace=workspace)
    from_site = [NewEvent(contact, "visited", now, external_id="v-1", properties={"by": "site"})]
    from_api = [NewEvent(other, "visited", now, external_id="v-1", properties={"by": "api"})]
    given: dict[str, Any] = {"workspace": workspace, "by": lead, "now": now}

    record_events(events=from_site, source=Source.SITE, **given)
    [better] = record_events(events=from_api, **given)
    [worse] = record_events(events=from_site, source=Source.SITE, **given)

    event = Event.objects.get()
    assert (better.became, worse.became) == (Became.UPDATED, Became.DUPLICATE)
    assert (event.contact, event.source, event.properties) == (other, Source.API, {"by": "api"})
    assert worse.pk == event.pk


def test_a_batch_of_any_size_takes_the_same_number_of_statements(
    workspace: Workspace, lead: Member, now: datetime, django_assert_max_num_queries: Any
) -> None:
    people = ContactFactory.create_batch(20, workspace=workspace)
    events = [
        NewEvent(Whose(people[number % 20].email), "visited", now, external_id=f"v-{number}") for number in range(1000)
    ]

    with django_assert_max_num_queries(16):
        results = record_events(workspace=workspace, events=events, by=lead, now=now)

    assert _count(results) == 1000
