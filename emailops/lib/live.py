"""Tells open pages that something changed: a word through Redis, never the thing itself.

A word is a topic such as `sprint-12` in a room, which is a workspace. Whoever hears it asks for what may be seen. A
lost word costs a reader one look later; nothing waits for it and nothing fails without it.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from django.conf import settings
from django.db import transaction
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from emailops.lib.queue import is_silent

logger = logging.getLogger(__name__)
PREFIX = "emailops:live:"
PATIENCE = 1.0  # seconds that a write may wait for Redis to pass the word on
MOST_UNHEARD = 100  # topics that wait for a slow reader; the next one closes the stream, and the page looks at it all
AGAIN_AFTER = 2.0  # seconds until Redis is tried again


def publish(room: int, topic: str) -> None:
    """Tell a room of a topic once the transaction is committed; nobody while a past is told."""
    if is_silent():
        return
    transaction.on_commit(lambda: _publish(room, topic))


def _publish(room: int, topic: str) -> None:
    try:
        _speaker().publish(f"{PREFIX}{room}", topic)
    except RedisError:
        logger.warning("Nobody heard of %s: Redis is away", topic)


@cache
def _speaker() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 1),
    )


class Listener:
    """The topics that one reader has not heard of yet, each once."""

    def __init__(self) -> None:
        self._topics: dict[str, None] = {}
        self._arrived = asyncio.Event()
        self.is_overrun = False

    def hear(self, topic: str) -> None:
        self._topics[topic] = None
        self.is_overrun = len(self._topics) > MOST_UNHEARD
        self._arrived.set()

    async def next(self, seconds: float) -> list[str]:
        """What was said since the last time; waits for so long, and is empty when nothing was."""
        try:
            await asyncio.wait_for(self._arrived.wait(), seconds)
        except TimeoutError:
            return []
        self._arrived.clear()
        said, self._topics = list(self._topics), {}
        return said


class Hub:
    """The listeners of one event loop. They share a single connection to Redis, open while there is one of them."""

    def __init__(self) -> None:
        self._rooms: dict[int, set[Listener]] = defaultdict(set)
        self._ear: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listener(self, room: int) -> AsyncIterator[Listener]:
        """Hears every topic of a room until it is left."""
        listener = Listener()
        self._rooms[room].add(listener)
        if self._ear is None or self._ear.done():
            self._ear = asyncio.create_task(self._listen())
        try:
            yield listener
        finally:
            self._rooms[room].discard(listener)
            if not self._rooms[room]:
                del self._rooms[room]
            if not self._rooms and self._ear is not None:
                self._ear.cancel()
                self._ear = None

    async def _listen(self) -> None:
        while True:
            try:
                await self._pass_on()
            except (RedisError, OSError) as error:
                logger.warning("Open pages hear of nothing until Redis is back: %s", error)
                await asyncio.sleep(AGAIN_AFTER)

    async def _pass_on(self) -> None:
        async with AsyncRedis.from_url(settings.REDIS_URL) as client, client.pubsub() as heard:
            await heard.psubscribe(f"{PREFIX}*")
            async for word in heard.listen():
                if word["type"] == "pmessage":
                    room = int(word["channel"].decode().removeprefix(PREFIX))
                    for listener in self._rooms.get(room, ()):
                        listener.hear(word["data"].decode())


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    for other in [known for known in _hubs if known.is_closed()]:
        del _hubs[other]
    return _hubs.setdefault(loop, Hub())
