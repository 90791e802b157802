"""How a message leaves: one small interface, and the two ways behind it.

What a server's answer means depends on the phase in which it came (RFC 5321 section 4.2): the same 550 condemns a
relay after MAIL, an address after RCPT and a text after DATA. Before the final dot nothing was delivered; after it,
without an answer, nobody knows.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import requests
from anymail.exceptions import AnymailError, AnymailRecipientsRefused, AnymailRequestsAPIError
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from emailops.lib.mailurl import MailSettings

CONNECT_TIMEOUT = 30  # seconds; a relay of one's own answers at once or is away
COMMAND_TIMEOUT = 300  # seconds; RFC 5321 section 4.5.3.2 for the greeting, MAIL and RCPT
DATA_TIMEOUT = 120  # the same, for the answer to DATA
DOT_TIMEOUT = 600  # the same, for the answer to the final dot: a shorter one makes duplicates (RFC 1047)
LONGEST_REPLY = 300  # characters kept of an answer


class Fate(StrEnum):
    """What became of one message."""

    ACCEPTED = "accepted"
    LATER = "later"
    ADDRESS_REFUSED = "address_refused"
    CONTENT_REFUSED = "content_refused"
    NEEDS_SMTPUTF8 = "needs_smtputf8"
    UNKNOWN = "unknown"


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


class Session(Protocol):
    """An open way out."""

    def send(self, message: EmailMultiAlternatives, *, sender: str, recipient: str) -> Outcome:
        """Hand over one message. Raises `RelayTrouble`; then nothing was delivered."""


@contextmanager
def open_session(mail: MailSettings | None = None) -> Iterator[Session]:
    """A session over the installation's transport, closed at the end. Raises `RelayTrouble`."""
    chosen = mail or settings.MAIL
    if chosen.provider:
        yield ProviderSession()
        return
    session = SmtpSession(chosen)
    try:
        yield session
    finally:
        session.close()


class SmtpSession:
    """One SMTP connection, opened when needed, reused for many messages."""

    def __init__(self, mail: MailSettings) -> None:
        self._mail = mail
        self._smtp: smtplib.SMTP | None = None

    def send(self, message: EmailMultiAlternatives, *, sender: str, recipient: str) -> Outcome:
        body = _wire_bytes(message)
        smtp = self._connected()
        if not recipient.isascii() and not smtp.has_extn("smtputf8"):
            return Outcome(Fate.NEEDS_SMTPUTF8)
        try:
            refused = self._envelope(smtp, sender, recipient)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise RelayTrouble(_words(error), is_lasting=False) from error
        if refused is not None:
            self._reset(smtp)
            return refused
        return self._data(smtp, body)

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            try:
                self._smtp = _connect(self._mail)
            except smtplib.SMTPResponseException as error:
                raise RelayTrouble(_words(error), is_lasting=error.smtp_code >= 500) from error
            except ssl.SSLError as error:
                raise RelayTrouble(_words(error), is_lasting=True) from error
            except (smtplib.SMTPException, OSError) as error:
                raise RelayTrouble(_words(error), is_lasting=False) from error
        return self._smtp

    def _envelope(self, smtp: smtplib.SMTP, sender: str, recipient: str) -> Outcome | None:
        """MAIL and RCPT; an outcome when the address is not taken."""
        _set_timeout(smtp, COMMAND_TIMEOUT)
        utf8 = ["SMTPUTF8"] if not recipient.isascii() else []
        code, text = smtp.mail(sender, utf8)
        if code != 250:
            self._drop()
            raise RelayTrouble(_answer(code, text), is_lasting=code >= 500)
        code, text = smtp.rcpt(recipient)
        if code in {250, 251}:
            return None
        return Outcome(Fate.LATER if code < 500 else Fate.ADDRESS_REFUSED, code, _answer(code, text))

    def _data(self, smtp: smtplib.SMTP, body: bytes) -> Outcome:
        dot_sent = False
        try:
            _set_timeout(smtp, DATA_TIMEOUT)
            code, text = smtp.docmd("DATA")
            if code == 354:
                smtp.send(body)
                _set_timeout(smtp, DOT_TIMEOUT)
                dot_sent = True
                smtp.send(b".\r\n")
                code, text = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Outcome(Fate.UNKNOWN if dot_sent else Fate.LATER, None, _words(error))
        if code == 250:
            return Outcome(Fate.ACCEPTED, code, _answer(code, text))
        self._reset(smtp)
        return Outcome(Fate.LATER if code < 500 else Fate.CONTENT_REFUSED, code, _answer(code, text))

    def _reset(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.rset()
        except (smtplib.SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def close(self) -> None:
        if self._smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._smtp.quit()
            self._drop()


def _connect(mail: MailSettings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    smtp: smtplib.SMTP
    if mail.implicit_tls:
        smtp = smtplib.SMTP_SSL(mail.host, mail.port, timeout=CONNECT_TIMEOUT, context=context)
    else:
        smtp = smtplib.SMTP(mail.host, mail.port, timeout=CONNECT_TIMEOUT)
    if isinstance(smtp.sock, socket.socket):
        # Body and final dot are two writes; without this the second waits for the receiver's delayed acknowledgement.
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if mail.starttls:
        smtp.starttls(context=context)  # raises rather than go on in clear text
    if mail.user:
        smtp.login(mail.user, mail.password)
    smtp.ehlo_or_helo_if_needed()
    return smtp


def _set_timeout(smtp: smtplib.SMTP, seconds: float) -> None:
    if isinstance(smtp.sock, socket.socket):
        smtp.sock.settimeout(seconds)


def _wire_bytes(message: EmailMultiAlternatives) -> bytes:
    """The message as it goes over the wire, without the final dot: CRLF everywhere, leading dots doubled."""
    raw = message.message().as_bytes()
    raw = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)  # a bare CR or LF could end the message early (SMTP smuggling)
    return re.sub(rb"(?m)^\.", b"..", raw.rstrip(b"\r\n") + b"\r\n")


def _answer(code: int, text: bytes) -> str:
    return f"{code} {text.decode(errors='replace')}"[:LONGEST_REPLY]


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
        return _answer(error.smtp_code, text)
    return (str(error) or type(error).__name__)[:LONGEST_REPLY]


class ProviderSession:
    """Any provider that django-anymail speaks to, one message a call."""

    def __init__(self) -> None:
        self._connection = get_connection()

    def send(self, message: EmailMultiAlternatives, *, sender: str, recipient: str) -> Outcome:
        try:
            self._connection.send_messages([message])
        except AnymailRecipientsRefused as error:
            return Outcome(Fate.ADDRESS_REFUSED, None, _words(error))
        except AnymailRequestsAPIError as error:
            return self._judged(error)
        except requests.Timeout as error:
            return Outcome(Fate.UNKNOWN, None, _words(error))
        except (requests.RequestException, OSError) as error:
            raise RelayTrouble(_words(error), is_lasting=False) from error
        except AnymailError as error:
            raise RelayTrouble(_words(error), is_lasting=True) from error
        return Outcome(Fate.ACCEPTED)

    def _judged(self, error: AnymailRequestsAPIError) -> Outcome:
        """What a provider's HTTP status means for the message (RFC 9110 section 15)."""
        code = error.response.status_code if error.response is not None else 0
        if code in {401, 403}:
            raise RelayTrouble(_words(error), is_lasting=True) from error
        if code == 429 or code >= 500:
            return Outcome(Fate.LATER, code, _words(error))
        if code == 0:
            return Outcome(Fate.UNKNOWN, None, _words(error))
        return Outcome(Fate.CONTENT_REFUSED, code, _words(error))
