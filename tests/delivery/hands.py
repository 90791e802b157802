"""A worker's hands: take up rows as its round does, chunk by chunk and then what is due again."""

from datetime import datetime

from delivery import ledger
from delivery.ledger import Held, Settlement
from delivery.models import Lane, Run
from delivery.rounds import Holdings


class Hands:
    """What one lane holds of a run."""

    def __init__(self, run: Run, lane: Lane) -> None:
        self.run, self.lane = run, lane
        self.holdings = Holdings(run, lane)

    def take(self, limit: int, now: datetime) -> list[Held]:
        """Up to so many rows whose intent is committed. Of those to be left out `unwilling` says why."""
        taken: list[Held] = []
        self.holdings.fill_up()
        while len(taken) < limit and (left := self.holdings.left):
            group = next(iter(left))
            asks = self.holdings.asks({group: limit - len(taken)})
            found = ledger.advance(Settlement(), asks, self.lane, self.run, now)
            if not found.chunks:
                break
            self.holdings.note(asks, found.rows)
            self.holdings.fill_up()
            taken += found.rows
        return taken + ledger.retake(self.run, self.lane, limit=limit - len(taken), now=now)
