"""To whom, and may we: contacts, lists, consent, suppression, events, segments, imports."""

import hashlib
import hmac
from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workspaces.models import Language, Member, Owned, ScopedQuerySet, validate_time_zone


class AttributeKind(models.TextChoices):
    """The type of an attribute's values."""

    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    DATE = "date", _("Date")
    BOOLEAN = "boolean", _("Yes or no")


class AttributeDefinition(Owned):
    """What a workspace knows about its contacts beyond the fixed fields. Values live in `Contact.attributes`.

    Values are stored as JSON of their kind; dates as ISO 8601 text. An archived attribute keeps its values, but rules
    on it no longer work.
    """

    key = models.SlugField(_("key"), max_length=40)
    label = models.CharField(_("label"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=AttributeKind, default=AttributeKind.TEXT)
    archived_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="attribute_key_once")]

    def __str__(self) -> str:
        return self.label


class Consent(models.TextChoices):
    """What the person last said about marketing mail. The log says when, how and in which words."""

    UNKNOWN = "unknown", _("Not asked")
    GIVEN = "given", _("Given")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class SuppressionReason(models.TextChoices):
    """Why an address is never written to again."""

    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    BOUNCED = "bounced", _("The address does not exist")
    COMPLAINED = "complained", _("Complained")
    MANUAL = "manual", _("By hand")


class ContactQuerySet(ScopedQuerySet["Contact"]):
    """Contacts by what we may do with them."""

    def consenting(self) -> Self:
        return self.filter(consent=Consent.GIVEN)

    def reachable(self) -> Self:
        """Who gave consent and is not suppressed."""
        return self.consenting().filter(suppression="")

    def matching(self, text: str) -> Self:
        """Contacts whose name or address holds this text."""
        words = text.replace("\0", "").split()  # PostgreSQL knows no zero byte
        found = self
        for word in words:
            found = found.filter(
                Q(email__icontains=word) | Q(first_name__icontains=word) | Q(last_name__icontains=word)
            )
        return found


class Contact(Owned):
    """One person in one workspace. `email` is as written, `address` is what makes it unique.

    `suppression` repeats what the `Suppression` table says, for lists and segments; the table decides when sending.
    """

    email = models.CharField(_("e-mail address"), max_length=254)
    address = models.CharField(max_length=254)
    external_id = models.CharField(_("id in your CRM"), max_length=100, blank=True)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=Language, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True, validators=[validate_time_zone])
    attributes = models.JSONField(default=dict)
    consent = models.CharField(_("consent"), max_length=10, choices=Consent, default=Consent.UNKNOWN)
    consent_at = models.DateTimeField(null=True)
    suppression = models.CharField(_("never write"), max_length=14, choices=SuppressionReason, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "address"], name="contact_address_once"),
            models.UniqueConstraint(
                fields=["workspace", "external_id"], condition=~Q(external_id=""), name="contact_external_id_once"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="contact_newest"),
            GinIndex(fields=["attributes"], opclasses=["jsonb_path_ops"], name="contact_attributes"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


class ContactList(Owned):
    """A named set of contacts, kept by hand, by import or by a form."""

    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("what it is for"), blank=True)
    archived_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="list_name_once")]

    def __str__(self) -> str:
        return self.name


class ListMembership(Owned):
    """A contact on a list, since when and how."""

    contact_list = models.ForeignKey(ContactList, on_delete=models.CASCADE, related_name="memberships")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="memberships")
    added_at = models.DateTimeField()
    source = models.CharField(max_length=60)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact_list", "contact"], name="on_list_once")]

    def __str__(self) -> str:
        return f"{self.contact_id} on {self.contact_list_id}"


class ConsentEntry(Owned):
    """One thing a person said about consent. Append-only: GDPR article 7(1) asks us to be able to show it."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consent_log")
    consent = models.CharField(max_length=10, choices=Consent)
    source = models.CharField(_("how"), max_length=60)
    wording = models.TextField(_("exact wording"), blank=True)
    evidence = models.JSONField(default=dict)
    by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["contact", "-at", "-id"], name="consent_log_of_contact")]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.consent}"


HMAC_BLOCK = 64  # bytes; of SHA-256


class SuppressionQuerySet(ScopedQuerySet["Suppression"]):
    """Suppressed addresses."""

    def of(self, address: str) -> Self:
        return self.filter(address_hash=address_hash(address))


class Suppression(Owned):
    """An address that wins over every import, list and segment; a keyed hash, so that it outlives an erasure."""

    address_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=14, choices=SuppressionReason)
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "address_hash"], name="suppressed_once")]

    def __str__(self) -> str:
        return f"{self.address_hash[:12]}… ({self.reason})"


def address_hash(address: str) -> str:
    """HMAC-SHA-256 of a normalised address, 64 hexadecimal digits: comparable, not reversible by a word list alone."""
    return hmac.new(settings.SUPPRESSION_KEY.encode(), address.encode(), hashlib.sha256).hexdigest()


def address_hash_sql(column: str) -> str:
    """`address_hash` of a column, computed by PostgreSQL (RFC 2104 in its own `sha256`).

    The statement's parameters must hold those of `address_hash_keys`.
    """
    inner = f"sha256(%(hash_inner)s || convert_to({column}, 'UTF8'))"
    return f"encode(sha256(%(hash_outer)s || {inner}), 'hex')"


def address_hash_keys() -> dict[str, bytes]:
    """The key as RFC 2104 pads it, for `address_hash_sql`."""
    key = settings.SUPPRESSION_KEY.encode()
    key = (hashlib.sha256(key).digest() if len(key) > HMAC_BLOCK else key).ljust(HMAC_BLOCK, b"\0")
    return {"hash_inner": bytes(byte ^ 0x36 for byte in key), "hash_outer": bytes(byte ^ 0x5C for byte in key)}


class Event(Owned):
    """Something a contact did elsewhere: an order, a visit, a survey. `value` is money in the workspace's currency."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="events")
    name = models.SlugField(max_length=60)
    occurred_at = models.DateTimeField()
    value = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    properties = models.JSONField(default=dict)
    external_id = models.CharField(max_length=100, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name", "external_id"], condition=~Q(external_id=""), name="event_counted_once"
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "name", "occurred_at"], name="event_by_name"),
            models.Index(fields=["contact", "-occurred_at", "-id"], name="event_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.contact_id}"


class SegmentQuerySet(ScopedQuerySet["Segment"]):
    """Segments."""

    def current(self) -> Self:
        return self.filter(archived_at=None)


class Segment(Owned):
    """A rule that says who belongs. Always live: membership is asked, never stored.

    `definition` is the JSON form of `audience.segments.definition.Group`.
    """

    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("who they are"), blank=True)
    definition = models.JSONField()
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=Q(archived_at=None), name="segment_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


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
