"""The worker's loop: claim, render, intend, hand over, settle."""

import logging
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.liquid import RenderFailed
from campaigns.models import CampaignState, Sender
from campaigns.rendering import CompiledContent
from campaigns.services import move_campaign
from delivery import breakers, ledger, rounds
from delivery.fates import Fate, RelayTrouble
from delivery.messages import campaign_message, envelope_sender
from delivery.models import Delivery, DeliveryState, Lane, Reason, Run, RunState
from delivery.reconcile import is_settled, reconcile
from delivery.services import RunRefused, pause
from delivery.transports import Session, open_session
from emailops.lib.queue import enqueue
from workspaces.audit import record

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]
BATCH = 50  # rows claimed at once: what a killed worker gives back
BUDGET = timedelta(seconds=20)  # of one task, so that a worker can always stop within its grace
TROUBLE_PAUSE = timedelta(seconds=15)  # before a relay that is away is tried again
BELL_LIFE = timedelta(seconds=10)  # of a bell; the next one is rung long before, so that none pile up
STRAGGLERS = timedelta(hours=1)  # after a cancellation a message may still be in the hands of a slow server


@dataclass(frozen=True, slots=True)
class _Round:
    """What one task works with."""

    run: Run
    sender: Sender
    lane: Lane
    session: Session
    compiled: CompiledContent
    clock: Clock


def work(run_id: int, clock: Clock, way_out: Session | None = None) -> None:
    """Send what a run has to send, for as long as `BUDGET`; rings the next task when more is left.

    Safe to call any number of times at once: rows are claimed, not shared. `way_out` takes the place of the
    installation's transport.
    """
    run = Run.objects.with_parts().get(pk=run_id)
    if run.state != RunState.SENDING or (run.retry_at and clock() < run.retry_at):
        return
    with ledger.open_lane(run, clock) as lane:
        try:
            _carry(run, lane, clock, way_out)
        except RelayTrouble as trouble:
            _note_trouble(run, trouble, clock())
            return
    run.refresh_from_db(fields=["state"])
    if run.state == RunState.CANCELLED:
        _settle_cancelled(run, clock())  # what was in hand when it was cancelled has come back
    elif run.deliveries.waiting(clock()).exists():
        enqueue("delivery.send_run", run_id=run.pk, expires_in=BELL_LIFE)
    else:
        finish_if_settled(run, clock())


def _carry(run: Run, lane: Lane, clock: Clock, way_out: Session | None) -> None:
    stop_at = clock() + BUDGET
    if way_out is None and not settings.MAIL.provider:
        if rounds.carry(run, lane, clock, stop_at):
            _trouble_is_over(run)
        return
    if run.campaign.sender is None:
        raise ValueError("preflight lets no campaign without a sender pass")
    with nullcontext(way_out) if way_out else open_session() as session:
        _send_batches(_Round(run, run.campaign.sender, lane, session, CompiledContent(run.content), clock), stop_at)


def _send_batches(at: _Round, stop_at: datetime) -> None:
    while batch := ledger.claim(at.run, at.lane, limit=BATCH, now=at.clock()):
        for delivery in batch:
            if at.clock() > stop_at or not _send_one(at, delivery):
                return
        _trouble_is_over(at.run)


def _send_one(at: _Round, delivery: Delivery) -> bool:
    """Whether the run goes on."""
    if delivery.contact is None:
        ledger.skip_unwilling(delivery.pk, at.lane, at.clock())
        return True
    try:
        message = campaign_message(delivery, delivery.contact, at.run.campaign, at.sender, at.compiled)
    except RenderFailed as failed:
        logger.warning("Delivery %s could not be rendered: %s", delivery.pk, failed)
        ledger.fail(delivery, at.lane, Reason.RENDER_FAILED, at.clock())
        return True
    except Exception:  # the worker's loop: what nobody foresaw costs this one message, not everybody behind it
        logger.exception("Delivery %s could not be rendered", delivery.pk)
        ledger.fail(delivery, at.lane, Reason.RENDER_FAILED, at.clock())
        return True
    at.session.ready()  # before the intent, so that a worker that dies while it connects leaves nothing unknown
    if not ledger.intend([delivery], at.lane, at.run):
        ledger.skip_unwilling(delivery.pk, at.lane, at.clock())
        return Run.objects.filter(pk=at.run.pk, state=RunState.SENDING, epoch=at.run.epoch).exists()
    try:
        outcome = at.session.send(message, sender=envelope_sender(at.sender), recipient=delivery.address)
    except RelayTrouble:
        ledger.take_back([delivery], at.lane)
        raise
    ledger.settle([(delivery, outcome)], at.lane, at.clock())
    if outcome.fate == Fate.UNKNOWN:
        # Whatever swallows answers would swallow the next one too, and each leaves a message of which nobody knows.
        raise RelayTrouble(outcome.text, is_lasting=False)
    return True


@transaction.atomic
def _note_trouble(run: Run, trouble: RelayTrouble, now: datetime) -> None:
    """Say on the page why nothing goes out: wait and try again, or pause where waiting does not help."""
    logger.warning("Run %s: the relay is in trouble: %s", run.pk, trouble)
    if trouble.is_lasting:
        reason = _("The mail server refuses us: %(words)s. Mend that, then resume.") % {"words": trouble}
        with suppress(RunRefused):  # somebody paused or cancelled it in the meantime
            pause(run=run, by=None, now=now, reason=reason)
        return
    words = _("The mail server cannot be used at the moment: %(words)s. We try again by ourselves.") % {
        "words": trouble
    }
    sending = Run.objects.filter(pk=run.pk, state=RunState.SENDING)
    sending.update(trouble=words, retry_at=now + TROUBLE_PAUSE)


def _trouble_is_over(run: Run) -> None:
    if run.trouble:
        Run.objects.filter(pk=run.pk, state=RunState.SENDING).update(trouble="", retry_at=None)
        run.trouble = ""


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
    for run in Run.objects.active().order_by("?"):  # with more runs than workers, none is always the first
        _in_peace(_look_after, run, now)
    cancelled = Run.objects.filter(state=RunState.CANCELLED, finished_at__gt=now - STRAGGLERS)
    for run in cancelled.order_by("pk"):
        _in_peace(_settle_cancelled, run, now)


def _in_peace(do: Callable[[Run, datetime], None], run: Run, now: datetime) -> None:
    """The poller's outermost loop: what is wrong with one business's run must not stop the others."""
    try:
        do(run, now)
    except Exception:
        logger.exception("Run %s could not be looked after", run.pk)


def _look_after(run: Run, now: datetime) -> None:
    reconcile(run, now)
    breakers.look_at(run, now)
    if run.state == RunState.PLANNING:
        enqueue("delivery.plan_run", run_id=run.pk, expires_in=BELL_LIFE)
    elif run.deliveries.waiting(now).exists():
        if run.retry_at is None or run.retry_at <= now:
            enqueue("delivery.send_run", run_id=run.pk, expires_in=BELL_LIFE)
    else:
        finish_if_settled(run, now)


def _settle_cancelled(run: Run, now: datetime) -> None:
    """What a worker had in its hands when the run was cancelled may have come back: nobody sends it any more."""
    reconcile(run, now)
    ledger.leave_out_waiting(run, Reason.CANCELLED, now)
