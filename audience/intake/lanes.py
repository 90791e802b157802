"""Two chunks of one import on their way at once, each in a transaction on a connection of its own.

A chunk first writes its people, then says where they belong and commits, which costs the database nearly as much. The
next one writes its people meanwhile. It does so only when the people before it are written, and commits only when the
chunk before it has: so what is taken is always the beginning of the file, and a chunk waits for an earlier one alone,
never an earlier one for it.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Self

from django.db import connections
from django.utils.translation import get_language, override

LANES = 2
LONGEST_WAIT = 60.0  # seconds; whoever waits longer for the chunk before has lost the lease


class ChunkBeforeFailed(Exception):
    """What stands before this chunk in the file was not taken, so this is not either."""


@dataclass(slots=True)
class Turn:
    """A chunk's place in the order, as its transaction sees it."""

    before: "Turn | None" = None
    people_written: Event = field(default_factory=Event)
    ended: Event = field(default_factory=Event)
    is_committed: bool = False

    def await_people_before(self) -> None:
        """Raises `ChunkBeforeFailed`."""
        if self.before and not self.before.people_written.wait(LONGEST_WAIT):
            raise ChunkBeforeFailed

    def await_commit_before(self) -> None:
        """Raises `ChunkBeforeFailed`."""
        if self.before and not (self.before.ended.wait(LONGEST_WAIT) and self.before.is_committed):
            raise ChunkBeforeFailed


class Lanes:
    """Takes chunks in turn. Leaving the block waits for those on their way and closes the connections."""

    def __init__(self) -> None:
        self._lanes = deque(ThreadPoolExecutor(1) for _lane in range(LANES))
        self._on_their_way: deque[Future[None]] = deque()
        self._last: Turn | None = None
        self._language = get_language() or "en"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        for lane in self._lanes:
            lane.submit(connections.close_all).result()
            lane.shutdown()

    def take(self, write: Callable[[Turn], None]) -> None:
        """Have a chunk written, by a call that commits it; wait while both lanes are taken. Raises what a chunk did."""
        turn = self._last = Turn(self._last)
        lane = self._lanes[0]
        self._lanes.rotate(-1)
        self._on_their_way.append(lane.submit(self._written, write, turn))
        if len(self._on_their_way) == LANES:
            self._on_their_way.popleft().result()

    def finish(self) -> None:
        """Wait for what is on its way. Raises what the first of them did."""
        while self._on_their_way:
            self._on_their_way.popleft().result()

    def _written(self, write: Callable[[Turn], None], turn: Turn) -> None:
        try:
            with override(self._language):
                turn.await_people_before()
                write(turn)
            turn.is_committed = True
        finally:
            turn.people_written.set()
            turn.ended.set()
            turn.before = None
