"""A run in which nothing moves: noticed, told of once, and asked about before it goes on long after its time."""

from datetime import datetime, time

from django.db.models import Max

from campaigns.timing import send_window
from delivery.halts import halt_run
from delivery.ledger import head_of_queue, waiting_groups
from delivery.models import DeliveryState, Halt, Run, SafetyLimits, Watch
from delivery.notices import tell
from delivery.pace.outlook import waits_for_tomorrow
from delivery.safety import limits_of
from delivery.watches import watch_over

MORNING, EVENING = time(8), time(21)  # by the workspace's clock; a send that began by day does not go on by night
SETTLED_BY_SENDING = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN)


def look_for_standstill(run: Run, watch: Watch, limits: SafetyLimits, now: datetime) -> None:
    """Notice that nothing moves: tell people once, and stop the run when its day is over by then.

    Waiting for the next day's volume is no standstill. One small query while it moves: the row at the head of the queue
    is another each time.
    """
    head = head_of_queue(run, now)
    if head != watch.head or watch.head_since is None:
        Watch.objects.filter(pk=watch.pk).update(head=head, head_since=now, stuck_told_at=None)
        return
    idle_from = max(watch.head_since, watch.since)
    idle_for = now - idle_from
    is_late = idle_for > limits.late_after and its_time_is_over(run, watch, now)
    is_stuck = idle_for > limits.stuck_after and watch.stuck_told_at is None and not run.trouble
    if head is None or not (is_late or is_stuck) or _has_moved_elsewhere(run, watch, idle_from):
        return
    if waits_for_tomorrow(run.workspace, waiting_groups(run), now):
        Watch.objects.filter(pk=watch.pk).update(head_since=now)  # the wait begins when more may go out again
        return
    if is_late:
        halt_run(run, Halt.INTERRUPTED, _from_until(idle_from, now), now)
    elif Watch.objects.filter(pk=watch.pk, stuck_told_at=None).update(stuck_told_at=now):
        tell("delivery.stuck", run.campaign, now)


def _has_moved_elsewhere(run: Run, watch: Watch, idle_from: datetime) -> bool:
    """Whether rows behind the head were settled meanwhile; then the wait begins with the last of them."""
    settled = run.deliveries.filter(state__in=SETTLED_BY_SENDING).aggregate(last=Max("decided_at"))["last"]
    if settled is None or settled <= idle_from:
        return False
    Watch.objects.filter(pk=watch.pk).update(head_since=settled)
    return True


def its_time_is_over(run: Run, watch: Watch, now: datetime) -> bool:
    """Whether the days that were planned are over, or night has come over a send that began by day.

    Whoever let the run go on later than planned has decided that its day is that one.
    """
    zone = run.workspace.zone
    local, began = now.astimezone(zone), watch.since.astimezone(zone)
    window = send_window(run.campaign)
    last_day = max(window[1], began.date()) if window else began.date()
    return local.date() > last_day or (_is_night(local) and not _is_night(began))


def _is_night(local: datetime) -> bool:
    return not MORNING <= local.time() < EVENING


def ask_after_outage(idle_from: datetime, now: datetime) -> None:
    """Nothing at all has run since `idle_from`: stop the runs that should not simply go on. Repeating is harmless."""
    for run in Run.objects.active().with_parts().order_by("pk"):
        watch, limits = watch_over(run), limits_of(run.workspace)
        if now - idle_from > limits.late_after and its_time_is_over(run, watch, now):
            halt_run(run, Halt.INTERRUPTED, _from_until(idle_from, now), now)


def _from_until(begin: datetime, end: datetime) -> dict[str, str]:
    return {"from": begin.isoformat(timespec="seconds"), "until": end.isoformat(timespec="seconds")}
