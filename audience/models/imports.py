"""Files on their way into the contacts."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import Consent
from audience.models.lists import ContactList
from audience.models.topics import Topic
from emailops.lib.tablefile import Shape, TableKind
from workspaces.models import Member, Owned, ScopedQuerySet
from workspaces.permissions import Role


class ImportState(models.TextChoices):
    """Where an import stands."""

    MAPPING = "mapping", _("Match the columns")
    WAITING = "waiting", _("Waiting for a worker")
    RUNNING = "running", _("Running")
    CHECKED = "checked", _("Checked, nothing written yet")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Stopped by an error")


class ImportWhat(models.TextChoices):
    """What the rows of a file are."""

    PEOPLE = "people", _("People")
    ORDERS = "orders", _("Orders, a row for each product")
    EVENTS = "events", _("Events: what people did")


class ImportMode(models.TextChoices):
    """Whom an import writes."""

    BOTH = "both", _("Add new people and update known ones")
    INSERT = "insert", _("Only add new people")
    UPDATE = "update", _("Only update known people")


class ContactImportQuerySet(ScopedQuerySet["ContactImport"]):
    """Imports."""

    def seen_by(self, member: Member) -> Self:
        """A seller sees his or her own: a file holds people whom others look after."""
        ours = super().seen_by(member)
        return ours.filter(created_by=member) if member.role == Role.SELLER else ours

    def unfinished(self) -> Self:
        return self.filter(state__in=(ImportState.WAITING, ImportState.RUNNING))

    def idle(self, now: datetime) -> Self:
        """No worker holds them."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=now))


class ContactImport(Owned):
    """A table on its way into the contacts: what was chosen, how far it came, what was refused.

    `mapping` says for each column number what it becomes: a field name, `attribute.<key>`, `new.<kind>` or nothing; the
    latest that was started for a header of this `fingerprint` is what the next one begins with. `next_line` is where a
    worker goes on after a crash; it moves in the same transaction as the rows before it. A dry run counts and refuses,
    and writes nothing. Counts are of contacts, orders or events, those refused of rows. `suppressed_count` is part of
    the other counts. `new_choices` holds, by column number, what one can choose from in an attribute that the column
    becomes, or what the choices of one that is there get beside theirs. `same_values` holds, by column number, what a
    written value is taken for, by the value in small letters: a choice, or an empty text for nothing.
    """

    what = models.CharField(max_length=6, choices=ImportWhat, default=ImportWhat.PEOPLE, db_default=ImportWhat.PEOPLE)
    adds_people = models.BooleanField(
        default=False, db_default=False, help_text="whether orders and events make contacts of strangers"
    )
    file = models.FileField(upload_to="imports/%Y/%m")
    filename = models.CharField(max_length=200)
    kind = models.CharField(max_length=5, choices=TableKind, default=TableKind.CSV)
    is_gzip = models.BooleanField(default=False)
    encoding = models.CharField(max_length=20, blank=True)
    delimiter = models.CharField(max_length=1, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the header")
    header = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    new_choices = models.JSONField(default=dict)
    same_values = models.JSONField(default=dict, db_default={})
    mode = models.CharField(max_length=6, choices=ImportMode, default=ImportMode.BOTH)
    fills_gaps = models.BooleanField(default=False, help_text="whether what we know already stays as it is")
    list_ids = ArrayField(models.BigIntegerField(), default=list)
    topic_ids = ArrayField(models.BigIntegerField(), default=list)
    calling_code = models.CharField(max_length=5, blank=True)
    consent = models.CharField(max_length=10, choices=Consent, default=Consent.UNKNOWN)
    consent_source = models.CharField(max_length=120, blank=True)
    consent_wording = models.TextField(blank=True)
    consented_on = models.DateField(null=True)
    is_dry_run = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.MAPPING)
    message = models.TextField(blank=True)
    size = models.PositiveBigIntegerField(help_text="bytes")
    next_line = models.PositiveIntegerField(default=0)
    read_rate = models.FloatField(default=0.0, help_text="share of the file that has been read, 0..1")
    created_count = models.PositiveIntegerField(default=0)
    updated_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    suppressed_count = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)

    objects = ContactImportQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["lease_until"], condition=Q(state__in=("waiting", "running")), name="import_unfinished"
            ),
            models.Index(fields=["workspace", "fingerprint", "-created_at"], name="import_by_header"),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def row_count(self) -> int:
        """Rows read so far. Of orders and events it is told by the line, because several rows make one order."""
        if self.what != ImportWhat.PEOPLE:
            return max(self.next_line - 2, 0)
        return self.created_count + self.updated_count + self.unchanged_count + self.refused_count

    @property
    def shape(self) -> Shape:
        return Shape(TableKind(self.kind), self.is_gzip, self.encoding, self.delimiter)

    @property
    def can_be_started(self) -> bool:
        return self.state in {ImportState.MAPPING, ImportState.CHECKED}

    @property
    def lists(self) -> QuerySet[ContactList]:
        return ContactList.objects.for_workspace(self.workspace).filter(pk__in=self.list_ids).order_by("name", "pk")

    @property
    def topics(self) -> QuerySet[Topic]:
        return Topic.objects.for_workspace(self.workspace).filter(pk__in=self.topic_ids).order_by("position", "pk")

    def rows_per_second(self, now: datetime) -> float:
        """Since a worker began; 0.0 before."""
        seconds = ((self.finished_at or now) - self.started_at).total_seconds() if self.started_at else 0.0
        return self.row_count / seconds if seconds > 0 else 0.0

    def seconds_left(self, now: datetime) -> float | None:
        """At the pace so far; None while nothing can be said."""
        if self.started_at is None or not self.is_unfinished or self.read_rate <= 0:
            return None
        return (now - self.started_at).total_seconds() * (1 - self.read_rate) / self.read_rate

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
