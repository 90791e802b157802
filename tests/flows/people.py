"""The people of a flow, each with a browser of his or her own, and the readers with nothing but their mail program."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

PASSWORD = "seven-small-ferns"
MAIL_PROGRAM = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0"
PHONE: ViewportSize = {"width": 390, "height": 844}


class Person:
    """Somebody at a browser, who finds things by the words on the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.main = page.get_by_role("main")

    def visit(self, address: str, *, status: int = 200) -> None:
        answer = self.page.goto(address) or self.page.goto(address)  # none: the page just loaded itself anew
        assert answer is not None
        assert answer.status == status, (address, answer.status)

    def fill(self, fields: Mapping[str, str]) -> None:
        for label, value in fields.items():
            self._field(label).fill(value)

    def choose(self, fields: Mapping[str, str]) -> None:
        for label, option in fields.items():
            self._field(label).select_option(label=option)

    def attach(self, files: Mapping[str, Path]) -> None:
        for label, file in files.items():
            self._field(label).set_input_files(file)

    def _field(self, label: str) -> Locator:
        """The field with this label, whatever the page adds to it: that it is optional, or a unit."""
        return self.main.get_by_label(re.compile(rf"^\s*{re.escape(label)}\s*(optional\s*|,.*|\(.*)?$")).first

    def tick(self, *labels: str) -> None:
        for label in labels:
            self.main.get_by_label(label, exact=False).first.check()

    def press(self, name: str | re.Pattern[str], *, inside: Locator | None = None) -> None:
        (inside or self.main).get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state()

    @contextmanager
    def part_changes(self) -> Iterator[None]:
        """Around something that makes the page fetch a part of itself anew: waits until it is there."""
        with self.page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
            yield
        expect(self.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)

    def follow(self, name: str) -> None:
        self.main.get_by_role("link", name=name).first.click()
        self.page.wait_for_load_state()

    def sees(self, *words: str, within: float = 15) -> None:
        for word in words:
            expect(self.main).to_contain_text(re.compile(word), timeout=within * 1000)


@contextmanager
def at_a_browser(browser: Browser, base_url: str, *, phone: bool = False) -> Iterator[Person]:
    """A person with a fresh browser: not signed in, on a desk or on a phone."""
    context = browser.new_context(base_url=base_url, user_agent=MAIL_PROGRAM, viewport=PHONE if phone else None)
    context.set_default_timeout(15_000)
    try:
        yield Person(context.new_page())
    finally:
        context.close()


class _NoRedirect(HTTPRedirectHandler):
    """Leaves a redirect as the answer it is."""

    def redirect_request(self, *_about: Any) -> None:
        return None


def fetch(address: str, *, data: bytes | None = None) -> tuple[int, str]:
    """What a mail program does with an address in a mail: GET, or POST with data. Returns status and redirect."""
    request = Request(address, data=data, headers={"User-Agent": MAIL_PROGRAM})  # noqa: S310  our own server
    try:
        with build_opener(_NoRedirect).open(request, timeout=20) as answer:
            return answer.status, ""
    except HTTPError as redirect:
        return redirect.code, redirect.headers.get("Location", "")
