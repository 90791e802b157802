"""Where a goal stands: computed from readings and time, never picked by hand."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from strategy.models import Goal, KpiReading

SLACK = 0.10  # share of the way a goal may lag behind an even pace and still be on track
DANGER = 0.30  # share from which it is off track


class GoalState(models.TextChoices):
    """How a goal is doing."""

    UNKNOWN = "unknown", _("No reading yet")
    ON_TRACK = "on_track", _("On track")
    AT_RISK = "at_risk", _("At risk")
    OFF_TRACK = "off_track", _("Off track")
    REACHED = "reached", _("Reached")
    MISSED = "missed", _("Missed")


TONES = {
    GoalState.UNKNOWN: "",
    GoalState.ON_TRACK: "ok",
    GoalState.AT_RISK: "warn",
    GoalState.OFF_TRACK: "bad",
    GoalState.REACHED: "ok",
    GoalState.MISSED: "bad",
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
        return TONES[self.state]


def progress_of(goal: Goal, readings: list[KpiReading], today: date) -> Progress:
    """Judge a goal by its KPI's readings, oldest first. Only those from the goal's time count."""
    counted = [r for r in readings if goal.start_date <= r.day <= min(today, goal.due_date)]
    pace = _pace(goal, today)
    if not counted:
        return Progress(GoalState.MISSED if today > goal.due_date else GoalState.UNKNOWN, None, None, 0.0, pace)
    last = counted[-1]
    rate = goal.reached_rate(last.value)
    return Progress(_state(rate, pace, is_over=today > goal.due_date), last.value, last.day, rate, pace)


def _pace(goal: Goal, today: date) -> float:
    passed = (today - goal.start_date).days / (goal.due_date - goal.start_date).days
    return min(1.0, max(0.0, passed))


def _state(rate: float, pace: float, *, is_over: bool) -> GoalState:
    if rate >= 1:
        return GoalState.REACHED
    if is_over:
        return GoalState.MISSED
    if rate >= pace - SLACK:
        return GoalState.ON_TRACK
    return GoalState.AT_RISK if rate >= pace - DANGER else GoalState.OFF_TRACK
