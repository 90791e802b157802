"""Buckets in Redis: never more than they hold, nothing lost when another bucket refuses, one call for all."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from math import floor
from multiprocessing import get_context

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.pace import buckets
from delivery.pace.buckets import (
    LOWEST,
    Ask,
    Bucket,
    BucketsUnreachable,
    Gauge,
    Quota,
    Rate,
    Slowed,
    client,
    draw,
    give_back,
    grant,
    slow_down,
)
from tests.delivery.pace.conftest import forget_everything

DAY = 700  # messages a window, in the races
SLOW = 1 / 3600  # tokens a second: none comes back while a test runs


def took(*asks: Ask) -> list[int]:
    return [one.count for one in grant(asks)]


def rate(key: str, burst: float, per_second: float = SLOW, share: float = 0.0) -> Rate:
    return Rate(key, per_second, burst, share)


class TestDrawing:
    def test_a_bucket_gives_what_it_has_and_then_nothing(self) -> None:
        bucket = rate("a", 5)

        counts = [took(Ask((bucket,), 3)), took(Ask((bucket,), 3)), took(Ask((bucket,), 3))]

        assert counts == [[3], [2], [0]]

    def test_all_buckets_must_have_one_and_a_refusal_costs_the_others_nothing(self) -> None:
        many, few, none = rate("many", 10), rate("few", 4), Quota("none", 0, 60)

        first = took(Ask((many, few), 8), Ask((many, none), 8))
        rest = took(Ask((many,), 100))

        assert (first, rest) == ([4, 0], [6])

    def test_several_asks_of_one_call_share_a_bucket(self) -> None:
        shared = rate("shared", 10)

        assert took(Ask((shared,), 7), Ask((shared,), 7), Ask((), 7)) == [7, 3, 7]

    def test_who_got_nothing_is_told_how_long_it_takes(self) -> None:
        bucket = rate("slow", 1, per_second=0.5)
        grant([Ask((bucket,), 1)])

        [refused] = grant([Ask((bucket, rate("other", 9)), 3)])

        assert refused.count == 0
        assert 1.5 < refused.wait <= 2.0

    def test_tokens_come_back_with_time(self) -> None:
        bucket = rate("quick", 50, per_second=50)
        took(Ask((bucket,), 50))

        time.sleep(0.2)

        assert 9 <= took(Ask((bucket,), 50))[0] <= 40

    def test_a_rate_that_is_raised_acts_on_the_very_next_call(self) -> None:
        took(Ask((rate("moved", 1, per_second=1 / 60),), 1))
        time.sleep(0.05)

        assert took(Ask((rate("moved", 1000, per_second=1000),), 10_000))[0] >= 40

    def test_a_rate_that_is_lowered_takes_away_what_was_saved(self) -> None:
        took(Ask((rate("moved", 1000, per_second=1000),), 1))

        assert took(Ask((rate("moved", 2),), 1000)) == [2]

    def test_a_share_is_kept_from_those_who_come_last(self) -> None:
        counts = [took(Ask((rate("kept", 101, share=share),), 1000)) for share in (0.1, 0.1, 0.0)]

        assert counts == [[91], [0], [10]]

    def test_a_bucket_of_one_token_keeps_nothing_or_nobody_would_ever_get_it(self) -> None:
        assert took(Ask((rate("one", 1, share=0.1),), 5)) == [1]

    def test_what_cannot_wait_is_given_and_owed(self) -> None:
        bucket = rate("owed", 2, per_second=10)

        forced = took(Ask((bucket,), 5, is_forced=True))
        [after] = grant([Ask((bucket,), 1)])

        assert forced == [5]
        assert after.count == 0
        assert 0.3 < after.wait <= 0.4

    def test_what_was_not_used_goes_back_and_never_beyond_the_size(self) -> None:
        both = (rate("back", 5), Quota("window", 5, 60))
        took(Ask(both, 5))

        give_back(both, 2)
        give_back((rate("back", 5),), 100)

        assert took(Ask(both, 10)) == [2]

    def test_wanting_nothing_changes_nothing(self) -> None:
        assert grant([]) == []
        assert took(Ask((rate("nothing", 1),), 0)) == [0]
        assert client().exists(f"{buckets.PREFIX}nothing") == 0


class TestAWindow:
    def test_it_gives_its_number_and_then_says_when_it_ends(self) -> None:
        window = Quota("day", 3, 1000.5)

        counts = took(Ask((window,), 2), Ask((window,), 2))
        [after] = grant([Ask((window,), 1)])

        assert counts == [2, 1]
        assert (after.count, after.wait) == (0, 1000.5)

    def test_a_lowered_number_counts_what_was_drawn(self) -> None:
        took(Ask((Quota("day", 100, 60),), 40))

        assert took(Ask((Quota("day", 50, 60),), 40)) == [10]
        assert took(Ask((Quota("day", 20, 60),), 40)) == [0]

    def test_after_redis_was_emptied_the_callers_memory_counts(self) -> None:
        took(Ask((Quota("day", 100, 60),), 40))
        forget_everything()

        assert took(Ask((Quota("day", 100, 60, drawn=90),), 40)) == [10]
        assert took(Ask((Quota("day", 100, 60, drawn=0),), 40)) == [0]

    def test_it_is_forgotten_some_time_after_its_end(self) -> None:
        took(Ask((Quota("day", 3, 100),), 1))

        assert 100 < client().ttl(f"{buckets.PREFIX}day") <= 100 + 3600


class TestSlowingDown:
    def group(self, name: str = "gmail") -> tuple[Slowed, Gauge]:
        return Slowed(f"slowed:{name}"), Gauge(f"gauge:{name}")

    def test_without_a_complaint_there_is_no_limit(self) -> None:
        assert took(Ask((self.group()[0],), 1_000_000)) == [1_000_000]

    def test_a_group_with_a_limit_is_halved(self) -> None:
        slowed, gauge = self.group()
        grant([Ask((gauge,), 1_000_000, is_forced=True)])

        lowered = slow_down(slowed, gauge, answers=1, allowed_per_second=20.0)

        assert lowered == 10.0
        assert took(Ask((slowed,), 1_000)) == [1]
        time.sleep(0.3)
        assert 2 <= took(Ask((slowed,), 1_000))[0] <= 10

    def test_a_group_without_a_limit_is_halved_from_what_it_took_lately(self) -> None:
        slowed, gauge = self.group()
        grant([Ask((gauge,), 99, is_forced=True)])

        lowered = slow_down(slowed, gauge, answers=1)

        assert 45 < lowered < 55  # a hundred within the last second

    def test_many_answers_at_once_are_one(self) -> None:
        slowed, gauge = self.group()

        rates = [slow_down(slowed, gauge, answers=1, allowed_per_second=100.0) for _again in range(8)]

        assert rates[0] <= 50
        assert len(set(rates)) == 1

    def test_a_complaint_after_a_while_halves_again(self) -> None:
        slowed, gauge = self.group()
        grant([Ask((gauge,), 10_000, is_forced=True)])
        slow_down(slowed, gauge, answers=1, allowed_per_second=40.0)
        self.let_pass(slowed, seconds=11)

        assert slow_down(slowed, gauge, answers=1, allowed_per_second=40.0) == 10.0

    def test_it_never_falls_below_the_lowest(self) -> None:
        slowed, gauge = self.group()

        assert slow_down(slowed, gauge, answers=1, allowed_per_second=LOWEST / 4) == LOWEST

    def test_each_quiet_minute_gives_back_a_fifth(self) -> None:
        slowed, gauge = self.group()
        grant([Ask((gauge,), 100_000, is_forced=True)])
        slow_down(slowed, gauge, answers=1, allowed_per_second=1000.0)
        took(Ask((slowed,), 10_000))

        self.let_pass(slowed, seconds=121)

        assert took(Ask((slowed,), 10_000)) == [720]  # 500 × 1.2², and a second's worth of it at once

    def test_it_is_forgotten_when_it_is_what_it_was(self) -> None:
        slowed, gauge = self.group()
        grant([Ask((gauge,), 100_000, is_forced=True)])

        slow_down(slowed, gauge, answers=1, allowed_per_second=1000.0)

        assert 239 <= client().ttl(f"{buckets.PREFIX}{slowed.key}") <= 240  # 1.2⁴ is the first to pass 2

    def let_pass(self, slowed: Slowed, *, seconds: float) -> None:
        """Move everything that is remembered into the past, as Redis' clock cannot be moved."""
        key = f"{buckets.PREFIX}{slowed.key}"
        for name in ("halved", "seen", "at"):
            client().hincrbyfloat(key, name, -seconds)


