"""DATA: the body ends with a dot on a line of its own (RFC 5321 section 4.1.1.4).

With PIPELINING (RFC 2920) the body of one message and the envelope of the next leave together, so that a message costs
one round trip; at most one message a connection is between its dot and the reply.
"""

from delivery.fates import Fate, Outcome
from delivery.smtp.carrying import Carrier, Hearing, Office
from delivery.smtp.envelopes import Capabilities, Envelopes
from delivery.smtp.parcels import Parcel
from delivery.smtp.protocol import HIGH_WATER, Connection
from delivery.smtp.replies import TWO, Phase, is_farewell

GO_ON = b"354"
BLOCK = HIGH_WATER  # bytes of a long body that are written at once
LEAVING = "We left."


class DotCarrier(Carrier):
    """One message after the other, each ended by a dot."""

    def __init__(self, connection: Connection, office: Office, server: Capabilities, most: int) -> None:
        super().__init__(connection, office, Envelopes(server), most)
        self._is_pipelining = server.pipelining
        self._current: Parcel | None = None
        """Its envelope is being asked about, or its body is on the way."""
        self._ending: Parcel | None = None
        """Its dot is written."""
        self._refusal: tuple[Phase, bytes] | None = None
        self._is_open = False
        """MAIL was accepted: without a RSET the server would refuse another one."""
        self._unsent = memoryview(b"")

    # Envelope.

    def carry(self) -> None:
        if self.connection.end or self.phase is Phase.QUIT:
            return
        parcel = self._take()
        if parcel is not None:
            self.since = self._now()
            self._current = parcel
            self._ask_for(parcel)
        elif self._is_open:
            self._expect(Phase.RSET, self._heard_rset, b"RSET\r\n")
        else:
            self._pause()

    def _ask_for(self, parcel: Parcel) -> None:
        if self._is_open:
            group = self.envelopes.group(parcel) if self._is_pipelining else b""
            self._expect(Phase.RSET, self._heard_rset, b"RSET\r\n" + group)
        elif self._is_pipelining:
            self._expect(Phase.MAIL, self._heard_mail, self.envelopes.group(parcel))
        else:
            self._expect(Phase.MAIL, self._heard_mail, self.envelopes.mail(parcel).encode())

    def _heard_rset(self, reply: bytes) -> None:
        if reply[0] != TWO:
            self._hang_up(reply)
            return
        self._is_open = False
        if self._current is None:
            self.carry()
        elif self._is_pipelining:
            self._expect(Phase.MAIL, self._heard_mail)
        else:
            self._ask_for(self._current)

    def _heard_mail(self, reply: bytes) -> None:
        if reply[0] != TWO:
            self._refused(Phase.MAIL, reply)
            return
        self._is_open = True
        self.phase, self._then = Phase.RCPT, self._heard_rcpt
        if not self._is_pipelining and self._current is not None:
            self.connection.transport.write(self.envelopes.rcpt(self._current).encode())

    def _heard_rcpt(self, reply: bytes) -> None:
        if reply[0] != TWO:
            self._refused(Phase.RCPT, reply)
            return
        self.phase, self._then = Phase.DATA, self._heard_data
        if not self._is_pipelining:
            self.connection.transport.write(b"DATA\r\n")

    def _heard_data(self, reply: bytes) -> None:
        if self._refusal is None:
            if reply[:3] == GO_ON:
                self._send_body()
            else:
                self._refused(Phase.DATA, reply)
        elif is_farewell(reply):
            self._conclude(self._refusal, farewell=reply)
        elif reply[:3] == GO_ON:
            # DATA was taken although nobody is to receive it: an empty message ends it (RFC 2920 section 3.1).
            self._expect(Phase.DOT, self._heard_lone_dot, b".\r\n")
        else:
            self._conclude(self._refusal)

    def _heard_lone_dot(self, reply: bytes) -> None:
        self._is_open = False
        if self._refusal is not None:
            self._conclude(self._refusal, farewell=reply if is_farewell(reply) else b"")

    def _refused(self, phase: Phase, reply: bytes) -> None:
        """Note the first refusal; what was already asked is still answered."""
        if is_farewell(reply):
            self._conclude(self._refusal or (phase, reply), farewell=reply)
            return
        if reply[0] not in b"45":
            self._hang_up(reply)
            return
        self._refusal = self._refusal or (phase, reply)
        if not self._is_pipelining or phase == Phase.DATA:
            self._conclude(self._refusal)
        elif phase == Phase.MAIL:
            self._expect(Phase.RCPT, self._heard_rcpt)
        else:
            self._expect(Phase.DATA, self._heard_data)

    def _conclude(self, refusal: tuple[Phase, bytes], farewell: bytes = b"") -> None:
        """A message that was refused before its body."""
        parcel, self._current, self._refusal = self._current, None, None
        if parcel is not None:
            self._tell_refusal(parcel, *refusal)
        if farewell:
            self._hang_up(farewell)
        else:
            self.carry()

    # Body.

    def _send_body(self) -> None:
        parcel = self._current
        if parcel is None:
            raise RuntimeError("354 was heard for no parcel")
        if len(parcel.body) > BLOCK:
            self._unsent = memoryview(parcel.body)
            self._expect(Phase.BODY, self._heard_during_body)
            self._send_blocks()
        else:
            self._end(parcel, (parcel.body, _end_of(parcel.body)))

    def _send_blocks(self) -> None:
        """As much of a long body as the network takes; the dot only when all of it has left."""
        while self._unsent and not self.connection.is_paused and not self.connection.transport.is_closing():
            block, self._unsent = self._unsent[:BLOCK], self._unsent[BLOCK:]
            self.connection.transport.write(block)
        if not self.connection.is_paused and self._current is not None:
            self._end(self._current, (_end_of(self._current.body),))

    def writable(self) -> None:
        if self.phase == Phase.BODY:
            self.since = self._now()
            self._send_blocks()

    def _heard_during_body(self, reply: bytes) -> None:
        """A refusal in the middle: read before the dot, so that nothing was delivered; the rest is out of step."""
        if reply[0] in b"45":
            self._conclude_body(reply)
        self._hang_up(reply)

    def _conclude_body(self, reply: bytes) -> None:
        parcel, self._current = self._current, None
        if parcel is not None:
            self._tell_refusal(parcel, Phase.DATA, reply)

    def _end(self, parcel: Parcel, last: tuple[bytes, ...]) -> None:
        """The last bytes of one message, and with them the envelope of the next."""
        if self.connection.transport.is_closing():
            return  # it takes bytes and says nothing: the message has not come to its end
        self.owner.about_to_end(parcel.key)
        self._ending, self._current, self._is_open = parcel, None, False
        self.phase, self._then = Phase.DOT, self._heard_dot
        if self._is_pipelining and (following := self._take()) is not None:
            self._current = following
            last = (*last, self.envelopes.group(following))
        self.connection.transport.writelines(last)

    def _heard_dot(self, reply: bytes) -> None:
        parcel, self._ending = self._ending, None
        if parcel is not None:
            self._tell_fate(parcel, reply)
        if self.connection.end:
            return
        if reply[0] not in b"245" or is_farewell(reply):
            self._hang_up(reply)
        elif self._current is None:
            self.carry()
        elif self.is_leaving:
            self.connection.drop(LEAVING)
        else:
            self.phase, self._then = Phase.MAIL, self._heard_mail

    # End.

    def wind_down(self) -> None:
        self.is_leaving = True
        if self.phase is None:
            self._take_leave()
        elif self._ending is None and self._current is not None and self._refusal is None:
            self.connection.drop(LEAVING)

    def _give_up(self, reason: str) -> None:
        ending, current, self._ending, self._current = self._ending, self._current, None, None
        if ending is not None:
            self.office.settle(ending, Outcome(Fate.UNKNOWN, None, reason))
        if current is None:
            return
        if self._refusal is not None:
            self._tell_refusal(current, *self._refusal)
        else:
            is_its_turn = self._is_open and ending is None and not self.is_leaving
            self.office.give_back(current, reason if is_its_turn else "")

    def _expect(self, phase: Phase, then: Hearing, data: bytes = b"") -> None:
        self.phase, self._then = phase, then
        if data:
            self.connection.transport.write(data)


def _end_of(body: bytes) -> bytes:
    """The final dot; before it a line end, should the body have none."""
    return b".\r\n" if body.endswith(b"\r\n") or not body else b"\r\n.\r\n"
