"""How a message leaves: one small interface, and the two ways behind it.

What a server's answer means depends on the phase in which it came (RFC 5321 section 4.2): the same 550 condemns a
relay after MAIL, an address after RCPT and a text after DATA. Before the final dot nothing was delivered; after it,
without an answer, nobody knows.
"""

import re
import select
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.errors import MessageError
from email.utils import parseaddr
from enum import StrEnum
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

from emailops.lib.mailurl import MailSettings

CONNECT_TIMEOUT = 30  # seconds; a relay of one's own answers at once or is away
COMMAND_TIMEOUT = 300  # seconds; RFC 5321 section 4.5.3.2 for the greeting, MAIL and RCPT
DATA_TIMEOUT = 120  # the same, for the answer to DATA
BODY_TIMEOUT = 180  # the same, for a block of the body
DOT_TIMEOUT = 600  # the same, for the answer to the final dot: a shorter one makes duplicates (RFC 1047)
QUIT_TIMEOUT = 5  # what a server says to QUIT changes nothing
LONGEST_MESSAGE = CONNECT_TIMEOUT + 3 * COMMAND_TIMEOUT + DATA_TIMEOUT + BODY_TIMEOUT + DOT_TIMEOUT  # seconds
MOST_ON_CONNECTION = 100  # messages; many servers close a connection after about as many
LONGEST_LINE = 998  # octets without CRLF (RFC 5322 section 2.1.1)
LONGEST_REPLY = 300  # characters kept of an answer
ABOUT_US = {530, 534, 535, 538}  # authentication is asked for or refused (RFC 4954 section 6): no recipient is to blame


class Fate(StrEnum):
    """What became of one message."""

    ACCEPTED = "accepted"
    LATER = "later"
    ADDRESS_REFUSED = "address_refused"
    CONTENT_REFUSED = "content_refused"
    NEEDS_SMTPUTF8 = "needs_smtputf8"
    UNBUILDABLE = "unbuildable"
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
        self._carried = 0

    def ready(self) -> None:
        if self._carried >= MOST_ON_CONNECTION:
            self.close()
        self._connected()

    def send(self, message: EmailMultiAlternatives, *, sender: str, recipient: str) -> Outcome:
        try:
            body = wire_bytes(message, recipient)
        except (ValueError, LookupError, MessageError) as error:
            return Outcome(Fate.UNBUILDABLE, None, _words(error))
        unfit = _unfit(self._connected(), body, recipient)
        if unfit is not None:
            return unfit
        refused = self._envelope(sender, recipient)
        return refused or self._data(self._connected(), body)

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            self._smtp, self._carried = _connect(self._mail), 0
        return self._smtp

    def _envelope(self, sender: str, recipient: str) -> Outcome | None:
        """MAIL and RCPT; an outcome when the address is not taken."""
        try:
            self._mail_from(sender, recipient)
        except RelayTrouble as trouble:
            if trouble.is_lasting or not self._carried:
                raise
            # A server may close a connection that has carried enough: only on a fresh one is it in trouble.
            self._mail_from(sender, recipient)
        return self._rcpt_to(recipient)

    def _mail_from(self, sender: str, recipient: str) -> None:
        smtp = self._connected()
        _set_timeout(smtp, COMMAND_TIMEOUT)
        try:
            code, text = smtp.mail(sender, [] if recipient.isascii() else ["SMTPUTF8"])
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise RelayTrouble(_words(error), is_lasting=False) from error
        if code != 250:
            self._drop()
            raise RelayTrouble(_answer(code, text), is_lasting=code >= 500)

    def _rcpt_to(self, recipient: str) -> Outcome | None:
        smtp = self._connected()
        try:
            code, text = smtp.rcpt(recipient)
        except (smtplib.SMTPException, OSError) as error:
            # Later, not trouble: if it is this recipient that makes the server hang up, the others still get theirs.
            self._drop()
            return Outcome(Fate.LATER, None, _words(error))
        if 200 <= code < 300:
            return None
        self._reset(smtp)
        self._require_not_about_us(code, text)
        return Outcome(Fate.ADDRESS_REFUSED if code >= 500 else Fate.LATER, code, _answer(code, text))

    def _data(self, smtp: smtplib.SMTP, body: bytes) -> Outcome:
        self._carried += 1
        dot = _Dot()
        try:
            code, text = _hand_over(smtp, body, dot)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Outcome(Fate.UNKNOWN if dot.is_sent else Fate.LATER, None, _words(error))
        if dot.is_sent and 200 <= code < 300:
            return Outcome(Fate.ACCEPTED, code, _answer(code, text))
        if dot.is_sent and not 400 <= code < 600:
            self._drop()
            return Outcome(Fate.UNKNOWN, None, _answer(code, text))
        self._reset(smtp)
        if not dot.is_sent:
            self._require_not_about_us(code, text)
        return Outcome(Fate.CONTENT_REFUSED if code >= 500 else Fate.LATER, code, _answer(code, text))

    def _require_not_about_us(self, code: int, text: bytes) -> None:
        if code in ABOUT_US:
            self._drop()
            raise RelayTrouble(_answer(code, text), is_lasting=True)

    def _reset(self, smtp: smtplib.SMTP) -> None:
        try:
            _set_timeout(smtp, COMMAND_TIMEOUT)
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
                _set_timeout(self._smtp, QUIT_TIMEOUT)
                self._smtp.quit()
            self._drop()


