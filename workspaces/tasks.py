"""Bells of the workspaces app."""

from celery import shared_task
from django.utils import timezone

from workspaces import systemmail
from workspaces.notices import mailing


@shared_task(name="workspaces.send_system_mail")
def send_system_mail(**_future: object) -> None:
    """Send the product's own mails that are due."""
    systemmail.send_due(timezone.now())


@shared_task(name="workspaces.mail_notices")
def mail_notices(**_future: object) -> None:
    """Put what members have not read into mails."""
    mailing.mail_due(timezone.now())


@shared_task(name="workspaces.forget_notices")
def forget_notices(**_future: object) -> None:
    """Delete notices of long ago."""
    mailing.forget_old(timezone.now())
