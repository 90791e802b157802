"""The mail editor in a real browser: the preview follows the writing, no mail can run anything, no script is needed."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from emailops.demo import PASSWORD
from tests.stack import Stack

pytestmark = pytest.mark.browser
LEAD = "elena@marenmoss.example"
HOSTILE = '<body><script>parent.document.title = "owned"</script><p onclick="x()">Hello</p></body>'
FRAME = "iframe:not(.is-coming)"

Enter = Callable[..., Page]


@pytest.fixture(scope="module")
def session(browser: Browser, company: Stack) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=company.base_url)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(LEAD)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/**")
    yield context
    context.close()


@pytest.fixture(scope="module")
def address(session: BrowserContext) -> str:
    """The editor of a new campaign, for the first story that has a brief."""
    page = session.new_page()
    page.goto("/w/maren-moss/campaigns/new/")
    page.locator('main a[href^="?story="]').first.click()
    page.get_by_role("button", name="Create the campaign").click()
    page.wait_for_url(re.compile(r"/campaigns/\d+/$"))
    return f"{page.url}content/"


@pytest.fixture
def enter(browser: Browser, session: BrowserContext, address: str) -> Iterator[Enter]:
    """Opens the editor in a browser with or without script."""
    contexts: list[BrowserContext] = []

    def open_editor(query: str = "", *, script: bool = True, width: int = 1440) -> Page:
        context = browser.new_context(
            storage_state=session.storage_state(),
            viewport={"width": width, "height": 900},
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(address + query)
        return page

    yield open_editor
    for context in contexts:
        context.close()


def test_the_preview_follows_the_writing_and_leaves_no_trace_in_the_history(enter: Enter) -> None:
    page = enter("?start=empty")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    steps, text, mail = (
        page.evaluate("history.length"),
        page.get_by_label("Text", exact=True),
        page.frame_locator(FRAME),
    )

    page.get_by_label("Subject").fill("For {{ contact.first_name }}!")
    text.fill("# Dear all\n\nHello ")
    page.get_by_role("button", name="First name").click()

    expect(text).to_have_value('# Dear all\n\nHello {{ contact.first_name | default: "friend" }}')
    expect(page.locator("#draft")).to_contain_text(re.compile(r"For .+!"))
    expect(mail.locator("h1")).to_have_text("Dear all")
    page.get_by_role("tab", name="Text part").click()
    expect(page.locator("#mail-text")).to_contain_text("Dear all")
    expect(page.locator("iframe")).to_have_count(1)
    assert page.evaluate("history.length") == steps
    assert complaints == []


def test_the_mail_is_shown_as_whoever_is_named(enter: Enter) -> None:
    page = enter("?start=empty")
    mail = page.frame_locator(FRAME).locator("body")
    page.get_by_label("Subject").fill("Hello")
    page.get_by_label("Text", exact=True).fill("Address: {{ contact.email }}")
    expect(mail).to_contain_text("Address: ")
    other = page.locator("#readers option").nth(3).get_attribute("value")
    assert other

    page.get_by_label("Shown as").fill(other)
    expect(mail).to_contain_text(f"Address: {other}")
    page.get_by_label("Shown as").fill("nobody-has-this-name")

    expect(page.locator("#draft")).to_contain_text("Nobody in the segment has")


def test_an_error_is_shown_under_its_field_while_one_writes_and_goes_away_again(enter: Enter) -> None:
    page = enter("?start=letter")

    page.get_by_label("Text", exact=True).fill("one\n\n{{ contact.first_name | nope }}")
    expect(page.locator("#id_source_error")).to_contain_text("Line 3: there is no filter “nope”")
    page.get_by_label("Text", exact=True).fill("one")

    expect(page.locator("#id_source_error")).to_be_empty()


@pytest.mark.parametrize(("width", "first"), [(1440, "Desktop"), (390, "Phone")])
def test_the_preview_is_as_wide_as_a_desktop_or_a_phone(enter: Enter, width: int, first: str) -> None:
    page = enter("?start=letter", width=width)
    width_of_frame = f"() => document.querySelector('{FRAME}').offsetWidth"
    expect(page.frame_locator(FRAME).locator("h1")).to_have_text("A question we hear every week")
    expect(page.get_by_role("button", name=first)).to_have_attribute("aria-pressed", "true")

    page.get_by_role("button", name="Desktop").click()
    page.wait_for_function(f"{width_of_frame} >= 600")
    page.get_by_role("button", name="Phone").click()

    page.wait_for_function(f"{width_of_frame} <= 375")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nothing_of_a_hostile_mail_runs(enter: Enter) -> None:
    page = enter("?start=html")

    page.get_by_label("Subject").fill("Hello")
    page.get_by_label("Text", exact=True).fill(HOSTILE)
    expect(page.frame_locator(FRAME).locator("p")).to_have_text("Hello")
    page.wait_for_timeout(300)

    assert "owned" not in page.title()


def test_without_script_a_button_shows_the_preview(enter: Enter) -> None:
    page = enter("?start=letter", script=False)

    page.get_by_role("button", name="Show", exact=True).click()

    expect(page.frame_locator("iframe").locator("h1")).to_have_text("A question we hear every week")
    assert page.url.endswith("?start=letter")


def would_be_asked(page: Page) -> bool:
    """Whether the page would keep its reader: a dialog of the browser itself cannot be driven alike everywhere."""
    leave = "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    return bool(page.evaluate(leave))


def test_leaving_with_words_unsaved_asks_first_and_saving_does_not(enter: Enter) -> None:
    page = enter("?start=letter")
    page.get_by_label("Subject").fill("Mine")
    assert would_be_asked(page)

    page.get_by_role("main").get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved as version 1")).to_be_visible()
    assert not would_be_asked(page)

    page.get_by_label("Subject").fill("Mine, changed")
    assert would_be_asked(page)
