"""What a server can do, and the commands before a body in the words that it understands."""

import re
from dataclasses import dataclass
from typing import Self

from delivery.fates import Fate, Outcome
from delivery.smtp.parcels import Parcel

ADDRESS = re.compile(r"[^\x00-\x20<>\x7f\x85\u2028\u2029]{1,320}")  # nothing that could end the command early


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The answer to EHLO; a server that knows only HELO can do nothing beyond RFC 821."""

    pipelining: bool = False
    chunking: bool = False
    eight_bits: bool = False
    smtputf8: bool = False
    starttls: bool = False
    size: int | None = None
    """The largest message in bytes; 0: the server takes SIZE and names no limit; None: it does not know SIZE."""
    auth: frozenset[str] = frozenset()

    @classmethod
    def read(cls, reply: bytes) -> Self:
        """From the lines of a successful reply, of which the first names the server (RFC 5321 section 4.1.1.1)."""
        offered: dict[str, list[str]] = {}
        for line in reply.split(b"\n")[1:]:
            # Some servers write AUTH=PLAIN, as a draft before RFC 2554 had it.
            name, *values = line[4:].decode("ascii", "replace").upper().replace("=", " ").split() or [""]
            offered.setdefault(name, []).extend(values)
        size = offered.get("SIZE")
        return cls(
            pipelining="PIPELINING" in offered,
            chunking="CHUNKING" in offered,
            eight_bits="8BITMIME" in offered,
            smtputf8="SMTPUTF8" in offered,
            starttls="STARTTLS" in offered,
            size=None if size is None else _number(size),
            auth=frozenset(offered.get("AUTH", ())),
        )


def _number(values: list[str]) -> int:
    return int(values[0]) if values and values[0].isdecimal() and len(values[0]) < 20 else 0


class Envelopes:
    """Writes MAIL and RCPT for one server."""

    def __init__(self, server: Capabilities) -> None:
        self._server = server
        self._most = server.size or None
        self._says_size = server.size is not None

    def unfit(self, parcel: Parcel) -> Outcome | None:
        """Why this server cannot be given the parcel, known without asking (RFC 1870, 6152, 6531)."""
        if not ADDRESS.fullmatch(parcel.recipient) or (parcel.sender and not ADDRESS.fullmatch(parcel.sender)):
            return Outcome(Fate.UNBUILDABLE, None, "An address holds characters that cannot stand in an envelope.")
        if self._most is not None and len(parcel.body) > self._most:
            words = f"The server takes {self._most} bytes; the message has {len(parcel.body)}."
            return Outcome(Fate.TOO_BIG, None, words)
        if parcel.has_eight_bits and not self._server.eight_bits:
            return Outcome(
                Fate.NEEDS_8BITMIME, None, "The server takes seven-bit text only, and the message has eight."
            )
        if not self._server.smtputf8 and not (parcel.recipient.isascii() and parcel.sender.isascii()):
            return Outcome(Fate.NEEDS_SMTPUTF8)
        return None

    def mail(self, parcel: Parcel) -> str:
        """The MAIL command with the parameters that the server offered."""
        size = f" SIZE={len(parcel.body)}" if self._says_size else ""
        if parcel.recipient.isascii() and parcel.sender.isascii() and not parcel.has_eight_bits:
            return f"MAIL FROM:<{parcel.sender}>{size}\r\n"
        body = " BODY=8BITMIME" if self._server.eight_bits else ""
        utf8 = "" if parcel.recipient.isascii() and parcel.sender.isascii() else " SMTPUTF8"
        return f"MAIL FROM:<{parcel.sender}>{size}{body}{utf8}\r\n"

    def rcpt(self, parcel: Parcel) -> str:
        return f"RCPT TO:<{parcel.recipient}>\r\n"

    def group(self, parcel: Parcel) -> bytes:
        """Everything up to DATA, for a server that takes it in one piece (RFC 2920)."""
        return f"{self.mail(parcel)}RCPT TO:<{parcel.recipient}>\r\nDATA\r\n".encode()
