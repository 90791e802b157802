"""What is handed over, and who hears what becomes of it."""

from dataclasses import dataclass
from typing import Protocol

from delivery.fates import Outcome


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message for one recipient.

    `key` is the owner's name for it. `body` is what goes over the wire and is written as it is: CRLF at the end of
    every line, also the last, leading dots doubled, no line longer than RFC 5322 allows, the final dot left out.
    `has_eight_bits` says that there are octets above 127 in it, which is not looked up.
    """

    key: int
    sender: str
    recipient: str
    body: bytes
    has_eight_bits: bool = False


class Owner(Protocol):
    """Whoever gave the parcels. Called in the order of events, from within the event loop: be quick, do not wait.

    An error raised here stops the courier and comes out of it.
    """

    def about_to_end(self, key: int) -> None:
        """The bytes with the end of this message are written next: from now on silence means that nobody knows."""

    def settled(self, key: int, outcome: Outcome) -> None:
        """The fate is known, or will never be known from this connection."""

    def returned(self, key: int) -> None:
        """Nothing was delivered, nobody is to blame, and the parcel may be given again.

        After `about_to_end` this comes only with BDAT, when the server refused what came before the body.
        """
