"""Bells of the strategy app."""

from celery import shared_task
from django.utils import timezone

from strategy import services
from strategy.models import Kpi


@shared_task(name="strategy.measure_history")
def measure_history(kpi_id: int, **_future: object) -> None:
    """Give a new KPI its past."""
    services.measure_history(kpi=Kpi.objects.select_related("workspace").get(pk=kpi_id), now=timezone.now())
