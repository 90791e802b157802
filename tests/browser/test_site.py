"""The script on a shop's own site, on another origin than ours: nothing before the reader agrees, then who it is."""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Request

from audience.models import Contact, Event, Order, Site, SiteDeed, SiteVisitor
from audience.services.sites import person_token
from tests.factories.audience import ContactFactory
from tests.factories.commerce import SiteFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOP = """<!doctype html><html lang="en"><head><title>Shop</title>
<script>window.emailops=window.emailops||function(){(emailops.q=emailops.q||[]).push(arguments)}</script>
<script src="{base}/static/js/site.js" data-site="{key}" data-pages async></script>
</head><body><h1>Shop</h1>
<form method="post" action="{base}/f/nowhere"><button>Sign up</button></form></body></html>"""


@pytest.fixture(autouse=True, scope="module")
def _tables_beside_the_browser() -> Iterator[None]:
    """Playwright keeps a loop in this thread, in which Django would refuse to ask the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def shop(tmp_path: Path, live_server: Any) -> Iterator[tuple[str, Site]]:
    """A shop at an origin of its own, whose pages hold our snippet."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    origin = f"http://127.0.0.1:{server.server_port}"
    site: Site = SiteFactory.create(origins=[origin], counts_pages=True)
    (tmp_path / "index.html").write_text(SHOP.replace("{base}", live_server.url).replace("{key}", site.key))
    Thread(target=server.serve_forever, daemon=True).start()
    yield origin, site
    server.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield opened
    context.close()
    assert [said for said in complaints if "favicon" not in said and "404" not in said] == []


def _is_report(request: Request) -> bool:
    return "/s/" in request.url and request.method == "POST"


def _kept(page: Page) -> list[str]:
    return list(page.evaluate("[document.cookie, localStorage.getItem('emailops') || '']"))


def _say(page: Page, words: str) -> None:
    """Say something to the script, and wait until it was told to us."""
    with page.expect_response(lambda answer: _is_report(answer.request) and answer.status == 204):
        page.evaluate(words)


def test_before_the_reader_agrees_nothing_is_kept_or_sent(page: Page, shop: tuple[str, Site]) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if _is_report(request) else None)

    page.goto(shop[0])
    page.wait_for_function("'visitor' in emailops")
    page.evaluate("emailops('event', 'product_viewed', {product: 'Serum'}); emailops('identify', 'x')")
    page.wait_for_timeout(800)
    page.goto(shop[0])

    assert (sent, _kept(page)) == ([], ["", ""])
    assert not SiteVisitor.objects.exists()


def test_who_comes_from_a_mail_is_known_after_agreeing_with_what_was_done_before(
    page: Page, shop: tuple[str, Site]
) -> None:
    origin, site = shop
    ann: Contact = ContactFactory.create(workspace=site.workspace)
    page.goto(origin)
    page.wait_for_function("'visitor' in emailops")
    _say(page, "emailops('consent', true); emailops('event', 'product_viewed', {product: 'Serum'})")
    waiting = sorted(SiteDeed.objects.values_list("content__name", flat=True))

    with page.expect_response(lambda answer: _is_report(answer.request)):
        page.goto(f"{origin}/?a=b&eo_person={person_token(ann, timezone.now())}")
    address = page.url
    _say(page, "emailops('order', {id: 'O-1', currency: 'EUR', lines: [{name: 'Serum', price: '34.00'}]})")

    assert waiting == ["page_viewed", "product_viewed"]
    assert address == f"{origin}/?a=b"
    assert Event.objects.filter(contact=ann, name="product_viewed").get().properties == {"product": "Serum"}
    assert Order.objects.get(contact=ann).total == Decimal(34)
    assert not SiteDeed.objects.exists()


def test_who_takes_the_word_back_is_forgotten_by_the_browser(page: Page, shop: tuple[str, Site]) -> None:
    page.goto(shop[0])
    page.wait_for_function("'visitor' in emailops")
    _say(page, "emailops('consent', true)")
    before = _kept(page)

    page.evaluate("emailops('consent', false)")

    assert before[0] == ""
    assert before[1] == SiteVisitor.objects.get().key
    assert _kept(page) == ["", ""]


def test_a_form_of_ours_on_the_site_says_which_browser_fills_it_in(page: Page, shop: tuple[str, Site]) -> None:
    origin, site = shop
    page.goto(origin)
    page.wait_for_function("'visitor' in emailops")
    _say(page, "emailops('consent', true)")

    with page.expect_request(lambda request: "/f/" in request.url) as posted:
        page.get_by_role("button", name="Sign up").click()

    assert posted.value.post_data == f"visitor={site.key}.{SiteVisitor.objects.get().key}"
