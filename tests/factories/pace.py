"""Limits and warm-ups."""

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from delivery.models import LimitScope, SpeedLimit, WarmUp
from tests.factories.workspaces import WorkspaceFactory


class SpeedLimitFactory(DjangoModelFactory[SpeedLimit]):
    """On everything together."""

    class Meta:
        model = SpeedLimit

    workspace = factory.SubFactory(WorkspaceFactory)
    scope = LimitScope.WORKSPACE
    per_minute = 600


class WarmUpFactory(DjangoModelFactory[WarmUp]):
    """Of the installation's own mail server, from today on."""

    class Meta:
        model = WarmUp

    workspace = factory.SubFactory(WorkspaceFactory)
    start_date = factory.LazyFunction(lambda: timezone.now().date())
    first_day_count = 500
    growth_percent = 40
    target_count = 100_000
