"""How long things are kept, and what went because of it."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workspaces.models import Member, Owned, ScopedQuerySet


class Handling(models.TextChoices):
    """What becomes of data that is too old."""

    DELETE = "delete", _("Delete")
    ANONYMISE = "anonymise", _("Take the person out of it")


class RetentionRule(Owned):
    """For so many days data of one kind (`audience.retention`) stays as it is. Off means: it stays for ever."""

    kind = models.CharField(max_length=40)
    handling = models.CharField(max_length=10, choices=Handling)
    days = models.PositiveIntegerField()
    is_on = models.BooleanField(default=False)
    changed_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "kind"], name="retention_rule_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.days} days"


class RetentionRunQuerySet(ScopedQuerySet["RetentionRun"]):
    """Rounds."""

    def unfinished(self) -> Self:
        return self.filter(finished_at=None)

    def idle(self, now: datetime) -> Self:
        """No worker holds them."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=now))


class RetentionRun(Owned):
    """One round of one rule: what was older than `before` went, `gone_count` rows of it.

    `next_id` is where the next chunk begins; it moves in the same transaction as the chunk before it.
    """

    kind = models.CharField(max_length=40)
    handling = models.CharField(max_length=10, choices=Handling)
    before = models.DateTimeField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    next_id = models.PositiveBigIntegerField(default=0)
    gone_count = models.PositiveIntegerField(default=0)

    objects = RetentionRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind"], condition=Q(finished_at=None), name="one_retention_round_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["workspace", "-started_at", "-id"], name="retention_rounds_newest")]

    def __str__(self) -> str:
        return f"{self.kind} before {self.before:%Y-%m-%d}"
