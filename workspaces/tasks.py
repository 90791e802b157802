"""Bells of the workspaces app."""

from celery import shared_task
from django.utils import timezone

from workspaces import systemmail


@shared_task(name="workspaces.send_system_mail")
def send_system_mail(**_future: object) -> None:
    """Send the product's own mails that are due."""
    systemmail.send_due(timezone.now())
