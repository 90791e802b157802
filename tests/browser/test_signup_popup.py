"""The pop-up on somebody else's site: it shows itself, can be filled in and closed, and leaves alone who closed it."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.stack import Stack

pytestmark = pytest.mark.browser
A_MONTH_PASSES = """() => {
  const before = String(Date.now() - 31 * 24 * 3600 * 1000);
  for (const key of Object.keys(localStorage)) localStorage.setItem(key, before);
}"""


@pytest.fixture
def form_address(company: Stack, browser: Browser) -> str:
    """The frame of the sample company's form, as its snippet names it."""
    page = browser.new_page(base_url=company.base_url)
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill("elena@marenmoss.example")
    page.get_by_label("Password").fill("rosehip-and-moss")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/**")
    page.goto("/w/maren-moss/forms/")
    page.get_by_role("main").get_by_role("link", name=re.compile("The Moss Letter")).first.click()
    found = re.search(r"/f/[\w-]+", page.content())
    page.close()
    assert found is not None
    return f"{company.base_url}{found.group(0)}/frame"


@pytest.fixture
def shop_address(company: Stack, form_address: str) -> Iterator[str]:
    """A site of somebody else, on another port: browsers ask before a site of the net may reach this machine."""
    source = f"{company.base_url}/static/js/signup-popup.js"
    script = f'<script src="{source}" data-form="{form_address}" data-label="News" async></script>'
    page = f"<!doctype html><html lang=en><title>Shop</title><body><h1>Shop</h1>{script}</body></html>"

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def shop(browser: Browser) -> Iterator[Page]:
    """Somebody's browser, which has no idea of us."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []
    context.close()


def test_the_form_shows_itself_in_a_dialog_and_thanks(shop: Page, shop_address: str) -> None:
    shop.goto(shop_address)

    dialog = shop.get_by_role("dialog", name="News")
    expect(dialog).to_be_visible()
    frame = shop.frame_locator("dialog iframe")
    frame.get_by_label("E-mail address").fill("popup@example.org")
    frame.get_by_role("checkbox", name=re.compile("Send me the Moss Letter")).check()
    shop.wait_for_timeout(2500)  # nobody reads and types within two seconds, and the form knows
    frame.get_by_role("button", name="Send it to me").click()

    expect(frame.get_by_role("status")).to_contain_text("Look into your inbox")


def test_who_closed_it_is_left_alone_also_by_keyboard(shop: Page, shop_address: str) -> None:
    shop.goto(shop_address)
    expect(shop.get_by_role("dialog")).to_be_visible()

    shop.keyboard.press("Escape")
    expect(shop.get_by_role("dialog")).to_have_count(0)
    shop.reload()

    expect(shop.get_by_role("heading", name="Shop")).to_be_visible()
    shop.wait_for_timeout(500)
    expect(shop.get_by_role("dialog")).to_have_count(0)


def test_the_escape_key_closes_it_from_inside_the_form_too(shop: Page, shop_address: str) -> None:
    shop.goto(shop_address)
    field = shop.frame_locator("dialog iframe").get_by_label("E-mail address")
    field.click()

    field.press("Escape")

    expect(shop.get_by_role("dialog")).to_have_count(0)


def test_who_signed_up_and_went_on_is_not_asked_again(shop: Page, shop_address: str) -> None:
    shop.goto(shop_address)
    frame = shop.frame_locator("dialog iframe")
    frame.get_by_label("E-mail address").fill("gone-on@example.org")
    frame.get_by_role("checkbox", name=re.compile("Send me the Moss Letter")).check()
    shop.wait_for_timeout(2500)  # nobody reads and types within two seconds, and the form knows
    frame.get_by_role("button", name="Send it to me").click()
    expect(frame.get_by_role("status")).to_be_visible()

    shop.reload()
    shop.wait_for_timeout(500)

    expect(shop.get_by_role("dialog")).to_have_count(0)


def test_a_month_later_it_shows_itself_again(shop: Page, shop_address: str) -> None:
    shop.goto(shop_address)
    shop.get_by_role("button", name="Close").click()
    expect(shop.locator("dialog")).to_have_count(0)  # gone, not only hidden: by then the day is noted
    shop.evaluate(A_MONTH_PASSES)

    shop.reload()

    expect(shop.get_by_role("dialog", name="News")).to_be_visible()


def test_a_site_without_storage_gets_the_form_all_the_same(shop: Page, shop_address: str) -> None:
    shop.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('forbidden'); } });")

    shop.goto(shop_address)

    expect(shop.get_by_role("dialog", name="News")).to_be_visible()
