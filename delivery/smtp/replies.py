"""What a server says, and what it means: the same 550 condemns a relay after MAIL and an address after RCPT.

A reply is kept as the bytes of its lines, joined by a line feed, and looked into only when somebody asks.
"""

import re
from enum import StrEnum

from delivery.fates import Fate, Outcome, RelayTrouble

LONGEST_LINE = 2048  # octets; RFC 5321 section 4.5.3.1.5 allows 512, and some servers explain themselves at length
MOST_LINES = 100  # of one reply; an EHLO answer has about a dozen
LONGEST_WORDS = 300  # characters kept of a reply
TOO_BIG = "5.3.4"  # RFC 3463 section 3.4
ABOUT_US = {530, 534, 535, 538}  # authentication is asked for or refused (RFC 4954 section 6): no recipient is to blame
ENHANCED = re.compile(rb"(\d)\d\d[ -](\1\.\d{1,3}\.\d{1,3})(?=\s|$)")  # RFC 3463 behind the code, as RFC 2034 puts it
PREFIX = re.compile(rb"\d{3}[ -]?(?:[245]\.\d{1,3}\.\d{1,3}(?=\s|$) ?)?")
TWO = ord("2")


class Phase(StrEnum):
    """The moment of the conversation at which something is said; the value completes “no answer to …”."""

    GREETING = "the connection"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "the body"
    DOT = "the final dot"
    RSET = "RSET"
    QUIT = "QUIT"


ABOUT_THE_RELAY = {Phase.GREETING, Phase.EHLO, Phase.STARTTLS, Phase.AUTH, Phase.MAIL, Phase.RSET}


class ReplyReader:
    """Cuts a stream of bytes into replies, wherever the network has cut it.

    `fault` says what is wrong with a stream that is not SMTP; nothing after that place is read.
    """

    def __init__(self) -> None:
        self.fault = ""
        self._rest = b""
        self._lines: list[bytes] = []

    @property
    def is_clean(self) -> bool:
        """Whether nothing stands between the last whole reply and the next."""
        return not (self._rest or self._lines or self.fault)

    def feed(self, data: bytes) -> list[bytes]:
        """The replies that are complete with these bytes."""
        if self.fault:
            return []
        if self._rest:
            data = self._rest + data
        lines = data.split(b"\n")
        self._rest = lines.pop()
        replies: list[bytes] = []
        for line in lines:
            # A three-digit code and a space, alone in its reply: nearly all that is ever said.
            if line[3:4] == b" " and not self._lines and len(line) <= LONGEST_LINE and _has_code(line):
                replies.append(line)
            elif not self._take_unusual(line, replies):
                break
        if len(self._rest) > LONGEST_LINE:
            self.fault = self.fault or "a reply without an end"
        return replies

    def _take_unusual(self, line: bytes, replies: list[bytes]) -> bool:
        """A line of a longer reply, or nonsense. Returns whether the stream can be read further."""
        self.fault = self._fault_of(line)
        if self.fault:
            return False
        line = line.rstrip(b"\r")
        self._lines.append(line)
        if line[3:4] != b"-":
            replies.append(b"\n".join(self._lines))
            self._lines.clear()
        return True

    def _fault_of(self, line: bytes) -> str:
        if len(line) > LONGEST_LINE or len(self._lines) >= MOST_LINES:
            return "a reply without an end"
        if not _has_code(line) or line[3:4] not in {b" ", b"-", b"", b"\r"}:
            return f"not a reply: {_shown(line)[:80]}"
        if self._lines and self._lines[0][:3] != line[:3]:
            return f"a reply with two codes: {_shown(line)[:80]}"
        return ""


def _has_code(line: bytes) -> bool:
    code = line[:3]
    return len(code) == 3 and code.isdigit() and b"200" <= code <= b"599"


def code_of(reply: bytes) -> int:
    return int(reply[:3])


def is_success(reply: bytes) -> bool:
    return reply[0] == TWO


def is_farewell(reply: bytes) -> bool:
    """421, which a server may say at any moment, ends the connection (RFC 5321 section 3.8)."""
    return reply[:3] == b"421"


def is_about_us(reply: bytes) -> bool:
    return code_of(reply) in ABOUT_US


def enhanced_code(reply: bytes) -> str:
    """The enhanced status code, such as 5.1.1, or nothing."""
    found = ENHANCED.match(reply)
    return found[2].decode() if found else ""


def words(reply: bytes) -> str:
    """The reply as a person reads it: the codes once, then the text of all its lines."""
    if b"\n" not in reply:
        return _shown(reply)
    first, *others = reply.split(b"\n")
    return _shown(b" ".join([first.replace(b"-", b" ", 1), *(PREFIX.sub(b"", line, count=1) for line in others)]))


def _shown(text: bytes) -> str:
    shown = text.rstrip().decode(errors="replace")[:LONGEST_WORDS]
    return shown if shown.isprintable() else "".join(letter for letter in shown if letter.isprintable())


def judge(phase: Phase, reply: bytes) -> Outcome | RelayTrouble:
    """What a reply in this phase means for the message, or that the relay and no message is to blame."""
    code = code_of(reply)
    if phase in ABOUT_THE_RELAY:
        return _after_mail(code, reply) if phase == Phase.MAIL else _trouble(reply)
    if phase == Phase.DOT:
        return Outcome(_after_dot(code, reply), code, words(reply))
    if code in ABOUT_US:
        return _trouble(reply)
    fate = _after_rcpt(code, reply) if phase == Phase.RCPT else _after_data(code, reply)
    return Outcome(fate, code, words(reply))


def _trouble(reply: bytes) -> RelayTrouble:
    return RelayTrouble(words(reply), is_lasting=code_of(reply) >= 500)


def _after_mail(code: int, reply: bytes) -> Outcome | RelayTrouble:
    status = enhanced_code(reply)
    if code == 552 or status == TOO_BIG:  # we said how large it is (RFC 1870 section 6.1)
        return Outcome(Fate.TOO_BIG, code, words(reply))
    if status == "5.6.7":  # RFC 6531 section 3.5
        return Outcome(Fate.NEEDS_SMTPUTF8, code, words(reply))
    return _trouble(reply)


def _after_rcpt(code: int, reply: bytes) -> Fate:
    status = enhanced_code(reply)
    if status == TOO_BIG:
        return Fate.TOO_BIG
    if status == "5.6.7":  # RFC 6531 section 3.5
        return Fate.NEEDS_SMTPUTF8
    if status == "5.5.3" or (code == 552 and not status):  # too many recipients (RFC 5321 section 4.5.3.1.10)
        return Fate.LATER
    return Fate.ADDRESS_REFUSED if code >= 500 else Fate.LATER


def _after_data(code: int, reply: bytes) -> Fate:
    return _refusal_of(reply) if code >= 500 else Fate.LATER


def _refusal_of(reply: bytes) -> Fate:
    """Of a text: because of its length, or of what it says."""
    return Fate.TOO_BIG if enhanced_code(reply) == TOO_BIG else Fate.CONTENT_REFUSED


def _after_dot(code: int, reply: bytes) -> Fate:
    if 200 <= code < 300:
        return Fate.ACCEPTED
    if 400 <= code < 600:
        # Refused because of us: no text is to blame, so that it is tried again when we have mended it.
        return Fate.LATER if code < 500 or code in ABOUT_US else _refusal_of(reply)
    return Fate.UNKNOWN
