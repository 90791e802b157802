"""Moving stories as people do it: by keyboard, with the focus kept and the new place said, and by dragging."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from emailops.demo import PASSWORD
from tests.stack import Stack

pytestmark = pytest.mark.browser
LEAD = "elena@marenmoss.example"


@pytest.fixture
def page(browser: Browser, company: Stack) -> Iterator[Page]:
    """The lead's browser, signed in; what it complains about fails the test."""
    context = browser.new_context(
        base_url=company.base_url, viewport={"width": 1440, "height": 1000}, reduced_motion="reduce"
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(LEAD)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/**")
    yield page
    context.close()
    assert complaints == []


def _open_board(page: Page) -> None:
    page.goto("/w/maren-moss/sprints/")
    page.get_by_role("listitem").filter(has_text="Running").get_by_role("link").first.click()
    expect(page.get_by_role("region", name="Board")).to_be_visible()


def _column(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def _titles(cards: Locator) -> list[str]:
    return [title.strip() for title in cards.get_by_role("heading", level=3).all_inner_texts()]


def _drag(page: Page, what: Locator, to: Locator) -> None:
    """Slowly enough for the list to make room, as a hand does."""
    start, end = what.bounding_box(), to.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(start["x"] + start["width"] / 2 + 8, start["y"] + start["height"] / 2 + 8, steps=4)
    for nudge in (4, 8):
        page.mouse.move(end["x"] + end["width"] / 2, end["y"] + nudge, steps=12)
        page.wait_for_timeout(150)
    page.mouse.up()


def test_a_card_is_moved_by_keyboard_and_keeps_the_focus(page: Page) -> None:
    _open_board(page)
    origin = next(name for name in ("To do", "In production", "Done") if _titles(_column(page, name)))
    card = _column(page, origin).get_by_role("article").first
    title = card.get_by_role("heading").inner_text()

    card.locator("summary").focus()
    page.keyboard.press("Enter")
    card.get_by_role("button", name="Move to “In review”").focus()
    page.keyboard.press("Enter")

    expect(_column(page, "In review")).to_contain_text(title)
    expect(page.locator("#said")).to_contain_text(f"“{title}” is in “In review” now")
    expect(page.get_by_role("article", name=title).locator("summary")).to_be_focused()


def test_a_card_that_is_dragged_stays_where_it_was_dropped(page: Page) -> None:
    _open_board(page)
    columns = [_column(page, name) for name in ("To do", "In production", "In review", "Done")]
    full = sorted(columns, key=lambda column: -column.get_by_role("article").count())[:2]
    card, neighbour = (column.get_by_role("article").first for column in full)
    title = card.get_by_role("heading").inner_text()

    with page.expect_response(re.compile("/move/")):
        _drag(page, card.get_by_role("heading"), neighbour)

    expect(full[1]).to_contain_text(title)
    before = _titles(full[1])
    page.reload()
    assert _titles(full[1]) == before
    assert title in before


def test_the_backlog_is_written_and_ordered_without_a_mouse(page: Page) -> None:
    page.goto("/w/maren-moss/backlog/")
    field = page.get_by_label("New story")

    field.fill("Ask readers what they cook")
    page.keyboard.press("Enter")

    stories = page.locator("[data-story] .row__title")
    expect(stories.first).to_have_text("Ask readers what they cook")
    expect(field).to_be_focused()
    expect(field).to_have_value("")

    down = page.get_by_role("button", name="Move down: Ask readers what they cook")
    down.focus()
    page.keyboard.press("Enter")

    expect(stories.nth(1)).to_have_text("Ask readers what they cook")
    expect(page.locator("#said")).to_contain_text("is number 2 of")
    expect(down).to_be_focused()

    page.get_by_role("button", name="Move up: Ask readers what they cook").focus()
    page.keyboard.press("Enter")

    expect(stories.first).to_have_text("Ask readers what they cook")
    expect(down).to_be_focused()  # there is no further up, so the other button has it
