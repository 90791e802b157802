"""Orders and events by the API: each item gets its answer, and a seller sees those of the own people."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from audience.models import Event, Order
from tests.factories.audience import ContactFactory
from tests.factories.commerce import OrderLineFactory, ShopOrderFactory
from workspaces.models import Member

pytestmark = pytest.mark.django_db
ORDER = {"email": "ann@example.org", "external_id": "O-1", "placed_at": "2026-05-18T09:30:00Z", "total": "9.00"}
EVENT = {"contact_id": "A-1", "name": "visited", "occurred_at": "2026-05-18T09:30:00Z", "external_id": "v-1"}
Api = Callable[[Member], APIClient]


@pytest.fixture(autouse=True)
def ann(lead: Member) -> None:
    ContactFactory.create(workspace=lead.workspace, email="ann@example.org", external_id="A-1")


def test_each_item_of_a_batch_gets_its_answer(lead: Member, api: Api) -> None:
    items: list[Any] = [
        ORDER, {**ORDER, "external_id": "O-2", "currency": "USD"}, "nonsense",
        {**ORDER, "external_id": "O-3", "lines": [{}]},
        {**ORDER, "external_id": "O-4", "total": None, "lines": [{"name": "Soap", "price": "8.50", "quantity": 2}]},
    ]  # fmt: skip

    first = api(lead).post("/api/v1/orders/", {"orders": items}, format="json").json()
    again = api(lead).post("/api/v1/orders/", {"orders": [ORDER, {**ORDER, "status": "sent"}]}, format="json").json()

    assert [first[name] for name in ("received", "created", "updated", "duplicate", "refused")] == [5, 2, 0, 0, 3]
    assert [result["became"] for result in first["results"]] == ["created", "refused", "refused", "refused", "created"]
    assert "in USD" in first["results"][1]["reason"]
    assert first["results"][3]["reason"].startswith("lines.")
    assert [result["became"] for result in again["results"]] == ["duplicate", "updated"]
    assert str(Order.objects.get(external_id="O-4").total) == "17.00"


def test_one_alone_is_taken_or_refused_as_any_other_write(lead: Member, api: Api) -> None:
    taken = api(lead).post("/api/v1/events/", EVENT, format="json")
    refused = api(lead).post("/api/v1/events/", {**EVENT, "contact_id": "X-1"}, format="json")

    assert (taken.status_code, taken.json()["created"]) == (200, 1)
    assert (refused.status_code, refused.json()["code"]) == (400, "event_refused")
    assert "X-1" in refused.json()["message"]


@pytest.mark.parametrize(
    "body", [[], {"events": {}}, {"events": [EVENT] * 1001}, {"events": [], "adds_people": "maybe"}]
)
def test_what_is_no_batch_is_refused(lead: Member, api: Api, body: Any) -> None:
    assert api(lead).post("/api/v1/events/", body, format="json").status_code == 400
    assert not Event.objects.exists()


def test_lists_are_narrowed_and_hold_the_lines(lead: Member, api: Api) -> None:
    contact = ContactFactory.create(workspace=lead.workspace, email="bob@example.org")
    order = ShopOrderFactory.create(contact=contact, external_id="B-1", status="cancelled")
    OrderLineFactory.create(order=order, name="Moss soap")
    ShopOrderFactory.create(contact=contact, external_id="B-2")
    asked = ["status=cancelled", "external_id=B-1", "product=moss", "q=B-1", "after=2999-01-01", "contact=0"]

    found = [
        [row["external_id"] for row in api(lead).get(f"/api/v1/orders/?{words}").json()["results"]] for words in asked
    ]

    assert found == [["B-1"], ["B-1"], ["B-1"], ["B-1"], [], []]
    assert api(lead).get(f"/api/v1/orders/{order.pk}/").json()["lines"][0]["name"] == "Moss soap"


def test_a_seller_sees_what_the_own_people_did(seller: Member, lead: Member, outsider: Member, api: Api) -> None:
    mine = ContactFactory.create(workspace=lead.workspace, seller=seller)
    own = ShopOrderFactory.create(contact=mine)
    ShopOrderFactory.create(contact=ContactFactory.create(workspace=lead.workspace))
    theirs = ShopOrderFactory.create(contact=ContactFactory.create(workspace=outsider.workspace))

    seen = [[row["id"] for row in api(member).get("/api/v1/orders/").json()["results"]] for member in (seller, lead)]

    assert seen[0] == [own.pk]
    assert len(seen[1]) == 2
    assert api(lead).get(f"/api/v1/orders/{theirs.pk}/").status_code == 404