@dataclass(slots=True)
class _Dot:
    """Whether the final dot may have left: from then on, silence means that nobody knows."""

    is_sent: bool = False


def _hand_over(smtp: smtplib.SMTP, body: bytes, dot: _Dot) -> tuple[int, bytes]:
    """DATA, the body and the final dot; the server's last answer."""
    _set_timeout(smtp, DATA_TIMEOUT)
    code, text = smtp.docmd("DATA")
    if code != 354:
        return code, text
    _set_timeout(smtp, BODY_TIMEOUT)
    smtp.send(body)
    if _has_spoken(smtp):
        # A refusal, or the end, in the middle of the body. The rest of the conversation is out of step.
        try:
            return smtp.getreply()
        finally:
            smtp.close()
    _set_timeout(smtp, DOT_TIMEOUT)
    dot.is_sent = True
    smtp.send(b".\r\n")
    return smtp.getreply()


def _has_spoken(smtp: smtplib.SMTP) -> bool:
    """Whether the server said something, or hung up, without being asked."""
    if not isinstance(smtp.sock, socket.socket) or isinstance(smtp.sock, ssl.SSLSocket):
        return False  # TLS has records of its own, so that a readable socket proves nothing
    readable, _writable, _broken = select.select([smtp.sock], [], [], 0)
    return bool(readable)


def _unfit(smtp: smtplib.SMTP, body: bytes, recipient: str) -> Outcome | None:
    """What this server has said beforehand that it cannot take (RFC 6531, RFC 1870)."""
    if not recipient.isascii() and not smtp.has_extn("smtputf8"):
        return Outcome(Fate.NEEDS_SMTPUTF8)
    most = smtp.esmtp_features.get("size", "")
    if most.isdecimal() and 0 < int(most) < len(body):
        return Outcome(Fate.CONTENT_REFUSED, None, f"The server takes {most} bytes; the message has {len(body)}.")
    return None


def _connect(mail: MailSettings) -> smtplib.SMTP:
    """A connection that has greeted, is encrypted and signed in as the settings ask. Raises `RelayTrouble`."""
    try:
        return _greeted(mail)
    except smtplib.SMTPResponseException as error:
        raise RelayTrouble(_words(error), is_lasting=error.smtp_code >= 500) from error
    except (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as error:
        raise RelayTrouble(_words(error), is_lasting=True) from error
    except (smtplib.SMTPException, OSError) as error:
        raise RelayTrouble(_words(error), is_lasting=False) from error


def _greeted(mail: MailSettings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    smtp: smtplib.SMTP
    if mail.implicit_tls:
        smtp = smtplib.SMTP_SSL(mail.host, mail.port, timeout=CONNECT_TIMEOUT, context=context)
    else:
        smtp = smtplib.SMTP(mail.host, mail.port, timeout=CONNECT_TIMEOUT)
    try:
        if isinstance(smtp.sock, socket.socket):
            # Body and final dot are two writes; without this the second waits for the receiver's delayed
            # acknowledgement.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if mail.starttls:
            smtp.starttls(context=context)  # raises rather than go on in clear text
        if mail.user:
            smtp.login(mail.user, mail.password)
        smtp.ehlo_or_helo_if_needed()
    except BaseException:
        smtp.close()
        raise
    return smtp


def _set_timeout(smtp: smtplib.SMTP, seconds: float) -> None:
    if isinstance(smtp.sock, socket.socket):
        smtp.sock.settimeout(seconds)


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


def _answer(code: int, text: bytes) -> str:
    return _kept(f"{code} {text.decode(errors='replace')}")


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
        return _answer(error.smtp_code, text)
    return _kept(str(error) or type(error).__name__)


def _kept(words: str) -> str:
    return words.replace("\0", "")[:LONGEST_REPLY]


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
