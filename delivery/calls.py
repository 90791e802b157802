"""A worker's round over a session: a provider's API, or whatever else takes messages call by call."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.mail import EmailMultiAlternatives

from campaigns.liquid import RenderFailed
from campaigns.models import Sender
from campaigns.rendering import CompiledContent
from delivery import ledger
from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.ledger import Held, Settlement
from delivery.messages import campaign_message, envelope_sender
from delivery.models import Delivery, Lane, Run
from delivery.pacer import Pacer
from delivery.rounds import Carried, Clock, Holdings, shared_out
from delivery.transports import ProviderSession, Session
from delivery.transports.choice import WayOut

logger = logging.getLogger(__name__)
PAUSE = 0.1  # seconds between two looks at a limit that lets nothing through


@dataclass
class Calls:
    """What one task of a worker does for a run, call by call."""

    run: Run
    lane: Lane
    session: Session
    sender: Sender
    pacer: Pacer
    clock: Clock
    compiled: CompiledContent
    holdings: Holdings
    is_stopped: bool = field(default=False, init=False)
    has_carried: bool = field(default=False, init=False)

    def go(self, stop_at: datetime) -> None:
        """Until nothing waits, time is over, or the run is stopped. Raises `RelayTrouble`."""
        while self.clock() <= stop_at and not self.is_stopped:
            self.session.ready()  # before the intent: a worker that dies while it connects leaves nothing unknown
            rows = self._next()
            if rows:
                self._deal_with(rows)
            elif not self.pacer.is_waiting or self.pacer.waits_long:
                return
            else:
                time.sleep(PAUSE)

    @property
    def _most(self) -> int:
        return self.session.most_at_once if isinstance(self.session, ProviderSession) else 1

    def _next(self) -> list[Held]:
        """The next rows whose intent is committed; none when nothing waits, or the pace lets none through."""
        self.holdings.fill_up()
        while left := self.holdings.left:
            rooms = self._rooms(left)
            if not rooms:
                return []
            rows = self._advance(rooms)
            if rows or self.is_stopped:
                return rows
            self.holdings.fill_up()
        return self._retake()

    def _rooms(self, left: dict[str, int]) -> dict[str, int]:
        """Granted room for one call."""
        return self.pacer.grant(shared_out(self._most, left)) if self._most > 1 else self.pacer.grant_one(left)

    def _advance(self, rooms: dict[str, int]) -> list[Held]:
        asks = self.holdings.asks(rooms)
        taken = ledger.advance(Settlement(), asks, self.lane, self.run, self.clock())
        self.is_stopped = taken.chunks != {ask.chunk for ask in asks}
        self.holdings.note(asks, taken.rows)
        self.pacer.give_back(rooms, [row for row in taken.rows if not row.unwilling])
        return taken.rows

    def _retake(self) -> list[Held]:
        rows = ledger.retake(self.run, self.lane, limit=self._most, now=self.clock())
        allowed, granted = self.pacer.choose(rows)
        chosen = {row.pk for row in allowed}
        ledger.take_back([row for row in rows if row.pk not in chosen], self.lane, self.clock())
        self.pacer.give_back(granted, allowed)
        return allowed

    def _deal_with(self, rows: list[Held]) -> None:
        left_out = [row for row in rows if row.unwilling]
        willing = [row for row in rows if not row.unwilling]
        try:
            results = self._handed_over(willing)
        except RelayTrouble:
            ledger.take_back(willing, self.lane, self.clock())
            ledger.settle(Settlement(left_out=left_out), self.lane, self.clock())
            raise
        ledger.settle(Settlement(results, left_out), self.lane, self.clock())
        self.has_carried = self.pacer.note(results) or self.has_carried
        for _row, outcome in results:
            if outcome.fate == Fate.UNKNOWN:
                # What swallows answers would swallow the next too, and each leaves a message of which nobody knows.
                raise RelayTrouble(outcome.text, is_lasting=False)

    def _handed_over(self, rows: Sequence[Held]) -> list[tuple[Held, Outcome]]:
        results: list[tuple[Held, Outcome]] = []
        made: list[tuple[Held, EmailMultiAlternatives]] = []
        found = Delivery.objects.select_related("contact").in_bulk([row.pk for row in rows])
        for row in rows:
            message = self._made(found[row.pk], row)
            if isinstance(message, Outcome):
                results.append((row, message))
            else:
                made.append((row, message))
        return results + self._sent(made)

    def _made(self, delivery: Delivery, row: Held) -> EmailMultiAlternatives | Outcome:
        """The message, or why there is none."""
        if delivery.contact is None:
            return Outcome(Fate.UNBUILDABLE, None, "the contact is gone")
        try:
            return campaign_message(
                delivery, delivery.contact, self.run.campaign, self.sender, self.compiled, row.is_followed
            )
        except RenderFailed as failed:
            logger.warning("Delivery %s could not be rendered: %s", delivery.pk, failed)
            return Outcome(Fate.UNBUILDABLE, None, str(failed))
        except Exception as error:  # what nobody foresaw costs this one message, not everybody behind it
            logger.exception("Delivery %s could not be rendered", delivery.pk)
            return Outcome(Fate.UNBUILDABLE, None, str(error))

    def _sent(self, made: Sequence[tuple[Held, EmailMultiAlternatives]]) -> list[tuple[Held, Outcome]]:
        if not made:
            return []
        if isinstance(self.session, ProviderSession):
            outcomes = self.session.send_batch([message for _row, message in made])
            return [(row, outcome) for (row, _message), outcome in zip(made, outcomes, strict=True)]
        sender = envelope_sender(self.sender)
        return [(row, self.session.send(message, sender=sender, recipient=row.address)) for row, message in made]


def carry(run: Run, lane: Lane, clock: Clock, stop_at: datetime, way: WayOut, session: Session) -> Carried:
    """Send what a run has to send until `stop_at`. Raises `RelayTrouble`."""
    if run.campaign.sender is None:
        raise ValueError("preflight lets no campaign without a sender pass")
    holdings, compiled = Holdings(run, lane), CompiledContent(run.content)
    with Pacer(run, way, holdings.group_of, clock) as pacer:
        calls = Calls(run, lane, session, run.campaign.sender, pacer, clock, compiled, holdings)
        calls.go(stop_at)
        return Carried(calls.has_carried, pacer.waits_long)
