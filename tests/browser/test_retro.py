"""A retrospective held by two people in two browsers: each sees what the other does, and nothing that is hidden."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from emailops.demo import PASSWORD
from tests.stack import Stack

pytestmark = pytest.mark.browser
LEAD, WRITER = "elena@marenmoss.example", "sofia@marenmoss.example"
BEGUN = "I was about to say"
SECRET = "The owner asked for three changes on the last day"


@pytest.fixture
def both(browser: Browser, company: Stack) -> Iterator[tuple[Page, Page]]:
    """The lead and a copywriter on the retrospective of the running sprint; complaints of either fail the test."""
    complaints: list[str] = []
    contexts = [
        browser.new_context(
            base_url=company.base_url, viewport={"width": 1280, "height": 1000}, reduced_motion="reduce"
        )
        for _person in (LEAD, WRITER)
    ]
    pages = []
    for context, email in zip(contexts, (LEAD, WRITER), strict=True):
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto("/accounts/login/")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/w/**")
        page.goto("/w/maren-moss/retros/")
        page.get_by_role("row").filter(has_text="Running").get_by_role("link").first.click()
        page.wait_for_timeout(500)  # until the stream is open
        pages.append(page)
    yield pages[0], pages[1]
    for context in contexts:
        context.close()
    assert complaints == []


def _hold_back(page: Page, part: str) -> list[tuple[Route, APIResponse]]:
    """Let nothing of these answers reach the page; they can be let go later."""
    held: list[tuple[Route, APIResponse]] = []
    page.route(re.compile(part), lambda route: held.append((route, route.fetch())))
    return held


def _go_to_writing_while_the_answer_is_late(lead: Page, writer: Page) -> None:
    """The page follows the team before the answer to the lead's own button comes; meanwhile the lead begins a note."""
    late = _hold_back(lead, "/retro/phase/")
    lead.get_by_role("button", name="Go on: Write").click()
    expect(writer.get_by_role("link", name="Write", exact=True)).to_have_attribute("aria-current", "step")
    lead.get_by_role("region", name="Went well").get_by_label("Your note").fill(BEGUN)
    _let_go(lead, late)
    expect(lead.get_by_role("region", name="Went well").get_by_label("Your note")).to_have_value(BEGUN)


def _let_go(page: Page, held: list[tuple[Route, APIResponse]]) -> None:
    """The answers come now, when what they were to replace has been replaced already."""
    [(route, answer)] = held
    with page.expect_response(re.compile("/retro/phase/")):
        route.fulfill(response=answer)
    page.unroute_all()


def _note(page: Page, prompt: str, text: str) -> None:
    column = page.get_by_role("region", name=prompt, exact=True)
    column.get_by_label("Your note").fill(text)
    column.get_by_role("button", name="Add").click()
    expect(column.get_by_text(text)).to_be_visible()


def test_two_hold_a_retrospective_together(both: tuple[Page, Page]) -> None:
    lead, writer = both
    seen: list[str] = []
    lead.on("response", lambda answer: seen.append(answer.text()) if "/retro/" in answer.url and answer.ok else None)

    lead.get_by_role("button", name="Begin the retrospective").click()
    expect(writer.get_by_text("Elena Petrova leads")).to_be_visible()
    lead.get_by_role("button", name="Go on: Data").click()
    expect(lead.get_by_role("link", name="Data", exact=True)).to_have_attribute("aria-current", "step")
    _go_to_writing_while_the_answer_is_late(lead, writer)
    _note(writer, "Was hard", SECRET)
    expect(lead.get_by_role("region", name="Was hard").get_by_text("notes of others")).to_be_visible()
    expect(lead.get_by_role("region", name="Went well").get_by_label("Your note")).to_have_value(BEGUN)
    assert not [answer for answer in seen if SECRET in answer]

    lead.get_by_role("button", name="Go on: Group").click()
    expect(lead.locator("[data-note]", has_text=SECRET).first).to_be_visible()
    expect(lead.get_by_text("You have written this and not sent it")).to_be_visible()
    expect(lead.get_by_text(BEGUN)).to_be_visible()
    expect(writer.get_by_role("heading", name="What says the same?")).to_be_visible()

    _gather_by_keyboard(writer)
    expect(lead.locator("ul[data-topic]", has_text=SECRET).locator("[data-note]")).to_have_count(2)
    _drag_apart_and_together(lead)

    lead.get_by_role("button", name="Go on: Vote").click()
    vote = writer.get_by_role("button", name=re.compile("Vote for")).first
    vote.click()
    expect(writer.get_by_text("4 of 5 votes left")).to_be_visible()
    expect(lead.get_by_text("5 of 5 votes left")).to_be_visible()
    expect(lead.get_by_text("1 vote", exact=True)).to_have_count(0)

    lead.get_by_role("button", name="Show the votes").click()
    expect(writer.get_by_text("1 vote", exact=True)).to_be_visible()


def _gather_by_keyboard(page: Page) -> None:
    """Tick the secret and one other note, and put them together, without a mouse."""
    boxes = page.locator('input[name="notes"]')
    page.get_by_role("checkbox", name=SECRET).focus()
    page.keyboard.press("Space")
    boxes.first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Put together").focus()
    page.keyboard.press("Enter")
    expect(page.locator("ul[data-topic]", has_text=SECRET).locator("[data-note]")).to_have_count(2)


def _drag_apart_and_together(page: Page) -> None:
    """Drag the only note of a topic onto the secret's; a topic that is left empty goes."""
    before = page.locator("ul[data-topic]").count()
    lonely = page.locator("ul[data-topic]").filter(has_not_text=SECRET).first.locator("[data-note]").first
    target = page.locator("ul[data-topic]", has_text=SECRET).locator("[data-note]").first
    start, end = lonely.bounding_box(), target.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + start["width"] - 12, start["y"] + start["height"] - 10)
    page.mouse.down()
    page.mouse.move(start["x"] + start["width"] - 4, start["y"] + start["height"] - 4, steps=4)
    for nudge in (6, 12):
        page.mouse.move(end["x"] + end["width"] / 2, end["y"] + nudge, steps=12)
        page.wait_for_timeout(150)
    with page.expect_response(re.compile("/gather/")):
        page.mouse.up()
    expect(page.locator("ul[data-topic]")).to_have_count(before - 1)
