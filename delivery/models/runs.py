"""A launch of a campaign."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, ContentVersion, UnknownPolicy
from workspaces.models import Owned, ScopedQuerySet


class RunState(models.TextChoices):
    """A run's life."""

    PLANNING = "planning", _("Making the list")
    SENDING = "sending", _("Sending")
    PAUSED = "paused", _("Paused")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE_RUNS = (RunState.PLANNING, RunState.SENDING)


class RunQuerySet(ScopedQuerySet["Run"]):
    """Runs."""

    def active(self) -> Self:
        return self.filter(state__in=ACTIVE_RUNS)

    def with_parts(self) -> Self:
        return self.select_related(
            "workspace",
            "watch",
            "content",
            "campaign__sender",
            "campaign__segment",
            "campaign__story",
            "campaign__workspace",
        )


class Run(Owned):
    """One launch of a campaign: content, audience and the policy for messages of which nobody knows are frozen.

    `epoch` rises with every pause, resume and cancel; a worker sends only under the epoch it claimed with.
    `speed_limit` is messages a minute; None: as fast as all other limits allow.
    """

    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="run")
    content = models.ForeignKey(ContentVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=RunState, default=RunState.PLANNING)
    epoch = models.PositiveIntegerField(default=1)
    unknown_policy = models.CharField(max_length=6, choices=UnknownPolicy, default=UnknownPolicy.HOLD)
    matched_count = models.PositiveIntegerField(null=True)
    speed_limit = models.PositiveIntegerField(null=True)
    trouble = models.TextField(blank=True)
    retry_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    planned_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(speed_limit=None) | Q(speed_limit__gte=1), name="run_speed_is_positive")
        ]
        indexes = [models.Index(fields=["state"], condition=Q(state__in=("planning", "sending")), name="run_active")]

    def __str__(self) -> str:
        return f"run of {self.campaign_id}"

    @property
    def is_moving(self) -> bool:
        """Whether its numbers can still change by sending."""
        return self.state in ACTIVE_RUNS

    @property
    def has_ended(self) -> bool:
        return self.state in {RunState.DONE, RunState.CANCELLED}
