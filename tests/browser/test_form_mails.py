"""The mails of a form beside it in a real browser: they follow the writing; without script a button shows them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from emailops.demo import PASSWORD
from tests.stack import Stack

pytestmark = pytest.mark.browser
NEW = "/w/maren-moss/forms/new/"


@pytest.fixture(scope="module")
def session(browser: Browser, company: Stack) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=company.base_url, reduced_motion="reduce")
    page = context.new_page()
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill("elena@marenmoss.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/**")
    yield context
    context.close()


@pytest.fixture
def page(session: BrowserContext) -> Iterator[Page]:
    opened = session.new_page()
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    opened.close()
    assert complaints == []


def test_the_mail_that_is_written_comes_forward_and_follows_the_writing(page: Page) -> None:
    page.goto(NEW)

    page.get_by_label("Words of the mail that asks").fill("Press the green button.")
    asking = page.frame_locator("#see-confirmation iframe:not(.is-coming)")
    expect(asking.get_by_text("Press the green button.")).to_be_visible()
    page.get_by_label("Words of the welcome mail").fill("So good to have you.")
    welcoming = page.frame_locator("#see-welcome iframe:not(.is-coming)")

    expect(welcoming.get_by_text("So good to have you.")).to_be_visible()
    expect(page.locator("#see-confirmation")).to_be_hidden()
    expect(page.locator("#see-welcome iframe")).to_have_count(1)
    assert page.url.endswith(NEW)


def test_without_script_a_button_shows_what_stands_in_the_form(
    browser: Browser, session: BrowserContext, company: Stack
) -> None:
    context = browser.new_context(
        base_url=company.base_url, storage_state=session.storage_state(), java_script_enabled=False
    )
    page = context.new_page()
    page.goto(NEW)

    page.get_by_label("Words of the welcome mail").fill("So good to have you.")
    page.locator("#see-welcome").get_by_role("button", name="Show what stands in the form").click()

    shown = page.frame_locator("#see-welcome iframe").get_by_text("So good to have you.")
    expect(shown).to_be_visible()
    context.close()
