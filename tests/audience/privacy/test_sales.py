"""Figures of money stay when buyers go."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from audience.commerce import OrderFilter, sums_without_people
from audience.models import ORDER_EVENT, AnonymousSale, Contact, Event, PrivacySettings
from audience.services import NewEvent, NewOrder, record_events, record_orders
from audience.services.erasures import erase_contact, forget_quietly, person_of, preview_erasure
from delivery.models import DeliveryState, Hit, HitKind, Nature, Run
from insights import facts
from insights.measures import MEASURES
from insights.recent import Recent
from strategy.measures import Span, span_ending
from tests.factories.audience import ContactFactory
from tests.factories.delivery import DeliveryFactory, RunFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer(workspace: Workspace) -> Contact:
    made: Contact = ContactFactory.create(workspace=workspace)
    return made


def _bought(buyer: Contact, number: str, total: str, at: datetime, now: datetime) -> None:
    order = NewOrder(contact=buyer, external_id=number, placed_at=at, total=Decimal(total))
    record_orders(workspace=buyer.workspace, orders=[order], by=None, now=now)


def _clicked(buyer: Contact, at: datetime) -> Run:
    """A mail whose link the buyer followed."""
    run: Run = RunFactory.create(workspace=buyer.workspace, started_at=at)
    mail = DeliveryFactory.create(run=run, contact=buyer, state=DeliveryState.SENT, decided_at=at)
    Hit.objects.create(
        workspace=buyer.workspace,
        run=run,
        delivery=mail,
        contact=buyer,
        kind=HitKind.CLICK,
        nature=Nature.HUMAN,
        at=at,
        rules_version=1,
        url="https://shop.example/",
    )
    return run


def _figures(workspace: Workspace, run: Run, now: datetime) -> list[object]:
    span = span_ending(now.astimezone(workspace.zone).date(), 30, workspace)
    credited = facts.credited_to(workspace, [run], span.end)
    return [
        facts.revenue(workspace, span),
        facts.mail_revenue(workspace, span),
        facts.revenue_by_run([run]),
        (credited.orders, credited.buyers, credited.revenue),
        Recent(workspace, now).revenue,
    ]


def test_no_sum_of_money_changes_when_a_buyer_is_erased(buyer: Contact, lead: Member, now: datetime) -> None:
    placed = now - timedelta(days=3)
    run = _clicked(buyer, placed - timedelta(hours=1))
    _bought(buyer, "A-1", "40.00", placed, now)
    other = ContactFactory.create(workspace=buyer.workspace)
    _bought(other, "A-2", "15.00", placed, now)
    before = _figures(buyer.workspace, run, now)

    erase_contact(contact=buyer, by=lead, now=now)

    assert before[0] == Decimal(55)
    assert before[1] == Decimal(40)
    assert _figures(buyer.workspace, run, now) == before
    assert not Event.objects.filter(external_id="A-1").exists()


def test_an_order_that_was_only_an_event_stays_in_the_sums_too(buyer: Contact, lead: Member, now: datetime) -> None:
    placed = now - timedelta(days=1)
    run = _clicked(buyer, placed - timedelta(hours=1))
    event = NewEvent(buyer, ORDER_EVENT, placed, Decimal("12.50"), external_id="E-9")
    record_events(workspace=buyer.workspace, events=[event], by=None, now=now)
    before = _figures(buyer.workspace, run, now)
    lines = {line.key: line.count for line in preview_erasure(person_of(buyer))}

    erase_contact(contact=buyer, by=lead, now=now)

    assert lines["sold_events"] == 1
    assert "events" not in lines
    assert before[0] == Decimal("12.50")
    assert _figures(buyer.workspace, run, now) == before


def test_who_goes_by_a_rule_leaves_the_sums_too(buyer: Contact, now: datetime) -> None:
    _bought(buyer, "A-1", "40.00", now - timedelta(days=3), now)

    forget_quietly(contact=buyer, now=now)

    assert facts.revenue(buyer.workspace, Span(now - timedelta(days=30), now)) == Decimal(40)


def test_without_books_nothing_is_kept(buyer: Contact, lead: Member, now: datetime) -> None:
    PrivacySettings.objects.create(workspace=buyer.workspace, keeps_books=False)
    _bought(buyer, "A-1", "40.00", now - timedelta(days=3), now)
    event = NewEvent(buyer, ORDER_EVENT, now - timedelta(days=1), Decimal(9))
    record_events(workspace=buyer.workspace, events=[event], by=None, now=now)

    erase_contact(contact=buyer, by=lead, now=now)

    assert not AnonymousSale.objects.exists()


def test_what_was_sent_back_is_no_revenue(buyer: Contact, lead: Member, now: datetime) -> None:
    AnonymousSale.objects.create(workspace=buyer.workspace, placed_on=now.date(), status="cancelled", total=Decimal(5))
    take = next(measure.take for measure in MEASURES if measure.key == "orders.revenue")

    found = take(buyer.workspace, Span(now - timedelta(days=30), now + timedelta(days=1)))

    assert found is not None
    assert found.value == 0


@pytest.mark.parametrize(
    ("asked", "expected"),
    [({}, 2), ({"status": "paid"}, 1), ({"after": "2026-01-02"}, 1), ({"q": "ann"}, None), ({"product": "x"}, None)],
)
def test_the_list_of_orders_says_what_people_who_are_gone_bought(
    asked: dict[str, str], expected: int | None, lead: Member
) -> None:
    for day, status in (("2026-01-01", "paid"), ("2026-01-03", "cancelled")):
        AnonymousSale.objects.create(workspace=lead.workspace, placed_on=day, status=status, total=Decimal(5))

    sums = sums_without_people(lead, OrderFilter.read(asked))

    assert (sums.orders if sums else None) == expected


def test_a_seller_sees_nothing_of_them(seller: Member) -> None:
    AnonymousSale.objects.create(workspace=seller.workspace, placed_on="2026-01-01", status="paid", total=Decimal(5))

    assert sums_without_people(seller, OrderFilter()) is None
