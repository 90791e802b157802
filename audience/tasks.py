"""Bells of the audience app."""

from celery import shared_task
from django.utils import timezone

from audience import intake
from audience.models import ContactImport
from audience.services.opt_ins import forget_unconfirmed
from emailops.lib.queue import enqueue


@shared_task(name="audience.run_import")
def run_import(import_id: int, **_future: object) -> None:
    """Take the rows of one file."""
    intake.run_import(import_id, timezone.now)


@shared_task(name="audience.ring_imports")
def ring_imports(**_future: object) -> None:
    """Ring again for imports that nobody works on: their bell was lost or their worker died."""
    for import_id in ContactImport.objects.unfinished().idle(timezone.now()).values_list("pk", flat=True):
        enqueue("audience.run_import", import_id=import_id)


@shared_task(name="audience.forget_opt_ins")
def forget_opt_ins(**_future: object) -> None:
    """Delete what nobody confirmed."""
    forget_unconfirmed(timezone.now())
