"""What a sending worker asks: how many may go to whom now, and what it tells of the answers."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from django.db import connection
from django.utils import timezone

from delivery.models import INSTALLATION, Run
from delivery.pace import buckets
from delivery.pace.buckets import Ask, BucketsUnreachable
from delivery.pace.groups import domain_group
from delivery.pace.limits import Limits, limits_in_force
from delivery.pace.queues import Queue, queue_of
from workspaces.models import Workspace

logger = logging.getLogger(__name__)
FRESH = 2.0  # seconds for which limits that were read count, so that a moved one acts at once
ADD_VOLUMES = """
INSERT INTO delivery_dayvolume AS had (workspace_id, transport_id, day, "group", count)
SELECT %(workspace)s, %(transport)s, %(day)s, next.name, GREATEST(0, next.number)
FROM unnest(%(groups)s::text[], %(counts)s::int[]) AS next (name, number)
ON CONFLICT (workspace_id, day, transport_id, "group")
DO UPDATE SET count = GREATEST(0, had.count + (
    SELECT next.number FROM unnest(%(groups)s::text[], %(counts)s::int[]) AS next (name, number)
    WHERE next.name = had."group"))
"""


class Pace:
    """The pace of one run over one mail server (None: the installation's own), for one worker.

    Not for several threads. Reads PostgreSQL every two seconds, and writes there what was granted, so use it where the
    database may be used and outside of a transaction; leave it by `with` or `close`.
    """

    def __init__(self, run: Run, transport_id: int | None = None, clock: Callable[[], datetime] = timezone.now) -> None:
        self.run, self.transport_id, self.clock = run, transport_id or INSTALLATION, clock
        self.waits: dict[str, float] = {}
        """Seconds until one may go, for each group that wanted some and got none at the last `grant`."""
        self._limits: Limits | None = None
        self._read_at = 0.0
        self._turn = 0
        self._has_granted = False
        self._granted: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    @property
    def wait(self) -> float:
        """Seconds until it makes sense to ask again: 0 if the last `grant` gave anything, or nothing was wanted."""
        return 0.0 if self._has_granted else min(self.waits.values(), default=0.0)

    def grant(self, wanted: Mapping[str, int]) -> dict[str, int]:
        """How many of each group may go now, at most as many as wanted. One call to Redis.

        What is granted and not sent must be given back by `unused`. Raises `BucketsUnreachable`: then nothing may go.
        """
        limits = self._in_force()
        groups = self._in_turn([group for group, count in wanted.items() if count > 0])
        asks = [Ask(limits.buckets(group), wanted[group]) for group in groups]
        found = buckets.grant([*asks, *self._gauged(limits)])
        self._answered.clear()
        given = dict(zip(groups, found, strict=False))
        self._granted.update({group: one.count for group, one in given.items()})
        self.waits = {group: one.wait for group, one in given.items() if not one.count}
        self._has_granted = len(self.waits) < len(given)
        return {group: given[group].count if group in given else 0 for group in wanted}

    def unused(self, group: str, count: int) -> None:
        """Give back what was granted and not sent. While Redis is away tokens are lost, which only slows us down."""
        if count <= 0:
            return
        self._granted[group] -= count
        try:
            buckets.give_back(self._in_force().buckets(group), count)
        except BucketsUnreachable as error:
            logger.warning("Run %s could not give back %s tokens: %s", self.run.pk, count, error)

    def note(self, group: str, *, accepted: int = 0, deferred: int = 0, throttled: int = 0) -> None:
        """Tell what servers answered. `throttled` asked for less (`asks_for_less`), and slow the group down.

        `accepted` and `deferred`, without the throttled, say how fast the group is served, from which it is slowed.
        """
        self._answered[group] += accepted + deferred
        if not throttled:
            return
        limits = self._in_force()
        heard = self._answered.pop(group) + throttled
        allowed = limits.allowed_per_second(group)
        try:
            rate = buckets.slow_down(
                limits.slowed(group), limits.gauge(group), answers=heard, allowed_per_second=allowed
            )
        except BucketsUnreachable as error:
            logger.warning("Run %s could not slow %s down: %s", self.run.pk, group, error)
            return
        logger.info("Servers of %s ask for less; %.1f a second from now on", group, rate)

    def close(self) -> None:
        """Write down what was granted. Repeating is harmless."""
        if self._limits:
            add_volumes(self.run.workspace, self.transport_id, self._limits, self._granted)
        self._granted.clear()

    def _in_force(self) -> Limits:
        if self._limits is None or time.monotonic() - self._read_at > FRESH:
            self.close()
            self._limits = limits_in_force(
                self.run.workspace, self.transport_id, self.clock(), queue=queue_of(self.run), run=self.run
            )
            self._read_at = time.monotonic()
        return self._limits

    def _in_turn(self, groups: list[str]) -> list[str]:
        """Each time another group first: else the first would take all that a bucket of all of them has."""
        self._turn += 1
        first = self._turn % len(groups) if groups else 0
        return groups[first:] + groups[:first]

    def _gauged(self, limits: Limits) -> list[Ask]:
        return [Ask((limits.gauge(group),), count, is_forced=True) for group, count in self._answered.items() if count]


def charge(workspace: Workspace, transport_id: int | None, address: str, now: datetime) -> None:
    """Count one message that waits for nobody: a test mail, a confirmation. The runs that come after it wait instead.

    While Redis is away it goes uncounted.
    """
    server, group = transport_id or INSTALLATION, domain_group(address)
    limits = limits_in_force(workspace, server, now, queue=Queue.TRANSACTIONAL)
    add_volumes(workspace, server, limits, {group: 1})
    try:
        buckets.grant([Ask(limits.buckets(group), 1, is_forced=True)])
    except BucketsUnreachable as error:
        logger.warning("A message of workspace %s was not counted: %s", workspace.pk, error)


def add_volumes(workspace: Workspace, transport_id: int, limits: Limits, counts: Mapping[str, int]) -> None:
    """Add to what was granted on the day of the limits; negative numbers take away."""
    changed = sorted((group, count) for group, count in counts.items() if count)  # in one order: no two workers lock
    if not changed:
        return
    groups, numbers = zip(*changed, strict=True)
    given: dict[str, Any] = {"workspace": workspace.pk, "transport": transport_id, "day": limits.day.date}
    with connection.cursor() as cursor:
        cursor.execute(ADD_VOLUMES, {**given, "groups": list(groups), "counts": list(numbers)})
