"""Addresses that are never written to again."""

import hashlib
import hmac
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from workspaces.models import Owned, ScopedQuerySet


class SuppressionReason(models.TextChoices):
    """Why an address is never written to again."""

    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    BOUNCED = "bounced", _("The address does not exist")
    COMPLAINED = "complained", _("Complained")
    MANUAL = "manual", _("By hand")
    ERASED = "erased", _("Erased, as the person asked")


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
