"""The pages of orders and events: found by what one knows, with what they come to, and for sellers their own."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from audience.models import Contact, Site
from audience.services import NewEvent, NewLine, NewOrder, record_events, record_orders
from tests.factories.audience import ContactFactory
from tests.factories.commerce import ShopOrderFactory, SiteFactory
from workspaces.models import Member

pytestmark = pytest.mark.django_db
Browse = Callable[[Member], Client]


@pytest.fixture
def ann(lead: Member) -> Contact:
    made: Contact = ContactFactory.create(workspace=lead.workspace, first_name="Ann", last_name="Lee")
    return made


def _page(client: Client, name: str, member: Member, query: str = "", **kwargs: Any) -> str:
    address = reverse(f"audience:{name}", kwargs={"workspace": member.workspace.slug, **kwargs})
    return client.get(address + query).content.decode()


def test_orders_are_found_and_summed_up(lead: Member, ann: Contact, browse: Browse) -> None:
    ShopOrderFactory.create(contact=ann, external_id="A-1", total=30)
    ShopOrderFactory.create(contact=ann, external_id="A-2", total=50, status="cancelled")
    ShopOrderFactory.create(contact=ann, external_id="OLD", placed_at=timezone.now() - timedelta(days=100))
    client = browse(lead)

    lately, cancelled, old = (_page(client, "order_list", lead, query) for query in ("", "?status=cancelled", "?q=OLD"))

    assert "2 orders" in lately
    assert "€30" in lately
    assert "OLD" not in lately
    assert "A-2" in cancelled
    assert "A-1" not in cancelled
    assert "OLD" in old


def test_pages_of_orders_are_turned_by_key(lead: Member, ann: Contact, browse: Browse) -> None:
    ShopOrderFactory.create_batch(51, contact=ann)

    first = _page(browse(lead), "order_list", lead)
    older = first.partition("?older=")[2].partition('"')[0]
    second = _page(browse(lead), "order_list", lead, f"?older={older}")

    assert first.count('class="row__title nowrap"') == 50
    assert second.count('class="row__title nowrap"') == 1


def test_an_order_shows_its_lines_and_stands_once_in_the_timeline(lead: Member, ann: Contact, browse: Browse) -> None:
    now = timezone.now()
    new = NewOrder(ann, "O-77", now, lines=[NewLine("Glow serum", Decimal(34), "GS-1")])
    [taken] = record_orders(workspace=lead.workspace, orders=[new], by=lead, now=now)
    client = browse(lead)

    order = _page(client, "order_detail", lead, pk=taken.pk)
    contact = _page(client, "contact_detail", lead, pk=ann.pk)

    assert "Glow serum" in order
    assert "GS-1" in order
    assert "Order O-77: paid" in contact
    assert "Order placed" not in contact


@pytest.mark.parametrize(("total", "shown"), [(None, ""), (Decimal("38.90"), "€4.90"), (Decimal("30.50"), "-€3.50")])
def test_what_a_total_holds_beside_the_products_is_said(
    lead: Member, ann: Contact, browse: Browse, total: Decimal | None, shown: str
) -> None:
    now = timezone.now()
    new = NewOrder(ann, "O-78", now, total=total, lines=[NewLine("Glow serum", Decimal(34), "GS-1")])
    [taken] = record_orders(workspace=lead.workspace, orders=[new], by=lead, now=now)

    order = _page(browse(lead), "order_detail", lead, pk=taken.pk)

    assert ("shipping" in order) is bool(shown)
    assert shown in order


def test_events_show_what_is_known_of_them(lead: Member, ann: Contact, browse: Browse) -> None:
    known = {"product": "Glow serum", "skin_types": ["dry", "oily"], "is_gift": True}
    event = NewEvent(ann, "product_viewed", timezone.now(), properties=known)
    record_events(workspace=lead.workspace, events=[event], by=lead, now=timezone.now())

    page = _page(browse(lead), "event_list", lead, "?name=product_viewed")

    assert "Product viewed" in page
    assert "is gift: Yes · product: Glow serum · skin types: dry, oily" in page


@pytest.mark.parametrize(("name", "nothing_yet"), [("order_list", "No orders yet"), ("event_list", "No events yet")])
def test_a_list_tells_nothing_yet_from_nothing_lately(
    lead: Member, ann: Contact, browse: Browse, name: str, nothing_yet: str
) -> None:
    client = browse(lead)

    before = _page(client, name, lead)
    long_ago = timezone.now() - timedelta(days=100)
    ShopOrderFactory.create(contact=ann, external_id="OLD", placed_at=long_ago)
    ann.events.create(workspace=lead.workspace, name="a_visit", occurred_at=long_ago)
    after = _page(client, name, lead)

    assert nothing_yet in before
    assert nothing_yet not in after
    assert "?after=" in after


@pytest.mark.parametrize("name", ["order_list", "event_list", "site_list"])
def test_the_menu_says_where_one_is(lead: Member, browse: Browse, name: str) -> None:
    address = reverse("audience:order_list", kwargs={"workspace": lead.workspace.slug})

    page = _page(browse(lead), name, lead)

    assert f'<a class="nav__link" href="{address}" aria-current="page">' in page


def test_a_seller_sees_the_orders_of_the_own_people(seller: Member, ann: Contact, browse: Browse) -> None:
    order = ShopOrderFactory.create(contact=ann, external_id="SECRET")
    client = browse(seller)

    address = reverse("audience:order_detail", kwargs={"workspace": seller.workspace.slug, "pk": order.pk})
    assert "SECRET" not in _page(client, "order_list", seller)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("query", ["?contact=9999999999999999999999", "?after=0001-01-01", "?before=9999-12-31",
                                   "?older=x", "?source=x&status=x&product=%00", "?q=%00%00"])  # fmt: skip
def test_nonsense_in_the_address_asks_for_nothing(lead: Member, browse: Browse, query: str) -> None:
    assert "Orders" in _page(browse(lead), "order_list", lead, query)
    assert "Events" in _page(browse(lead), "event_list", lead, query)


def test_a_site_is_made_with_its_snippet(lead: Member, browse: Browse) -> None:
    client = browse(lead)
    address = reverse("audience:site_list", kwargs={"workspace": lead.workspace.slug})

    wrong = client.post(address, {"name": "Shop", "origins": "nonsense://", "is_on": "on"})
    client.post(address, {"name": "Shop", "origins": "https://shop.example", "is_on": "on"})

    site = Site.objects.get()
    assert (wrong.status_code, site.origins) == (422, ["https://shop.example"])
    assert f"data-site=&quot;{site.key}&quot;" in _page(client, "site_detail", lead, pk=site.pk)


def test_the_site_of_another_workspace_is_not_there(lead: Member, outsider: Member, browse: Browse) -> None:
    site = SiteFactory.create(workspace=outsider.workspace)

    address = reverse("audience:site_detail", kwargs={"workspace": lead.workspace.slug, "pk": site.pk})
    assert browse(lead).get(address).status_code == 404


def test_the_list_of_events_leaves_to_orders_what_orders_say(lead: Member, ann: Contact, browse: Browse) -> None:
    ago = timezone.now() - timedelta(days=1)
    bought = NewOrder(contact=ann, external_id="A-1", placed_at=ago, total=Decimal(30))
    record_orders(workspace=lead.workspace, orders=[bought], by=lead, now=timezone.now())
    alone = NewEvent(ann, "order_placed", ago, Decimal(7), external_id="till-1")
    viewed = NewEvent(ann, "product_viewed", ago)
    record_events(workspace=lead.workspace, events=[alone, viewed], by=lead, now=timezone.now())
    client = browse(lead)

    usual, every, named = (
        _page(client, "event_list", lead, query) for query in ("", "?orders=yes", "?name=order_placed")
    )

    assert "2 events · besides orders" in usual
    assert "3 events" in every
    assert "besides orders" not in every
    assert "2 events" in named


def test_the_api_gives_all_events_unless_asked_for_those_besides_orders(
    lead: Member, ann: Contact, api: Callable[..., APIClient]
) -> None:
    bought = NewOrder(contact=ann, external_id="A-1", placed_at=timezone.now() - timedelta(days=1), total=Decimal(30))
    record_orders(workspace=lead.workspace, orders=[bought], by=lead, now=timezone.now())
    client, address = api(lead), reverse("api:event-list")

    every, besides = (client.get(address, query).json()["results"] for query in ({}, {"orders": "no"}))

    assert [event["name"] for event in every] == ["order_placed"]
    assert besides == []
