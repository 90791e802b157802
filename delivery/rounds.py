"""A worker's round over SMTP: claims rows, commits intents and outcomes together, and lets the desk carry the mail.

One commit says what became of the last few hundred messages and which are next. The journal narrows what a killed
process leaves open to the messages between their final dot and the answer.
"""

from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from delivery import ledger
from delivery.desk import Collected, Desk, Held
from delivery.fates import Fate
from delivery.journal import Journal
from delivery.letterpress import Letterpress
from delivery.models import Lane, Run, RunState

Clock = Callable[[], datetime]
CLAIM = 1000  # rows claimed at once
TICK = 0.02  # seconds after which the ledger hears of what is done, however little


@dataclass
class Round:
    """What one task of a worker does for a run."""

    run: Run
    lane: Lane
    desk: Desk
    press: Letterpress
    journal: Journal
    clock: Clock
    stop_at: datetime
    claimed: deque[Held] = field(default_factory=deque)
    has_more: bool = True
    is_stopped: bool = False
    has_carried: bool = False

    def go(self) -> None:
        """Until nothing waits, time is over, or the run is stopped. Raises `RelayTrouble`."""
        while not self._is_over():
            collected = self.desk.collect(TICK, has_more=self.has_more or bool(self.claimed))
            self.desk.give(self._commit(collected))
            self._claim_more()
        self.desk.stop()
        ledger.let_go(self.lane)  # the last answers may take ten minutes
        while not self.desk.has_ended:
            self._write(self.desk.collect(TICK, has_more=False))
        self._write(self.desk.collect(0, has_more=False))
        self.desk.raise_trouble()

    def _is_over(self) -> bool:
        if self.is_stopped or self.desk.has_ended or self.journal.is_full or self.clock() > self.stop_at:
            return True
        return not (self.has_more or self.claimed) and self.desk.is_idle

    def _commit(self, collected: Collected) -> list[Held]:
        """One commit: what became of the last, and what is next. Returns those that may go."""
        wanted = [self.claimed.popleft() for _count in range(min(self.desk.room, len(self.claimed)))]
        if not wanted:
            self._write(collected)
            return []
        self._take_back(collected)
        allowed = ledger.advance(collected.results, wanted, self.lane, self.run, self.clock())
        self._note(collected)
        if len(allowed) < len(wanted):
            self._leave_out(wanted, {held.pk for held in allowed})
        return allowed

    def _write(self, collected: Collected) -> None:
        self._take_back(collected)
        if collected.results:
            ledger.settle(collected.results, self.lane, self.clock())
            self._note(collected)

    def _take_back(self, collected: Collected) -> None:
        if collected.returned:
            ledger.take_back(collected.returned, self.lane)
            self.has_more = True  # they wait again, and the courier remembers whom it suspects

    def _note(self, collected: Collected) -> None:
        self.has_carried = self.has_carried or any(
            outcome.fate == Fate.ACCEPTED for _held, outcome in collected.results
        )

    def _leave_out(self, wanted: list[Held], allowed: set[int]) -> None:
        still_sends = Run.objects.filter(pk=self.run.pk, state=RunState.SENDING, epoch=self.run.epoch).exists()
        self.is_stopped = not still_sends
        if still_sends:
            for held in wanted:
                if held.pk not in allowed:
                    ledger.skip_unwilling(held.pk, self.lane, self.clock())

    def _claim_more(self) -> None:
        if not self.has_more or len(self.claimed) >= CLAIM // 2:
            return
        taken = ledger.take(self.run, self.lane, limit=CLAIM, now=self.clock())
        self.has_more = len(taken) == CLAIM
        self.claimed.extend(self.press.held(taken))


def carry(run: Run, lane: Lane, clock: Clock, stop_at: datetime) -> bool:
    """Send what a run has to send until `stop_at`. Returns whether anything was accepted. Raises `RelayTrouble`."""
    press = Letterpress(run)
    with (
        closing(Journal(lane)) as journal,
        Desk(run.pk, settings.MAIL, press.parcel, journal, connections=settings.SMTP_CONNECTIONS) as desk,
    ):
        round_ = Round(run, lane, desk, press, journal, clock, stop_at)
        round_.go()
        return round_.has_carried
