"""Carries messages over several connections at once, and says of each exactly once what became of it."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from secrets import SystemRandom
from types import TracebackType
from typing import Self

from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.smtp.carrying import Carrier
from delivery.smtp.chunks import ChunkCarrier
from delivery.smtp.dots import DotCarrier
from delivery.smtp.envelopes import Capabilities
from delivery.smtp.opening import Opener
from delivery.smtp.parcels import Owner, Parcel
from delivery.smtp.protocol import Connection
from emailops.lib.mailurl import MailSettings

MOST_FRUITLESS = 3  # connections in a row that took mail and answered for none of it, before the relay is in trouble
GRACE = 25.0  # seconds in which a courier that is stopped waits for the last replies
RANDOM = SystemRandom()


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds before another connection is tried: doubled each time, up to a limit, and scattered."""

    first: float = 0.5
    longest: float = 30

    def after(self, setbacks: int) -> float:
        return min(self.longest, self.first * 2.0 ** min(setbacks - 1, 20)) * RANDOM.uniform(0.5, 1)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a courier works.

    At most `most_on_connection` messages go over a connection. With a `window`, a server that knows CHUNKING is given
    so many messages at once by BDAT; without, one by DATA. `most_waiting` parcels wait for a free connection before
    whoever submits has to wait as well; by default four for each connection.
    """

    most_on_connection: int = 100
    window: int = 0
    most_waiting: int = 0
    pauses: Pauses = field(default_factory=Pauses)


class Courier:
    """Keeps up to `connections` connections to one relay and gives each waiting parcel to the next free one.

    Parcels are started in the order in which they were submitted. About each `owner` is told either that it was settled
    or that it was returned; returned ones may be submitted again. One whose turn made the connection break twice is
    settled as LATER, so that it cannot hold up the others.

    When the relay is in trouble, everything that was not started is returned, what is between its end and the reply is
    awaited, and then `submit`, `drain` or `deliver` raises `RelayTrouble`, once; after that the courier may be used
    again.
    """

    def __init__(
        self,
        mail: MailSettings,
        owner: Owner,
        *,
        connections: int,
        manner: Manner | None = None,
        opener: Opener | None = None,
    ) -> None:
        self.owner = owner
        self._manner = manner or Manner()
        self._opener = opener or Opener(mail)
        self._connections = connections
        self._most_waiting = self._manner.most_waiting or 4 * connections
        self._waiting: deque[Parcel] = deque()
        self._unsettled = 0
        self._verdicts = 0
        self._carriers: set[Carrier] = set()
        self._resting: list[Carrier] = []
        self._openings: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._suspects: set[int] = set()
        self._trouble: RelayTrouble | None = None
        self._error: Exception | None = None
        self._is_stopped = False
        self._setbacks = 0
        self._fruitless = 0
        self._verdicts_before = 0
        self._pause: asyncio.TimerHandle | None = None
        self._ticker: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._tick()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # What the worker calls.

    async def deliver(self, parcels: Iterable[Parcel]) -> None:
        """Submit all, one by one as there is room, and wait until each is settled or returned.

        Raises `RelayTrouble`; then the rest of `parcels` was not looked at.
        """
        for parcel in parcels:
            await self.submit(parcel)
            if self._is_stopped:
                break
        await self.drain()

    async def submit(self, parcel: Parcel) -> None:
        """Take a parcel as soon as there is room; comes back before it is sent. Raises `RelayTrouble`.

        What cannot be sent any more, because of trouble or after `stop`, is returned.
        """
        while len(self._waiting) >= self._most_waiting and not self._is_quiet:
            await self._wait()
        self._unsettled += 1
        if self._is_quiet:
            self.give_back(parcel)
            await self._raise_what_is_wrong()
            return
        self._waiting.append(parcel)
        if self._resting:
            self._resting.pop().carry()
        elif len(self._carriers) < self._connections:
            self._open_more()

    async def drain(self) -> None:
        """Wait until everything submitted is settled or returned. Raises `RelayTrouble`."""
        while self._unsettled and self._error is None:
            await self._wait()
        await self._raise_what_is_wrong()

    async def stop(self, seconds: float = GRACE) -> None:
        """Return what was not started, wait so long for replies to what was, and close every connection.

        What is not answered by then is settled as UNKNOWN. A stopped courier stays stopped.
        """
        self._is_stopped = True
        openings = list(self._openings)
        self._fall_silent()
        await asyncio.gather(*openings, return_exceptions=True)
        try:
            async with asyncio.timeout(seconds):
                while self._carriers:
                    await self._wait()
        except TimeoutError:
            pass
        finally:
            for carrier in list(self._carriers):
                carrier.connection.drop("We stopped before the answer came.")
            self._forget_setbacks()
            if self._ticker is not None:
                self._ticker.cancel()

    @property
    def _is_quiet(self) -> bool:
        return self._is_stopped or self._trouble is not None or self._error is not None

    async def _raise_what_is_wrong(self) -> None:
        """Once everything is answered for."""
        while self._trouble is not None and self._unsettled and self._error is None:
            await self._wait()
        if self._error is not None:
            raise self._error
        trouble, self._trouble = self._trouble, None
        self._forget_setbacks()
        if trouble is not None:
            raise trouble

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    # What carriers call.

    def next_parcel(self) -> Parcel | None:
        if not self._waiting:
            return None
        parcel = self._waiting.popleft()
        if len(self._waiting) == self._most_waiting // 2:
            self._changed.set()
        return parcel

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        if self._error is not None:
            return
        self._unsettled -= 1
        self._verdicts += outcome.fate is not Fate.UNKNOWN
        if self._suspects:
            self._suspects.discard(parcel.key)
        self.owner.settled(parcel.key, outcome)
        if not self._unsettled:
            self._changed.set()

    def give_back(self, parcel: Parcel, suspicion: str = "") -> None:
        if suspicion and parcel.key in self._suspects:
            self.settle(parcel, Outcome(Fate.LATER, None, suspicion))
            return
        if self._error is not None:
            return
        if suspicion:
            self._suspects.add(parcel.key)
        self._unsettled -= 1
        self.owner.returned(parcel.key)
        if not self._unsettled:
            self._changed.set()

    def rest(self, carrier: Carrier) -> None:
        self._resting.append(carrier)

    def take_leave(self, carrier: Carrier) -> None:
        if carrier in self._resting:
            self._resting.remove(carrier)

    def report(self, trouble: RelayTrouble, by: Carrier | None = None) -> None:
        """Stop for trouble; where others still carry, a passing one means that this was one connection too many."""
        others = any(carrier.settled and not carrier.is_leaving for carrier in self._carriers if carrier is not by)
        if trouble.is_lasting or not others:
            self._trouble = self._trouble or trouble
            self._fall_silent()

    def ended(self, carrier: Carrier, reason: str) -> None:
        self._carriers.discard(carrier)
        self.take_leave(carrier)
        if carrier.settled:
            self._forget_setbacks()  # and the server has room again for at least one
        elif carrier.taken and not self._is_quiet:
            self._note_fruitless(reason)
        self._changed.set()
        self._open_more()

    def broke(self, error: Exception) -> None:
        """Nothing can be reported to an owner that fails: hang up, and let the error out of whoever waits."""
        if self._error is None:
            self._error = error
            self._waiting.clear()
            for carrier in list(self._carriers):
                carrier.connection.drop("The owner failed.")
        self._changed.set()

    def _fall_silent(self) -> None:
        """Start nothing more, and return what was not started."""
        openings, self._openings = self._openings, set()
        for opening in openings:
            opening.cancel()
        while self._waiting:
            self.give_back(self._waiting.popleft())
        self._resting.clear()
        for carrier in list(self._carriers):
            carrier.wind_down()
        self._changed.set()

    # Connections.

    def _open_more(self) -> None:
        """As many as there is work for; the first alone, so that a wrong password is tried once."""
        if self._is_quiet or not self._waiting or self._pause is not None:
            return
        free = self._connections - len(self._carriers) - len(self._openings)
        needed = len(self._waiting) - len(self._openings)
        if not self._carriers:
            needed = 1 - len(self._openings)
        for _number in range(min(free, needed)):
            opening = asyncio.create_task(self._open())
            self._openings.add(opening)

    async def _open(self) -> None:
        try:
            self._begin(*await self._opened())
        except RelayTrouble as trouble:
            self._could_not_open(trouble)
        except Exception as error:  # noqa: BLE001  # a task of its own: the worker has to hear of it
            self.broke(error)

    async def _opened(self) -> tuple[Connection, Capabilities]:
        try:
            return await self._opener.open()
        finally:
            # At once, not when the task is done: what follows decides by it whether to open another.
            if (opening := asyncio.current_task()) is not None:
                self._openings.discard(opening)

    def _begin(self, connection: Connection, server: Capabilities) -> None:
        carrier = self._carrier(connection, server)
        self._carriers.add(carrier)
        connection.hand_over(carrier)
        if self._is_quiet:
            carrier.wind_down()
        else:
            carrier.carry()
            self._open_more()

    def _carrier(self, connection: Connection, server: Capabilities) -> Carrier:
        most = self._manner.most_on_connection
        if self._manner.window and server.chunking and server.pipelining:
            return ChunkCarrier(connection, self, server, most, window=self._manner.window)
        return DotCarrier(connection, self, server, most)

    def _could_not_open(self, trouble: RelayTrouble) -> None:
        if self._carriers:
            self._note_setback()
        elif self._unsettled:
            self.report(trouble)

    def _note_fruitless(self, reason: str) -> None:
        """A connection broke before it was of any use. Some may; a relay of which all do is in trouble."""
        if self._verdicts != self._verdicts_before:
            self._fruitless = 0
        self._verdicts_before = self._verdicts
        self._fruitless += 1
        self._note_setback()
        if self._fruitless >= MOST_FRUITLESS:
            self._fruitless = 0
            self.report(RelayTrouble(reason, is_lasting=False))

    def _note_setback(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
        self._setbacks += 1
        pause = self._manner.pauses.after(self._setbacks)
        self._pause = asyncio.get_running_loop().call_later(pause, self._end_pause)

    def _end_pause(self) -> None:
        self._pause = None
        self._open_more()

    def _forget_setbacks(self) -> None:
        self._setbacks = 0
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def _tick(self) -> None:
        """Look at every connection's clock: one timer for all of them."""
        for carrier in list(self._carriers):
            carrier.look_at_the_clock()
        period = min(1.0, self._opener.timeouts.shortest / 4)
        self._ticker = asyncio.get_running_loop().call_later(period, self._tick)
