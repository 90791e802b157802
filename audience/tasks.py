"""Bells of the audience app."""

from celery import shared_task
from django.utils import timezone

from audience import intake, many
from audience.models import BulkEdit, ContactImport
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


@shared_task(name="audience.run_bulk")
def run_bulk(edit_id: int, **_future: object) -> None:
    """Go through the contacts of one change to many."""
    many.run_bulk(edit_id, timezone.now)


@shared_task(name="audience.ring_bulks")
def ring_bulks(**_future: object) -> None:
    """Ring again for changes to many that nobody works on."""
    for edit_id in BulkEdit.objects.unfinished().idle(timezone.now()).values_list("pk", flat=True):
        enqueue("audience.run_bulk", edit_id=edit_id)
