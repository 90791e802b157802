"""Verbs on KPIs, readings, goals and principles."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from emailops.lib.errors import DomainError
from emailops.lib.queue import enqueue
from emailops.lib.statistics import Estimate
from strategy.measures import measures, span_ending
from strategy.models import Direction, Goal, Kpi, KpiReading, Principle, ReadingSource
from workspaces.audit import record
from workspaces.models import Member, Workspace

HISTORY_DAYS = 90  # how far a new KPI is measured back
SIX_PLACES = Decimal("0.000001")
LONGEST_WINDOW = 730  # days; two years hold every season twice
KPI_CHANGEABLE = {"name", "description", "direction", "champion"}
GOAL_CHANGEABLE = {"name", "why", "kind", "parent", "baseline", "target", "start_date", "due_date", "champion"}


class KpiRefused(DomainError):
    """The KPI or its reading cannot be written as asked."""

    code = "kpi_refused"


class GoalRefused(DomainError):
    """The goal makes no sense as asked."""

    code = "goal_refused"


class PrincipleRefused(DomainError):
    """The principle cannot be changed."""

    code = "principle_refused"


@transaction.atomic
def define_kpi(
    *, workspace: Workspace, name: str, unit: str, champion: Member, by: Member, now: datetime, **fields: Any
) -> Kpi:
    """Add a KPI; a measured one gets its history from the facts. `fields` are other fields of `Kpi`.

    An empty `unit` is that of the measure. Raises `KpiRefused` for a name in use, an unknown measure, no unit or one
    that is not the measure's, or a span of days that is none.
    """
    unit = _fitting_unit(fields.get("source", ""), unit)
    _require_window(fields.get("window_days", 1))
    with _name_is_free(name):
        kpi = Kpi.objects.create(
            workspace=workspace, name=name.strip(), unit=unit, champion=champion, created_at=now, **fields
        )
    record("kpi.defined", kpi, by=by, now=now, source=kpi.source)
    if kpi.source:
        enqueue("strategy.measure_history", kpi_id=kpi.pk)
    return kpi


@contextmanager
def _name_is_free(name: str) -> Iterator[None]:
    """Say in words what the constraint on names says."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise KpiRefused(
            _("There is a KPI “%(name)s” already.") % {"name": name}, fields={"name": [_("Taken.")]}
        ) from error


def _require_window(days: int) -> None:
    if not 1 <= days <= LONGEST_WINDOW:
        raise KpiRefused(
            _("A KPI is measured over 1 to %(longest)d days.") % {"longest": LONGEST_WINDOW},
            fields={"window_days": [_("1 to %(longest)d.") % {"longest": LONGEST_WINDOW}]},
        )


def _fitting_unit(source: str, unit: str) -> str:
    """The unit of the readings: the measure's where there is one, else the one asked for."""
    if not source and not unit:
        words = _("Say what the readings are: a number, a percentage or money.")
        raise KpiRefused(words, fields={"unit": [words]})
    if not source:
        return unit
    measure = measures().get(source)
    if measure is None:
        raise KpiRefused(
            _("There is no measure “%(source)s”.") % {"source": source}, fields={"source": [_("Unknown.")]}
        )
    if unit and measure.unit != unit:
        raise KpiRefused(
            _("“%(measure)s” is measured as: %(unit)s.") % {"measure": measure.label, "unit": measure.unit.label},
            fields={"unit": [_("Does not fit the measure.")]},
        )
    return measure.unit


@transaction.atomic
def change_kpi(*, kpi: Kpi, by: Member, now: datetime, **changes: Any) -> None:
    """Change what a KPI is called or tells, which way is better, or its champion. The audit entry keeps what it was.

    Raises `KpiRefused` for a name in use, for the other direction while an open goal is a target on it, for a KPI that
    was put away, and for every other field: what a KPI counts stays, or its history would mean something else.
    """
    locked = _locked(kpi)
    _require_current(locked)
    _require_changeable(changes, KPI_CHANGEABLE, KpiRefused, _("What a KPI counts stays. Add a new KPI instead."))
    if changes.get("direction", locked.direction) != locked.direction and locked.goals.open().exists():
        raise KpiRefused(
            _("An open goal is a target on this KPI. Close the goal first."),
            fields={"direction": [_("An open goal relies on it.")]},
        )
    before = _set(locked, changes)
    with _name_is_free(locked.name):
        locked.save(update_fields=list(changes))
    record("kpi.changed", locked, by=by, now=now, before=before)
    kpi.refresh_from_db()


