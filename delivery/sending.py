"""The worker's loop: claim, render, intend, hand over, settle."""

import logging
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import CampaignState
from campaigns.services import move_campaign
from delivery import breakers, calls, ledger, rounds
from delivery.fates import RelayTrouble
from delivery.journal import NoRoomForNotes
from delivery.models import DeliveryState, Lane, Reason, Run, RunState
from delivery.notices import tell
from delivery.pace.queues import ring_run
from delivery.reconcile import is_settled, reconcile
from delivery.rounds import Carried
from delivery.services import RunRefused, pause
from delivery.story_news import tell_sent
from delivery.transports import Session, open_session
from delivery.transports.choice import NoWayOut, WayOut, choose, note_success, note_trouble
from emailops.lib.queue import enqueue
from workspaces.audit import record

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]
BUDGET = timedelta(seconds=20)  # of one task, so that a worker can always stop within its grace
TROUBLE_PAUSE = timedelta(seconds=15)  # before a relay that is away is tried again
BELL_LIFE = timedelta(seconds=10)  # of a bell; the next one is rung long before, so that none pile up
STRAGGLERS = timedelta(hours=1)  # after a cancellation a message may still be in the hands of a slow server


def work(run_id: int, clock: Clock, elsewhere: Session | None = None) -> None:
    """Send what a run has to send, for as long as `BUDGET`; rings the next task when more is left.

    Safe to call any number of times at once: rows are claimed, not shared. `elsewhere` takes the
    place of the mail server.
    """
    run = Run.objects.with_parts().get(pk=run_id)
    if run.state != RunState.SENDING or (run.retry_at and clock() < run.retry_at):
        return
    with ledger.open_lane(run, clock) as lane:
        try:
            is_held_up = _carry(run, lane, clock, elsewhere)
        except NoWayOut as none:
            _note_no_way(run, none, clock())
            return
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
        if not is_held_up:  # else the poller rings in a moment, and this process has better things to do meanwhile
            ring_run(run, expires_in=BELL_LIFE)
    else:
        finish_if_settled(run, clock())


def _carry(run: Run, lane: Lane, clock: Clock, elsewhere: Session | None) -> bool:
    """Whether the pace lets nothing more through for now."""
    way = choose(run.workspace, clock())
    try:
        carried = _carry_over(way, run, lane, clock, elsewhere)
    except RelayTrouble as trouble:
        note_trouble(way, trouble, clock())
        raise
    if carried.has_accepted:
        note_success(way, clock())
        _trouble_is_over(run)
    return carried.is_held_up


def _carry_over(way: WayOut, run: Run, lane: Lane, clock: Clock, elsewhere: Session | None) -> Carried:
    stop_at = clock() + BUDGET
    if elsewhere is None and not way.mail.provider:
        return rounds.carry(run, lane, clock, stop_at, way)
    with nullcontext(elsewhere) if elsewhere else open_session(way.mail) as session:
        return calls.carry(run, lane, clock, stop_at, way, session)


def _note_no_way(run: Run, none: NoWayOut, now: datetime) -> None:
    """All mail servers rest or need attention: wait as long as they do, or pause where waiting does not help."""
    logger.warning("Run %s has no way out: %s", run.pk, none.words)
    if none.retry_at is None:
        _pause_for(run, none.words, now)
        return
    _wait_for(run, _away(none.words), none.retry_at)


@transaction.atomic
def _note_trouble(run: Run, trouble: RelayTrouble, now: datetime) -> None:
    """Say on the page why nothing goes out: wait and try again, or pause where waiting does not help."""
    logger.warning("Run %s: the relay is in trouble: %s", run.pk, trouble)
    if trouble.is_lasting:
        _pause_for(run, str(trouble), now)
    else:
        _wait_for(run, _away(trouble), now + TROUBLE_PAUSE)


def _note_no_room(run: Run, full: NoRoomForNotes, now: datetime) -> None:
    logger.error("Run %s: there is no room for a worker's notes: %s", run.pk, full)
    words = _("A worker cannot keep its notes: %(words)s. Free some room on its disk; we try again by ourselves.")
    _wait_for(run, words % {"words": full}, now + TROUBLE_PAUSE)


def _away(words: object) -> str:
    return _("The mail server cannot be used at the moment: %(words)s. We try again by ourselves.") % {"words": words}


def _pause_for(run: Run, words: str, now: datetime) -> None:
    reason = _("Mail cannot be sent: %(words)s. Mend that, then resume.") % {"words": words}
    with suppress(RunRefused), transaction.atomic():  # somebody paused or cancelled it in the meantime
        pause(run=run, by=None, now=now, reason=reason)
        tell("delivery.stopped", run.campaign, now)


def _wait_for(run: Run, trouble: str, retry_at: datetime) -> None:
    sending = Run.objects.filter(pk=run.pk, state=RunState.SENDING)
    sending.update(trouble=trouble, retry_at=retry_at)


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
    sent = run.deliveries.filter(state=DeliveryState.SENT).count()
    record("run.done", run, by=None, now=now, sent=sent)
    enqueue("delivery.profile_run", run_id=run.pk)
    tell_sent(run, sent, now)
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
    elif ledger.has_waiting(run, now):
        if run.retry_at is None or run.retry_at <= now:
            ring_run(run, expires_in=BELL_LIFE)
    else:
        finish_if_settled(run, now)


def _settle_cancelled(run: Run, now: datetime) -> None:
    """What a worker had in its hands when the run was cancelled may have come back: nobody sends it any more."""
    reconcile(run, now)
    ledger.close_chunks(run)
    ledger.leave_out_waiting(run, Reason.CANCELLED, now)
