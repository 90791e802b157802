"""The system's Chromium, driven by Playwright."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from tools.programs import CHROMIUM

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--font-render-hinting=none",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser; without one the test fails in CI, and elsewhere is skipped with the reason."""
    path = CHROMIUM.find()
    if path is None:
        message = "there is no Chromium; `python tools/programs.py` says how to install one"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()
