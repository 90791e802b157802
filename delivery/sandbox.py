"""The mail sandbox: an SMTP server on loopback that keeps what it is given and shows it in the browser.

A message is committed to PostgreSQL before the server answers 250, so the sandbox is exact about what it accepted.
"""

import email.policy
import logging
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from delivery.models import SandboxMessage

logger = logging.getLogger(__name__)
KEPT = 50_000  # messages; older ones go when the server starts
LARGEST_MESSAGE = 25 * 1024 * 1024


def parsed(raw: bytes) -> EmailMessage:
    """A message as Python reads it."""
    message = message_from_bytes(bytes(raw), policy=email.policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError("the default policy makes an EmailMessage")
    return message


def keep(mail_from: str, recipients: list[str], raw: bytes) -> None:
    """Commit one row a recipient."""
    message = parsed(raw)
    SandboxMessage.objects.bulk_create(
        SandboxMessage(
            received_at=timezone.now(),
            message_id=str(message["Message-ID"] or "").strip()[:250],
            mail_from=mail_from[:320],
            recipient=recipient[:320],
            subject=str(message["Subject"] or "")[:300],
            raw=raw,
        )
        for recipient in recipients
    )


def prune() -> None:
    """Forget all but the newest messages."""
    oldest_kept = SandboxMessage.objects.order_by("-pk").values_list("pk", flat=True)[KEPT : KEPT + 1].first()
    if oldest_kept is not None:
        SandboxMessage.objects.filter(pk__lte=oldest_kept).delete()


class SandboxHandler:
    """What aiosmtpd calls."""

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  its name
        """Keep the message, then say so; a database that is away means: try again later."""
        raw: Any = envelope.original_content or b""
        try:
            await sync_to_async(self._keep)(envelope.mail_from or "", list(envelope.rcpt_tos), raw)
        except DatabaseError:
            logger.warning("The sandbox could not keep a message: the database is away")
            return "451 4.3.0 The sandbox has no database at the moment"
        return "250 2.0.0 Kept in the sandbox"

    def _keep(self, mail_from: str, recipients: list[str], raw: bytes) -> None:
        try:
            keep(mail_from, recipients, raw)
        except DatabaseError:
            close_old_connections()
            raise
