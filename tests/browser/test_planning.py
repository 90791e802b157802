"""Planning as people do it: the matrix by two at once, charts by keyboard, a drag that the other sees, the close."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_board import (
    LEAD,
    MARKETER,
    _beside,
    _card,
    _column,
    _drag,
    _first_card,
    _open_board,
    _signed_in,
)
from tests.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, company: Stack) -> Iterator[Page]:
    """The lead's browser; what it complains about fails the test."""
    with _signed_in(browser, company, LEAD) as (page, complaints):
        yield page
    assert complaints == []


@pytest.fixture
def other(browser: Browser, company: Stack) -> Iterator[Page]:
    """A second person at the same time; a refusal is expected here, which a browser reports as an error."""
    with _signed_in(browser, company, MARKETER) as (page, complaints):
        yield page
    assert [said for said in complaints if not re.search("409|422", said)] == []


def test_the_matrix_is_filled_by_keyboard_by_two_at_once(page: Page, other: Page) -> None:
    page.goto("/w/maren-moss/team/skills/?edit=1")
    other.goto("/w/maren-moss/team/skills/?edit=1")
    hers = other.get_by_label("Strategy, Sofia Marchetti", exact=True)

    hers.focus()
    other.keyboard.press("2")
    other.keyboard.press("ArrowRight")
    expect(other.get_by_label("Copy, Sofia Marchetti", exact=True)).to_be_focused()
    other.keyboard.press("ArrowRight")
    other.keyboard.press("l")
    other.get_by_role("button", name="Save skills").click()
    other.wait_for_url("**/team/skills/")
    page.get_by_label("Deliverability, Sofia Marchetti", exact=True).select_option("1")
    page.get_by_role("button", name="Save skills").click()
    page.wait_for_url("**/team/skills/")

    row = page.get_by_role("row", name=re.compile("^Sofia Marchetti"))
    levels = [text.strip()[0] for text in row.locator("td .level").all_inner_texts()]
    assert (levels[0], levels[5]) == ("2", "1")
    expect(page.get_by_text("are done alone by two or more people")).to_be_visible()
    expect(other.get_by_role("row", name=re.compile("^Sofia Marchetti")).locator("td .level").nth(5)).to_contain_text(
        "1"
    )


def test_a_point_of_the_cycle_times_is_reached_by_keyboard_says_its_story_and_leads_there(page: Page) -> None:
    page.goto("/w/maren-moss/team/charts/")
    point = page.get_by_role("link", name=re.compile("days?, done on")).first
    name = point.get_attribute("aria-label") or ""

    point.focus()
    expect(point.locator("text")).to_be_visible()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(name.rsplit(":", 1)[0])


def test_what_one_drags_the_other_sees_and_keeps_the_focus(page: Page, other: Page) -> None:
    for browser in (page, other):
        _open_board(browser)
    title, origin = _first_card(page)
    _arrow, to, third = _beside(origin)
    rest = _column(other, third).get_by_role("article").first.get_by_role("link").first
    rest.focus()
    other.wait_for_timeout(500)  # until its stream is open

    with page.expect_response(re.compile("/move/")):
        _drag(page, _card(page, title).get_by_role("heading"), _column(page, to).get_by_role("article").first)

    expect(_column(other, to)).to_contain_text(title)
    expect(rest).to_be_focused()
    expect(other.locator("#sprint-trend")).to_be_visible()


def test_a_drag_that_comes_too_late_is_refused_with_words(page: Page, other: Page) -> None:
    for browser in (page, other):
        _open_board(browser)
    title, origin = _first_card(page)
    _arrow, second, first = _beside(origin)
    held = _card(other, title).get_by_role("heading").bounding_box()
    aim = _column(other, second).get_by_role("article").first.bounding_box()
    assert held is not None
    assert aim is not None
    other.mouse.move(held["x"] + held["width"] / 2, held["y"] + held["height"] / 2)
    other.mouse.down()
    other.mouse.move(held["x"] + held["width"] / 2 + 12, held["y"] + held["height"] / 2 + 12, steps=4)

    _card(page, title).locator("summary").click()
    _card(page, title).get_by_role("button", name=f"Move to “{first}”").click()
    expect(_column(page, first)).to_contain_text(title)
    for nudge in (4, 8):
        other.mouse.move(aim["x"] + aim["width"] / 2, aim["y"] + nudge, steps=12)
        other.wait_for_timeout(150)
    other.mouse.up()

    expect(other.get_by_role("alert")).to_contain_text(f"Somebody has moved “{title}” meanwhile")
    expect(_column(other, first)).to_contain_text(title)


