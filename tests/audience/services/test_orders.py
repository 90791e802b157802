"""Orders: kept once by the shop's own number, brought up to date, and counted as money when they earn."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from audience.models import ORDER_EVENT, Contact, ContactProfile, Event, Lifecycle, Order, OrderStatus, Source
from audience.services import Became, NewLine, NewOrder, Taken, Whose, record_orders
from tests.factories.audience import ContactFactory
from tests.together import together
from workspaces.models import AuditEntry, Member, Workspace

pytestmark = pytest.mark.django_db
SERUM = NewLine("Glow serum", Decimal("34.00"), "GS-1", "Face", Decimal(2))
SOAP = NewLine("Moss soap", Decimal("8.50"))


@pytest.fixture
def ann(workspace: Workspace) -> Contact:
    made: Contact = ContactFactory.create(workspace=workspace, email="ann@example.org", external_id="A-1")
    return made


def _order(contact: Contact | Whose, now: datetime, **changes: Any) -> NewOrder:
    given: dict[str, Any] = {"external_id": "O-1", "placed_at": now, "lines": [SERUM, SOAP], **changes}
    return NewOrder(contact, **given)


def _record(workspace: Workspace, now: datetime, *orders: NewOrder, **changes: Any) -> list[Taken]:
    return record_orders(workspace=workspace, orders=orders, **{"by": None, "now": now, **changes})


def test_an_order_is_kept_with_its_lines_and_makes_a_customer(
    workspace: Workspace, ann: Contact, lead: Member, now: datetime
) -> None:
    [result] = _record(workspace, now, _order(Whose("ANN@example.org"), now), by=lead)

    order, profile = Order.objects.get(), ContactProfile.objects.get(contact=ann)
    assert (result.became, result.pk) == (Became.CREATED, order.pk)
    assert (order.contact, order.status, order.total, order.source) == (ann, "paid", Decimal("76.50"), Source.API)
    assert list(order.lines.order_by("pk").values_list("sku", "name", "category", "quantity", "price")) == [
        ("GS-1", "Glow serum", "Face", Decimal(2), Decimal(34)),
        ("", "Moss soap", "", Decimal(1), Decimal("8.50")),
    ]
    assert (profile.order_count, profile.order_sum, profile.lifecycle) == (1, Decimal("76.50"), Lifecycle.CUSTOMER)
    assert AuditEntry.objects.get(action="orders.recorded").detail == {"received": 1, "added": 1, "changed": 0}


def test_the_same_order_again_is_a_duplicate_and_a_later_state_brings_it_up_to_date(
    workspace: Workspace, ann: Contact, now: datetime
) -> None:
    first = _order(ann, now)
    _record(workspace, now, first)

    [again] = _record(workspace, now, first)
    [changed] = _record(workspace, now, _order(ann, now, status=OrderStatus.RETURNED, lines=[SOAP]))

    order = Order.objects.get()
    assert (again.became, again.pk, changed.became) == (Became.DUPLICATE, order.pk, Became.UPDATED)
    assert (order.status, order.total, order.lines.get().name) == ("returned", Decimal("8.50"), "Moss soap")
    assert ContactProfile.objects.get(contact=ann).order_count == 0


def test_lines_that_are_not_told_stay(workspace: Workspace, ann: Contact, now: datetime) -> None:
    _record(workspace, now, _order(ann, now))

    _record(workspace, now, _order(ann, now, lines=None, total=Decimal(70), status=OrderStatus.SENT))

    order = Order.objects.get()
    assert (order.status, order.total, order.lines.count()) == ("sent", Decimal(70), 2)


def test_an_order_that_moves_to_another_person_leaves_the_first(
    workspace: Workspace, ann: Contact, now: datetime
) -> None:
    bob = ContactFactory.create(workspace=workspace)
    _record(workspace, now, _order(ann, now))

    _record(workspace, now, _order(bob, now))

    counts = dict(ContactProfile.objects.values_list("contact", "order_count"))
    assert counts == {ann.pk: 0, bob.pk: 1}
    assert Event.objects.get(name=ORDER_EVENT).contact == bob


def test_revenue_follows_what_becomes_of_an_order(workspace: Workspace, ann: Contact, now: datetime) -> None:
    def revenue() -> list[Decimal | None]:
        return list(Event.objects.filter(name=ORDER_EVENT, external_id="O-1").values_list("value", flat=True))

    seen = []
    for status in (OrderStatus.OPEN, OrderStatus.PAID, OrderStatus.SENT, OrderStatus.CANCELLED):
        _record(workspace, now, _order(ann, now, status=status))
        seen.append(revenue())

    assert seen == [[], [Decimal("76.50")], [Decimal("76.50")], []]


def test_of_an_order_that_stands_twice_in_a_batch_the_last_counts(
    workspace: Workspace, ann: Contact, now: datetime
) -> None:
    first, last = _record(
        workspace, now, _order(ann, now, status=OrderStatus.OPEN), _order(ann, now, status=OrderStatus.PAID)
    )

    assert (first.became, last.became) == (Became.DUPLICATE, Became.CREATED)
    assert Order.objects.get().status == OrderStatus.PAID


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"external_id": " "}, "needs its number"),
        ({"external_id": "x" * 101}, "needs its number"),
        ({"placed_at": timedelta(seconds=1)}, "future"),
        ({"status": "shipped"}, "“shipped” is no status"),
        ({"currency": "USD"}, "in USD, but sums here are in EUR. Convert"),
        ({"total": Decimal("-1")}, "less than nothing"),
        ({"total": Decimal("1.001")}, "parts of a cent"),
        ({"total": Decimal("Infinity")}, "no sum"),
        ({"total": Decimal("1e30")}, "no sum"),
        ({"lines": []}, "Send the total"),
        ({"lines": [NewLine("", Decimal(1))]}, "names no product"),
        ({"lines": [NewLine("x" * 201, Decimal(1))]}, "too long"),
        ({"lines": [NewLine("A", Decimal(1), quantity=Decimal(0))]}, "no number of pieces"),
        ({"lines": [NewLine("A", Decimal(1), quantity=Decimal("NaN"))]}, "no number of pieces"),
        ({"lines": [NewLine("A", Decimal("0.001"))]}, "parts of a cent"),
        ({"lines": [SOAP] * 501}, "at most 500 lines"),
    ],
)
def test_an_unsound_order_is_refused_with_the_reason_and_the_others_are_taken(
    workspace: Workspace, ann: Contact, now: datetime, changes: dict[str, Any], words: str
) -> None:
    if isinstance(changes.get("placed_at"), timedelta):
        changes = {"placed_at": now + changes["placed_at"]}

    bad, good = _record(workspace, now, _order(ann, now, **changes), _order(ann, now, external_id="O-2"))

    assert (bad.became, good.became) == (Became.REFUSED, Became.CREATED)
    assert words in bad.reason
    assert Order.objects.get().external_id == "O-2"


def test_the_same_number_elsewhere_is_another_order(
    workspace: Workspace, ann: Contact, outsider: Member, now: datetime
) -> None:
    theirs = ContactFactory.create(workspace=outsider.workspace, email="ann@example.org")

    ours = _record(workspace, now, _order(Whose("ann@example.org"), now))
    others = _record(outsider.workspace, now, _order(Whose("ann@example.org"), now))
    [stolen] = _record(workspace, now, _order(theirs, now, external_id="O-3"))

    assert [result.became for result in (*ours, *others, stolen)] == ["created", "created", "refused"]
    assert (ann.orders.count(), theirs.orders.count()) == (1, 1)


def test_a_web_site_never_overwrites_what_is_known_from_elsewhere(
    workspace: Workspace, ann: Contact, now: datetime
) -> None:
    _record(workspace, now, _order(ann, now))

    [result] = _record(workspace, now, _order(ann, now, total=Decimal(1), lines=None), source=Source.SITE)

    assert result.became == Became.REFUSED
    assert "another source" in result.reason
    assert Order.objects.get().total == Event.objects.get().value == Decimal("76.50")


def test_a_web_site_changes_its_own_word_of_the_same_person_alone(
    workspace: Workspace, ann: Contact, now: datetime
) -> None:
    bob = ContactFactory.create(workspace=workspace)
    _record(workspace, now, _order(ann, now), source=Source.SITE)

    [own] = _record(workspace, now, _order(ann, now, lines=[SOAP]), source=Source.SITE)
    [others] = _record(workspace, now, _order(bob, now), source=Source.SITE)
    [trusted] = _record(workspace, now, _order(ann, now, lines=[SOAP]))

    assert [own.became, others.became, trusted.became] == ["updated", "refused", "updated"]
    assert Order.objects.get().source == Source.API


@pytest.mark.django_db(transaction=True)
def test_a_batch_sent_twice_at_once_is_kept_once(workspace: Workspace, now: datetime) -> None:
    person = ContactFactory.create(workspace=workspace)
    orders = [_order(person, now, external_id=f"O-{number}") for number in range(50)]

    results = together(
        lambda: _record(workspace, now, *orders),
        lambda: _record(workspace, now, *orders[::-1]),
    )

    assert not [result for result in results if isinstance(result, Exception)]
    assert Order.objects.count() == Event.objects.filter(name=ORDER_EVENT).count() == 50
    assert {order.lines.count() for order in Order.objects.all()} == {2}
    assert ContactProfile.objects.get(contact=person).order_count == 50


def test_a_thousand_orders_take_a_handful_of_statements(
    workspace: Workspace, now: datetime, django_assert_max_num_queries: Any
) -> None:
    people = ContactFactory.create_batch(20, workspace=workspace)
    orders = [_order(Whose(people[n % 20].email), now, external_id=f"O-{n}") for n in range(1000)]

    with django_assert_max_num_queries(22):
        results = _record(workspace, now, *orders)
    with django_assert_max_num_queries(22):
        changed = _record(
            workspace, now, *(_order(o.contact, now, external_id=o.external_id, lines=[SOAP]) for o in orders)
        )

    assert {result.became for result in results} == {Became.CREATED}
    assert {result.became for result in changed} == {Became.UPDATED}