def test_while_redis_is_away_nothing_is_granted_and_it_is_said_why(redis_is_away: None) -> None:
    with pytest.raises(BucketsUnreachable, match="Redis cannot be asked"):
        grant([Ask((rate("a", 5),), 1)])


@dataclass
class Model:
    """The same arithmetic in Python, told the time by Redis."""

    tokens: dict[str, tuple[float, float]] = field(default_factory=dict)
    drawn: dict[str, float] = field(default_factory=dict)

    def grant(self, now: float, asks: list[Ask]) -> list[int]:
        return [self._one(now, ask) for ask in asks]

    def _one(self, now: float, ask: Ask) -> int:
        free = [floor(self._free(now, bucket) + 1e-6) for bucket in ask.buckets]
        count = ask.wanted if ask.is_forced else max(0, min([ask.wanted, *free]))
        for bucket in ask.buckets if count else ():
            self._take(now, bucket, count)
        return count

    def _level(self, now: float, bucket: Rate) -> float:
        had, at = self.tokens.get(bucket.key, (bucket.burst, now))
        return min(bucket.burst, had + max(0.0, now - at) * bucket.per_second)

    def _free(self, now: float, bucket: Bucket) -> float:
        if isinstance(bucket, Rate):
            return self._level(now, bucket) - bucket.share * (bucket.burst - 1)
        assert isinstance(bucket, Quota)
        return bucket.limit - floor(bucket.share * bucket.limit) - self.drawn.get(bucket.key, bucket.drawn)

    def _take(self, now: float, bucket: Bucket, count: int) -> None:
        if isinstance(bucket, Rate):
            self.tokens[bucket.key] = (self._level(now, bucket) - count, now)
        elif isinstance(bucket, Quota):
            self.drawn[bucket.key] = max(0.0, self.drawn.get(bucket.key, bucket.drawn) + count)


