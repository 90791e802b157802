"""BDAT (RFC 3030): the body has a length instead of a dot, so that several messages can be on the way at once.

More are on the way, and therefore more are of unknown fate when the connection breaks: all that were written and not
yet answered. That is the price of the window, and why DATA is the default.
"""

import re
from collections import deque

from delivery.fates import Fate, Outcome
from delivery.smtp.carrying import Carrier, Office
from delivery.smtp.envelopes import Capabilities, Envelopes
from delivery.smtp.parcels import Parcel
from delivery.smtp.protocol import Connection
from delivery.smtp.replies import TWO, Phase, is_farewell

DOUBLED = re.compile(rb"\n\.\.")  # found twice as fast as replaced, and nearly never there
PHASES = (Phase.RSET, Phase.MAIL, Phase.RCPT, Phase.DOT)  # what each message is answered with, in this order


class ChunkCarrier(Carrier):
    """Up to `window` messages on the way, each in one group with its envelope."""

    def __init__(self, connection: Connection, office: Office, server: Capabilities, most: int, *, window: int) -> None:
        super().__init__(connection, office, Envelopes(server), most)
        self._window = window
        self._on_the_way: deque[Parcel] = deque()
        self._step = 0
        self._refusal: tuple[Phase, bytes] | None = None

    def carry(self) -> None:
        if self.connection.end or self.phase == Phase.QUIT:
            return
        while len(self._on_the_way) < self._window and not self.connection.is_paused:
            parcel = self._take()
            if parcel is None:
                break
            self._write(parcel)
        if not self._on_the_way and not self.connection.is_paused:
            self._pause()

    def _write(self, parcel: Parcel) -> None:
        body = _without_dots(parcel.body)
        self.owner.about_to_end(parcel.key)
        if not self._on_the_way:
            self.phase, self._then, self.since = PHASES[0], self._heard, self._now()
        self._on_the_way.append(parcel)
        # Without RSET a refused recipient would leave its transaction open, and the next MAIL, already on the way,
        # would be refused for no fault of its own.
        envelope = f"RSET\r\n{self.envelopes.mail(parcel)}{self.envelopes.rcpt(parcel)}BDAT {len(body)} LAST\r\n"
        self.connection.transport.writelines((envelope.encode(), body))

    def writable(self) -> None:
        if self.phase != Phase.QUIT:
            self.carry()

    def hear(self, replies: list[bytes]) -> None:
        super().hear(replies)
        if len(self._on_the_way) <= self._window // 2 and self.phase is not None:
            self.carry()

    def _heard(self, reply: bytes) -> None:
        if not self._on_the_way:
            self._hang_up(reply)
            return
        phase = PHASES[self._step]
        if phase == Phase.DOT:
            self._step = 0
            self._answered(reply)
        else:
            self._step += 1
            if reply[0] != TWO and self._refusal is None:
                self._refusal = (phase, reply)
        self.phase = PHASES[self._step]
        if is_farewell(reply) or (phase == Phase.RSET and reply[0] != TWO):
            self._hang_up(reply)

    def _answered(self, reply: bytes) -> None:
        """The last answer about the parcel that was written first."""
        parcel, refusal = self._on_the_way.popleft(), self._refusal
        self._refusal = None
        if refusal is not None:
            self._tell_refusal(parcel, *refusal)
        else:
            self._tell_fate(parcel, reply)

    def wind_down(self) -> None:
        self.is_leaving = True
        if self.phase is None:
            self._take_leave()

    def _give_up(self, reason: str) -> None:
        first_refusal, self._refusal = self._refusal, None
        while self._on_the_way:
            parcel = self._on_the_way.popleft()
            if first_refusal is not None and first_refusal[0] != Phase.RSET:
                self._tell_refusal(parcel, *first_refusal)
            else:
                self.office.settle(parcel, Outcome(Fate.UNKNOWN, None, reason))
            first_refusal = None


def _without_dots(body: bytes) -> bytes:
    """As it was before dots were doubled, which is for DATA only (RFC 3030 section 2)."""
    body = body.removeprefix(b".")
    return body.replace(b"\r\n..", b"\r\n.") if DOUBLED.search(body) else body
