"""Token buckets that all workers of all machines share, in Redis: many are drawn from in one atomic call.

The time is Redis' own, so that no worker's clock counts. Redis holds what is left; the limits come with each call, so
that one acts as soon as the callers know it. Emptying Redis fills the buckets: one second's worth more goes out, once.
What was drawn from a window (a day of a warm-up) is then taken from what the caller remembers.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from redis import Redis
from redis.commands.core import Script
from redis.exceptions import RedisError

from emailops.lib.impatient import impatient_redis

PREFIX = "emailops:pace:"
PATIENCE = 2.0  # seconds until Redis counts as away
LOWEST = 0.1  # messages a second to which answers of servers can slow a group down: six a minute
TOGETHER = 10  # seconds in which several answers that ask for less are one


class BucketsUnreachable(Exception):
    """Redis cannot be asked how many messages may go now. Nothing may: sending waits rather than run unlimited."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second, and `burst` (at least 1) at once after a rest. `share` of them is kept from this asker."""

    key: str
    per_second: float
    burst: float
    share: float = 0.0

    def stated(self) -> list[object]:
        return ["rate", self.per_second, self.burst, self.share]


@dataclass(frozen=True, slots=True)
class Quota:
    """So many in a window that ends in `ends_in` seconds; the key names the window.

    `drawn` is how many were drawn as far as the caller knows: it counts only when Redis remembers nothing.
    """

    key: str
    limit: int
    ends_in: float
    share: float = 0.0
    drawn: int = 0

    def stated(self) -> list[object]:
        return ["quota", self.limit, self.ends_in, self.share, self.drawn]


@dataclass(frozen=True, slots=True)
class Slowed:
    """A rate that answers of servers have lowered (`slow_down`); no limit while they have not."""

    key: str
    share: float = 0.0

    def stated(self) -> list[object]:
        return ["slowed", 0, 0, self.share]


@dataclass(frozen=True, slots=True)
class Gauge:
    """No limit: remembers how many went by lately."""

    key: str

    def stated(self) -> list[object]:
        return ["gauge", 0, 0, 0]


Bucket = Rate | Quota | Slowed | Gauge


@dataclass(frozen=True, slots=True)
class Ask:
    """So many messages, each of which takes one token from every bucket.

    `is_forced`: it gets them even if a bucket then owes tokens; a negative number gives back.
    """

    buckets: tuple[Bucket, ...]
    wanted: int
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """How many may go, and seconds until one may when none can."""

    count: int
    wait: float = 0.0


def grant(asks: Sequence[Ask]) -> list[Grant]:
    """Draw for each ask as many as all its buckets have, in the order given. One call, however many buckets.

    A bucket that refuses costs the others nothing. Two buckets of one key are one. Raises `BucketsUnreachable`.
    """
    return draw(asks)[1]


def draw(asks: Sequence[Ask]) -> tuple[float, list[Grant]]:
    """As `grant`, with the time by Redis, in seconds since 1970, at which it was decided."""
    places: dict[str, int] = {}
    stated: list[list[object]] = []
    asked: list[list[int]] = []
    for ask in asks:
        asked.append([ask.wanted, int(ask.is_forced)])
        for bucket in ask.buckets:
            if bucket.key not in places:
                places[bucket.key] = len(places) + 1
                stated.append(bucket.stated())
            asked[-1].append(places[bucket.key])
    keys = [PREFIX + key for key in places]
    seconds, micros, *found = cast("list[Any]", _run("grant", keys, json.dumps([stated, asked])))
    pairs = zip(found[::2], found[1::2], strict=True)
    grants = [Grant(int(count), max(int(wait), 0) / 1000) for count, wait in pairs]
    return int(seconds) + int(micros) / 1_000_000, grants


def give_back(buckets: tuple[Bucket, ...], count: int) -> None:
    """Put back what was granted and not used. Raises `BucketsUnreachable`."""
    grant([Ask(buckets, -count, is_forced=True)])


def slow_down(slowed: Slowed, gauge: Gauge, *, answers: int, allowed_per_second: float = 0.0) -> float:
    """Halve a group's rate, because so many answers asked for it. Returns the new rate a second.

    A group without a limit is halved from what its gauge measured lately. Answers within `TOGETHER` seconds of a
    halving are part of it. Each minute without such an answer gives back a fifth, until the rate is what it was before:
    down at once and up slowly, as TCP answers congestion (RFC 5681). Raises `BucketsUnreachable`.
    """
    keys = [PREFIX + slowed.key, PREFIX + gauge.key]
    return float(cast("bytes", _run("slow_down", keys, answers, allowed_per_second, LOWEST, TOGETHER)))


def _run(name: str, keys: list[str], *values: str | float) -> object:
    try:
        return _script(name)(keys=keys, args=list(values))
    except RedisError as error:
        raise BucketsUnreachable(f"Redis cannot be asked how many messages may go: {error}") from error


def client() -> Redis:
    return impatient_redis(settings.REDIS_URL, PATIENCE)


@cache
def _script(name: str) -> Script:
    return client().register_script(Path(__file__).with_name(f"{name}.lua").read_text())