def _locked(kpi: Kpi) -> Kpi:
    """The row as it is now, held until the end of the transaction, so that no goal is set on it meanwhile."""
    return Kpi.objects.select_for_update().get(pk=kpi.pk)


def _require_changeable(changes: dict[str, Any], allowed: set[str], refusal: type[DomainError], sentence: str) -> None:
    if fixed := sorted(set(changes) - allowed):
        raise refusal(sentence, fields={name: [_("Stays as it is.")] for name in fixed})


def _require_current(kpi: Kpi) -> None:
    if kpi.archived_at:
        raise KpiRefused(_("“%(kpi)s” was put away. Choose another KPI, or add a new one.") % {"kpi": kpi})


def _set(row: Kpi | Goal | Principle, changes: dict[str, Any]) -> dict[str, str]:
    """Set the fields; returns what those were that are different now."""
    before = {name: str(getattr(row, name)) for name, value in changes.items() if getattr(row, name) != value}
    for name, value in changes.items():
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    return before


@transaction.atomic
def archive_kpi(*, kpi: Kpi, by: Member, now: datetime) -> None:
    """Put a KPI away with its history. Raises `KpiRefused` while an open goal is a target on it.

    Repeating is harmless.
    """
    if _locked(kpi).goals.open().exists():
        raise KpiRefused(_("An open goal is a target on this KPI. Close the goal first."))
    if Kpi.objects.filter(pk=kpi.pk, archived_at=None).update(archived_at=now):
        record("kpi.archived", kpi, by=by, now=now)


@transaction.atomic
def enter_reading(
    *, kpi: Kpi, day: date, value: Decimal, source: ReadingSource, by: Member, now: datetime
) -> KpiReading:
    """Write what a KPI stood at on a day; writing again replaces.

    Raises `KpiRefused` for a measured KPI, one that was put away, or a day in the future.
    """
    _require_current(kpi)
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
    return _write_reading(kpi, day, now, source=ReadingSource.MEASURED, **_measured(estimate))


def _measured(estimate: Estimate) -> dict[str, Any]:
    """An estimate as the fields of a reading. What was counted in full has no interval, an open end none either."""
    if estimate.low == estimate.high:
        return {"value": _figure(estimate.value), "low": None, "high": None, "sample_size": None}
    return {
        "value": _figure(estimate.value),
        "low": _figure(estimate.low) if isfinite(estimate.low) else None,
        "high": _figure(estimate.high) if isfinite(estimate.high) else None,
        "sample_size": estimate.sample_size,
    }


def _write_reading(kpi: Kpi, day: date, now: datetime, **fields: Any) -> KpiReading:
    reading, _created = KpiReading.objects.update_or_create(
        kpi=kpi, day=day, defaults={"workspace": kpi.workspace, "recorded_at": now, **fields}
    )
    return reading


def _figure(value: float) -> Decimal:
    return Decimal(str(value)).quantize(SIX_PLACES)


def measure_everything(*, now: datetime, workspace: Workspace | None = None) -> int:
    """Readings of yesterday and today for every measured KPI, by the clock of its workspace. Returns how many.

    Yesterday is measured again because facts of it may have arrived late. A KPI whose measure is gone is left alone.
    """
    found = Kpi.objects.filter(source__in=measures()).current().select_related("workspace").order_by("pk")
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
    """Set a dated target on a KPI. `fields` are other fields of `Goal`.

    Raises `GoalRefused` for a goal that makes no sense, `KpiRefused` for a KPI that was put away.
    """
    _require_current(_locked(kpi))
    goal = Goal(workspace=workspace, name=name.strip(), kpi=kpi, champion=champion, created_at=now, **fields)
    _require_sense(goal)
    _require_open(goal.parent)
    goal.save()
    record("goal.set", goal, by=by, now=now, to=str(goal.target), due=goal.due_date.isoformat())
    return goal


