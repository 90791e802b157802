"""Figures that are counted once for everybody who looks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from delivery.counted import KEPT, PREFIX, counted_once
from delivery.pace.buckets import client

KEY = "test:figures"
TURN_KEY = f"{PREFIX}{KEY}:turn"


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> None:
    client().delete(PREFIX + KEY, TURN_KEY)


def counter(*answers: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    """Counts once for each of these answers; asked more often it fails."""
    left = iter(answers)
    return lambda: next(left)


def test_who_looks_a_moment_later_is_told_the_same() -> None:
    count = counter({"sent": 1, "lines": [["sent", None, 0.5]]})

    told = [counted_once(KEY, count) for _look in range(3)]

    assert told == [{"sent": 1, "lines": [["sent", None, 0.5]]}] * 3


def test_figures_that_are_no_longer_fresh_are_counted_anew() -> None:
    count = counter({"sent": 1}, {"sent": 2})
    counted_once(KEY, count)

    client().delete(TURN_KEY)

    assert counted_once(KEY, count) == {"sent": 2}


def test_while_one_counts_the_others_are_told_the_figures_before() -> None:
    counted_once(KEY, counter({"sent": 1}))
    client().delete(TURN_KEY)
    begun, may_end = Event(), Event()

    def slowly() -> dict[str, Any]:
        begun.set()
        may_end.wait(10)
        return {"sent": 2}

    with ThreadPoolExecutor(1) as pool:
        counting = pool.submit(counted_once, KEY, slowly)
        begun.wait(10)
        meanwhile = counted_once(KEY, counter())
        may_end.set()
        counted = counting.result()
    afterwards = counted_once(KEY, counter())

    assert (meanwhile, counted, afterwards) == ({"sent": 1}, {"sent": 2}, {"sent": 2})


def test_a_count_that_fails_keeps_nobody_from_counting() -> None:
    with pytest.raises(StopIteration):
        counted_once(KEY, counter())

    assert counted_once(KEY, counter({"sent": 1})) == {"sent": 1}


def test_nothing_is_kept_for_ever() -> None:
    counted_once(KEY, counter({"sent": 1}))

    assert 0 < client().ttl(PREFIX + KEY) <= KEPT
    assert client().pttl(TURN_KEY) > 0


@pytest.mark.usefixtures("redis_is_away")
def test_without_redis_everybody_counts() -> None:
    count = counter({"sent": 1}, {"sent": 2})

    told = [counted_once(KEY, count) for _look in range(2)]

    assert told == [{"sent": 1}, {"sent": 2}]
