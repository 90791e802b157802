"""Ticking people in the list with a mouse and by keyboard: all of the page, a stretch, and how many."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from emailops.demo import PASSWORD
from tests.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture
def people(browser: Browser, company: Stack) -> Iterator[Page]:
    """The list of contacts, as the lead sees it."""
    page = browser.new_page(base_url=company.base_url, viewport={"width": 1440, "height": 1000})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill("elena@marenmoss.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/**")
    page.goto("/w/maren-moss/contacts/")
    yield page
    assert complaints == []
    page.close()


def test_all_on_the_page_are_ticked_from_the_head_of_the_column(people: Page) -> None:
    head = people.get_by_role("checkbox", name="Tick all on this page")
    boxes = people.locator('#people input[name="contact"]')
    there = boxes.count()

    head.focus()
    people.keyboard.press("Space")
    expect(people.locator("[data-ticked]")).to_have_text(f"Ticked: {there}")
    boxes.first.uncheck()

    expect(people.locator("[data-ticked]")).to_have_text(f"Ticked: {there - 1}")
    assert head.evaluate("(box) => box.indeterminate")


def test_a_stretch_is_ticked_with_the_shift_key(people: Page) -> None:
    boxes = people.locator('#people input[name="contact"]')

    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])

    expect(people.locator("[data-ticked]")).to_have_text("Ticked: 4")
    people.get_by_role("button", name="Change those ticked").click()
    expect(people.get_by_role("heading", level=1)).to_have_text("Change 4 contacts")


def test_the_link_ticks_without_loading_and_all_that_match_are_a_button_away(people: Page) -> None:
    address = people.url

    people.get_by_role("link", name="Tick all on this page").click()

    assert people.url == address
    expect(people.locator("[data-ticked]")).to_contain_text("Ticked:")
    people.get_by_role("button", name=re.compile("Change all")).click()
    expect(people.get_by_role("heading", level=1)).to_contain_text("contacts")
