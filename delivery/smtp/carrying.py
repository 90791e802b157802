"""What every way to carry messages over an open connection has in common."""

from collections.abc import Callable
from typing import Protocol

from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.smtp.envelopes import Envelopes
from delivery.smtp.parcels import Owner, Parcel
from delivery.smtp.protocol import Connection, silence
from delivery.smtp.replies import Phase, is_about_us, is_farewell, judge, words

Hearing = Callable[[bytes], None]


class Office(Protocol):
    """What a carrier needs of the courier that keeps it."""

    owner: Owner

    def next_parcel(self) -> Parcel | None:
        """The one that has waited longest."""

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Its fate is known."""

    def give_back(self, parcel: Parcel, suspicion: str = "") -> None:
        """Nothing was delivered. `suspicion`: what happened when it was this parcel's turn to be asked about."""

    def rest(self, carrier: "Carrier") -> None:
        """It would carry more, if there were any."""

    def take_leave(self, carrier: "Carrier") -> None:
        """It will carry no more."""

    def report(self, trouble: RelayTrouble, by: "Carrier") -> None:
        """The relay cannot be used, at least not like this."""

    def ended(self, carrier: "Carrier", reason: str) -> None:
        """It is no more."""

    def broke(self, error: Exception) -> None:
        """An error of the owner's, or of ours."""


class Carrier:
    """Takes one parcel after the other over one connection, at most `most` of them.

    `phase` is what is being waited for, None where nothing is; `since` when something last happened.
    """

    def __init__(self, connection: Connection, office: Office, envelopes: Envelopes, most: int) -> None:
        self.connection = connection
        self.office = office
        self.owner = office.owner
        self.envelopes = envelopes
        self.phase: Phase | None = None
        self.taken = 0
        self.settled = 0
        """Parcels of which the server said what becomes of them."""
        self.is_leaving = False
        self._left = most
        self._now = connection.loop.time
        self.since = self._now()
        self._then: Hearing = self._heard_unasked

    # What the connection calls.

    def hear(self, replies: list[bytes]) -> None:
        """What each reply means is decided by what was asked; after the end nothing means anything."""
        self.since = self._now()
        for reply in replies:
            self._then(reply)

    def writable(self) -> None:
        """Nothing is held back."""

    def lost(self, reason: str) -> None:
        """Say what became of everything that was on the way."""
        self._then = _ignored
        self._give_up(reason)
        self.office.ended(self, reason)

    def broke(self, error: Exception) -> None:
        self.office.broke(error)

    # What the courier calls.

    def carry(self) -> None:
        """Take the next parcel, or rest, or take leave."""
        raise NotImplementedError

    def wind_down(self) -> None:
        """Finish what is between its end and the reply, give back the rest, take leave."""
        raise NotImplementedError

    def look_at_the_clock(self) -> None:
        """Give up on a server that has been silent for too long; leave when there has been nothing to do."""
        patience = self.connection.timeouts.of(self.phase)
        if self._now() - self.since < patience:
            return
        if self.phase is None:
            self._take_leave()
        else:
            self.connection.drop(silence(self.phase, patience))

    # What the ways to carry share.

    def _take(self) -> Parcel | None:
        """The next parcel that this server can be given at all."""
        while self._left > 0 and not self.is_leaving and (parcel := self.office.next_parcel()) is not None:
            unfit = self.envelopes.unfit(parcel)
            if unfit is None:
                self._left -= 1
                self.taken += 1
                return parcel
            self.office.settle(parcel, unfit)
        return None

    def _pause(self) -> None:
        """There is nothing on the way and nothing to take."""
        if self._left <= 0 or self.is_leaving:
            self._take_leave()
            return
        self.phase, self._then = None, self._heard_unasked
        self.office.rest(self)

    def _take_leave(self) -> None:
        if self.connection.end:
            return
        self.is_leaving = True
        self.office.take_leave(self)
        self.phase, self._then = Phase.QUIT, self._heard_quit
        self.since = self._now()
        self.connection.transport.write(b"QUIT\r\n")

    def _heard_quit(self, _reply: bytes) -> None:
        self.connection.close()

    def _heard_unasked(self, reply: bytes) -> None:
        self._hang_up(reply)

    def _hang_up(self, reply: bytes) -> None:
        """After a farewell, or a reply that does not fit, nothing further can be understood."""
        spoke = "said" if is_farewell(reply) else "spoke out of turn"
        self.connection.drop(f"The server {spoke}: {words(reply)}")

    def _give_up(self, reason: str) -> None:
        raise NotImplementedError

    def _tell_fate(self, parcel: Parcel, reply: bytes) -> None:
        """After the end of a message: the reply says what became of it, or says nothing that we understand."""
        verdict = judge(Phase.DOT, reply)
        if isinstance(verdict, RelayTrouble):
            raise TypeError("a reply after the end of a message is about the message")
        self.settled += verdict.fate is not Fate.UNKNOWN
        self.office.settle(parcel, verdict)
        if is_about_us(reply):
            self.office.report(RelayTrouble(words(reply), is_lasting=True), by=self)

    def _tell_refusal(self, parcel: Parcel, phase: Phase, reply: bytes) -> None:
        """Before the end of a message: it is settled, or the relay is in trouble and it is given back."""
        verdict = judge(phase, reply)
        if isinstance(verdict, Outcome):
            self.settled += 1
            self.office.settle(parcel, verdict)
            return
        self.office.give_back(parcel)
        self.is_leaving = True
        # A server may close a connection that has carried enough: only on a fresh one is it in trouble.
        if verdict.is_lasting or not self.settled:
            self.office.report(verdict, by=self)


def _ignored(_reply: bytes) -> None:
    """The connection is lost, and its replies with it."""
