"""Redis for what must not wait for it: a connection that gives up soon and tries once more, not again and again."""

from functools import cache

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry


@cache
def impatient_redis(url: str, seconds: float) -> Redis:
    """This process' connections; a worker that was forked makes its own. It fails where an answer takes longer."""
    return Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 1))
