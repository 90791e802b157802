"""How a message leaves: one small interface, and the ways behind it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from delivery.dkim import Signer
from delivery.transports.provider import ProviderSession
from delivery.transports.sessions import Session, SmtpSession, wire_bytes
from delivery.transports.tokens import with_token
from emailops.lib.mailurl import MailSettings

__all__ = ["ProviderSession", "Session", "SmtpSession", "open_session", "wire_bytes"]


@contextmanager
def open_session(mail: MailSettings | None = None, signer: Signer | None = None) -> Iterator[Session]:
    """A session over these settings, or over the installation's. Raises `RelayTrouble`.

    `signer` signs what leaves by SMTP; a provider signs by itself.
    """
    chosen = with_token(mail or settings.MAIL)
    yield ProviderSession(chosen) if chosen.provider else SmtpSession(chosen, signer)
