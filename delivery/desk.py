"""Where a worker's two threads meet: one talks to the database, the other renders and talks to the mail server.

The database thread hands over batches whose intents are committed and takes back what became of them. The other runs
an event loop of its own, so that neither waits for the other.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

import uvloop

from campaigns.liquid import RenderFailed
from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.journal import Journal
from delivery.ledger import Held
from delivery.shouts import Ear
from delivery.smtp.courier import Courier
from delivery.smtp.parcels import Parcel
from delivery.smtp.timeouts import Timeouts
from emailops.lib.mailurl import MailSettings

logger = logging.getLogger(__name__)
AHEAD = 0.1  # seconds of work that are in hand: what has an intent goes out also after somebody unsubscribed
DEEPEST = 512  # messages in hand at the most; what a machine that fails, not a process, can leave unknown
FLUSH_FROM = 256  # results, from which the ledger should hear of them
PATIENCE = Timeouts().longest_message  # seconds for the last answers: who gives up sooner leaves them unknown
LONGEST_WORDS = 300  # characters kept of an error


@dataclass
class Collected:
    """What came back since the last look: results, and rows that were surely not delivered."""

    results: list[tuple[Held, Outcome]] = field(default_factory=list)
    returned: list[Held] = field(default_factory=list)


class Desk:
    """Carries rows over SMTP in a thread of its own. Use from one other thread, as a context manager."""

    def __init__(
        self, run_id: int, mail: MailSettings, make: Callable[[Held], Parcel], journal: Journal, *, connections: int
    ) -> None:
        self._run_id = run_id
        self._mail, self._make, self._journal, self._connections = mail, make, journal, connections
        self._inbox: deque[Held] = deque()
        self._out: dict[int, Held] = {}
        self._results: deque[tuple[Held, Outcome]] = deque()
        self._returned: deque[Held] = deque()
        self._look = threading.Event()
        self._has_more = False
        self._depth = 2 * connections
        self._done, self._since = 0, time.monotonic()
        self._is_stopping = False
        self._is_doubted = True  # until the first answer
        self._error: BaseException | None = None
        self._loop = uvloop.new_event_loop()
        self._arrived = asyncio.Event()
        self._courier: Courier | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="post", daemon=True)

    def __enter__(self) -> "Desk":
        self._thread.start()
        return self

    def __exit__(self, *_about: object) -> None:
        self.stop()
        self._thread.join()

    # For the thread that has the database.

    @property
    def room(self) -> int:
        """How many more rows should be in hand; none while half of them still are, or once it is to stop."""
        in_hand = len(self._inbox) + len(self._out)
        return 0 if self._is_stopping or in_hand > self._depth // 2 else self._depth - in_hand

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in its hands and nothing waits to be collected."""
        return not (self._inbox or self._out or self._results or self._returned)

    @property
    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def give(self, rows: Sequence[Held]) -> None:
        """Rows whose intent is committed; each comes back as a result or as returned."""
        self._inbox.extend(rows)
        self._tell(self._arrived.set)

    def collect(self, seconds: float, *, has_more: bool) -> Collected:
        """What came back. Waits so long at the most for it to be worth a commit or, with more to give, for room."""
        self._look.clear()
        self._has_more = has_more
        if not self._is_worth_a_look():
            self._look.wait(seconds)
        collected = Collected(_emptied(self._results), _emptied(self._returned))
        self._measure(len(collected.results))
        return collected

    def _is_worth_a_look(self) -> bool:
        in_hand = len(self._inbox) + len(self._out)
        if self._is_stopping:  # what follows is the end of the connections, or of the thread
            return len(self._results) >= FLUSH_FROM
        return len(self._results) >= FLUSH_FROM or not in_hand or (self._has_more and in_hand <= self._depth // 2)

    def _measure(self, done: int) -> None:
        """Keep so much in hand as was done in the last moments: a slow relay gets little ahead, a fast one much."""
        self._done += done
        elapsed = time.monotonic() - self._since
        if elapsed >= AHEAD:
            ahead = round(self._done / elapsed * AHEAD)
            self._depth = max(2 * self._connections, min(DEEPEST, 2 * ahead))
            self._done, self._since = 0, time.monotonic()

    def stop(self) -> None:
        """Start nothing more; what was not started comes back as returned, then the thread ends."""
        self._tell(self._stop)

    def _tell(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended by itself meanwhile
            self._loop.call_soon_threadsafe(what)

    def raise_trouble(self) -> None:
        """Raise what ended the thread before its time, if anything did."""
        if self._error is not None:
            raise self._error

    # Within the event loop.

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._carry())
        except RelayTrouble as trouble:
            self._error = trouble
        except BaseException as error:
            logger.exception("The post thread failed")
            self._error = error
        finally:
            self._is_stopping = True
            self._returned.extend(self._inbox)
            self._inbox.clear()
            self._look.set()

    async def _carry(self) -> None:
        async with Courier(self._mail, self, connections=self._connections) as courier:
            self._courier = courier
            with closing(Ear(self._run_id, self._stop)):
                await self._hand_over(courier)
            await courier.stop(PATIENCE)
            await courier.drain()  # raises what was wrong, if anything was

    async def _hand_over(self, courier: Courier) -> None:
        while not self._is_stopping:
            self._arrived.clear()
            while self._inbox and not self._is_stopping:
                await self._submit(courier, self._next())
            if not self._is_stopping:
                await self._arrived.wait()

    def _next(self) -> Held:
        """The row that has waited longest; it is in hand at every moment, also while its message is made."""
        held = self._inbox[0]
        self._out[held.pk] = held
        self._inbox.popleft()
        return held

    async def _submit(self, courier: Courier, held: Held) -> None:
        try:
            parcel = self._make(held)
        except RenderFailed as failed:
            self._cannot_make(held, failed)
            return
        except Exception as error:  # what nobody foresaw costs this one message, not everybody behind it
            logger.exception("Delivery %s could not be made", held.pk)
            self._cannot_make(held, error)
            return
        await courier.submit(parcel)

    def _cannot_make(self, held: Held, error: Exception) -> None:
        self._results.append((held, Outcome(Fate.UNBUILDABLE, None, str(error)[:LONGEST_WORDS])))
        del self._out[held.pk]

    def _stop(self) -> None:
        self._is_stopping = True
        self._arrived.set()
        if self._courier is not None and self._stopping is None:
            # Beside a `submit` that may wait for room: a server that hangs must not hold up the pause.
            self._stopping = self._loop.create_task(self._courier.stop(PATIENCE))

    # What the courier tells (delivery.smtp.parcels.Owner).

    def about_to_end(self, key: int) -> None:
        self._journal.about_to_end(key)

    def settled(self, key: int, outcome: Outcome) -> None:
        self._journal.settled(key, outcome.fate, outcome.code)
        self._results.append((self._out.pop(key), outcome))
        self._watch(outcome)
        if self._is_worth_a_look():
            self._look.set()

    def _watch(self, outcome: Outcome) -> None:
        """Stop where answers are swallowed: each leaves a message of which nobody knows, and so would the next."""
        if outcome.fate == Fate.UNKNOWN:
            if self._is_doubted:
                self._error = self._error or RelayTrouble(outcome.text, is_lasting=False)
                self._stop()
            self._is_doubted = True
        else:
            self._is_doubted = False

    def returned(self, key: int) -> None:
        self._journal.returned(key)
        self._returned.append(self._out.pop(key))
        self._look.set()


def _emptied(kept: deque[Any]) -> list[Any]:
    """All that was in it. Others may append meanwhile."""
    return [kept.popleft() for _count in range(len(kept))]
