"""A worker's round over a session: a provider's API, or whatever else takes one message after the other."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from campaigns.liquid import RenderFailed
from campaigns.models import Sender
from campaigns.rendering import CompiledContent
from delivery import ledger
from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.ledger import Held, Settlement
from delivery.messages import campaign_message, envelope_sender
from delivery.models import Delivery, Lane, Run
from delivery.rounds import Clock, Holdings
from delivery.transports import Session

logger = logging.getLogger(__name__)


@dataclass
class Calls:
    """What one task of a worker does for a run, message by message."""

    run: Run
    lane: Lane
    session: Session
    sender: Sender
    clock: Clock
    compiled: CompiledContent
    holdings: Holdings
    has_carried: bool = field(default=False, init=False)

    def go(self, stop_at: datetime) -> None:
        """Until nothing waits, time is over, or the run is stopped. Raises `RelayTrouble`."""
        while self.clock() <= stop_at:
            self.session.ready()  # before the intent: a worker that dies while it connects leaves nothing unknown
            row = self._next()
            if row is None:
                return
            self._deal_with(row)

    def _next(self) -> Held | None:
        """The next row whose intent is committed; None when nothing waits or the run was stopped."""
        self.holdings.fill_up()
        while left := self.holdings.left:
            asks = self.holdings.asks({next(iter(left)): 1})[:1]
            taken = ledger.advance(Settlement(), asks, self.lane, self.run, self.clock())
            if not taken.chunks:
                return None
            self.holdings.note(asks, taken.rows)
            if taken.rows:
                return taken.rows[0]
            self.holdings.fill_up()
        return next(iter(ledger.retake(self.run, self.lane, limit=1, now=self.clock())), None)

    def _deal_with(self, row: Held) -> None:
        if row.unwilling:
            ledger.settle(Settlement(left_out=[row]), self.lane, self.clock())
            return
        try:
            outcome = self._handed_over(row)
        except RelayTrouble:
            ledger.take_back([row], self.lane, self.clock())
            raise
        ledger.settle(Settlement([(row, outcome)]), self.lane, self.clock())
        if outcome.fate == Fate.UNKNOWN:
            # What swallows answers would swallow the next one too, and each leaves a message of which nobody knows.
            raise RelayTrouble(outcome.text, is_lasting=False)
        self.has_carried = self.has_carried or outcome.fate == Fate.ACCEPTED

    def _handed_over(self, row: Held) -> Outcome:
        delivery = Delivery.objects.select_related("contact").get(pk=row.pk)
        if delivery.contact is None:
            return Outcome(Fate.UNBUILDABLE, None, "the contact is gone")
        try:
            message = campaign_message(delivery, delivery.contact, self.run.campaign, self.sender, self.compiled)
        except RenderFailed as failed:
            logger.warning("Delivery %s could not be rendered: %s", row.pk, failed)
            return Outcome(Fate.UNBUILDABLE, None, str(failed))
        except Exception as error:  # what nobody foresaw costs this one message, not everybody behind it
            logger.exception("Delivery %s could not be rendered", row.pk)
            return Outcome(Fate.UNBUILDABLE, None, str(error))
        return self.session.send(message, sender=envelope_sender(self.sender), recipient=row.address)


def carry(run: Run, lane: Lane, clock: Clock, stop_at: datetime, session: Session) -> bool:
    """Send what a run has to send until `stop_at`. Returns whether anything was accepted. Raises `RelayTrouble`."""
    if run.campaign.sender is None:
        raise ValueError("preflight lets no campaign without a sender pass")
    compiled = CompiledContent(run.content)
    calls = Calls(run, lane, session, run.campaign.sender, clock, compiled, Holdings(run, lane))
    calls.go(stop_at)
    return calls.has_carried
