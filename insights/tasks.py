"""Bells of the insights app."""

from celery import shared_task
from django.utils import timezone

from insights import services


@shared_task(name="insights.fold")
def fold(**_future: object) -> None:
    """Read KPIs from the facts and settle hypotheses."""
    services.fold(timezone.now())
