"""Events: what contacts did elsewhere, each counted once."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from audience.models import Event
from audience.services import EventRefused, NewEvent, contacts_by_email, record_events
from emailops.lib.addresses import InvalidAddress
from tests.factories.audience import ContactFactory
from tests.together import together
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db


def _event(workspace: Workspace, now: datetime, **changes: Any) -> NewEvent:
    contact = changes.pop("contact", None) or ContactFactory.create(workspace=workspace)
    return NewEvent(contact, changes.pop("name", "order_placed"), changes.pop("at", now), **changes)


def test_an_event_is_kept_as_it_was_reported(workspace: Workspace, lead: Member, now: datetime) -> None:
    event = _event(workspace, now, value=Decimal("12.50"), properties={"items": [{"sku": "A-1"}]}, external_id="o-1")

    added = record_events(workspace=workspace, events=[event], by=lead, now=now)

    kept = Event.objects.for_workspace(workspace).get()
    assert added == 1
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

    assert (first, second) == (2, 0)
    assert Event.objects.count() == 2


def test_the_same_id_under_another_name_or_elsewhere_is_another_event(
    workspace: Workspace, lead: Member, outsider: Member, now: datetime
) -> None:
    ours = [_event(workspace, now, external_id="1", name=name) for name in ("order_placed", "order_returned")]
    theirs = [_event(outsider.workspace, now, external_id="1")]

    added = record_events(workspace=workspace, events=ours, by=lead, now=now)
    added += record_events(workspace=outsider.workspace, events=theirs, by=outsider, now=now)

    assert added == 3


def test_events_without_an_id_all_count(workspace: Workspace, lead: Member, now: datetime) -> None:
    contact = ContactFactory.create(workspace=workspace)
    events = [_event(workspace, now, contact=contact) for _count in range(3)]

    assert record_events(workspace=workspace, events=events, by=lead, now=now) == 3


def test_an_event_of_the_future_refuses_the_whole_batch(workspace: Workspace, lead: Member, now: datetime) -> None:
    events = [_event(workspace, now), _event(workspace, now, at=now + timedelta(seconds=1))]

    with pytest.raises(EventRefused, match="future"):
        record_events(workspace=workspace, events=events, by=lead, now=now)

    assert not Event.objects.exists()
    assert not AuditEntry.objects.exists()


def test_nothing_to_record_leaves_no_trace(workspace: Workspace, lead: Member, now: datetime) -> None:
    assert record_events(workspace=workspace, events=[], by=lead, now=now) == 0
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_batch_sent_twice_at_once_counts_once(workspace: Workspace, lead: Member, now: datetime) -> None:
    events = [_event(workspace, now, external_id=f"o-{number}") for number in range(50)]

    results = together(
        lambda: record_events(workspace=workspace, events=events, by=lead, now=now),
        lambda: record_events(workspace=workspace, events=events[::-1], by=lead, now=now),
    )

    assert sorted(map(str, results)) == ["0", "50"]
    assert Event.objects.count() == 50


def test_contacts_are_found_by_the_address_as_it_was_given(workspace: Workspace) -> None:
    ann = ContactFactory.create(workspace=workspace, email="ann@example.org")
    bob = ContactFactory.create(workspace=workspace, email="bob@xn--bcher-kva.example")

    found = contacts_by_email(workspace, ["ANN@example.org", "bob@bücher.example", "ann@example.org"])

    assert found == {"ANN@example.org": ann, "bob@bücher.example": bob, "ann@example.org": ann}


def test_an_event_of_a_stranger_is_refused_by_name(workspace: Workspace, outsider: Member) -> None:
    ContactFactory.create(workspace=outsider.workspace, email="theirs@example.org")

    with pytest.raises(EventRefused, match="“theirs@example"):
        contacts_by_email(workspace, ["theirs@example.org"])
    with pytest.raises(InvalidAddress):
        contacts_by_email(workspace, ["nobody"])
