"""The mail sandbox: an SMTP server on loopback that keeps what it is given and shows it in the browser.

A message is committed to PostgreSQL before the server answers 250, so the sandbox is exact about what it accepted.
"""

import logging
import re
from contextlib import suppress
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from asgiref.sync import sync_to_async
from django.db import Error, close_old_connections
from django.utils import timezone

from delivery.models import SandboxMessage

logger = logging.getLogger(__name__)
KEPT = 50_000  # messages; older ones go when the server starts
Raw = bytes | memoryview
LARGEST_MESSAGE = 25 * 1024 * 1024


def headers_of(raw: Raw) -> list[tuple[str, str]]:
    """The headers in their order, as people read them."""
    return [(name, readable(value)) for name, value in BytesHeaderParser().parsebytes(bytes(raw)).items()]


def part_of(raw: Raw, content_type: str) -> str:
    """The text of the first part of this type, however badly it is encoded; empty when there is none."""
    for part in message_from_bytes(bytes(raw)).walk():
        if part.get_content_type() == content_type:
            payload = part.get_payload(decode=True)
            return _decoded(payload if isinstance(payload, bytes) else b"", part.get_content_charset() or "utf-8")
    return ""


def _decoded(payload: bytes, charset: str) -> str:
    try:
        text = payload.decode(charset, "replace")
    except (LookupError, ValueError):  # ValueError: a codec that cannot replace what it cannot read
        text = payload.decode("utf-8", "replace")
    return _whole(text)


def _whole(text: str) -> str:
    """The text without halves of letters, which UTF-7 can spell but neither a page nor PostgreSQL can hold."""
    return text.encode("utf-8", "replace").decode()


def keep(mail_from: str, recipients: list[str], raw: bytes) -> None:
    """Commit one row a recipient."""
    headers = dict(headers_of(raw))
    SandboxMessage.objects.bulk_create(
        SandboxMessage(
            received_at=timezone.now(),
            message_id=headers.get("Message-ID", "")[:250],
            mail_from=mail_from[:320],
            recipient=recipient[:320],
            subject=headers.get("Subject", "")[:300],
            raw=raw,
        )
        for recipient in recipients
    )


def readable(value: object) -> str:
    """A header's text for people; as it came where its encoding is broken."""
    text = str(value)
    with suppress(LookupError, ValueError, MessageError):
        text = str(make_header(decode_header(text)))
    return re.sub(r"[\x00-\x1f\x7f]+", " ", _whole(text)).strip()


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
        except Error:
            logger.warning("The sandbox could not keep a message: the database is away")
            return "451 4.3.0 The sandbox has no database at the moment"
        return "250 2.0.0 Kept in the sandbox"

    def _keep(self, mail_from: str, recipients: list[str], raw: bytes) -> None:
        try:
            keep(mail_from, recipients, raw)
        except Error:
            close_old_connections()
            raise
