"""The worker's loop: claim, render, intend, hand over, settle."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.liquid import RenderFailed
from campaigns.models import CampaignState
from campaigns.rendering import CompiledContent
from campaigns.services import move_campaign
from delivery import ledger
from delivery.messages import campaign_message
from delivery.models import Delivery, DeliveryState, Lane, Reason, Run, RunState
from delivery.reconcile import is_settled, reconcile
from delivery.transports import Outcome, RelayTrouble, Session, open_session
from emailops.lib.queue import enqueue
from workspaces.audit import record

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]
BATCH = 50  # rows claimed at once: what a killed worker gives back
BUDGET = timedelta(seconds=20)  # of one task, so that a worker can always stop within its grace
TROUBLE_PAUSE = timedelta(seconds=15)  # before a relay that is away is tried again


def work(run_id: int, clock: Clock) -> None:
    """Send what a run has to send, for as long as `BUDGET`; rings the next task when more is left.

    Safe to call any number of times at once: rows are claimed, not shared.
    """
    run = Run.objects.with_parts().get(pk=run_id)
    if run.state != RunState.SENDING or (run.retry_at and clock() < run.retry_at):
        return
    stop_at = clock() + BUDGET
    with ledger.open_lane(run, clock()) as lane:
        try:
            with open_session() as session:
                more = _send_batches(run, lane, session, clock, stop_at)
        except RelayTrouble as trouble:
            _note_trouble(run, trouble, clock())
            return
    if more:
        enqueue("delivery.send_run", run_id=run.pk)
    else:
        finish_if_settled(run, clock())


def _send_batches(run: Run, lane: Lane, session: Session, clock: Clock, stop_at: datetime) -> bool:
    """Whether there may be more to send."""
    compiled = CompiledContent(run.content)
    while batch := ledger.claim(run, lane, limit=BATCH, now=clock()):
        for delivery in batch:
            if not _send_one(run, lane, session, compiled, delivery, clock):
                return False
        _trouble_is_over(run)
        if clock() > stop_at:
            return True
    return False


def _send_one(
    run: Run, lane: Lane, session: Session, compiled: CompiledContent, delivery: Delivery, clock: Clock
) -> bool:
    """Whether the run goes on."""
    contact, sender = delivery.contact, run.campaign.sender
    if contact is None or sender is None:
        ledger.fail(delivery, lane, Reason.CONTACT_GONE, clock())
        return True
    try:
        message = campaign_message(delivery, contact, run.campaign, sender, compiled)
    except RenderFailed as failed:
        logger.warning("Delivery %s could not be rendered: %s", delivery.pk, failed)
        ledger.fail(delivery, lane, Reason.RENDER_FAILED, clock())
        return True
    if not ledger.intend(delivery, lane, run):
        ledger.skip_unwilling(delivery, lane, clock())
        return Run.objects.filter(pk=run.pk, state=RunState.SENDING, epoch=run.epoch).exists()
    try:
        outcome: Outcome = session.send(message, sender=sender.email, recipient=delivery.address)
    except RelayTrouble:
        ledger.take_back(delivery, lane)
        raise
    ledger.settle(delivery, lane, outcome, clock())
    return True


@transaction.atomic
def _note_trouble(run: Run, trouble: RelayTrouble, now: datetime) -> None:
    """Say on the page why nothing goes out: wait and try again, or pause where waiting does not help."""
    words = str(trouble)
    Run.objects.filter(pk=run.pk).update(trouble=words, retry_at=now + TROUBLE_PAUSE)
    logger.warning("Run %s: the relay is in trouble: %s", run.pk, words)
    if trouble.is_lasting:
        reason = _("The mail server refuses us: %(words)s. Mend that, then resume.") % {"words": words}
        pause_run(run, reason=reason, now=now)


def _trouble_is_over(run: Run) -> None:
    if run.trouble:
        Run.objects.filter(pk=run.pk).update(trouble="", retry_at=None)
        run.trouble = ""


@transaction.atomic
def pause_run(run: Run, *, reason: str, now: datetime) -> None:
    """Stop a run by itself, with a reason that the page shows."""
    run = Run.objects.select_for_update(of=("self",)).with_parts().get(pk=run.pk)
    if run.state != RunState.SENDING:
        return
    run.state, run.epoch, run.trouble = RunState.PAUSED, run.epoch + 1, reason
    run.save(update_fields=["state", "epoch", "trouble"])
    move_campaign(campaign=run.campaign, to=CampaignState.PAUSED, by=None, now=now)


@transaction.atomic
def finish_if_settled(run: Run, now: datetime) -> bool:
    """Close a run in which nobody is waiting any more. Returns whether it was closed now."""
    run = Run.objects.select_for_update(of=("self",)).with_parts().get(pk=run.pk)
    if run.state != RunState.SENDING or run.deliveries.pending().exists() or not is_settled(run, now):
        return False
    run.state, run.finished_at, run.trouble = RunState.DONE, now, ""
    run.save(update_fields=["state", "finished_at", "trouble"])
    move_campaign(campaign=run.campaign, to=CampaignState.SENT, by=None, now=now, finished_at=now)
    record("run.done", run, by=None, now=now, sent=run.deliveries.filter(state=DeliveryState.SENT).count())
    return True


def ring(now: datetime) -> None:
    """Look for everything that is due and ring for it: this finds what a lost bell or a dead worker left behind."""
    ledger.reap(now)
    for run in Run.objects.active().order_by("pk"):
        reconcile(run, now)
        if run.state == RunState.PLANNING:
            enqueue("delivery.plan_run", run_id=run.pk)
        elif run.deliveries.waiting(now).exists():
            enqueue("delivery.send_run", run_id=run.pk)
        else:
            finish_if_settled(run, now)
