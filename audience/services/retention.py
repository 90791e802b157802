"""Verbs on how long data is kept: set a rule, see what it would do, and do it every night."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from audience.finding import headcount
from audience.models import Handling, RetentionRule, RetentionRun
from audience.retention import Keeping, keeping, keepings, moment_before
from emailops.lib.errors import DomainError
from emailops.lib.queue import enqueue
from workspaces.audit import record
from workspaces.models import Member, Workspace

CHUNK = 500  # rows a transaction
LEASE = timedelta(seconds=60)  # a chunk takes seconds at most; after this a silent worker counts as dead
BUDGET = timedelta(seconds=30)  # of one task, so that a worker can always stop within its grace
SAMPLES = 5
MOST_DAYS = 36_500


class RetentionRefused(DomainError):
    """There can be no such rule."""

    code = "retention_refused"
    status = 400


class _Lost(Exception):
    """Another worker goes on with the round."""


@dataclass(frozen=True, slots=True)
class RuleState:
    """A kind of data with its rule; one that nobody set is off and has the usual values."""

    keeping: Keeping
    rule: RetentionRule


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a rule would let go now: how many rows, beyond 10,000 as PostgreSQL expects, and the names of some."""

    before: datetime
    count: int
    samples: list[str]
    is_exact: bool = True


def rules_of(workspace: Workspace) -> list[RuleState]:
    """All kinds in their order, in one query."""
    known = {rule.kind: rule for rule in RetentionRule.objects.for_workspace(workspace)}
    return [RuleState(kept, known.get(kept.key) or _usual(workspace, kept)) for kept in keepings()]


def rule_of(workspace: Workspace, kind: str) -> RuleState:
    """Raises `RetentionRefused` for a kind that is not known."""
    kept = _keeping(kind)
    found = RetentionRule.objects.for_workspace(workspace).filter(kind=kind).first()
    return RuleState(kept, found or _usual(workspace, kept))


def _usual(workspace: Workspace, kept: Keeping) -> RetentionRule:
    return RetentionRule(workspace=workspace, kind=kept.key, handling=kept.usual_handling, days=kept.usual_days)


def _keeping(kind: str) -> Keeping:
    kept = keeping(kind)
    if kept is None:
        raise RetentionRefused(_("There is no kind of data “%(kind)s”.") % {"kind": kind[:40]})
    return kept


def outlook(*, workspace: Workspace, kind: str, days: int, now: datetime) -> Outlook:
    """What would go if a rule of so many days were on. Writes nothing. Raises `RetentionRefused`."""
    kept = _keeping(kind)
    _require_days(kept, days)
    before = moment_before(days, now)
    rows = kept.rows(workspace, before)
    counted = headcount(rows)
    samples = [kept.sample(row) for row in rows.order_by("pk")[:SAMPLES]]
    return Outlook(before, counted.number, samples, counted.is_exact)


def _require_days(kept: Keeping, days: int) -> None:
    if not kept.least_days <= days <= MOST_DAYS:
        words = _("Between %(least)d and %(most)d days.") % {"least": kept.least_days, "most": MOST_DAYS}
        raise RetentionRefused(words, fields={"days": [words]})


@transaction.atomic
def set_rule(
    *, workspace: Workspace, kind: str, days: int, handling: Handling, is_on: bool, by: Member, now: datetime
) -> RetentionRule:
    """Say how long data of a kind is kept. It takes effect the next night. Raises `RetentionRefused`."""
    kept = _keeping(kind)
    _require_days(kept, days)
    if handling not in kept.handlings:
        words = _("This cannot be done with this kind of data.")
        raise RetentionRefused(words, fields={"handling": [words]})
    values = {"days": days, "handling": handling, "is_on": is_on, "changed_by": by, "changed_at": now}
    rule, _created = RetentionRule.objects.update_or_create(workspace=workspace, kind=kind, defaults=values)
    record("retention.changed", rule, by=by, now=now, days=days, handling=handling, is_on=is_on)
    return rule


def begin_rounds(now: datetime) -> None:
    """Open a round for each rule that is on, in every workspace, and ring a worker for it.

    A round that is still open goes on instead. Repeating on the same day begins another round, which finds nothing.
    """
    for rule in RetentionRule.objects.filter(is_on=True).order_by("pk"):
        values = {"handling": rule.handling, "before": moment_before(rule.days, now), "started_at": now}
        round_, _created = RetentionRun.objects.get_or_create(
            workspace_id=rule.workspace_id, kind=rule.kind, finished_at=None, defaults=values
        )
        enqueue("audience.keep_retention", run_id=round_.pk)


def go_on(run_id: int, clock: Callable[[], datetime]) -> None:
    """Let go what is too old, chunk after chunk; after `BUDGET` hand over to the next task.

    Safe to call twice at once: the second finds the lease and leaves. A rule that was switched off meanwhile ends its
    round where it is.
    """
    now = clock()
    if not RetentionRun.objects.unfinished().idle(now).filter(pk=run_id).update(lease_until=now + LEASE):
        return
    round_ = RetentionRun.objects.select_related("workspace").get(pk=run_id)
    try:
        _work(round_, clock)
    except _Lost:
        return


def _work(round_: RetentionRun, clock: Callable[[], datetime]) -> None:
    stop_at = clock() + BUDGET
    while _is_on(round_) and _chunk(round_, clock()):
        if clock() > stop_at:
            RetentionRun.objects.filter(pk=round_.pk, lease_until=round_.lease_until).update(lease_until=None)
            enqueue("audience.keep_retention", run_id=round_.pk)
            return
    _finish(round_, clock())


def _is_on(round_: RetentionRun) -> bool:
    rules = RetentionRule.objects.filter(workspace=round_.workspace, kind=round_.kind, is_on=True)
    return keeping(round_.kind) is not None and rules.exists()


@transaction.atomic
def _chunk(round_: RetentionRun, now: datetime) -> bool:
    """Let the next rows go; whether there were any."""
    kept = _keeping(round_.kind)
    rows = kept.rows(round_.workspace, round_.before)
    ids = list(rows.filter(pk__gt=round_.next_id).order_by("pk").values_list("pk", flat=True)[:CHUNK])
    if not ids:
        return False
    # Asked again by all conditions: what has become young, or is being sent to, since the ids were read stays.
    gone = kept.handlings[Handling(round_.handling)](rows.filter(pk__in=ids), now)
    values = {"next_id": ids[-1], "gone_count": round_.gone_count + gone}
    still_ours = RetentionRun.objects.unfinished().filter(pk=round_.pk, lease_until=round_.lease_until)
    if not still_ours.update(lease_until=now + LEASE, **values):
        raise _Lost
    round_.next_id, round_.gone_count, round_.lease_until = values["next_id"], values["gone_count"], now + LEASE
    return True


@transaction.atomic
def _finish(round_: RetentionRun, now: datetime) -> None:
    ours = RetentionRun.objects.unfinished().filter(pk=round_.pk, lease_until=round_.lease_until)
    if ours.update(finished_at=now, lease_until=None) and round_.gone_count:
        record("retention.kept", round_, by=None, now=now, kind=round_.kind, gone=round_.gone_count)
