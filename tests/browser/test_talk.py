"""Talking about a story, two at once: mentions, the bell, what the owner never sees, edits that meet."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from emailops.demo import PASSWORD
from tests.stack import Stack

pytestmark = pytest.mark.browser
LEAD, LEAD_NAME = "elena@marenmoss.example", "Elena"
MARKETER = "sofia@marenmoss.example"
OWNER = "marta@marenmoss.example"
SECRET = "The supplier is late again"

Enter = Callable[[str], Page]


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
def enter(browser: Browser, company: Stack) -> Iterator[Enter]:
    """Signs somebody in, each in a browser of the own; a refusal is expected here, any other complaint fails."""
    everything: list[list[str]] = []
    with ExitStack() as open_browsers:

        def come_in(email: str) -> Page:
            page, complaints = open_browsers.enter_context(_signed_in(browser, company, email))
            everything.append(complaints)
            return page

        yield come_in
    assert [said for complaints in everything for said in complaints if "409" not in said] == []


def _story(page: Page, title: str) -> str:
    """The address of a new story."""
    page.goto("/w/maren-moss/backlog/")
    page.locator("#id_title").fill(title)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=title, exact=True).first.click()
    page.wait_for_url(re.compile(r"/stories/\d+/"))
    return page.url


def _bell(page: Page) -> int:
    """The number that the bell says."""
    said = page.locator("#bell").get_attribute("aria-label") or ""
    found = re.search(r"\d+", said)
    return int(found[0]) if found else 0


def test_a_mention_by_keyboard_rings_at_once_and_opening_it_marks_it_as_read(enter: Enter) -> None:
    writer, reader = enter(MARKETER), enter(LEAD)
    address = _story(writer, "A mention by keyboard")
    reader.goto("/w/maren-moss/")
    before = _bell(reader)

    writer.locator("#say textarea").click()
    writer.keyboard.type(f"Please look, @{LEAD_NAME[:3]}")
    expect(writer.locator("#say [role=listbox] [aria-selected=true]")).to_contain_text(LEAD_NAME)
    writer.keyboard.press("Enter")
    writer.keyboard.type("today")
    writer.get_by_role("button", name="Comment", exact=True).click()

    expect(writer.locator("#talk .mention")).to_contain_text(LEAD_NAME)
    expect(reader.locator("#bell")).to_have_attribute("aria-label", re.compile(rf"\b{before + 1} new"))
    reader.goto(address)
    reader.goto("/w/maren-moss/")
    assert _bell(reader) == before


def test_what_only_the_team_reads_never_reaches_the_owner(enter: Enter) -> None:
    writer, owner = enter(MARKETER), enter(OWNER)
    address = _story(writer, "What only the team reads")
    owner.goto(address)
    owner.get_by_role("button", name="Follow", exact=True).click()
    expect(owner.get_by_role("button", name="You follow it: stop")).to_be_visible()
    owner.reload()
    before = _bell(owner)

    writer.get_by_label("Only the team").check()
    writer.locator("#say textarea").fill(SECRET)
    writer.get_by_role("button", name="Comment", exact=True).click()
    expect(writer.locator("#talk")).to_contain_text(SECRET)

    number = address.rstrip("/").rpartition("/")[2]
    pages = {path: owner.request.get(path).text() for path in (address, "/w/maren-moss/notices/")}
    assert {path for path, text in pages.items() if SECRET in text} == set()
    assert owner.request.get(f"/w/maren-moss/stories/{number}/?show=comments&all=1").text().count(SECRET) == 0
    owner.goto("/w/maren-moss/")
    assert _bell(owner) <= before


def test_two_people_change_different_fields_and_both_stay(enter: Enter) -> None:
    one, other = enter(MARKETER), enter(LEAD)
    address = _story(one, "Two pens")
    other.goto(address)
    _open_pen(one, "points")
    _open_pen(other, "problem")

    one.locator("#field-points input[type=number]").fill("8")
    one.locator("#field-points").get_by_role("button", name="Save").click()
    other.locator("#field-problem textarea").fill("Nobody reads it")
    other.locator("#field-problem").get_by_role("button", name="Save").click()

    expect(other.locator("#field-problem")).to_contain_text("Nobody reads it")
    expect(other.locator("#field-points")).to_contain_text("8")
    one.reload()
    expect(one.locator("#field-points")).to_contain_text("8")
    expect(one.locator("#field-problem")).to_contain_text("Nobody reads it")


def test_the_second_of_two_at_the_same_field_is_asked(enter: Enter) -> None:
    one, other = enter(MARKETER), enter(LEAD)
    address = _story(one, "One pen")
    other.goto(address)
    _open_pen(one, "problem")
    _open_pen(other, "problem")

    one.locator("#field-problem textarea").fill("First words")
    one.locator("#field-problem").get_by_role("button", name="Save").click()
    expect(one.locator("#field-problem")).to_contain_text("First words")
    other.locator("#field-problem textarea").fill("Second words")
    other.locator("#field-problem").get_by_role("button", name="Save").click()

    expect(other.get_by_role("main")).to_contain_text("First words")
    expect(other.get_by_role("main")).to_contain_text("Second words")
    one.reload()
    expect(one.locator("#field-problem")).to_contain_text("First words")


def _open_pen(page: Page, name: str) -> None:
    page.locator(f"#field-{name} .pen").first.click()
    expect(page.locator(f"#field-{name}").get_by_role("button", name="Save")).to_be_visible()


def test_steps_are_dragged_and_moved_by_keyboard_and_the_place_is_said(enter: Enter) -> None:
    page = enter(MARKETER)
    _story(page, "Steps in order")
    page.locator("#new-list summary").click()
    page.locator("#new-list").get_by_label("Name").fill("Before the send")
    page.locator("#new-list button[type=submit]").click()
    for step in ("One", "Two", "Three"):
        page.locator("#lists form.oneline input[type=text], #lists form.oneline input:not([type])").first.fill(step)
        page.keyboard.press("Enter")
        expect(page.locator("#lists .step .tick", has_text=step)).to_be_visible()

    _drag_grip(page, "One", "Three")
    expect(page.locator("#said")).to_have_text("“One” is number 3 of 3 in “Before the send” now")
    page.locator("#lists .step .tick", has_text="Three").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#said")).to_have_text("“Three” is number 1 of 3 in “Before the send” now")

    page.reload()
    assert [text.strip() for text in page.locator("#lists .step .tick").all_inner_texts()] == ["Three", "Two", "One"]


def _drag_grip(page: Page, step: str, onto: str) -> None:
    """Slowly enough for the list to make room, as a hand does."""
    grip = page.locator("#lists .step", has=page.locator(".tick", has_text=step)).locator("[data-grip]")
    grip.scroll_into_view_if_needed()
    start = grip.bounding_box()
    end = page.locator("#lists .step", has=page.locator(".tick", has_text=onto)).bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(start["x"] + 4, start["y"] + start["height"], steps=4)
    for nudge in (end["height"] / 2, end["height"] - 4):
        page.mouse.move(start["x"] + 4, end["y"] + nudge, steps=12)
        page.wait_for_timeout(150)
    page.mouse.up()
