"""Files on their way into the contacts."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import Consent
from audience.models.lists import ContactList
from workspaces.models import Member, Owned, ScopedQuerySet


class ImportState(models.TextChoices):
    """Where an import stands."""

    MAPPING = "mapping", _("Match the columns")
    WAITING = "waiting", _("Waiting for a worker")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Stopped by an error")


class ContactImportQuerySet(ScopedQuerySet["ContactImport"]):
    """Imports."""

    def unfinished(self) -> Self:
        return self.filter(state__in=(ImportState.WAITING, ImportState.RUNNING))

    def idle(self, now: datetime) -> Self:
        """No worker holds them."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=now))


class ContactImport(Owned):
    """A CSV on its way into the contacts: what was chosen, how far it came, what was refused.

    `mapping` says for each column number what it becomes: a field name, `attribute.<key>` or nothing. `next_line` is
    where a worker goes on after a crash; it moves in the same transaction as the rows before it.
    """

    file = models.FileField(upload_to="imports/%Y/%m")
    filename = models.CharField(max_length=200)
    encoding = models.CharField(max_length=20, blank=True)
    header = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    contact_list = models.ForeignKey(ContactList, on_delete=models.PROTECT, null=True, related_name="+")
    consent = models.CharField(max_length=10, choices=Consent, default=Consent.UNKNOWN)
    consent_wording = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.MAPPING)
    message = models.TextField(blank=True)
    size = models.PositiveBigIntegerField(help_text="bytes")
    next_line = models.PositiveIntegerField(default=0)
    read_rate = models.FloatField(default=0.0, help_text="share of the file that has been read, 0..1")
    created_count = models.PositiveIntegerField(default=0)
    updated_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)

    objects = ContactImportQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["lease_until"], condition=Q(state__in=("waiting", "running")), name="import_unfinished"
            )
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def row_count(self) -> int:
        """Rows read so far."""
        return self.created_count + self.updated_count + self.unchanged_count + self.refused_count

    @property
    def is_unfinished(self) -> bool:
        return self.state in {ImportState.WAITING, ImportState.RUNNING}


class ImportRefusal(Owned):
    """A row of a CSV that was not taken, and why; the person downloads these, mends them and imports again."""

    contact_import = models.ForeignKey(ContactImport, on_delete=models.CASCADE, related_name="refusals")
    line = models.PositiveIntegerField()
    reason = models.CharField(max_length=300)
    cells = models.JSONField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["contact_import", "line"], name="refusals_by_line")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"
