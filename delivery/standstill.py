"""The facts about a run in which nothing moves."""

import logging
from datetime import datetime, timedelta

import redis
from django.conf import settings

from delivery.ledger import waiting_groups
from delivery.models import BOUNDS, DeliveryState, Installation, Lane, Run, RunState, Watch
from delivery.pace.outlook import used_up, waits_for_tomorrow
from delivery.pace.queues import Queue, queue_of
from delivery.queries import RunCounts
from delivery.safety import limits_of
from delivery.stuck import Explanation, Standstill, explain

logger = logging.getLogger(__name__)
SHORTEST = timedelta(minutes=BOUNDS["stuck_after_minutes"][0])  # that a limit can be
SECONDS = 1  # for Redis to answer


def why_it_stands_still(run: Run, counts: RunCounts, now: datetime) -> Explanation | None:
    """Why nothing moves, if nothing has for longer than the workspace's limit; None where that is said already.

    A volume of today that is used up is said by `used_up`. No query while it moves, for a run with its parts.
    """
    if not run.is_moving or run.trouble or not (counts.pending or run.state == RunState.PLANNING):
        return None
    watch: Watch | None = getattr(run, "watch", None)
    moments = (run.started_at, run.planned_at, watch.since if watch else None, counts.settled_at)
    idle_for = now - max(at for at in moments if at is not None)
    if idle_for < SHORTEST or idle_for < limits_of(run.workspace).stuck_after:
        return None
    facts = _facts(run, counts, now, idle_for)
    found = explain(facts)
    return None if facts.limit and found.what == facts.limit else found


def _facts(run: Run, counts: RunCounts, now: datetime, idle_for: timedelta) -> Standstill:
    lanes_here = Lane.objects.filter(run=run).count()
    in_hand = run.deliveries.filter(state=DeliveryState.SENDING).count()
    put_off = run.deliveries.filter(state=DeliveryState.DEFERRED, next_attempt_at__gt=now).count()
    ring = Installation.objects.filter(pk=1).first()
    return Standstill(
        now=now,
        idle_for=idle_for,
        waiting=counts.pending - in_hand - put_off,
        in_hand=in_hand,
        deferred=put_off,
        next_attempt_at=counts.next_attempt_at,
        lanes_here=lanes_here,
        lanes_elsewhere=Lane.objects.exclude(run=run).count(),
        queue=queue_of(run),
        bells=_bells(queue_of(run)),
        ring_at=ring.clock if ring else None,
        limit=_limit_of_today(run, now),
    )


def _limit_of_today(run: Run, now: datetime) -> str:
    """Which volume of today keeps everybody waiting, if one does."""
    is_waiting = waits_for_tomorrow(run.workspace, waiting_groups(run), now)
    return " ".join(used_up(run.workspace, now)) if is_waiting else ""


def _bells(queue: Queue) -> int | None:
    """How many tasks wait in the queue that a run belongs to; None when Redis does not say."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS) as client:
            found: int = client.llen(queue)
            return found
    except redis.RedisError:
        logger.warning("Redis does not say how many bells wait")
        return None
