"""What is watched of a run: where its evidence begins, and why it stands still."""

from datetime import datetime

from delivery.models import Run, Watch
from workspaces.audit import record
from workspaces.models import Member


def watch_over(run: Run) -> Watch:
    """The watch over a run; it begins with the run. One query, once the row is there."""
    found = Watch.objects.filter(run=run).first()
    return (
        found
        or Watch.objects.get_or_create(run=run, defaults={"workspace_id": run.workspace_id, "since": run.started_at})[0]
    )


def begin_anew(run: Run, *, by: Member, now: datetime) -> None:
    """Forget the evidence so far: somebody has looked at it and lets the run go on. In the transaction of that.

    Where the run had stopped by itself, going on all the same is a decision of its own, and stands in the audit log.
    """
    watch = watch_over(run)
    if watch.halt:
        record("run.resumed_anyway", run.campaign, by=by, now=now, halt=watch.halt, **watch.facts)
    fresh = {"since": now, "sent_seen": 0, "halt": "", "facts": {}, "halted_at": None, "warning": {}}
    Watch.objects.filter(pk=watch.pk).update(**fresh, stuck_told_at=None)
