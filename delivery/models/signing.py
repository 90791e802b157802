"""The keys that mail is signed with."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from delivery.dkim.keypairs import Algorithm, record_strings, record_text
from emailops.lib.vault import SealedField
from workspaces.models import Member, Owned, ScopedQuerySet

IN_TRANSIT = timedelta(days=7)  # a relay may try for five days (RFC 5321 section 4.5.4.1), and people forward later


class KeyState(models.TextChoices):
    """A key's life."""

    NEW = "new", _("Not in use yet")
    ACTIVE = "active", _("Signs")
    RETIRED = "retired", _("Retired")


KEY_MOVES: dict[str, set[str]] = {
    KeyState.NEW: {KeyState.ACTIVE, KeyState.RETIRED},
    KeyState.ACTIVE: {KeyState.RETIRED},
    KeyState.RETIRED: set(),
}


class SigningKeyQuerySet(ScopedQuerySet["SigningKey"]):
    """Signing keys."""

    def active(self) -> Self:
        return self.filter(state=KeyState.ACTIVE)

    def living(self) -> Self:
        return self.exclude(state=KeyState.RETIRED)

    def of_domain(self, domain: str) -> Self:
        return self.filter(domain=domain)


class SigningKey(Owned):
    """A DKIM key of a domain. Its private half is sealed, and gone for good once the key is retired.

    `replaces` is the key that retires by itself when this one is switched on.
    """

    domain = models.CharField(_("domain"), max_length=253)
    selector = models.CharField(_("selector"), max_length=63)
    algorithm = models.CharField(_("algorithm"), max_length=14, choices=Algorithm)
    private = SealedField(default=b"")
    public = models.CharField(max_length=500)
    state = models.CharField(max_length=7, choices=KeyState, default=KeyState.NEW)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="successors")
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    objects = SigningKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "domain", "selector"], name="selector_once_a_domain"),
            models.UniqueConstraint(fields=["replaces"], condition=Q(state="new"), name="one_successor_waits"),
            models.CheckConstraint(
                condition=Q(state="new", activated_at=None, retired_at=None)
                | Q(state="active", activated_at__isnull=False, retired_at=None)
                | Q(state="retired", retired_at__isnull=False),
                name="key_dates_fit_its_state",
            ),
            models.CheckConstraint(
                condition=Q(state="retired", private=b"") | (~Q(state="retired") & ~Q(private=b"")),
                name="private_half_until_retired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record_name(self) -> str:
        """Where receivers look the public half up (RFC 6376 section 3.6.2.1)."""
        return str(self)

    @property
    def record(self) -> str:
        """What stands there, as a TXT record."""
        return record_text(Algorithm(self.algorithm), self.public)

    @property
    def zone_record(self) -> str:
        """The record as a zone file has it: a TXT record is made of strings of at most 255 octets."""
        return " ".join(f'"{part}"' for part in record_strings(self.record))

    @property
    def needed_until(self) -> datetime | None:
        """Until when the record of a retired key has to stay; None for one that never signed, or still may."""
        return self.retired_at + IN_TRANSIT if self.retired_at and self.activated_at else None
