"""Planning poker as people play it: two members and a guest, each in a browser of their own, at the same time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from emailops.demo import PASSWORD
from tests.stack import Stack

pytestmark = pytest.mark.browser
LEAD, WRITER = "elena@marenmoss.example", "sofia@marenmoss.example"
SOON = 20_000  # milliseconds: a countdown of five seconds and a poll of five, on a machine that has more to do

Enter = Callable[..., Page]


@pytest.fixture
def enter(browser: Browser, company: Stack) -> Iterator[Enter]:
    """A browser of one's own, signed in with an address; what any of them complains about fails the test."""
    complaints: list[str] = []
    with ExitStack() as stack:

        def opened(email: str = "", *, width: int = 1280) -> Page:
            viewport: Any = {"width": width, "height": 900}
            context = browser.new_context(base_url=company.base_url, viewport=viewport, reduced_motion="reduce")
            stack.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
            if email:
                page.goto("/accounts/login/")
                page.get_by_label("E-mail address").fill(email)
                page.get_by_label("Password").fill(PASSWORD)
                page.get_by_role("main").get_by_role("button", name="Sign in").click()
                page.wait_for_url("**/w/**")
            return page

        yield opened
    assert complaints == []


def _start(page: Page, name: str) -> str:
    """Open a live session about the first two stories that can be chosen."""
    page.goto("/w/maren-moss/poker/new/")
    page.get_by_label("Name").fill(name)
    stories = page.get_by_role("group", name="Stories").get_by_role("checkbox")
    for place in (0, 1):
        stories.nth(place).check()
    page.get_by_role("button", name="Start the session").click()
    page.wait_for_url("**/poker/*/")
    return page.url


def _card(page: Page, label: str) -> Any:
    return page.locator(f'button.pcard[value="{label}"]')


def _shown_in(page: Page) -> str:
    return page.locator("#table").inner_text()


def test_two_members_and_a_guest_play_a_round_at_the_same_time(enter: Enter) -> None:
    lead, writer, guest = enter(LEAD), enter(WRITER), enter(width=390)
    table = _start(lead, "Three at a table")
    lead.get_by_role("link", name="Manage the session").click()
    lead.get_by_role("button", name="Make a link").click()
    link = lead.locator("#guest-link").inner_text()
    lead.goto(table)
    writer.goto(table)
    writer.get_by_role("button", name="Take a seat").click()
    guest.goto(link)
    guest.get_by_label("Your name").fill("Hanna")
    guest.get_by_role("button", name="Join the table").click()
    expect(lead.get_by_role("region", name="At the table")).to_contain_text("Hanna", timeout=SOON)

    _card(lead, "3").click()
    _card(writer, "8").click()
    expect(_card(writer, "8")).to_have_attribute("aria-pressed", "true")
    expect(lead.get_by_role("img", name="Has voted")).to_have_count(2, timeout=SOON)
    assert "speak first" not in _shown_in(lead)
    _card(guest, "5").click()

    for page in (lead, writer, guest):
        expect(page.locator("#table")).to_contain_text("the cards turn in a moment", timeout=SOON)
    writer.get_by_role("button", name="Take my card back").click()
    expect(lead.locator("#table")).not_to_contain_text("the cards turn in a moment", timeout=SOON)
    _card(writer, "8").click()

    for page in (lead, writer, guest):
        expect(page.get_by_role("heading", name="How the cards lie")).to_be_visible(timeout=SOON)
        expect(page.locator("#table")).to_contain_text("Elena Petrova with 3, then Sofia Marchetti with 8")
    expect(guest.get_by_role("button", name="Agree on this")).to_have_count(0)

    lead.get_by_role("button", name="Agree on this").click()
    for page in (lead, writer, guest):
        expect(page.get_by_role("region", name="Stories")).to_contain_text("1 of 2 done", timeout=SOON)


def test_every_card_is_a_target_for_a_thumb(enter: Enter) -> None:
    page = enter(LEAD, width=360)
    _start(page, "On a phone")

    boxes = [button.bounding_box() for button in page.locator("#table button").all() if button.is_visible()]

    assert len(boxes) > 8
    for box in boxes:
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
