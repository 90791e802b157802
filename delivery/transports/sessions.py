"""An open way out, for a message now and then.

What a server's answer means depends on the phase in which it came (RFC 5321 section 4.2): the same 550 condemns a
relay after MAIL, an address after RCPT and a text after DATA. Before the final dot nothing was delivered; after it,
without an answer, nobody knows.
"""

import asyncio
import re
from email.errors import MessageError
from email.utils import parseaddr
from typing import Protocol

from django.core.mail import EmailMultiAlternatives

from delivery.dkim import Signer
from delivery.fates import Fate, Outcome
from delivery.smtp.courier import Courier
from delivery.smtp.parcels import Parcel
from emailops.lib.mailurl import MailSettings

LONGEST_LINE = 998  # octets without CRLF (RFC 5322 section 2.1.1)
LONGEST_REPLY = 300  # characters kept of an answer


class Session(Protocol):
    """An open way out."""

    def ready(self) -> None:
        """Make sure that a message can be handed over. Raises `RelayTrouble`."""

    def send(self, message: EmailMultiAlternatives, *, sender: str, recipient: str) -> Outcome:
        """Hand over one message. Raises `RelayTrouble`; then nothing was delivered."""


class SmtpSession:
    """Our own SMTP client for a message now and then; a run uses a `Desk`."""

    def __init__(self, mail: MailSettings, signer: Signer | None = None) -> None:
        self._mail = mail
        self._signer = signer

    def ready(self) -> None:
        """Nothing: the connection is made for the message."""

    def send(self, message: EmailMultiAlternatives, *, sender: str, recipient: str) -> Outcome:
        try:
            body = wire_bytes(message, recipient)
        except (ValueError, LookupError, MessageError) as error:
            return Outcome(Fate.UNBUILDABLE, None, words_of(error))
        signed = self._signer.sign(body) if self._signer else body
        return asyncio.run(self._deliver(Parcel(1, sender, recipient, signed)))

    async def _deliver(self, parcel: Parcel) -> Outcome:
        """A server may hang up once; at the second time the courier says what to think of it."""
        heard = _Heard()
        async with Courier(self._mail, heard, connections=1) as courier:
            while not heard.outcomes:
                await courier.deliver([parcel])
        return heard.outcomes[0]


class _Heard:
    """The owner of one parcel."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    def about_to_end(self, key: int) -> None:
        """Nobody needs to know: a test mail has no ledger."""

    def settled(self, _key: int, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def returned(self, key: int) -> None:
        """It is given again."""


def wire_bytes(message: EmailMultiAlternatives, recipient: str) -> bytes:
    """The message as it goes over the wire, without the final dot: CRLF everywhere, leading dots doubled.

    Raises ValueError, LookupError or MessageError for a message that cannot be written down.
    """
    mime = message.message()
    if recipient.isascii():
        raw = mime.as_bytes()
    else:
        # Django would encode the part before the @, which makes it another address; RFC 6532 writes it as it is.
        del mime["To"]
        name = parseaddr(message.to[0])[0].replace('"', "")
        raw = f'To: "{name}" <{recipient}>\n'.encode() + mime.as_bytes()
    raw = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)  # a bare CR or LF could end the message early (SMTP smuggling)
    if max(map(len, raw.split(b"\r\n"))) > LONGEST_LINE:
        raise ValueError(f"a line is longer than {LONGEST_LINE} octets")
    return re.sub(rb"(?m)^\.", b"..", raw.rstrip(b"\r\n") + b"\r\n")


def words_of(error: Exception) -> str:
    return (str(error) or type(error).__name__).replace("\0", "")[:LONGEST_REPLY]
