"""How fast mail may go out: limits, warm-up, and how much went out each day."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workspaces.models import Owned, ScopedQuerySet

INSTALLATION = 0
"""Stands for the installation's own mail server wherever the id of a mail server is kept."""
INSTALLATION_NAME = _("The installation’s mail server")


class LimitScope(models.TextChoices):
    """What a limit is about."""

    WORKSPACE = "workspace", _("Everything together")
    SERVER = "server", _("One mail server")
    GROUP = "group", _("One mailbox provider")


class SpeedLimitQuerySet(ScopedQuerySet["SpeedLimit"]):
    """Limits."""

    def about(self, scope: str, transport_id: int, group: str) -> Self:
        return self.filter(scope=scope, transport_id=transport_id, group=group)


class SpeedLimit(Owned):
    """At most so many messages a minute, a day, or both, for one scope; nothing said means no limit.

    `transport_id` counts only for a mail server, `group` only for a group of recipients (`delivery.pace.groups`).
    """

    scope = models.CharField(max_length=9, choices=LimitScope)
    transport_id = models.BigIntegerField(default=INSTALLATION)
    group = models.CharField(max_length=16, blank=True)
    per_minute = models.PositiveIntegerField(null=True)
    per_day = models.PositiveIntegerField(null=True)

    objects = SpeedLimitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "scope", "transport_id", "group"], name="speed_limit_once"),
            models.CheckConstraint(
                condition=Q(per_minute__isnull=False) | Q(per_day__isnull=False), name="speed_limit_limits"
            ),
            models.CheckConstraint(
                condition=(Q(per_minute=None) | Q(per_minute__gte=1)) & (Q(per_day=None) | Q(per_day__gte=1)),
                name="speed_limit_is_positive",
            ),
            models.CheckConstraint(
                condition=(Q(scope="group") ^ Q(group="")) & (Q(scope="server") | Q(transport_id=INSTALLATION)),
                name="speed_limit_is_about_its_scope",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.group}".strip()


class WarmUp(Owned):
    """A mail server that nobody knows yet is given a little more each day.

    Day n (from 0) has `first_day_count` × (1 + growth)^n messages; the first day that would reach `target_count` has no
    limit any more. Days are those of the workspace's time zone, whether anything is sent on them or not.
    """

    transport_id = models.BigIntegerField(default=INSTALLATION)
    start_date = models.DateField(_("first day"))
    first_day_count = models.PositiveIntegerField(_("messages on the first day"))
    growth_percent = models.PositiveSmallIntegerField(_("more each day, in percent"))
    target_count = models.PositiveIntegerField(_("over when a day reaches"))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "transport_id"], name="warm_up_once"),
            models.CheckConstraint(
                condition=Q(
                    first_day_count__gte=1, growth_percent__gte=1, target_count__gt=models.F("first_day_count")
                ),
                name="warm_up_grows",
            ),
        ]

    def __str__(self) -> str:
        return f"Warm-up from {self.start_date}"

    def volume_on(self, day: date) -> int | None:
        """At most so many on a day; None before the first day and once it is over: no limit of its own."""
        number = (day - self.start_date).days
        if number < 0 or day > self.last_day:
            return None
        return self._volume(number)

    @property
    def last_day(self) -> date:
        """The last day with a limit."""
        return self.start_date + timedelta(days=len(self._volumes()) - 1)

    def days(self, first: date) -> Iterator[tuple[date, int]]:
        """The days with a limit from this one on, each with its volume."""
        for number, volume in enumerate(self._volumes()):
            day = self.start_date + timedelta(days=number)
            if day >= first:
                yield day, volume

    def _volumes(self) -> list[int]:
        volumes: list[int] = []
        while (volume := self._volume(len(volumes))) < self.target_count:
            volumes.append(volume)
        return volumes

    def _volume(self, number: int) -> int:
        # In whole numbers, so that no rounding of floats adds up over a month.
        return int(self.first_day_count * (100 + self.growth_percent) ** number // 100**number)


class DayVolume(Owned):
    """How many messages were granted on a day. Redis counts at the moment of sending; this is what outlives it."""

    transport_id = models.BigIntegerField(default=INSTALLATION)
    group = models.CharField(max_length=16)
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    objects: Any = ScopedQuerySet["DayVolume"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "day", "transport_id", "group"], name="day_volume_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.count}"
