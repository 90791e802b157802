"""Limits and warm-ups."""

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from delivery.models import INSTALLATION, LimitScope, SpeedLimit, WarmUp
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
    start_date = factory.LazyFunction(lambda: timezone.now().date())
    first_day_count = 500
    growth_percent = 40
    target_count = 100_000
