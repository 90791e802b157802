"""The limits in force for mail of a workspace over one mail server, as the buckets that it must draw from.

The truth stands in PostgreSQL. A limit belongs to the workspace, to a mail server, to a group of recipients, or to a
run; a message needs a token of each that applies. The installation's own server is shared by all workspaces, and so is
its `MAIL_PER_MINUTE`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Sum

from delivery.models import INSTALLATION, DayVolume, LimitScope, Run, SpeedLimit, WarmUp
from delivery.pace.buckets import Bucket, Gauge, Quota, Rate, Slowed
from delivery.pace.days import Day, day_of
from delivery.pace.queues import QUOTA_KEPT, RATE_KEPT, Queue
from workspaces.models import Workspace


@dataclass(frozen=True)
class Limits:
    """What applies to the run, to every message, and to one group's besides."""

    transport_id: int
    day: Day
    rate_kept: float
    of_run: tuple[Bucket, ...]
    common: tuple[Bucket, ...]
    of_group: dict[str, tuple[Bucket, ...]] = field(default_factory=dict)

    def buckets(self, group: str) -> tuple[Bucket, ...]:
        """Everything a message to this group draws from."""
        return (*self.of_run, *self.shared(group), self.slowed(group))

    def shared(self, group: str) -> tuple[Bucket, ...]:
        """What all runs to this group draw from."""
        return (*self.common, *self.of_group.get(group, ()))

    def slowed(self, group: str) -> Slowed:
        return Slowed(slowed_key(self.transport_id, group), self.rate_kept)

    def gauge(self, group: str) -> Gauge:
        return Gauge(f"gauge:{self.transport_id}:{group}")

    def allowed_per_second(self, group: str) -> float:
        """The lowest of the rates that apply to all runs, 0 when none does."""
        rates = [bucket.per_second for bucket in self.shared(group) if isinstance(bucket, Rate)]
        return min(rates, default=0.0)


def slowed_key(transport_id: int, group: str) -> str:
    """Where Redis keeps how far a group of one server is slowed down, for all workspaces that send through it."""
    return f"slowed:{transport_id}:{group}"


def limits_in_force(
    workspace: Workspace, transport_id: int, now: datetime, *, queue: Queue, run: Run | None = None
) -> Limits:
    """Read what applies now. At most four queries, whatever is limited."""
    reading = _Reading(workspace, transport_id, day_of(now, workspace.zone), queue)
    common = (*reading.of_workspace(), *reading.of_server(), *reading.of_warm_up())
    return Limits(transport_id, reading.day, reading.rate_kept, reading.of_run(run), common, reading.of_groups())


class _Reading:
    """The rows of one moment, made into buckets."""

    def __init__(self, workspace: Workspace, transport_id: int, day: Day, queue: Queue) -> None:
        self.workspace, self.transport_id, self.day = workspace, transport_id, day
        self.rate_kept, self.quota_kept = RATE_KEPT.get(queue, 0.0), QUOTA_KEPT.get(queue, 0.0)
        self.limits = list(SpeedLimit.objects.for_workspace(workspace).order_by("pk"))
        warm_up = WarmUp.objects.for_workspace(workspace).filter(transport_id=transport_id).first()
        self.warm_up_volume = warm_up.volume_on(day.date) if warm_up else None
        has_quota = self.warm_up_volume is not None or any(limit.per_day for limit in self.limits)
        self.volumes = volumes_on(workspace, day) if has_quota else {}

    def of_run(self, run: Run | None) -> tuple[Bucket, ...]:
        per_minute = Run.objects.filter(pk=run.pk).values_list("speed_limit", flat=True).first() if run else None
        return (self._rate(f"run:{run.pk}", per_minute),) if run and per_minute else ()

    def of_workspace(self) -> list[Bucket]:
        limit = self._limit(LimitScope.WORKSPACE)
        return self._of(limit, f"workspace:{self.workspace.pk}", sum(self.volumes.values())) if limit else []

    def of_server(self) -> list[Bucket]:
        limit = self._limit(LimitScope.SERVER)
        buckets = self._of(limit, self._server_key, self._drawn_from_server()) if limit else []
        is_said = limit is not None and limit.per_minute is not None and self.transport_id != INSTALLATION
        if settings.MAIL_PER_MINUTE and not is_said:
            buckets.append(self._rate(f"server:{self.transport_id}", settings.MAIL_PER_MINUTE))
        return buckets

    def of_warm_up(self) -> list[Bucket]:
        if self.warm_up_volume is None:
            return []
        return [self._quota(f"warm_up:{self._server_key}", self.warm_up_volume, self._drawn_from_server())]

    def of_groups(self) -> dict[str, tuple[Bucket, ...]]:
        return {
            limit.group: tuple(self._of(limit, f"workspace:{self.workspace.pk}:{limit.group}", self._drawn_by(limit)))
            for limit in self.limits
            if limit.scope == LimitScope.GROUP
        }

    @property
    def _server_key(self) -> str:
        return f"workspace:{self.workspace.pk}:server:{self.transport_id}"

    def _limit(self, scope: LimitScope) -> SpeedLimit | None:
        chosen = {LimitScope.SERVER: self.transport_id}.get(scope, INSTALLATION)
        found = (limit for limit in self.limits if limit.scope == scope and limit.transport_id == chosen)
        return next(found, None)

    def _drawn_from_server(self) -> int:
        return sum(count for (transport, _group), count in self.volumes.items() if transport == self.transport_id)

    def _drawn_by(self, limit: SpeedLimit) -> int:
        return sum(count for (_transport, group), count in self.volumes.items() if group == limit.group)

    def _of(self, limit: SpeedLimit, key: str, drawn: int) -> list[Bucket]:
        buckets: list[Bucket] = []
        if limit.per_minute:
            buckets.append(self._rate(key, limit.per_minute))
        if limit.per_day:
            buckets.append(self._quota(key, limit.per_day, drawn))
        return buckets

    def _rate(self, key: str, per_minute: int) -> Bucket:
        per_second = per_minute / 60
        return Rate(f"rate:{key}", per_second, max(1.0, per_second), self.rate_kept)

    def _quota(self, key: str, limit: int, drawn: int) -> Bucket:
        return Quota(f"day:{key}:{self.day.date}", limit, self.day.ends_in, self.quota_kept, drawn)


def volumes_on(workspace: Workspace, day: Day) -> dict[tuple[int, str], int]:
    """How many messages were granted on a day, by mail server and group."""
    rows: Any = DayVolume.objects.for_workspace(workspace).filter(day=day.date).values_list("transport_id", "group")
    return {(transport, group): count for transport, group, count in rows.annotate(total=Sum("count")).order_by()}
