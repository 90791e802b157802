"""What the tests of mail servers share: an authority that is believed, and servers that may be called."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pytest_django import Settings

from emailops.lib import oauth
from tests.certificates import Authority, new_authority
from tests.delivery.smtp.sink import Sink, running


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def believed(authority: Authority, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Authority:
    """The authority, as one of those that this machine believes; and localhost may be called."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    settings.PRIVATE_ENDPOINTS = ["localhost", "127.0.0.1"]
    return authority


@pytest.fixture(autouse=True)
def _no_tokens_kept() -> None:
    oauth._kept.clear()


@contextmanager
def serving(sink: Sink) -> Iterator[Sink]:
    """A mail server in a thread of its own."""
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with running(sink):
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()
