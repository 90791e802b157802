"""Django's own mail (invitations, passwords) over a server to which one signs in with a token."""

from collections.abc import Sequence
from email.utils import parseaddr
from typing import cast

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from delivery.fates import Fate
from delivery.transports import open_session


class MailRefused(OSError):
    """The server did not take a message; what Django's own backend would raise is an OSError as well."""


class EmailBackend(BaseEmailBackend):
    """Hands messages to the installation's mail server by our own SMTP client."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Returns how many were taken. Raises `RelayTrouble` or `MailRefused`."""
        with open_session() as session:
            for message in email_messages:
                sender = parseaddr(message.from_email)[1]
                for recipient in message.recipients():
                    letter = cast("EmailMultiAlternatives", message)  # only what both have is asked of it
                    outcome = session.send(letter, sender=sender, recipient=parseaddr(recipient)[1])
                    if outcome.fate != Fate.ACCEPTED:
                        raise MailRefused(outcome.text or outcome.fate)
        return len(email_messages)
