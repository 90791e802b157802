"""Every page, as people see it: light and dark, wide and narrow, without a finding of axe or of the security policy."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from emailops.demo import PASSWORD
from tests.browser.pages import NOT_A_PAGE, PAGES, PUBLIC_PAGES
from tests.permissions.matrix import ROWS
from tests.stack import ROOT, Stack

pytestmark = pytest.mark.browser
SIZES = [(1440, 900), (390, 844)]
RULES: dict[Literal["light", "dark"], dict[str, Any]] = {
    "light": {"resultTypes": ["violations"]},
    "dark": {"resultTypes": ["violations"], "runOnly": ["color-contrast", "link-in-text-block"]},
}
"""What axe looks at: everything in the light, and in the dark the colours, which alone are others there."""
LEAD = "elena@marenmoss.example"
OWNER = "marta@marenmoss.example"
UNTIL_COLOURS_REST = """async () => {
  const turning = () => document.getAnimations().filter((each) => each instanceof CSSTransition);
  do {
    await Promise.allSettled(turning().map((each) => each.finished));
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  } while (turning().length);
}"""
"""Colours turn into those of the other theme within moments, and what lies between is nobody's to judge.

What inherits a colour that turns begins to turn anew with each of its steps.
"""
OWNERS_PAGES = {"sprints:owner_rules_edit"}
SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture(scope="module")
def addresses(company: Stack) -> dict[str, dict[str, str]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.addresses", "maren-moss"],
        cwd=ROOT,
        env={**os.environ, **company.environment, "DJANGO_SETTINGS_MODULE": "emailops.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def looks(browser: Browser, company: Stack) -> Iterator[dict[int, BrowserContext]]:
    """One signed-in context for each width."""
    yield from _looks_of(LEAD, browser, company)


@pytest.fixture(scope="module")
def owners_looks(browser: Browser, company: Stack) -> Iterator[dict[int, BrowserContext]]:
    """The same for the business owner, who alone has some pages."""
    yield from _looks_of(OWNER, browser, company)


def _looks_of(person: str, browser: Browser, company: Stack) -> Iterator[dict[int, BrowserContext]]:
    first = browser.new_context(base_url=company.base_url)
    page = first.new_page()
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/**")
    state = first.storage_state()
    contexts = {
        width: browser.new_context(
            base_url=company.base_url,
            storage_state=state,
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
        )
        for width, height in SIZES
    }
    yield contexts
    for context in [first, *contexts.values()]:
        context.close()


def test_every_page_of_the_matrix_is_looked_at() -> None:
    pages = {row.name for row in ROWS if row.see is not None}

    missing = pages - set(PAGES) - set(NOT_A_PAGE)

    assert missing == set(), "add these to tests/browser/pages.py"
    assert len(PAGES) > 10


@pytest.mark.parametrize("name", [*(page for page in PAGES if page not in OWNERS_PAGES), *PUBLIC_PAGES])
def test_page_is_sound(
    name: str,
    looks: dict[int, BrowserContext],
    addresses: dict[str, dict[str, str]],
    company: Stack,
) -> None:
    _look_at(name, addresses["inside"].get(name) or addresses["public"][name], looks, company)


@pytest.mark.parametrize("name", sorted(OWNERS_PAGES))
def test_page_of_the_owner_is_sound(
    name: str,
    owners_looks: dict[int, BrowserContext],
    addresses: dict[str, dict[str, str]],
    company: Stack,
) -> None:
    _look_at(name, addresses["inside"][name], owners_looks, company)


def _look_at(name: str, address: str, looks: dict[int, BrowserContext], company: Stack) -> None:
    for width, context in looks.items():
        with closing(context.new_page()) as page:
            _look_from(page, name, address, width, company)


def _look_from(page: Page, name: str, address: str, width: int, company: Stack) -> None:
    complaints = _complaints(page)
    answer = page.goto(address)
    page.wait_for_load_state("networkidle")

    assert answer is not None
    assert answer.status == 200, (width, company.logs()[-2000:] if answer.status >= 500 else "")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} overflows at {width}"
    assert complaints == [], width  # before axe, which styles what it measures
    for theme, rules in RULES.items():
        page.emulate_media(color_scheme=theme)
        page.evaluate(UNTIL_COLOURS_REST)
        _keep_picture(page, name, theme, width)
        assert _axe_findings(page, rules) == [], (theme, width)


def _complaints(page: Page) -> list[str]:
    """What the browser complains about: script errors, and violations of the content security policy."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    return found


def _axe_findings(page: Page, rules: dict[str, Any]) -> list[str]:
    found = Axe().run(page, options=rules).response["violations"]
    return [f"{v['id']}: {[node['target'] for node in v['nodes']][:3]}" for v in found]


def _keep_picture(page: Page, name: str, theme: str, width: int) -> None:
    if SHOTS:
        folder = Path(SHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name.replace(':', '-')}-{theme}-{width}.png", full_page=True)
