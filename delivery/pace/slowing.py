"""Which groups servers have slowed down, for pages to show; `delivery.pace.buckets.slow_down` says how that comes."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from redis.exceptions import RedisError

from delivery.pace.buckets import PREFIX, client
from delivery.pace.groups import GROUPS, LABELS
from delivery.pace.limits import slowed_key
from delivery.pace.servers import MailServer, mail_servers
from workspaces.models import Workspace

logger = logging.getLogger(__name__)
GROWTH = 1.2  # a quiet minute, as in grant.lua
MINUTE = 60  # seconds


@dataclass(frozen=True, slots=True)
class SlowedGroup:
    """A group that gets less for a while: messages a minute now and before, and when that is over if all is quiet."""

    server: MailServer
    group: str
    per_minute: int
    usual_per_minute: int
    gone_at: datetime

    @property
    def label(self) -> str:
        return str(LABELS[self.group])


def slowed_groups(workspace: Workspace, now: datetime) -> list[SlowedGroup]:
    """Those slowed down now, over all mail servers of the workspace. Empty, too, while Redis cannot be asked.

    One round trip to Redis, no query.
    """
    asked = [(server, group) for server in mail_servers(workspace) for group in GROUPS]
    try:
        seconds, *found = _states([PREFIX + slowed_key(server.id, group) for server, group in asked])
    except RedisError as error:
        logger.warning("Nobody knows which groups are slowed down: %s", error)
        return []
    pairs = zip(asked, found[::2], found[1::2], strict=True)
    return [_slowed(*which, state, left, seconds, now) for which, state, left in pairs if state[0] is not None]


def _states(keys: list[str]) -> list[Any]:
    """The time by Redis in seconds, then for each key what is kept of it and the milliseconds until it is forgotten."""
    with client().pipeline(transaction=False) as pipe:
        pipe.time()
        for key in keys:
            pipe.hmget(key, ["rate", "base", "seen"])
            pipe.pttl(key)
        (seconds, micros), *found = pipe.execute()
    return [seconds + micros / 1_000_000, *found]


def _slowed(
    server: MailServer, group: str, state: list[bytes], left: int, seconds: float, now: datetime
) -> SlowedGroup:
    rate, base, seen = (float(value) for value in state)
    quiet_minutes = max(0.0, seconds - seen) // MINUTE
    per_minute = round(rate * GROWTH**quiet_minutes * MINUTE)
    gone_at = now + timedelta(milliseconds=max(left, 0))
    return SlowedGroup(server, group, per_minute, round(base * MINUTE), gone_at)
