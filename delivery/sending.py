"""The worker's loop: claim, render, intend, hand over, settle."""

import logging
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import CampaignState
from campaigns.services import move_campaign
from delivery import calls, ledger, rounds
from delivery.fates import RelayTrouble
from delivery.journal import NoRoomForNotes
from delivery.models import DeliveryState, Lane, Reason, Run, RunState
from delivery.reconcile import is_settled, reconcile
from delivery.services import RunRefused, pause
from delivery.transports import Session, open_session
from emailops.lib.queue import enqueue
from workspaces.audit import record

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]
BUDGET = timedelta(seconds=20)  # of one task, so that a worker can always stop within its grace
TROUBLE_PAUSE = timedelta(seconds=15)  # before a relay that is away is tried again
BELL_LIFE = timedelta(seconds=10)  # of a bell; the next one is rung long before, so that none pile up
STRAGGLERS = timedelta(hours=1)  # after a cancellation a message may still be in the hands of a slow server


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
        except NoRoomForNotes as full:
            _note_no_room(run, full, clock())
            return
    run.refresh_from_db(fields=["state"])
    if run.state == RunState.CANCELLED:
        _settle_cancelled(run, clock())  # what was in hand when it was cancelled has come back
    elif ledger.has_waiting(run, clock()):
        enqueue("delivery.send_run", run_id=run.pk, expires_in=BELL_LIFE)
    else:
        finish_if_settled(run, clock())


def _carry(run: Run, lane: Lane, clock: Clock, way_out: Session | None) -> None:
    stop_at = clock() + BUDGET
    if way_out is None and not settings.MAIL.provider:
        has_carried = rounds.carry(run, lane, clock, stop_at)
    else:
        with nullcontext(way_out) if way_out else open_session() as session:
            has_carried = calls.carry(run, lane, clock, stop_at, session)
    if has_carried:
        _trouble_is_over(run)


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
    _wait_out(run, words, now)


def _note_no_room(run: Run, full: NoRoomForNotes, now: datetime) -> None:
    logger.error("Run %s: there is no room for a worker's notes: %s", run.pk, full)
    words = _("A worker cannot keep its notes: %(words)s. Free some room on its disk; we try again by ourselves.")
    _wait_out(run, words % {"words": full}, now)


def _wait_out(run: Run, words: str, now: datetime) -> None:
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
    if run.state != RunState.SENDING or ledger.is_pending(run) or not is_settled(run, now):
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
    if run.state == RunState.PLANNING:
        enqueue("delivery.plan_run", run_id=run.pk, expires_in=BELL_LIFE)
    elif ledger.has_waiting(run, now):
        if run.retry_at is None or run.retry_at <= now:
            enqueue("delivery.send_run", run_id=run.pk, expires_in=BELL_LIFE)
    else:
        finish_if_settled(run, now)


def _settle_cancelled(run: Run, now: datetime) -> None:
    """What a worker had in its hands when the run was cancelled may have come back: nobody sends it any more."""
    reconcile(run, now)
    ledger.close_chunks(run)
    ledger.leave_out_waiting(run, Reason.CANCELLED, now)
