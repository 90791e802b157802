"""Limits and warm-ups."""

from datetime import datetime

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from delivery.models import INSTALLATION, DayVolume, LimitScope, Run, SpeedLimit, WarmUp
from delivery.pace.days import day_of
from tests.factories.workspaces import WorkspaceFactory


class SpeedLimitFactory(DjangoModelFactory[SpeedLimit]):
    """On everything together."""

    class Meta:
        model = SpeedLimit
        django_get_or_create = ("workspace", "scope", "transport_id", "group")

    workspace = factory.SubFactory(WorkspaceFactory)
    scope = LimitScope.WORKSPACE
    transport_id = INSTALLATION
    group = ""
    per_minute = 600


class WarmUpFactory(DjangoModelFactory[WarmUp]):
    """Of the installation's own mail server, from today on."""

    class Meta:
        model = WarmUp
        django_get_or_create = ("workspace", "transport_id")

    workspace = factory.SubFactory(WorkspaceFactory)
    transport_id = INSTALLATION
    start_date = factory.LazyAttribute(lambda made: day_of(timezone.now(), made.workspace.zone).date)
    first_day_count = 500
    growth_percent = 40
    target_count = 100_000


def use_up_the_day(run: Run, now: datetime, *, group: str = "") -> None:
    """As if all of a limit of a hundred mails a day had gone out already: of that on a group, or on everything."""
    scope = LimitScope.GROUP if group else LimitScope.WORKSPACE
    SpeedLimitFactory.create(workspace=run.workspace, scope=scope, group=group, per_minute=None, per_day=100)
    day = day_of(now, run.workspace.zone).date
    volumes = DayVolume.objects.for_workspace(run.workspace)
    volumes.create(workspace=run.workspace, day=day, transport_id=INSTALLATION, group=group or "other", count=100)