SHARES = st.sampled_from([0.0, 0.1])
rates = st.builds(
    Rate,
    st.sampled_from(["r1", "r2", "r3"]),
    st.sampled_from([0.5, 7.0, 300.0, 5000.0]),
    st.sampled_from([1.0, 2.5, 40.0]),
    SHARES,
)
windows = st.builds(Quota, st.sampled_from(["q1", "q2"]), st.sampled_from([0, 3, 50]), st.just(60.0), SHARES)
calls = st.lists(
    st.tuples(
        st.lists(st.tuples(st.lists(rates | windows, max_size=4), st.integers(0, 60), st.booleans()), max_size=4),
        st.sampled_from([0.0, 0.0, 0.002]),
    ),
    min_size=1,
    max_size=8,
)


def _once_each(found: list[Bucket], known: dict[str, Bucket]) -> tuple[Bucket, ...]:
    """A key means one bucket, said alike by all who ask in the same call."""
    return tuple({bucket.key: known.setdefault(bucket.key, bucket) for bucket in found}.values())


@settings(max_examples=60, deadline=None)
@given(calls)
def test_it_is_the_arithmetic_of_the_model(script: list[tuple[list[tuple[list[Bucket], int, bool]], float]]) -> None:
    forget_everything()
    model = Model()
    for asked, pause in script:
        time.sleep(pause)
        known: dict[str, Bucket] = {}
        asks = [Ask(_once_each(found, known), wanted, forced) for found, wanted, forced in asked]

        now, grants = draw(asks)

        assert [one.count for one in grants] == model.grant(now, asks)


def _drain(number: int) -> int:
    """What one process gets out of a bucket, ten tokens at a time."""
    return sum(took(Ask((rate("race", 1000), Quota("race:day", DAY, 60)), 10))[0] for _time in range(number))


def test_fifty_threads_get_no_more_than_there_is() -> None:
    actions: list[Callable[[], int]] = [lambda: _drain(5)] * 50

    with ThreadPoolExecutor(50) as pool:
        counts = [each.result() for each in [pool.submit(action) for action in actions]]

    assert sum(counts) == DAY


def test_four_processes_get_no_more_than_there_is() -> None:
    fork = get_context("fork")
    start = fork.Barrier(4)

    with ProcessPoolExecutor(4, mp_context=fork, initializer=start.wait) as pool:
        counts = list(pool.map(_drain, [50] * 4))

    assert sum(counts) == DAY
