"""A worker's round over SMTP: holds chunks, commits outcomes and intents together, and lets the desk carry the mail.

One commit says what became of the last few hundred messages and which are next. The journal narrows what a killed
process leaves open to the messages between their final dot and the answer.
"""

import gc
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from delivery import ledger
from delivery.desk import DEEPEST, Collected, Desk
from delivery.fates import Fate
from delivery.journal import Journal
from delivery.ledger import Ask, Held, Hold, Settlement
from delivery.letterpress import Letterpress
from delivery.models import Lane, Run

Clock = Callable[[], datetime]
TICK = 0.02  # seconds after which the ledger hears of what is done, however little
COLLECT_FROM = 100_000  # objects made and not freed before the garbage collector looks at them
LOOK_FOR_RETRIES = timedelta(seconds=1)


class Holdings:
    """The chunks a worker holds, by domain group, and where to get more."""

    def __init__(self, run: Run, lane: Lane) -> None:
        self._run, self._lane = run, lane
        self._held: dict[str, deque[Hold]] = defaultdict(deque)
        self._groups = ledger.groups_left(run)

    @property
    def left(self) -> dict[str, int]:
        """How many rows of each group can be asked for at the most."""
        return {group: sum(hold.left for hold in holds) for group, holds in self._held.items() if holds}

    @property
    def are_used_up(self) -> bool:
        return not (self._groups or self.left)

    def fill_up(self) -> None:
        """Hold enough of each group for the next look, as far as there is more."""
        left = self.left
        wanted = [group for group in self._groups if left.get(group, 0) < DEEPEST]
        if not wanted:
            return
        for hold in ledger.hold_chunks(self._run, self._lane, wanted):
            self._held[hold.group].append(hold)
            wanted.remove(hold.group)
        self._groups = [group for group in self._groups if group not in wanted]

    def asks(self, rooms: dict[str, int]) -> list[Ask]:
        """Which rows to take up for so much room in each group."""
        asks = []
        for group, room in rooms.items():
            wanted = room
            for hold in self._held[group]:
                if wanted and hold.left:
                    asks.append(Ask(hold.chunk, min(wanted, hold.left)))
                    wanted -= asks[-1].room
        return asks

    def note(self, asks: list[Ask], rows: list[Held]) -> None:
        """What came of the asks: a chunk that gave less is exhausted."""
        given: dict[int, int] = defaultdict(int)
        for row in rows:
            given[row.chunk or 0] += 1
        asked = {ask.chunk: ask.room for ask in asks}
        for holds in self._held.values():
            for hold in holds:
                if hold.chunk in asked:
                    is_exhausted = given[hold.chunk] < asked[hold.chunk]
                    hold.left = 0 if is_exhausted else hold.left - given[hold.chunk]
            while holds and not holds[0].left:
                holds.popleft()


@dataclass
class Round:
    """What one task of a worker does for a run."""

    run: Run
    lane: Lane
    desk: Desk
    journal: Journal
    clock: Clock
    stop_at: datetime
    holdings: Holdings
    left_out: list[Held] = field(default_factory=list)
    retries_from: datetime | None = None
    has_retries: bool = True
    is_stopped: bool = False
    has_carried: bool = False

    def go(self) -> None:
        """Until nothing waits, time is over, or the run is stopped. Raises `RelayTrouble`."""
        self.holdings.fill_up()
        while not self._is_over():
            collected = self.desk.collect(TICK, has_more=not self.holdings.are_used_up)
            self._advance(collected)
            self.holdings.fill_up()
        self.desk.stop()
        ledger.let_go(self.lane)  # the last answers may take ten minutes
        while not self.desk.has_ended:
            self._write(self.desk.collect(TICK, has_more=False))
        self._write(self.desk.collect(0, has_more=False))
        self.desk.raise_trouble()

    def _is_over(self) -> bool:
        if self.is_stopped or self.desk.has_ended or self.journal.is_full or self.clock() > self.stop_at:
            return True
        return self.holdings.are_used_up and not self.has_retries and self.desk.is_idle and not self.left_out

    def _advance(self, collected: Collected) -> None:
        """One commit: what became of the last, and what is next. Those that may go are given to the desk."""
        room = self.desk.room
        asks = self.holdings.asks(_shared_out(room, self.holdings.left)) if room else []
        if not asks:
            self._write(collected)
            self._retake(room)
            return
        self._take_back(collected)
        taken = ledger.advance(self._settlement(collected), asks, self.lane, self.run, self.clock())
        self.is_stopped = taken.chunks != {ask.chunk for ask in asks}
        self.holdings.note(asks, taken.rows)
        self._give(taken.rows)
        self._retake(self.desk.room)

    def _give(self, rows: list[Held]) -> None:
        self.left_out += [row for row in rows if row.unwilling]
        self.desk.give([row for row in rows if not row.unwilling])

    def _retake(self, room: int) -> None:
        """Rows that were tried before, looked for once in a while."""
        now = self.clock()
        if not room or (self.retries_from and now < self.retries_from):
            return
        rows = ledger.retake(self.run, self.lane, limit=room, now=now)
        self.has_retries = len(rows) == room
        self.retries_from = None if self.has_retries else now + LOOK_FOR_RETRIES
        self._give(rows)

    def _write(self, collected: Collected) -> None:
        self._take_back(collected)
        settlement = self._settlement(collected)
        if settlement:
            ledger.settle(settlement, self.lane, self.clock())

    def _settlement(self, collected: Collected) -> Settlement:
        left_out, self.left_out = self.left_out, []
        accepted = any(outcome.fate == Fate.ACCEPTED for _row, outcome in collected.results)
        self.has_carried = self.has_carried or accepted
        return Settlement(collected.results, left_out)

    def _take_back(self, collected: Collected) -> None:
        if collected.returned:
            ledger.take_back(collected.returned, self.lane, self.clock())
            self.has_retries, self.retries_from = True, None  # the courier remembers whom it suspects


def _shared_out(room: int, left: dict[str, int]) -> dict[str, int]:
    """Room for each group in proportion to what is left of it, one message at the least."""
    everything = sum(left.values())
    return {group: min(count, max(1, room * count // everything)) for group, count in left.items()}


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let the garbage collector look seldom, and only at what is new: it took a tenth of a round's time.

    Messages are freed by their reference counts; cycles come from errors alone.
    """
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(COLLECT_FROM, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def carry(run: Run, lane: Lane, clock: Clock, stop_at: datetime) -> bool:
    """Send what a run has to send until `stop_at`. Returns whether anything was accepted. Raises `RelayTrouble`."""
    press = Letterpress(run)
    with (
        _rare_collections(),
        closing(Journal(lane)) as journal,
        Desk(run.pk, settings.MAIL, press.parcel, journal, connections=settings.SMTP_CONNECTIONS) as desk,
    ):
        round_ = Round(run, lane, desk, journal, clock, stop_at, Holdings(run, lane))
        round_.go()
        return round_.has_carried
