"""Bells of the audience app."""

from celery import shared_task
from django.utils import timezone

from audience import figures, intake, many, profiles
from audience.models import BulkEdit, ContactImport, ErasureRecord, RetentionRun, Segment
from audience.segments import indexes, membership
from audience.services import retention
from audience.services.erasures import finish_erasure as go_on_erasing
from audience.services.opt_ins import forget_unconfirmed
from audience.services.visitors import forget_visitors
from emailops.lib.queue import enqueue
from workspaces.models import Workspace

REBUILDING = 4 * 3600
"""Seconds. A million people with ten million mails take some minutes; whoever is ended begins anew the next night."""


@shared_task(name="audience.run_import")
def run_import(import_id: int, **_future: object) -> None:
    """Take the rows of one file."""
    intake.run_import(import_id, timezone.now)


@shared_task(name="audience.rebuild_profiles", time_limit=REBUILDING)
def rebuild_profiles(**_future: object) -> None:
    """Make all profiles anew: stages follow from the calendar too, and nothing that was missed stays so."""
    for workspace in Workspace.objects.order_by("pk"):
        profiles.rebuild_profiles(workspace, timezone.now())


@shared_task(name="audience.refresh_segments", time_limit=REBUILDING)
def refresh_segments(**_future: object) -> None:
    """Look who came into watched segments and who went."""
    for segment in Segment.objects.watched().select_related("workspace").order_by("pk"):
        membership.refresh_members(segment, timezone.now())


@shared_task(name="audience.keep_figures", time_limit=REBUILDING)
def keep_figures(**_future: object) -> None:
    """Count for workspaces with very many people what their pages tell."""
    figures.keep_figures(timezone.now)


@shared_task(name="audience.tend_indexes", time_limit=REBUILDING)
def tend_indexes(**_future: object) -> None:
    """Make and drop the indexes on attributes, as segments ask about them."""
    indexes.tend(timezone.now())


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


@shared_task(name="audience.forget_opt_ins")
def forget_opt_ins(**_future: object) -> None:
    """Delete what nobody confirmed."""
    forget_unconfirmed(timezone.now())


@shared_task(name="audience.finish_erasure")
def finish_erasure(erasure_id: int, **_future: object) -> None:
    """Look for texts that name an erased person."""
    go_on_erasing(erasure_id, timezone.now)


@shared_task(name="audience.ring_erasures")
def ring_erasures(**_future: object) -> None:
    """Ring again for erasures that nobody works on."""
    for erasure_id in ErasureRecord.objects.unfinished().idle(timezone.now()).values_list("pk", flat=True):
        enqueue("audience.finish_erasure", erasure_id=erasure_id)


@shared_task(name="audience.begin_retention")
def begin_retention(**_future: object) -> None:
    """Every night: open a round for each rule that is on."""
    retention.begin_rounds(timezone.now())


@shared_task(name="audience.keep_retention")
def keep_retention(run_id: int, **_future: object) -> None:
    """Go on with one round of one rule."""
    retention.go_on(run_id, timezone.now)


@shared_task(name="audience.ring_retention")
def ring_retention(**_future: object) -> None:
    """Ring again for rounds that nobody works on."""
    for run_id in RetentionRun.objects.unfinished().idle(timezone.now()).values_list("pk", flat=True):
        enqueue("audience.keep_retention", run_id=run_id)


@shared_task(name="audience.forget_visitors")
def forget_visitors_of_sites(**_future: object) -> None:
    """Delete what unknown visitors did long ago."""
    forget_visitors(timezone.now())
