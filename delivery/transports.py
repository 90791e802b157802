"""How a message leaves: one small interface, and the two ways behind it.

What a server's answer means depends on the phase in which it came (RFC 5321 section 4.2): the same 550 condemns a
relay after MAIL, an address after RCPT and a text after DATA. Before the final dot nothing was delivered; after it,
without an answer, nobody knows.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.errors import MessageError
from email.utils import parseaddr
from typing import Protocol

import requests
from anymail.exceptions import (
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
    AnymailSerializationError,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection
from urllib3.exceptions import MaxRetryError, NewConnectionError

from delivery.fates import Fate, Outcome, RelayTrouble
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


@contextmanager
def open_session(mail: MailSettings | None = None) -> Iterator[Session]:
    """A session over the installation's transport, closed at the end. Raises `RelayTrouble`."""
    chosen = mail or settings.MAIL
    if chosen.provider:
        yield ProviderSession()
        return
    yield SmtpSession(chosen)


class SmtpSession:
    """Our own SMTP client for a message now and then; a run uses a `Desk`."""

    def __init__(self, mail: MailSettings) -> None:
        self._mail = mail

    def ready(self) -> None:
        """Nothing: the connection is made for the message."""

    def send(self, message: EmailMultiAlternatives, *, sender: str, recipient: str) -> Outcome:
        try:
            body = wire_bytes(message, recipient)
        except (ValueError, LookupError, MessageError) as error:
            return Outcome(Fate.UNBUILDABLE, None, _words(error))
        return asyncio.run(self._deliver(Parcel(1, sender, recipient, body)))

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


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__).replace("\0", "")[:LONGEST_REPLY]


NOT_OURS_TO_FIX = {401, 402, 403, 404, 405, 407}  # the account, its plan or its address: the same for every message
BUSY = {408, 425, 429, 503}  # the request was not processed (RFC 9110, RFC 6585, RFC 8470)


class ProviderSession:
    """Any provider that django-anymail speaks to, one message a call."""

    def __init__(self) -> None:
        try:
            self._connection = get_connection()
        except ImproperlyConfigured as error:
            raise RelayTrouble(_words(error), is_lasting=True) from error

    def ready(self) -> None:
        """Each call connects for itself."""

    def send(self, message: EmailMultiAlternatives, *, sender: str, recipient: str) -> Outcome:
        try:
            self._connection.send_messages([message])
        except (AnymailRecipientsRefused, AnymailInvalidAddress) as error:
            return Outcome(Fate.ADDRESS_REFUSED, None, _words(error))
        except AnymailRequestsAPIError as error:
            return _provider_outcome(error)
        except AnymailSerializationError as error:
            return Outcome(Fate.UNBUILDABLE, None, _words(error))
        except AnymailError as error:
            raise RelayTrouble(_words(error), is_lasting=True) from error
        except (requests.RequestException, OSError) as error:
            raise RelayTrouble(_words(error), is_lasting=False) from error
        except (ValueError, LookupError, MessageError) as error:
            return Outcome(Fate.UNBUILDABLE, None, _words(error))
        return Outcome(Fate.ACCEPTED)


def _provider_outcome(error: AnymailRequestsAPIError) -> Outcome:
    """What a provider's HTTP status means for the message (RFC 9110 section 15). Raises `RelayTrouble`."""
    if error.response is None:
        return _without_answer(error)
    code = error.response.status_code
    if code in NOT_OURS_TO_FIX:
        raise RelayTrouble(_words(error), is_lasting=True) from error
    if code in BUSY:
        return Outcome(Fate.LATER, code, _words(error))
    if code == 413:
        return Outcome(Fate.TOO_BIG, code, _words(error))
    if 400 <= code < 500:
        return Outcome(Fate.CONTENT_REFUSED, code, _words(error))
    return Outcome(Fate.UNKNOWN, code, _words(error))  # it broke somewhere between taking and answering


def _without_answer(error: AnymailRequestsAPIError) -> Outcome:
    """No connection: nothing was delivered. A connection without an answer: nobody knows."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError):
        raise RelayTrouble(_words(error), is_lasting=False) from error
    cause = error.__cause__
    reason = cause.args[0] if cause and cause.args else None
    if isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError):
        raise RelayTrouble(_words(error), is_lasting=False) from error
    return Outcome(Fate.UNKNOWN, None, _words(error))
