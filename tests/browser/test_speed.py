"""The pace in a real browser: a number moves without the page being fetched anew, and the days follow the schedule."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from emailops.demo import PASSWORD
from tests.stack import ROOT, Stack

pytestmark = pytest.mark.browser
LEAD = "elena@marenmoss.example"


@pytest.fixture(scope="module")
def session(browser: Browser, company: Stack) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=company.base_url, reduced_motion="reduce")
    page = context.new_page()
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(LEAD)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/**")
    yield context
    context.close()


@pytest.fixture(autouse=True)
def _no_page_stays_open(session: BrowserContext) -> Iterator[None]:
    """Each page that is open holds a stream, and a browser keeps six connections to a server."""
    yield
    for page in session.pages:
        page.close()


@pytest.fixture(scope="module")
def sends(company: Stack) -> list[str]:
    """The progress of two sends to thirty people: one is paused, one takes half an hour."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.resting_send", "maren-moss"],
        cwd=ROOT,
        env={**os.environ, **company.environment, "DJANGO_SETTINGS_MODULE": "emailops.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-2:]


@pytest.fixture(scope="module")
def resting(sends: list[str]) -> str:
    return sends[0]


@pytest.fixture(scope="module")
def moving(sends: list[str]) -> str:
    return sends[1]


def _marked(page: Page, address: str) -> Page:
    """A page that would lose its mark if it were fetched anew."""
    page.goto(address)
    page.evaluate("document.body.dataset.mark = 'still here'")
    return page


def _is_still_here(page: Page) -> bool:
    return bool(page.evaluate("document.body.dataset.mark === 'still here'"))


def test_the_speed_of_a_send_moves_on_the_page(session: BrowserContext, resting: str) -> None:
    page = _marked(session.new_page(), resting)
    number = page.get_by_label("At most, messages a minute")

    number.fill("10")
    page.get_by_role("button", name="Set speed").click()
    expect(page.locator("#run-speed")).to_contain_text("At this speed the 30 who wait take 3 min.")
    page.get_by_role("button", name="Twice as fast").click()
    expect(number).to_have_value("20")
    page.get_by_role("button", name="No limit").click()
    expect(number).to_have_value("")

    assert _is_still_here(page)


def _looks_again(page: Page) -> None:
    """Waits until the figures were swapped."""
    page.locator("#run-figures").evaluate("part => part.dataset.old = 'yes'")
    expect(page.locator("#run-figures:not([data-old])")).to_be_visible()


def test_nothing_moves_under_the_hand_while_the_figures_follow(session: BrowserContext, moving: str) -> None:
    page = _marked(session.new_page(), moving)
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    number, groups = page.get_by_label("At most, messages a minute"), page.locator("#run-groups")
    page.get_by_role("button", name="Pause").evaluate("button => button.dataset.same = 'yes'")

    groups.locator("summary").click()
    page.get_by_text("Cancel the rest").click()
    _looks_again(page)
    expect(page.get_by_role("button", name="Cancel for good")).to_be_visible()
    expect(page.locator("button[data-same]")).to_be_visible()
    number.fill("7")
    _looks_again(page)

    expect(number).to_be_focused()
    expect(number).to_have_value("7")
    expect(groups).not_to_have_attribute("open", "")
    groups.locator("summary").click()
    expect(page.get_by_role("row", name="All other domains")).to_contain_text("of 30")
    assert _is_still_here(page)
    assert troubles == []


def test_a_figure_that_has_the_focus_keeps_it(session: BrowserContext, moving: str) -> None:
    page = _marked(session.new_page(), moving)

    page.locator("#run-pending").focus()
    _looks_again(page)

    expect(page.locator("#run-pending")).to_be_focused()


def test_nonsense_is_said_at_the_field_and_the_page_stays(session: BrowserContext, resting: str) -> None:
    page = _marked(session.new_page(), resting)
    page.locator("#run-speed form").evaluate("form => form.noValidate = true")

    page.get_by_label("At most, messages a minute").fill("0")
    page.get_by_role("button", name="Set speed").click()

    expect(page.locator("#run-speed .field__error")).to_be_visible()
    assert _is_still_here(page)


def test_the_days_follow_the_schedule_while_one_writes_it(session: BrowserContext, company: Stack) -> None:
    page = session.new_page()
    page.goto("/w/maren-moss/settings/speed/")
    planned = page.get_by_role("link", name="Plan a warm-up").first.get_attribute("href")
    assert planned is not None
    _marked(page, planned)
    days = page.locator("#days tbody tr")
    expect(days).to_have_count(16)

    page.get_by_label("More each day, in percent").fill("100")
    page.get_by_label("Over when a day reaches").click()

    expect(days).to_have_count(8)
    assert _is_still_here(page)
    assert company.rows("SELECT count(*) FROM delivery_warmup") == [(0,)]
