"""How long a server may think, by phase."""

from dataclasses import dataclass

from delivery.smtp.replies import Phase


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; those of RFC 5321 section 4.5.3.2 unless said otherwise."""

    connect: float = 30  # a relay of one's own answers at once or is away
    tls: float = 60  # the handshake
    command: float = 300  # the greeting, EHLO, AUTH, MAIL, RCPT
    data: float = 120
    body: float = 180  # for a block of it to leave
    dot: float = 600  # a shorter one makes duplicates (RFC 1047)
    quit: float = 5  # what a server says to QUIT changes nothing
    rest: float = 60  # without a message to carry; servers hang up after five minutes at the latest

    def of(self, phase: Phase | None) -> float:
        """How long the answer to this may take; None: nothing was asked."""
        if phase is None:
            return self.rest
        special = {Phase.DATA: self.data, Phase.BODY: self.body, Phase.DOT: self.dot, Phase.QUIT: self.quit}
        return special.get(phase, self.command)

    @property
    def shortest(self) -> float:
        return min(self.command, self.data, self.body, self.dot, self.quit, self.rest)

    @property
    def longest_message(self) -> float:
        """How long one message can take, from the connection to the answer to its final dot."""
        return self.connect + self.tls + 4 * self.command + self.data + self.body + self.dot
