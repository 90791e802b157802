"""What the tests of delivery share: a server that takes the mail, and a clock that can be moved."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import import_module

import pytest
from pytest_django import Settings

from delivery.pace import buckets
from tests.smtp_sink import Sink, running_sink


class Clock:
    """The time as a worker reads it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, span: timedelta) -> None:
        self.now += span


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def sink(settings: Settings) -> Iterator[Sink]:
    """A server of the world: what it does not answer nobody else can tell us."""
    import_module(settings.ROOT_URLCONF)  # with the addresses of the sandbox, which other tests ask for
    with running_sink() as sink:
        settings.MAIL_SANDBOX = False
        settings.MAIL = sink.mail_settings
        yield sink


@pytest.fixture
def redis_is_away(settings: Settings) -> Iterator[None]:
    """The pace, and figures counted once, cannot ask it; each connects anew afterwards."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    _connect_anew()
    yield
    _connect_anew()


def _connect_anew() -> None:
    buckets._script.cache_clear()
