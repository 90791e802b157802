"""Sends leave out who does not want this, or not now, or not so often; asked for the list and again before SMTP."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from audience.models import Consent, Contact, Frequency, Topic, TopicConsent
from audience.services import ConsentBasis, set_tracking
from delivery import ledger, planning
from delivery.links import preferences_url, unsubscribe_url
from delivery.models import Delivery, DeliveryState, Hit, HitKind, Reason, Run, RunState
from delivery.reactions import Visit, record_hit
from delivery.wishes import SPACES
from tests.delivery.conftest import Clock
from tests.delivery.hands import Hands
from tests.factories.audience import ContactFactory, TopicFactory
from tests.factories.delivery import DeliveryFactory, RunFactory, run_to
from workspaces.models import Workspace

Wish = Callable[[Contact, Run, datetime], None]
pytestmark = pytest.mark.django_db


def _pause(contact: Contact, _run: Run, now: datetime) -> None:
    Contact.objects.filter(pk=contact.pk).update(paused_until=(now + timedelta(days=2)).date())


def _decline(contact: Contact, run: Run, now: datetime) -> None:
    topic = run.campaign.topic or TopicFactory.create(workspace=run.workspace)
    run.campaign.topic = topic
    run.campaign.save(update_fields=["topic"])
    said = {"contact": contact, "consent": Consent.WITHDRAWN, "at": now}
    TopicConsent.objects.create(workspace=run.workspace, topic=topic, **said)


def _rarely(frequency: Frequency, ago: timedelta) -> Wish:
    def wish(contact: Contact, run: Run, now: datetime) -> None:
        Contact.objects.filter(pk=contact.pk).update(frequency=frequency)
        other = RunFactory.create(workspace=run.workspace, state=RunState.DONE)
        DeliveryFactory.create(run=other, contact=contact, state=DeliveryState.SENT, decided_at=now - ago)

    return wish


REASONS = [
    pytest.param(_pause, Reason.PAUSED, id="paused"),
    pytest.param(_decline, Reason.TOPIC_DECLINED, id="declined"),
    pytest.param(_rarely(Frequency.WEEKLY, timedelta(days=6)), Reason.TOO_OFTEN, id="weekly"),
    pytest.param(_rarely(Frequency.MONTHLY, timedelta(days=27)), Reason.TOO_OFTEN, id="monthly"),
    pytest.param(_rarely(Frequency.WEEKLY, SPACES[Frequency.WEEKLY]), "", id="a-week-later"),
    pytest.param(_rarely(Frequency.ALWAYS, timedelta(hours=1)), "", id="whenever"),
]


@pytest.mark.parametrize(("wish", "reason"), REASONS)
def test_the_list_leaves_out_who_does_not_want_it(workspace: Workspace, now: datetime, wish: Wish, reason: str) -> None:
    run = RunFactory.create(workspace=workspace, state=RunState.PLANNING, started_at=now)
    contact, other = ContactFactory.create_batch(2, workspace=workspace)
    wish(contact, run, now)

    planning.plan_run(run.pk, now)

    assert run.deliveries.get(contact=contact).reason == reason
    assert run.deliveries.get(contact=other).state == DeliveryState.QUEUED


@pytest.mark.parametrize(("wish", "reason"), REASONS)
def test_the_last_look_finds_who_changed_the_mind_meanwhile(
    workspace: Workspace, clock: Clock, wish: Wish, reason: str
) -> None:
    run, rows = run_to(workspace, 2)
    assert rows[0].contact is not None
    wish(rows[0].contact, run, clock())

    with ledger.open_lane(run, clock) as lane:
        taken = Hands(run, lane).take(2, clock())

    assert [row.unwilling for row in taken] == [reason, ""]


def test_another_topic_is_no_reason(workspace: Workspace, clock: Clock) -> None:
    run, rows = run_to(workspace, 1)
    other: Topic = TopicFactory.create(workspace=workspace)
    said = {"contact": rows[0].contact, "consent": Consent.WITHDRAWN, "at": clock()}
    TopicConsent.objects.create(workspace=workspace, topic=other, **said)

    with ledger.open_lane(run, clock) as lane:
        taken = Hands(run, lane).take(1, clock())

    assert [row.unwilling for row in taken] == [""]


def test_the_link_of_a_mail_opens_the_readers_page_and_leaving_there_counts_for_the_mail(
    client: Client, workspace: Workspace
) -> None:
    delivery = DeliveryFactory.create(
        run=RunFactory.create(workspace=workspace),
        contact=ContactFactory.create(workspace=workspace),
        state=DeliveryState.SENT,
    )

    room = client.get(preferences_url(delivery.pk)).headers["Location"]
    client.get(room)
    assert not Hit.objects.exists()
    client.post(room, {"do": "leave"})

    assert Hit.objects.get().kind == HitKind.UNSUBSCRIBE
    assert not Contact.objects.reachable().exists()


def test_the_page_to_unsubscribe_offers_the_choice(client: Client, workspace: Workspace) -> None:
    delivery: Delivery = DeliveryFactory.create(
        run=RunFactory.create(workspace=workspace), contact=ContactFactory.create(workspace=workspace)
    )

    answer = client.get(unsubscribe_url(delivery.pk))

    assert reverse("audience:preferences", args=["x"])[:-1] in answer.content.decode()


def test_of_who_does_not_want_to_be_followed_nothing_is_kept(workspace: Workspace, now: datetime) -> None:
    contact = ContactFactory.create(workspace=workspace)
    delivery = DeliveryFactory.create(
        run=RunFactory.create(workspace=workspace), contact=contact, state=DeliveryState.SENT, decided_at=now
    )
    basis = ConsentBasis("preference page", "Follow me")
    set_tracking(contact=contact, consent=Consent.WITHDRAWN, basis=basis, by=None, now=now)

    visit = Visit("GET", "Mozilla/5.0", "192.0.2.7")
    kept = record_hit(delivery_id=delivery.pk, kind=HitKind.OPEN, visit=visit, now=now + timedelta(hours=1))

    assert kept is None
    assert not Hit.objects.exists()
