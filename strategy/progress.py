"""Where a goal stands: computed from readings and time, never picked by hand."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from strategy.models import Goal, KpiReading
from workspaces.templatetags.ui import percent

SLACK = 0.10  # share of the way a goal may lag behind an even pace and still be on track
DANGER = 0.30  # share from which it is off track
TELLING = 0.15  # share of the time that must have passed before the speed so far says anything about the end


class GoalState(models.TextChoices):
    """How a goal is doing."""

    NOT_STARTED = "not_started", _("Not started")
    UNKNOWN = "unknown", _("No reading yet")
    ON_TRACK = "on_track", _("On track")
    AT_RISK = "at_risk", _("At risk")
    OFF_TRACK = "off_track", _("Off track")
    REACHED = "reached", _("Reached")
    MISSED = "missed", _("Missed")

    @property
    def tone(self) -> str:
        return TONES[self]


MOVING = {GoalState.ON_TRACK, GoalState.AT_RISK, GoalState.OFF_TRACK}

TONES = {
    GoalState.NOT_STARTED: "",
    GoalState.UNKNOWN: "",
    GoalState.ON_TRACK: "ok",
    GoalState.AT_RISK: "warn",
    GoalState.OFF_TRACK: "bad",
    GoalState.REACHED: "ok",
    GoalState.MISSED: "bad",
}

REASONS: dict[GoalState, Promise] = {
    GoalState.NOT_STARTED: _("Its time has not begun."),
    GoalState.UNKNOWN: _("The KPI has no reading from the goal’s time, so nobody can tell."),
    GoalState.ON_TRACK: _("%(rate)s of the way after %(pace)s of the time."),
    GoalState.AT_RISK: _("%(rate)s of the way after %(pace)s of the time: more than %(slack)s short of an even pace."),
    GoalState.OFF_TRACK: _(
        "%(rate)s of the way after %(pace)s of the time: more than %(danger)s short of an even pace."
    ),
    GoalState.REACHED: _("The target is reached: %(rate)s of the way."),
    GoalState.MISSED: _("It ended at %(rate)s of the way."),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a goal stands on a day. Rates are shares of the way from baseline to target; `pace` is the even one."""

    state: GoalState
    value: Decimal | None
    day: date | None
    rate: float
    pace: float

    @property
    def tone(self) -> str:
        return self.state.tone

    @property
    def why(self) -> str:
        """The sentence that gives the reason of the state."""
        if self.state == GoalState.MISSED and self.value is None:
            return str(_("It ended without a single reading."))
        shown = {"rate": self.rate, "pace": self.pace, "slack": SLACK, "danger": DANGER}
        return str(REASONS[self.state]) % {name: percent(share, 0) for name, share in shown.items()}


def progress_of(goal: Goal, readings: list[KpiReading], today: date) -> Progress:
    """Judge a goal by its KPI's readings, oldest first. Only those from the goal's time count.

    A goal that was closed is over, and stands where it stood on that day.
    """
    until = last_day(goal, today)
    is_over = goal.closed_at is not None or today > goal.due_date
    pace = _pace(goal, until)
    counted = [r for r in readings if goal.start_date <= r.day <= until]
    if not counted:
        return Progress(_state_unread(goal, today, is_over=is_over), None, None, 0.0, pace)
    last = counted[-1]
    rate = goal.reached_rate(last.value)
    return Progress(_state(rate, pace, is_over=is_over), last.value, last.day, rate, pace)


def last_day(goal: Goal, today: date) -> date:
    """The last day whose reading counts: today, or the day it ended or was closed."""
    return min(today, goal.due_date, goal.closed_date or today)


def even_value(goal: Goal, day: date) -> Decimal:
    """Where the KPI would stand on a day at an even pace."""
    return goal.baseline + (goal.target - goal.baseline) * Decimal(_pace(goal, day))


def expected_day(goal: Goal, progress: Progress, today: date) -> date | None:
    """When the target would be reached if it went on as fast as since the start.

    None where that says nothing: too early, no way made, over, or further off than the goal's whole time again.
    """
    if progress.state not in MOVING or progress.day is None or progress.rate <= 0:
        return None
    whole, passed = (goal.due_date - goal.start_date).days, (progress.day - goal.start_date).days
    needed = ceil(passed / progress.rate)
    day = goal.start_date + timedelta(days=needed)
    return day if passed >= TELLING * whole and needed <= 2 * whole and day > today else None


def _pace(goal: Goal, day: date) -> float:
    passed = (day - goal.start_date).days / (goal.due_date - goal.start_date).days
    return min(1.0, max(0.0, passed))


def _state_unread(goal: Goal, today: date, *, is_over: bool) -> GoalState:
    if is_over:
        return GoalState.MISSED
    return GoalState.NOT_STARTED if today < goal.start_date else GoalState.UNKNOWN


def _state(rate: float, pace: float, *, is_over: bool) -> GoalState:
    if rate >= 1:
        return GoalState.REACHED
    if is_over:
        return GoalState.MISSED
    if rate >= pace - SLACK:
        return GoalState.ON_TRACK
    return GoalState.AT_RISK if rate >= pace - DANGER else GoalState.OFF_TRACK
