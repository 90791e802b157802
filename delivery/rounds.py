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
from typing import NamedTuple

from delivery import ledger
from delivery.desk import DEEPEST, Collected, Desk
from delivery.journal import Journal
from delivery.ledger import Ask, Held, Hold, Settlement
from delivery.letterpress import Letterpress
from delivery.models import Lane, Run
from delivery.pace.groups import domain_group
from delivery.pacer import Pacer
from delivery.transports.choice import WayOut

Clock = Callable[[], datetime]
TICK = 0.02  # seconds after which the ledger hears of what is done, however little
COLLECT_FROM = 100_000  # objects made and not freed before the garbage collector looks at them
LOOK_FOR_RETRIES = timedelta(seconds=1)


class Carried(NamedTuple):
    """What came of a round: whether anything was accepted, and whether the pace lets nothing more through for now."""

    has_accepted: bool
    is_held_up: bool


class Holdings:
    """The chunks a worker holds, by domain group, and where to get more."""

    def __init__(self, run: Run, lane: Lane) -> None:
        self._run, self._lane = run, lane
        self._held: dict[str, deque[Hold]] = defaultdict(deque)
        self._groups = ledger.groups_left(run)
        self._group_of: dict[int, str] = {}

    @property
    def left(self) -> dict[str, int]:
        """How many rows of each group can be asked for at the most."""
        return {group: sum(hold.left for hold in holds) for group, holds in self._held.items() if holds}

    @property
    def are_used_up(self) -> bool:
        return not (self._groups or self.left)

    def group_of(self, row: Held) -> str:
        return domain_group(row.address) if row.chunk is None else self._group_of[row.chunk]

    def fill_up(self) -> None:
        """Hold enough of each group for the next look, as far as there is more."""
        left = self.left
        wanted = [group for group in self._groups if left.get(group, 0) < DEEPEST]
        if not wanted:
            return
        for hold in ledger.hold_chunks(self._run, self._lane, wanted):
            self._held[hold.group].append(hold)
            self._group_of[hold.chunk] = hold.group
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
    pacer: Pacer
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
            has_more = not (self.holdings.are_used_up or self.pacer.is_waiting)
            self._advance(self.desk.collect(TICK, has_more=has_more))
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
        if self.left_out or not self.desk.is_idle:
            return False
        return self.pacer.waits_long or (self.holdings.are_used_up and not self.has_retries)

    def _advance(self, collected: Collected) -> None:
        """One commit: what became of the last, and what is next. Those that may go are given to the desk."""
        room = self.desk.room
        rooms = self.pacer.grant(shared_out(room, self.holdings.left)) if room else {}
        if not rooms:
            self._write(collected)
            self._retake(room)
            return
        self._take_back(collected)
        asks = self.holdings.asks(rooms)
        taken = ledger.advance(self._settlement(collected), asks, self.lane, self.run, self.clock())
        self.is_stopped = taken.chunks != {ask.chunk for ask in asks}
        self.holdings.note(asks, taken.rows)
        self._give(taken.rows, rooms)
        self._retake(self.desk.room)

    def _give(self, rows: list[Held], granted: dict[str, int]) -> None:
        """Those that may go to the desk; what was granted beyond them is given back."""
        willing = [row for row in rows if not row.unwilling]
        self.left_out += [row for row in rows if row.unwilling]
        self.desk.give(willing)
        self.pacer.give_back(granted, willing)

    def _retake(self, room: int) -> None:
        """Rows that were tried before, looked for once in a while."""
        now = self.clock()
        if not room or self.pacer.is_waiting or (self.retries_from and now < self.retries_from):
            return
        rows = ledger.retake(self.run, self.lane, limit=room, now=now)
        allowed, granted = self.pacer.choose(rows)
        self.has_retries = len(allowed) == room
        self.retries_from = None if self.has_retries else now + LOOK_FOR_RETRIES
        if len(allowed) < len(rows):
            chosen = {row.pk for row in allowed}
            ledger.take_back([row for row in rows if row.pk not in chosen], self.lane, now + LOOK_FOR_RETRIES)
            self.has_retries = True
        self._give(allowed, granted)

    def _write(self, collected: Collected) -> None:
        self._take_back(collected)
        settlement = self._settlement(collected)
        if settlement:
            ledger.settle(settlement, self.lane, self.clock())

    def _settlement(self, collected: Collected) -> Settlement:
        left_out, self.left_out = self.left_out, []
        self.has_carried = self.pacer.note(collected.results) or self.has_carried
        return Settlement(collected.results, left_out)

    def _take_back(self, collected: Collected) -> None:
        if collected.returned:
            ledger.take_back(collected.returned, self.lane, self.clock())
            self.pacer.unsend(collected.returned)
            self.has_retries, self.retries_from = True, None  # the courier remembers whom it suspects


def shared_out(room: int, left: dict[str, int]) -> dict[str, int]:
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


def carry(run: Run, lane: Lane, clock: Clock, stop_at: datetime, way: WayOut) -> Carried:
    """Send what a run has to send until `stop_at`. Raises `RelayTrouble`."""
    press = Letterpress(run, is_signed_later=way.signs_itself)
    holdings = Holdings(run, lane)
    with (
        _rare_collections(),
        closing(Journal(lane)) as journal,
        Pacer(run, way, holdings.group_of, clock) as pacer,
        Desk(run.pk, way.mail, press.parcel, journal, connections=way.connections) as desk,
    ):
        round_ = Round(run, lane, desk, journal, pacer, clock, stop_at, holdings)
        round_.go()
        return Carried(round_.has_carried, pacer.waits_long)
