"""Bells of the sprints app."""

from celery import shared_task
from django.utils import timezone

from sprints.services import cadence


@shared_task(name="sprints.make_ahead")
def make_ahead(**_future: object) -> None:
    """Make the sprints that are missing ahead."""
    cadence.make_all_ahead(timezone.now())