def test_a_card_changes_its_lane_by_its_menu_and_heads_stay_in_sight(page: Page) -> None:
    _open_board(page)
    page.get_by_role("navigation", name="Lanes").get_by_role("link", name="Member").click()
    card = page.locator(".lane").get_by_role("article").first
    title = card.get_by_role("heading").inner_text()
    card.locator("summary").click()
    button = card.get_by_role("button", name=re.compile("Move to lane")).last
    lane = re.findall("“(.+)”", button.inner_text())[0]

    button.click()

    expect(page.locator("#said")).to_contain_text(f"of lane “{lane}” now")
    expect(page.get_by_role("region", name=lane)).to_contain_text(title)
    page.mouse.wheel(0, 900)
    expect(page.get_by_role("heading", name="In production", exact=True)).to_be_in_viewport()


def _write(page: Page, home: str, *titles: str) -> None:
    """Stories of three points, led by whoever writes them, the last one on top."""
    page.goto(f"{home}backlog/")
    for title in titles:
        page.get_by_label("New story").fill(title)
        page.keyboard.press("Enter")
        expect(page.locator("[data-story] .row__title").first).to_have_text(title)
    for title in titles:
        page.goto(f"{home}backlog/")
        page.get_by_role("link", name=title, exact=True).click()
        page.get_by_role("link", name="Edit", exact=True).click()
        page.locator("[name=points]").fill("3")
        page.locator("[name=assignee]").select_option(label="Elena Petrova")
        page.get_by_role("button", name="Save story").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)


def _say_a_point_a_day(page: Page) -> None:
    page.get_by_role("main").get_by_role("link", name="Capacity").first.click()
    page.get_by_role("main").get_by_role("link", name="Elena Petrova").click()
    page.get_by_role("spinbutton", name="A day").fill("1")
    page.get_by_role("button", name="Save capacity").click()


def test_a_sprint_goes_from_an_empty_workspace_to_the_close_with_a_choice_for_each_story(page: Page) -> None:
    page.goto("/new/")
    page.get_by_label("Name of the business").fill("Walk & Talk")
    page.get_by_role("button", name="Open the workspace").click()
    page.wait_for_url("**/w/walk*/")
    home = page.url
    stays, splits, back, gone = titles = ("Goes on", "Is cut", "Goes back", "Goes away")
    _write(page, home, *titles)
    page.goto(f"{home}sprints/")
    page.get_by_role("link", name="Plan the first sprint").click()
    page.get_by_label("Name", exact=True).fill("One")
    page.get_by_role("button", name="Plan this sprint").click()
    for title in titles:
        page.get_by_role("button", name=f"Put in: {title}").click()
        expect(page.get_by_role("button", name=f"Take out: {title}")).to_be_visible()

    _say_a_point_a_day(page)
    page.goto(f"{home}sprints/")
    page.get_by_role("main").get_by_role("link", name=re.compile("^Sprint 1: One")).click()
    expect(page.locator(".loads")).to_contain_text("4 points more than there is time for")
    page.get_by_role("button", name="Start the sprint").click()
    page.get_by_role("link", name="Close the sprint").click()
    for title, choice in (
        (splits, "split: a part is done"),
        (back, "into the backlog, on top"),
        (gone, "nowhere: drop it"),
    ):
        page.get_by_label(f"Where “{title}” goes").select_option(label=choice)
    page.get_by_label(f"Points done {splits}").fill("1")
    page.get_by_role("button", name="Close the sprint").click()

    went = page.get_by_role("region", name="Went on without being done")
    expect(page.get_by_role("region", name="Done", exact=True)).to_contain_text(splits)
    expect(went.get_by_role("listitem").filter(has_text=gone)).to_contain_text("Dropped")
    for title in (back, stays):
        expect(went.get_by_role("listitem").filter(has_text=title)).to_contain_text("In the backlog")
    page.get_by_role("link", name="Scope", exact=True).click()
    expect(page.get_by_role("region", name="Who had how much at the start")).to_contain_text("12")
