"""A real browser, and the product with its sample company to look at."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.stack import Stack, manage, running_stack
from tools.browser import find

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--font-render-hinting=none",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find()
    if path is None:
        message = "there is no Chromium; `python tools/browser.py` says how to install one"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The product with the sample company in it."""
    folder: Path = tmp_path_factory.mktemp("company")
    with running_stack("company", folder, redis_number=2, prepare=_tell_the_story) as stack:
        yield stack


def _tell_the_story(environment: dict[str, str]) -> None:
    manage("seed_demo", environment=environment)
