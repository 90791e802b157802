"""Redis, emptied and away."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from delivery.pace import buckets
from delivery.pace.buckets import PREFIX, client


@pytest.fixture
def redis_is_away(settings: Settings) -> Iterator[None]:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    _connect_anew()
    yield
    _connect_anew()


def _connect_anew() -> None:
    for kept in (client, buckets._script):
        kept.cache_clear()


def forget_everything() -> None:
    """As after Redis was emptied."""
    for key in client().scan_iter(f"{PREFIX}*", count=1000):
        client().delete(key)
