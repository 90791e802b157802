"""Verbs on KPIs, readings, goals and principles."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from emailops.lib.queue import enqueue
from strategy.measures import measures, span_ending
from strategy.models import Goal, Kpi, KpiReading, Principle, ReadingSource
from workspaces.audit import record
from workspaces.models import Member, Workspace

HISTORY_DAYS = 90  # how far a new KPI is measured back
SIX_PLACES = Decimal("0.000001")


class KpiRefused(DomainError):
    """The KPI or its reading cannot be written as asked."""

    code = "kpi_refused"


class GoalRefused(DomainError):
    """The goal makes no sense as asked."""

    code = "goal_refused"


@transaction.atomic
def define_kpi(
    *, workspace: Workspace, name: str, unit: str, champion: Member, by: Member, now: datetime, **fields: Any
) -> Kpi:
    """Add a KPI; a measured one gets its history from the facts. `fields` are other fields of `Kpi`.

    Raises `KpiRefused` for a name in use, an unknown measure, or a unit that is not the measure's.
    """
    _require_fitting_measure(fields.get("source", ""), unit)
    try:
        with transaction.atomic():
            kpi = Kpi.objects.create(
                workspace=workspace, name=name.strip(), unit=unit, champion=champion, created_at=now, **fields
            )
    except IntegrityError as error:
        raise KpiRefused(
            _("There is a KPI “%(name)s” already.") % {"name": name}, fields={"name": [_("Taken.")]}
        ) from error
    record("kpi.defined", kpi, by=by, now=now, source=kpi.source)
    if kpi.source:
        enqueue("strategy.measure_history", kpi_id=kpi.pk)
    return kpi


def _require_fitting_measure(source: str, unit: str) -> None:
    if not source:
        return
    measure = measures().get(source)
    if measure is None:
        raise KpiRefused(
            _("There is no measure “%(source)s”.") % {"source": source}, fields={"source": [_("Unknown.")]}
        )
    if measure.unit != unit:
        raise KpiRefused(
            _("“%(measure)s” is measured as: %(unit)s.") % {"measure": measure.label, "unit": measure.unit.label},
            fields={"unit": [_("Does not fit the measure.")]},
        )


@transaction.atomic
def archive_kpi(*, kpi: Kpi, by: Member, now: datetime) -> None:
    """Put a KPI away with its history. Raises `KpiRefused` while an open goal is a target on it."""
    if kpi.goals.filter(closed_at=None).exists():
        raise KpiRefused(_("An open goal is a target on this KPI. Close the goal first."))
    if Kpi.objects.filter(pk=kpi.pk, archived_at=None).update(archived_at=now):
        record("kpi.archived", kpi, by=by, now=now)


@transaction.atomic
def enter_reading(
    *, kpi: Kpi, day: date, value: Decimal, source: ReadingSource, by: Member, now: datetime
) -> KpiReading:
    """Write what a KPI stood at on a day; writing again replaces.

    Raises `KpiRefused` for a measured KPI or a day in the future.
    """
    if kpi.source:
        raise KpiRefused(_("This KPI is measured from facts; its readings cannot be entered."))
    if day > now.astimezone(kpi.workspace.zone).date():
        raise KpiRefused(_("A reading cannot lie in the future."), fields={"day": [_("In the future.")]})
    reading = _write_reading(kpi, day, now, source=source, value=value, low=None, high=None, sample_size=None)
    record("kpi.reading_entered", kpi, by=by, now=now, day=day.isoformat(), value=str(value))
    return reading


def measure_kpi(*, kpi: Kpi, day: date, now: datetime) -> KpiReading | None:
    """Measure a KPI from the facts as they stand at the end of `day`. Measuring again replaces, with the same result.

    Returns None, and keeps no reading, when there is nothing to measure. Raises `KpiRefused` for a KPI without a
    measure.
    """
    measure = measures().get(kpi.source)
    if measure is None:
        raise KpiRefused(_("This KPI has no measure; enter its readings by hand."))
    estimate = measure.take(kpi.workspace, span_ending(day, kpi.window_days, kpi.workspace))
    if estimate is None:
        KpiReading.objects.filter(kpi=kpi, day=day).delete()
        return None
    return _write_reading(
        kpi,
        day,
        now,
        source=ReadingSource.MEASURED,
        value=_figure(estimate.value),
        low=_figure(estimate.low) if isfinite(estimate.low) else None,
        high=_figure(estimate.high) if isfinite(estimate.high) else None,
        sample_size=estimate.sample_size,
    )


def _write_reading(kpi: Kpi, day: date, now: datetime, **fields: Any) -> KpiReading:
    reading, _created = KpiReading.objects.update_or_create(
        kpi=kpi, day=day, defaults={"workspace": kpi.workspace, "recorded_at": now, **fields}
    )
    return reading


def _figure(value: float) -> Decimal:
    return Decimal(str(value)).quantize(SIX_PLACES)


def measure_everything(*, now: datetime, workspace: Workspace | None = None) -> int:
    """Readings of yesterday and today for every measured KPI, by the clock of its workspace. Returns how many.

    Yesterday is measured again because facts of it may have arrived late.
    """
    found = Kpi.objects.measured().current().select_related("workspace").order_by("pk")
    taken = 0
    for kpi in found.for_workspace(workspace) if workspace else found:
        today = now.astimezone(kpi.workspace.zone).date()
        for day in (today - timedelta(days=1), today):
            taken += measure_kpi(kpi=kpi, day=day, now=now) is not None
    return taken


def measure_history(*, kpi: Kpi, now: datetime, days: int = HISTORY_DAYS) -> None:
    """Measure a KPI for every day of the past. Repeating gives the same readings."""
    today = now.astimezone(kpi.workspace.zone).date()
    for back in range(days, -1, -1):
        measure_kpi(kpi=kpi, day=today - timedelta(days=back), now=now)


@transaction.atomic
def measure_now(*, workspace: Workspace, by: Member, now: datetime) -> int:
    """Measure on demand what beat would measure anyway. Returns the number of readings."""
    taken = measure_everything(now=now, workspace=workspace)
    record("kpi.measured", workspace, by=by, now=now, readings=taken)
    return taken


@transaction.atomic
def set_goal(
    *, workspace: Workspace, name: str, kpi: Kpi, champion: Member, by: Member, now: datetime, **fields: Any
) -> Goal:
    """Set a dated target on a KPI. `fields` are other fields of `Goal`. Raises `GoalRefused`."""
    goal = Goal(workspace=workspace, name=name.strip(), kpi=kpi, champion=champion, created_at=now, **fields)
    _require_sense(goal)
    goal.save()
    record("goal.set", goal, by=by, now=now, to=str(goal.target), due=goal.due_date.isoformat())
    return goal


@transaction.atomic
def change_goal(*, goal: Goal, by: Member, now: datetime, **changes: Any) -> None:
    """Change a goal; the audit entry keeps what it was. Raises `GoalRefused`, also for a closed one."""
    if goal.closed_at:
        raise GoalRefused(_("This goal is closed. Set a new one."))
    before = {name: str(getattr(goal, name)) for name in changes}
    for name, value in changes.items():
        setattr(goal, name, value)
    _require_sense(goal)
    goal.save(update_fields=list(changes))
    record("goal.changed", goal, by=by, now=now, before=before)


def _require_sense(goal: Goal) -> None:
    if goal.due_date <= goal.start_date:
        raise GoalRefused(_("The goal must end after it starts."), fields={"due_date": [_("Before the start.")]})
    if goal.target == goal.baseline:
        raise GoalRefused(_("The target equals the baseline."), fields={"target": [_("Nothing would change.")]})
    if goal.parent and goal.pk and goal.pk in _ancestors(goal.parent):
        raise GoalRefused(_("A goal cannot serve itself."), fields={"parent": [_("Would be a circle.")]})


def _ancestors(goal: Goal) -> set[int]:
    seen: set[int] = set()
    step: Goal | None = goal
    while step is not None and step.pk not in seen:
        seen.add(step.pk)
        step = step.parent
    return seen


@transaction.atomic
def close_goal(*, goal: Goal, conclusion: str, by: Member, now: datetime) -> None:
    """End a goal with what was learned. Raises `GoalRefused` without a conclusion. Repeating changes nothing."""
    if not conclusion.strip():
        raise GoalRefused(
            _("Say in a sentence what was learned: that is what the next goal starts from."),
            fields={"conclusion": [_("Needed.")]},
        )
    if Goal.objects.filter(pk=goal.pk, closed_at=None).update(closed_at=now, conclusion=conclusion):
        record("goal.closed", goal, by=by, now=now)


@transaction.atomic
def state_principle(
    *, workspace: Workspace, rule: str, reason: str, owner: Member, by: Member, now: datetime, **fields: Any
) -> Principle:
    """Write a rule of the game with its reason. `fields` are other fields of `Principle`."""
    principle = Principle.objects.create(
        workspace=workspace, rule=rule, reason=reason, owner=owner, created_at=now, **fields
    )
    record("principle.stated", principle, by=by, now=now)
    return principle


@transaction.atomic
def change_principle(*, principle: Principle, by: Member, now: datetime, **changes: Any) -> None:
    """Reword a principle; the audit entry keeps what it was."""
    before = {name: str(getattr(principle, name)) for name in changes}
    for name, value in changes.items():
        setattr(principle, name, value)
    principle.save(update_fields=list(changes))
    record("principle.changed", principle, by=by, now=now, before=before)


@transaction.atomic
def archive_principle(*, principle: Principle, by: Member, now: datetime) -> None:
    """Stop following a rule. Repeating is harmless."""
    if Principle.objects.filter(pk=principle.pk, archived_at=None).update(archived_at=now):
        record("principle.archived", principle, by=by, now=now)
