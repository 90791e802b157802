"""Mails that the sandbox took instead of the world."""

from typing import Self

from django.db import models
from django.db.models import Q


class SandboxMessageQuerySet(models.QuerySet["SandboxMessage"]):
    """Mails in the sandbox."""

    def matching(self, text: str) -> Self:
        """Those with all these words in recipient or subject."""
        found = self
        for word in text.replace("\0", "").split():  # PostgreSQL knows no zero byte
            found = found.filter(Q(recipient__icontains=word) | Q(subject__icontains=word))
        return found


class SandboxMessage(models.Model):
    """A mail that the sandbox's SMTP server took instead of the world. Committed before the server says 250.

    It belongs to no workspace: the sandbox is a tool for trying out, and is off in production.
    """

    received_at = models.DateTimeField()
    message_id = models.CharField(max_length=250, blank=True)
    mail_from = models.CharField(max_length=320, blank=True)
    recipient = models.CharField(max_length=320)
    subject = models.CharField(max_length=300, blank=True)
    raw = models.BinaryField()

    objects = SandboxMessageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["message_id"], name="sandbox_by_message_id"),
            models.Index(fields=["recipient", "-id"], name="sandbox_by_recipient"),
        ]

    def __str__(self) -> str:
        return self.subject
