"""What can become of a message, and what is wrong when nothing can be sent at all."""

from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """What became of one message."""

    ACCEPTED = "accepted"
    LATER = "later"
    ADDRESS_REFUSED = "address_refused"
    CONTENT_REFUSED = "content_refused"
    NEEDS_SMTPUTF8 = "needs_smtputf8"
    UNBUILDABLE = "unbuildable"
    UNKNOWN = "unknown"
    TOO_BIG = "too_big"
    NEEDS_8BITMIME = "needs_8bitmime"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The fate of a message and the server's words."""

    fate: Fate
    code: int | None = None
    text: str = ""


class RelayTrouble(Exception):
    """The relay itself cannot be used: no contact is to blame. `is_lasting` means that waiting does not help."""

    def __init__(self, words: str, *, is_lasting: bool) -> None:
        super().__init__(words)
        self.is_lasting = is_lasting
