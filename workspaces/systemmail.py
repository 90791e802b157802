"""Mails from the product itself. An outbox in PostgreSQL: decided in the service's transaction, sent by a worker.

Each app registers how its kinds of mail are built. Delivery is at least once: a crash between SMTP and commit sends an
invitation twice rather than never.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import make_msgid
from smtplib import SMTPException
from typing import Any

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string

from emailops.lib.languages import speaking_to
from emailops.lib.queue import enqueue
from workspaces.models import SystemMail, SystemMailState, Workspace

logger = logging.getLogger(__name__)
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
MOST_ATTEMPTS = len(BACKOFF) + 1  # also of those whose worker died, so that no mail can kill workers for ever
LEASE = timedelta(minutes=2)  # longer than one SMTP conversation with EMAIL_TIMEOUT


@dataclass(frozen=True, slots=True)
class Letter:
    """What a builder returns: a template pair `<template>.txt` and `.html`, its context, a subject, more headers.

    `attachments` are names, bytes and media types.
    """

    subject: str
    template: str
    context: dict[str, Any]
    language: str
    headers: dict[str, str] = field(default_factory=dict)
    attachments: Sequence[tuple[str, bytes, str]] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A letter in words: its subject, and both of its parts."""

    subject: str
    text: str
    html: str


_builders: dict[str, Callable[[SystemMail, datetime], Letter | None]] = {}


def register_letter(kind: str, build: Callable[[SystemMail, datetime], Letter | None]) -> None:
    """Say how mails of this kind are built. The builder returns None when the mail has become pointless."""
    _builders[kind] = build


def post(kind: str, *, workspace: Workspace, object_id: int, to: str, now: datetime) -> SystemMail:
    """Put a mail into the outbox; a worker sends it after the commit."""
    mail = SystemMail.objects.create(workspace=workspace, kind=kind, object_id=object_id, to=to, next_attempt_at=now)
    enqueue("workspaces.send_system_mail")
    return mail


def send_due(now: datetime, *, limit: int = 50, connection: BaseEmailBackend | None = None) -> int:
    """Send what is due, one by one. Returns how many were taken up. Safe to run in parallel and to repeat.

    `connection` is another way out than the installation's.
    """
    taken = 0
    while taken < limit and (mail := _claim(now)):
        taken += 1
        _attempt(mail, now, connection)
    return taken


def _claim(now: datetime) -> SystemMail | None:
    with transaction.atomic():
        mail = (
            SystemMail.objects.select_for_update(skip_locked=True)
            .filter(state=SystemMailState.WAITING, next_attempt_at__lte=now)
            .order_by("next_attempt_at", "pk")
            .first()
        )
        if mail:
            mail.attempts += 1
            mail.next_attempt_at = now + LEASE
            mail.save(update_fields=["attempts", "next_attempt_at"])
    return mail


def _attempt(mail: SystemMail, now: datetime, connection: BaseEmailBackend | None) -> None:
    if mail.attempts > MOST_ATTEMPTS:
        _finish(mail, SystemMailState.FAILED, now, error=mail.error or "no attempt came to an end")
        return
    letter = _builders[mail.kind](mail, now)
    if letter is None:
        _finish(mail, SystemMailState.FAILED, now, error="no longer needed")
        return
    try:
        message = _message(mail, letter)
        message.connection = connection
        message.send()
    except (OSError, SMTPException, AnymailError) as error:
        logger.warning("System mail %s was not accepted: %s", mail.pk, type(error).__name__)
        _postpone(mail, now, str(error))
    else:
        _finish(mail, SystemMailState.SENT, now)


def drawn(letter: Letter, workspace: Workspace) -> Drawn:
    """A letter as its reader gets it."""
    context = {"workspace": workspace, "base_url": settings.BASE_URL, **letter.context}
    with speaking_to(letter.language):
        text = render_to_string(f"{letter.template}.txt", context)
        html = render_to_string(f"{letter.template}.html", {**context, "subject": letter.subject})
        return Drawn(str(letter.subject), text, html)


def _message(mail: SystemMail, letter: Letter) -> EmailMultiAlternatives:
    written = drawn(letter, mail.workspace)
    message = EmailMultiAlternatives(written.subject, written.text, settings.DEFAULT_FROM_EMAIL, [mail.to])
    message.attach_alternative(written.html, "text/html")
    for name, content, media_type in letter.attachments:
        message.attach(name, content, media_type)
    message.extra_headers = {
        "Auto-Submitted": "auto-generated",  # RFC 3834 section 5: keeps vacation replies away
        "Message-ID": make_msgid(
            f"system-{mail.pk}", domain=settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
        ),
        **letter.headers,
    }
    return message


def _postpone(mail: SystemMail, now: datetime, error: str) -> None:
    if mail.attempts >= MOST_ATTEMPTS:
        _finish(mail, SystemMailState.FAILED, now, error=error)
        return
    _still_to(mail).update(next_attempt_at=now + BACKOFF[mail.attempts - 1], error=error)


def _finish(mail: SystemMail, state: SystemMailState, now: datetime, *, error: str = "") -> None:
    _still_to(mail).update(state=state, error=error, sent_at=now if state == SystemMailState.SENT else None)


def _still_to(mail: SystemMail) -> QuerySet[SystemMail]:
    """The mail, unless its reader was erased while it was on its way: a server's answer may hold the address."""
    return SystemMail.objects.filter(pk=mail.pk, to=mail.to)