@transaction.atomic
def change_goal(*, goal: Goal, by: Member, now: datetime, **changes: Any) -> None:
    """Change a goal; the audit entry keeps what it was.

    Raises `GoalRefused` for a closed goal, one that would make no sense, or another KPI: progress made on one measure
    says nothing about another.
    """
    locked = Goal.objects.select_for_update().get(pk=goal.pk)
    if locked.closed_at:
        raise GoalRefused(_("This goal is closed. Set a new one."))
    if changes.get("kpi") == locked.kpi:
        del changes["kpi"]
    _require_changeable(
        changes, GOAL_CHANGEABLE, GoalRefused, _("A goal keeps its KPI. Close it and set a new one on the other KPI.")
    )
    before = _set(locked, changes)
    _require_sense(locked)
    if "parent" in before:
        _require_open(locked.parent)
    locked.save(update_fields=list(changes))
    record("goal.changed", locked, by=by, now=now, before=before)
    goal.refresh_from_db()


def _require_sense(goal: Goal) -> None:
    if goal.due_date <= goal.start_date:
        raise GoalRefused(_("The goal must end after it starts."), fields={"due_date": [_("Before the start.")]})
    if goal.target == goal.baseline:
        raise GoalRefused(_("The target equals the baseline."), fields={"target": [_("Nothing would change.")]})
    if (goal.target > goal.baseline) != (goal.kpi.direction == Direction.UP):
        words = WRONG_WAY[Direction(goal.kpi.direction)]
        raise GoalRefused(words, fields={"target": [words]})
    if goal.parent and goal.pk and goal.pk in _ancestors(goal.parent):
        raise GoalRefused(_("A goal cannot serve itself."), fields={"parent": [_("Would be a circle.")]})


WRONG_WAY = {
    Direction.UP: gettext_lazy("More is better for this KPI, so the target lies above the start."),
    Direction.DOWN: gettext_lazy("Less is better for this KPI, so the target lies below the start."),
}


def _require_open(parent: Goal | None) -> None:
    if parent and parent.closed_at:
        raise GoalRefused(
            _("“%(goal)s” is closed, so nothing can serve it.") % {"goal": parent}, fields={"parent": [_("Closed.")]}
        )


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
    if Goal.objects.filter(pk=goal.pk, closed_at=None).update(closed_at=now, conclusion=conclusion.strip()):
        record("goal.closed", goal, by=by, now=now)


@transaction.atomic
def state_principle(
    *, workspace: Workspace, rule: str, reason: str, owner: Member, by: Member, now: datetime, **fields: Any
) -> Principle:
    """Write a rule of the game with its reason. `fields` are other fields of `Principle`."""
    principle = Principle.objects.create(
        workspace=workspace, rule=rule.strip(), reason=reason.strip(), owner=owner, created_at=now, **fields
    )
    record("principle.stated", principle, by=by, now=now)
    return principle


@transaction.atomic
def change_principle(*, principle: Principle, by: Member, now: datetime, **changes: Any) -> None:
    """Reword a principle; the audit entry keeps what it was. Raises `PrincipleRefused` for one no longer followed."""
    locked = Principle.objects.select_for_update().get(pk=principle.pk)
    if locked.archived_at:
        raise PrincipleRefused(_("This principle is no longer followed. Write it down anew."))
    before = _set(locked, changes)
    locked.save(update_fields=list(changes))
    record("principle.changed", locked, by=by, now=now, before=before)
    principle.refresh_from_db()


@transaction.atomic
def archive_principle(*, principle: Principle, by: Member, now: datetime) -> None:
    """Stop following a rule. Repeating is harmless."""
    if Principle.objects.filter(pk=principle.pk, archived_at=None).update(archived_at=now):
        record("principle.archived", principle, by=by, now=now)
