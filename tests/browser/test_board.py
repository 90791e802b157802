"""Moving stories as people do it: by keyboard, with the focus kept and the new place said, and by dragging."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from emailops.demo import PASSWORD
from tests.stack import Stack

pytestmark = pytest.mark.browser
LEAD = "elena@marenmoss.example"
MARKETER = "sofia@marenmoss.example"
COLUMNS = ("To do", "In production", "In review", "Done")


@contextmanager
def _signed_in(browser: Browser, company: Stack, email: str) -> Iterator[tuple[Page, list[str]]]:
    """A browser of somebody's own, and what it complains about."""
    context = browser.new_context(
        base_url=company.base_url, viewport={"width": 1440, "height": 1000}, reduced_motion="reduce"
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/**")
    yield page, complaints
    context.close()


@pytest.fixture
def page(browser: Browser, company: Stack) -> Iterator[Page]:
    """The lead's browser, signed in; what it complains about fails the test."""
    with _signed_in(browser, company, LEAD) as (page, complaints):
        yield page
    assert complaints == []


@pytest.fixture
def other(browser: Browser, company: Stack) -> Iterator[Page]:
    """A second person at the same time; here a refusal is expected, which a browser reports as an error."""
    with _signed_in(browser, company, MARKETER) as (page, complaints):
        yield page
    assert [said for said in complaints if "409" not in said] == []


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


def _card(page: Page, title: str) -> Locator:
    return page.get_by_role("article", name=title, exact=True)


def _first_card(page: Page) -> tuple[str, str]:
    """The title of the first card on the board, and its column."""
    origin = next(name for name in COLUMNS if _titles(_column(page, name)))
    return _titles(_column(page, origin))[0], origin


def _beside(origin: str) -> tuple[str, str, str]:
    """The arrow that leads to the column beside, that column, and one that is neither."""
    at = COLUMNS.index(origin)
    arrow, to = ("ArrowRight", COLUMNS[at + 1]) if at + 1 < len(COLUMNS) else ("ArrowLeft", COLUMNS[at - 1])
    return arrow, to, next(name for name in COLUMNS if name not in {origin, to})


def test_space_lifts_a_card_arrows_move_it_and_space_puts_it_down(page: Page) -> None:
    _open_board(page)
    title, origin = _first_card(page)
    arrow, to, _third = _beside(origin)
    link = _card(page, title).get_by_role("link", name=title)

    link.focus()
    page.keyboard.press("Space")
    expect(page.locator("#said")).to_contain_text(f"{title} is lifted. {origin}, 1 of")
    page.keyboard.press(arrow)
    expect(page.locator("#said")).to_contain_text(f"{to}, 1 of")
    expect(link).to_be_focused()
    with page.expect_response(re.compile("/move/")):
        page.keyboard.press("Space")

    expect(page.locator("#said")).to_contain_text(f"“{title}” is in “{to}” now, number 1 of")
    expect(link).to_be_focused()
    page.reload()
    assert _titles(_column(page, to))[0] == title


def test_escape_takes_a_lifted_card_back(page: Page) -> None:
    _open_board(page)
    title, origin = _first_card(page)
    before = [_titles(_column(page, name)) for name in COLUMNS]
    link = _card(page, title).get_by_role("link", name=title)

    link.focus()
    for key in ("Space", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowLeft", "Escape"):
        page.keyboard.press(key)

    expect(page.locator("#said")).to_contain_text(f"{title} is back where it was. {origin}, 1 of")
    expect(link).to_be_focused()
    assert [_titles(_column(page, name)) for name in COLUMNS] == before


def test_arrows_go_from_card_to_card_and_enter_opens(page: Page) -> None:
    _open_board(page)
    title, _origin = _first_card(page)

    _card(page, title).get_by_role("link", name=title).focus()
    page.keyboard.press("ArrowRight")
    expect(_card(page, title).get_by_role("link", name=title)).not_to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(_card(page, title).get_by_role("link", name=title)).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()


def test_a_card_in_the_next_lane_belongs_there(page: Page) -> None:
    _open_board(page)
    page.get_by_role("navigation", name="Lanes").get_by_role("link", name="Member").click()
    lanes = page.locator(".lane")
    at = next(n for n in range(lanes.count()) if _titles(lanes.nth(n)))
    title = _titles(lanes.nth(at).locator("[data-cards]").filter(has=page.get_by_role("article")).first)[-1]
    next_lane = lanes.nth(at + 1)
    name = next_lane.get_by_role("heading", level=2).inner_text()

    _card(page, title).get_by_role("link", name=title).focus()
    for key in ("Space", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("#said")).to_contain_text(name)
    with page.expect_response(re.compile("/move/")):
        page.keyboard.press("Space")

    expect(next_lane).to_contain_text(title)
    page.reload()
    expect(next_lane).to_contain_text(title)
    assert "lanes=member" in page.url


def test_what_one_moves_the_other_sees(page: Page, other: Page) -> None:
    for browser in (page, other):
        _open_board(browser)
    title, origin = _first_card(page)
    _arrow, to, _third = _beside(origin)
    other.evaluate("document.body.dataset.mark = 'the same page'")
    other.wait_for_timeout(500)  # until its stream is open

    _card(page, title).locator("summary").click()
    _card(page, title).get_by_role("button", name=f"Move to “{to}”").click()

    expect(_column(other, to)).to_contain_text(title)
    expect(_column(other, origin)).not_to_contain_text(title)
    assert other.evaluate("document.body.dataset.mark") == "the same page"


def test_of_two_who_move_one_card_the_second_is_told_and_sees_where_it_is(page: Page, other: Page) -> None:
    for browser in (page, other):
        _open_board(browser)
    title, origin = _first_card(page)
    arrow, second, first = _beside(origin)
    held = _card(other, title).get_by_role("link", name=title)
    held.focus()
    other.keyboard.press("Space")  # lifted: nothing moves under the hand

    _card(page, title).locator("summary").click()
    _card(page, title).get_by_role("button", name=f"Move to “{first}”").click()
    expect(_column(page, first)).to_contain_text(title)
    other.keyboard.press(arrow)
    expect(_column(other, second)).to_contain_text(title)
    other.keyboard.press("Space")

    expect(other.get_by_role("alert")).to_contain_text(f"Somebody has moved “{title}” meanwhile")
    expect(_column(other, first)).to_contain_text(title)
    expect(_column(other, second)).not_to_contain_text(title)


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
