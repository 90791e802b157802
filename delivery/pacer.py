"""The pace of a worker's round: how many of each group may go now, and what the answers say about it."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from delivery.fates import Fate, Outcome
from delivery.ledger import Held
from delivery.models import Run
from delivery.pace.answers import asks_for_less
from delivery.pace.buckets import BucketsUnreachable
from delivery.pace.pacing import Pace
from delivery.transports.choice import WayOut

logger = logging.getLogger(__name__)
REST = 1.0  # seconds before buckets are asked again that could not be reached
LONGEST_REST = 1.0  # seconds; a limit that somebody raises acts that soon
LONG = 2.0  # seconds to wait, from which a worker process has better things to do


class Pacer:
    """Grants and gives back by rows of the ledger. Use as a context manager, from one thread."""

    def __init__(self, run: Run, way: WayOut, group_of: Callable[[Held], str], clock: Callable[[], datetime]) -> None:
        self._pace = Pace(run, way.transport_id, clock)
        self._group_of = group_of
        self._ask_from = 0.0
        self._wait = 0.0

    def __enter__(self) -> "Pacer":
        return self

    def __exit__(self, *_about: object) -> None:
        self._pace.close()

    @property
    def is_waiting(self) -> bool:
        """Whether it is too early to ask again."""
        return time.monotonic() < self._ask_from

    @property
    def waits_long(self) -> bool:
        return self._wait > LONG

    def grant(self, wanted: Mapping[str, int]) -> dict[str, int]:
        """How many of each group may go now; groups that have to wait are left out. None may while Redis is away."""
        if self.is_waiting or not wanted:
            return {}
        granted, self._wait = self._asked(wanted)
        self._ask_from = time.monotonic() + min(self._wait, LONGEST_REST)
        return granted

    def grant_one(self, groups: Iterable[str]) -> dict[str, int]:
        """One message of the first of these groups that need not wait."""
        if self.is_waiting:
            return {}
        waits = []
        for group in groups:
            granted, wait = self._asked({group: 1})
            if granted:
                self._wait = 0.0
                return granted
            waits.append(wait)
        self._wait = min(waits, default=0.0)
        self._ask_from = time.monotonic() + min(self._wait, LONGEST_REST)
        return {}

    def _asked(self, wanted: Mapping[str, int]) -> tuple[dict[str, int], float]:
        """What is granted, and how long to wait if nothing is."""
        try:
            granted = self._pace.grant(wanted)
        except BucketsUnreachable as away:
            logger.warning("Nothing is sent, as nobody can say how fast: %s", away)
            return {}, LONG + REST
        return {group: count for group, count in granted.items() if count}, self._pace.wait

    def choose(self, rows: Sequence[Held]) -> tuple[list[Held], dict[str, int]]:
        """The first of these rows that may go now, and what was granted for them."""
        granted = self.grant(Counter(self._group_of(row) for row in rows))
        left = dict(granted)
        allowed = []
        for row in rows:
            group = self._group_of(row)
            if left.get(group):
                left[group] -= 1
                allowed.append(row)
        return allowed, granted

    def give_back(self, granted: Mapping[str, int], sent: Iterable[Held]) -> None:
        """What was granted beyond these rows."""
        used = Counter(self._group_of(row) for row in sent)
        for group, count in granted.items():
            if count > used[group]:
                self._pace.unused(group, count - used[group])

    def unsend(self, rows: Iterable[Held]) -> None:
        """These rows were granted and surely not delivered."""
        for group, count in Counter(self._group_of(row) for row in rows).items():
            self._pace.unused(group, count)

    def note(self, results: Sequence[tuple[Held, Outcome]]) -> bool:
        """Tell what servers answered. Returns whether anything was accepted."""
        accepted: Counter[str] = Counter()
        deferred: Counter[str] = Counter()
        throttled: Counter[str] = Counter()
        for row, outcome in results:
            if outcome.fate == Fate.ACCEPTED:
                accepted[self._group_of(row)] += 1
            elif outcome.fate == Fate.LATER:
                heard = throttled if asks_for_less(outcome.code, outcome.text) else deferred
                heard[self._group_of(row)] += 1
        for group in {*accepted, *deferred, *throttled}:
            self._pace.note(group, accepted=accepted[group], deferred=deferred[group], throttled=throttled[group])
        return bool(accepted)
