"""What is kept of a reaction, what it proves, and the one reaction that changes something."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from audience.models import Consent, Suppression
from delivery.humanity import BURST_WINDOW, VERSION
from delivery.models import Delivery, DeliveryState, Hit, HitKind, Nature
from delivery.reactions import Reaction, Visit, network_of, record_hit, record_hits, unsubscribe
from tests.factories.delivery import BROWSER, DeliveryFactory, HitFactory
from workspaces.models import Workspace

PERSON = Visit("GET", BROWSER, "203.0.113.77")
SCANNER = Visit("HEAD", "curl/8", "203.0.113.77")
LATER = timedelta(minutes=30)


@pytest.fixture
def row(workspace: Workspace) -> Delivery:
    made: Delivery = DeliveryFactory.create(run__workspace=workspace, state=DeliveryState.SENT)
    return made


def test_a_reaction_is_kept_as_it_came_beside_the_verdict(row: Delivery, now: datetime) -> None:
    hit = record_hit(delivery_id=row.pk, kind=HitKind.CLICK, visit=PERSON, now=now, url="https://shop.example/")

    assert hit is not None
    hit.refresh_from_db()
    assert (hit.run_id, hit.contact_id, hit.kind, hit.url) == (
        row.run_id, row.contact_id, "click", "https://shop.example/",
    )  # fmt: skip
    assert (hit.nature, hit.signals, hit.rules_version, hit.user_agent) == (Nature.HUMAN, [], VERSION, BROWSER)
    assert hit.network == "203.0.113.0/24", "the address itself is not kept"


def test_a_machines_reaction_is_kept_too(row: Delivery, now: datetime) -> None:
    record_hit(delivery_id=row.pk, kind=HitKind.CLICK, visit=SCANNER, now=now, url="https://shop.example/")

    hit = Hit.objects.get()
    assert (hit.nature, hit.signals) == (Nature.MACHINE, ["head", "robot"])


def test_a_reaction_to_a_message_that_is_gone_is_no_error(db: None, now: datetime) -> None:
    assert record_hit(delivery_id=999_999, kind=HitKind.OPEN, visit=PERSON, now=now) is None


def test_a_zero_byte_in_a_header_is_dropped(row: Delivery, now: datetime) -> None:
    record_hit(delivery_id=row.pk, kind=HitKind.OPEN, visit=Visit("GET", "Evil\0Agent", ""), now=now)

    assert Hit.objects.get().user_agent == "EvilAgent"


def test_whoever_comes_while_the_message_is_being_handed_over_is_a_machine(workspace: Workspace, now: datetime) -> None:
    row = DeliveryFactory.create(run__workspace=workspace, state=DeliveryState.SENDING)

    hit = record_hit(delivery_id=row.pk, kind=HitKind.CLICK, visit=PERSON, now=now, url="https://shop.example/")

    assert hit is not None
    assert hit.signals == ["too_soon"]


def test_a_burst_unmasks_the_clicks_before_it(row: Delivery, now: datetime) -> None:
    for number in range(4):
        record_hit(
            delivery_id=row.pk,
            kind=HitKind.CLICK,
            visit=PERSON,
            now=now + timedelta(milliseconds=100 * number),
            url=f"https://shop.example/{number}",
        )

    assert set(Hit.objects.values_list("nature", flat=True)) == {Nature.MACHINE}
    assert all(hit.signals == ["burst"] for hit in Hit.objects.all())


@pytest.mark.parametrize("order", [[3, 2, 1, 0], [1, 3, 0, 2], [0, 1, 2, 3, 0], [3, 0, 1, 2, 1, 0]])
def test_a_burst_is_one_in_whatever_order_and_how_often_one_hears_of_it(
    row: Delivery, now: datetime, order: list[int]
) -> None:
    for number in order:
        moment = now + timedelta(milliseconds=100 * number)
        url = f"https://shop.example/{number}"
        record_hit(delivery_id=row.pk, kind=HitKind.CLICK, visit=PERSON, now=moment, url=url)

    assert set(Hit.objects.values_list("nature", flat=True)) == {Nature.MACHINE}


def test_a_reader_who_follows_links_at_leisure_stays_a_person(row: Delivery, now: datetime) -> None:
    for number in range(6):
        record_hit(
            delivery_id=row.pk,
            kind=HitKind.CLICK,
            visit=PERSON,
            now=now + BURST_WINDOW * number,
            url=f"https://shop.example/{number}",
        )

    assert set(Hit.objects.values_list("nature", flat=True)) == {Nature.HUMAN}


def test_clicking_the_same_link_again_and_again_is_impatience_and_no_scan(row: Delivery, now: datetime) -> None:
    for number in range(6):
        moment = now + timedelta(milliseconds=50 * number)
        record_hit(delivery_id=row.pk, kind=HitKind.CLICK, visit=PERSON, now=moment, url="https://shop.example/")

    assert set(Hit.objects.values_list("nature", flat=True)) == {Nature.HUMAN}


@pytest.mark.parametrize("doubtful", [DeliveryState.UNKNOWN, DeliveryState.DEFERRED])
def test_a_persons_reaction_proves_that_the_message_arrived(
    workspace: Workspace, now: datetime, doubtful: DeliveryState
) -> None:
    row = DeliveryFactory.create(run__workspace=workspace, state=doubtful)

    record_hit(delivery_id=row.pk, kind=HitKind.OPEN, visit=PERSON, now=now)

    before = row.decided_at
    row.refresh_from_db()
    assert (row.state, row.reason, row.next_attempt_at) == (DeliveryState.SENT, "", None)
    assert row.decided_at == (before or now)


def test_a_machines_reaction_proves_nothing(workspace: Workspace, now: datetime) -> None:
    row = DeliveryFactory.create(run__workspace=workspace, state=DeliveryState.UNKNOWN)

    record_hit(delivery_id=row.pk, kind=HitKind.CLICK, visit=SCANNER, now=now, url="https://shop.example/")

    row.refresh_from_db()
    assert row.state == DeliveryState.UNKNOWN


CLICKS = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(0, 5), st.sampled_from([PERSON, SCANNER])), min_size=1, max_size=12
)


@pytest.mark.django_db
@examples(max_examples=30, deadline=None)
@given(clicks=CLICKS)
def test_many_at_once_are_judged_as_one_by_one(clicks: list[tuple[int, int, Visit]]) -> None:
    alone, together = DeliveryFactory.create_batch(2, state=DeliveryState.SENT)
    start = alone.decided_at + LATER
    story = [
        (start + timedelta(milliseconds=when), f"https://shop.example/{link}", visit)
        for when, link, visit in sorted(clicks, key=lambda click: click[0])
    ]

    for at, url, visit in story:
        record_hit(delivery_id=alone.pk, kind=HitKind.CLICK, visit=visit, now=at, url=url)
    kept = record_hits(Reaction(together.pk, HitKind.CLICK, visit, at, url) for at, url, visit in story)

    def verdicts(row: Delivery) -> list[tuple[str, list[str]]]:
        return list(Hit.objects.filter(delivery=row).order_by("at", "pk").values_list("nature", "signals"))

    assert kept == len(story)
    assert verdicts(together) == verdicts(alone)


def test_a_thousand_reactions_take_few_statements(
    workspace: Workspace, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    row = DeliveryFactory.create(run__workspace=workspace, state=DeliveryState.SENT)
    many = [
        Reaction(row.pk, HitKind.CLICK, PERSON, now + timedelta(minutes=number), "https://shop.example/")
        for number in range(1000)
    ]

    with django_assert_max_num_queries(13):
        assert record_hits(many) == 1000


def test_unsubscribing_is_recorded_once_and_holds_at_once(row: Delivery, now: datetime) -> None:
    for _time in range(3):
        visit = Visit("POST", "Mailbox", "192.0.2.7")
        unsubscribe(delivery_id=row.pk, visit=visit, source="one-click unsubscribe", now=now)

    assert row.contact is not None
    row.contact.refresh_from_db()
    assert row.contact.consent == Consent.WITHDRAWN
    assert Suppression.objects.for_workspace(row.workspace).of(row.address).exists()
    assert Hit.objects.filter(kind=HitKind.UNSUBSCRIBE, nature=Nature.HUMAN).count() == 1
    (entry,) = row.contact.consent_log.all()
    evidence = {"run": row.run_id, "delivery": row.pk, "ip": "192.0.2.7", "user_agent": "Mailbox"}
    assert (entry.source, entry.evidence) == ("one-click unsubscribe", evidence)


def test_unsubscribing_from_two_mails_says_it_once(workspace: Workspace, row: Delivery, now: datetime) -> None:
    second = DeliveryFactory.create(run__workspace=workspace, contact=row.contact, state=DeliveryState.SENT)

    for each in (row, second):
        unsubscribe(delivery_id=each.pk, visit=PERSON, source="unsubscribe page", now=now)

    assert row.contact is not None
    assert row.contact.consent_log.count() == 1
    assert Hit.objects.filter(kind=HitKind.UNSUBSCRIBE).count() == 2, "each mail is told what it did"


def test_unsubscribing_from_a_mail_to_somebody_removed_is_no_error(row: Delivery, now: datetime) -> None:
    assert row.contact is not None
    row.contact.delete()

    unsubscribe(delivery_id=row.pk, visit=PERSON, source="unsubscribe page", now=now)
    unsubscribe(delivery_id=999_999, visit=PERSON, source="unsubscribe page", now=now)

    assert not Hit.objects.exists()


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_only_the_network_is_kept(ip: str, network: str) -> None:
    assert network_of(ip) == network


def test_hits_stay_when_the_contact_goes(workspace: Workspace) -> None:
    hit = HitFactory.create(delivery__run__workspace=workspace)

    hit.contact.delete()

    hit.refresh_from_db()
    assert hit.contact is None
