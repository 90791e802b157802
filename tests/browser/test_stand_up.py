"""The stand-up as a team has it: two browsers, one round; what one writes, the other reads."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from emailops.demo import PASSWORD
from tests.stack import Stack

pytestmark = pytest.mark.browser
LEAD, COPYWRITER = "elena@marenmoss.example", "sofia@marenmoss.example"
Enter = Callable[[str], Page]


@pytest.fixture
def enter(browser: Browser, company: Stack) -> Iterator[Enter]:
    """A signed-in browser of somebody; what any of them complains about fails the test."""
    contexts, complaints = [], []

    def sign_in(email: str) -> Page:
        context = browser.new_context(base_url=company.base_url, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/accounts/login/")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/w/**")
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(autouse=True)
def _nobody_is_off(company: Stack) -> None:
    """The team takes a break at weekends and on holidays, the tests do not."""
    company.write("UPDATE sprints_membercapacity SET weekdays = '{0,1,2,3,4,5,6}'")
    company.write("DELETE FROM sprints_daysoff")
    company.write("DELETE FROM sprints_holiday")


def _on_every_day(page: Page) -> None:
    """The same for the stand-up itself."""
    page.goto("/w/maren-moss/settings/stand-up/")
    for day in ("Saturday", "Sunday"):
        page.get_by_label(day).check()
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("status").filter(has_text="Stand-up saved")).to_be_visible()


def _speaker(page: Page) -> str:
    return page.locator("#speaks-h").inner_text()


def test_all_screens_follow_the_round_and_its_keys(enter: Enter) -> None:
    mine, hers = enter(LEAD), enter(COPYWRITER)
    _on_every_day(mine)
    for page in (mine, hers):
        page.goto("/w/maren-moss/stand-up/round/")
        page.wait_for_timeout(500)  # until the stream is open

    mine.get_by_role("button", name="Start").click()
    expect(hers.get_by_text("Speaks now", exact=True)).to_be_visible()
    first = _speaker(mine)
    assert _speaker(hers) == first

    hers.keyboard.press("n")
    expect(mine.locator("#speaks-h")).not_to_have_text(first)
    expect(mine.locator("#speaks-h")).to_have_text(_speaker(hers))

    mine.keyboard.press("Space")
    for page in (mine, hers):
        expect(page.get_by_text("Paused")).to_be_visible()
    expect(hers.locator("[data-clock]")).to_have_text(mine.locator("[data-clock]").inner_text())

    mine.get_by_role("button", name="End the round").click()
    expect(hers.get_by_role("heading", name="That was everybody")).to_be_visible()


def test_what_one_writes_is_saved_and_appears_at_the_others(enter: Enter) -> None:
    mine, hers = enter(LEAD), enter(COPYWRITER)
    _on_every_day(mine)
    for page in (mine, hers):
        page.goto("/w/maren-moss/stand-up/")
        page.wait_for_timeout(500)  # until the stream is open

    mine.locator("[name=today]").fill("Tea with the printer")

    expect(mine.locator("#entry-said")).to_contain_text("Saved at")
    expect(hers.locator("#team")).to_contain_text("Tea with the printer")
