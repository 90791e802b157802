"""So many calls in a while."""

import uuid
from datetime import timedelta

import pytest
from pytest_django import Settings

from emailops.lib import throttle
from emailops.lib.impatient import impatient_redis
from emailops.lib.throttle import is_allowed
from tests.together import together

HOUR = timedelta(hours=1)


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def test_calls_are_allowed_up_to_the_bound(key: str) -> None:
    assert [is_allowed(key, most=2, per=HOUR) for _n in range(4)] == [True, True, False, False]


def test_keys_are_counted_apart(key: str) -> None:
    is_allowed(key, most=1, per=HOUR)

    assert is_allowed(f"{key}-other", most=1, per=HOUR)


def test_a_window_that_is_over_begins_anew(key: str, settings: Settings) -> None:
    is_allowed(key, most=1, per=HOUR)
    impatient_redis(settings.REDIS_URL, throttle.PATIENCE).pexpire(f"{throttle.PREFIX}{key}", 0)

    assert is_allowed(key, most=1, per=HOUR)


def test_the_window_ends_although_calls_go_on(key: str, settings: Settings) -> None:
    for _n in range(3):
        is_allowed(key, most=1, per=HOUR)

    assert 0 < impatient_redis(settings.REDIS_URL, throttle.PATIENCE).pttl(f"{throttle.PREFIX}{key}") <= 3_600_000


def test_calls_at_once_are_counted_once_each(key: str) -> None:
    found = together(*[lambda: is_allowed(key, most=3, per=HOUR)] * 8)

    assert sorted(map(bool, found)) == [False] * 5 + [True] * 3


def test_without_redis_everything_is_allowed(key: str, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"

    assert is_allowed(key, most=0, per=HOUR)
