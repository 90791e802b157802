"""Where browsers report: the same empty answer for everybody, and only what pages of the site say is taken."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audience.models import Contact, Event, Order, Site, SiteDeed, SiteVisitor
from audience.services.sites import person_token
from audience.services.visitors import MOST_OF_VISITOR
from tests.factories.audience import ContactFactory
from tests.factories.commerce import ShopOrderFactory, SiteFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
ORIGIN = "https://shop.example"
EVENT = {"kind": "event", "name": "product_viewed", "id": "e-1"}
ORDER = {"kind": "order", "id": "O-1", "lines": [{"name": "Serum", "price": "34.00"}]}


@pytest.fixture
def site(workspace: Workspace) -> Site:
    made: Site = SiteFactory.create(workspace=workspace)
    return made


@pytest.fixture
def ann(workspace: Workspace) -> Contact:
    made: Contact = ContactFactory.create(workspace=workspace)
    return made


def _post(site: Site, *deeds: Any, origin: str = ORIGIN, kind: str = "text/plain;charset=UTF-8", **more: Any) -> Any:
    body = json.dumps({"v": "visitor-1", "d": deeds, **more})
    return _send(site, body, origin=origin, kind=kind)


def _send(site: Site, body: str | bytes, *, origin: str = ORIGIN, kind: str = "text/plain") -> Any:
    address = reverse("audience:site_report", args=[site.key])
    return Client(enforce_csrf_checks=True).post(address, body, content_type=kind, headers={"Origin": origin})


def test_a_page_of_the_site_reports_and_gets_nothing_back(site: Site, ann: Contact) -> None:
    answer = _post(site, EVENT, ORDER, t=person_token(ann, timezone.now()))

    assert (answer.status_code, answer.content, answer.cookies) == (204, b"", {})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Origin" in answer.headers["Vary"]
    assert ann.events.filter(name="product_viewed").count() == ann.orders.count() == 1


def test_known_and_unknown_people_get_the_same_answer(site: Site, ann: Contact) -> None:
    answers = [_post(site, EVENT, t=token) for token in (person_token(ann, timezone.now()), "nonsense", "")]

    # When an answer expires is the second in which it was given.
    heads = [{name: value for name, value in answer.headers.items() if name != "Expires"} for answer in answers]
    assert heads[0] == heads[1] == heads[2]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 3


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "https://shop.example.evil.example"])
def test_another_page_is_answered_alike_and_not_believed(site: Site, origin: str) -> None:
    answer = _post(site, EVENT, origin=origin)

    assert (answer.status_code, answer.content) == (204, b"")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert not SiteVisitor.objects.exists()


def test_an_unknown_key_and_a_site_that_is_off_are_answered_alike(site: Site) -> None:
    Site.objects.update(is_on=False)
    unknown = Client().post(reverse("audience:site_report", args=["nobody"]), "{}", content_type="text/plain")

    assert (_post(site, EVENT).status_code, unknown.status_code) == (204, 204)
    assert not SiteVisitor.objects.exists()


def test_a_preflight_is_answered_for_the_site_alone(site: Site) -> None:
    address = reverse("audience:site_report", args=[site.key])

    ours = Client().options(address, headers={"Origin": ORIGIN})
    theirs = Client().options(address, headers={"Origin": "https://evil.example"})

    assert (ours.status_code, ours.headers["Access-Control-Allow-Methods"]) == (204, "POST")
    assert (theirs.status_code, "Access-Control-Allow-Origin" in theirs.headers) == (204, False)
    assert not SiteVisitor.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"nonsense", b"[]", b"null", b"{}", b'{"v": 1}', b'{"v": "x"}', b'{"v": "../../etc/passwd"}', b"\xff\xfe",
        b'{"v": "visitor-1", "d": {}}', b"[" * 20_000, b'{"v": "visitor-1", "d": "' + b"x" * 40_000 + b'"}',
        json.dumps({"v": "visitor-1", "d": [EVENT] * 21}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_report_is_passed_over(site: Site, body: bytes) -> None:
    assert _send(site, body).status_code == 204
    assert not SiteVisitor.objects.exists()


@pytest.mark.parametrize(
    "deed",
    [
        None, 1, [], {}, {"kind": "consent"}, {"kind": []}, {"kind": "event"}, {"kind": "event", "name": "two words"},
        {**EVENT, "properties": "x"}, {**EVENT, "id": "\0"}, {**EVENT, "properties": {"a": "\0"}},
        {"kind": "order", "id": ""}, {**ORDER, "total": "NaN"}, {**ORDER, "status": "returned"},
        {**ORDER, "lines": [{"name": "x"}]}, {**ORDER, "lines": [{"name": "x", "price": "1"}] * 101},
    ],
)  # fmt: skip
def test_a_deed_that_is_not_sound_is_passed_over_and_the_others_are_taken(site: Site, deed: Any) -> None:
    assert _post(site, deed, EVENT).status_code == 204
    assert SiteDeed.objects.get().content["name"] == "product_viewed"


def test_page_views_count_only_where_a_member_chose_so(site: Site) -> None:
    seen = {"kind": "event", "name": "page_viewed"}
    _post(site, seen)
    before = SiteDeed.objects.count()

    Site.objects.update(counts_pages=True)
    _post(site, seen)

    assert (before, SiteDeed.objects.count()) == (0, 1)


def test_a_page_cannot_change_an_order_that_the_shop_reported(site: Site, ann: Contact) -> None:
    ShopOrderFactory.create(contact=ann, external_id="O-1", total=50)

    _post(site, ORDER, t=person_token(ann, timezone.now()))

    assert Order.objects.get().total == 50
    assert not Event.objects.exists()


def test_one_browser_reports_so_often_a_minute_and_no_more(site: Site) -> None:
    for number in range(MOST_OF_VISITOR + 5):
        _post(site, {**EVENT, "id": f"e-{number}"})

    assert SiteDeed.objects.count() == MOST_OF_VISITOR


def test_a_large_report_is_not_read(site: Site) -> None:
    body = json.dumps({"v": "visitor-1", "d": [{**EVENT, "properties": {"x": "y" * 40_000}}]})

    assert _send(site, body).status_code == 204
    assert not SiteVisitor.objects.exists()
