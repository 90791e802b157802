"""So many calls in a while, counted in Redis for all processes together. For doors that stand open to strangers."""

import logging
from datetime import timedelta

from django.conf import settings
from redis.exceptions import RedisError

from emailops.lib.impatient import impatient_redis

logger = logging.getLogger(__name__)
PREFIX = "emailops:throttle:"
PATIENCE = 1.0  # seconds until Redis counts as away


def is_allowed(key: str, *, most: int, per: timedelta) -> bool:
    """Count a call under a key; False from the one on that is more than `most` since the first of the window.

    While Redis is away everything is allowed: what the door guards has bounds of its own in PostgreSQL.
    """
    name = f"{PREFIX}{key}"
    try:
        pipe = impatient_redis(settings.REDIS_URL, PATIENCE).pipeline(transaction=True)
        pipe.set(name, 0, px=int(per.total_seconds() * 1000), nx=True)
        pipe.incr(name)
        return int(pipe.execute()[1]) <= most
    except RedisError:
        logger.warning("Redis is away; calls are not counted")
        return True
