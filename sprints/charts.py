"""Burndown, burnup and velocity, folded from the scope log."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from sprints.calendar import holidays_of
from sprints.folding import DayFigures, days_of, figures_of
from sprints.forecast import VelocityRange, velocity_range
from sprints.models import Sprint
from sprints.pace import days_from, even_pace
from workspaces.charts import Band, Chart, Series


def burndown(sprint: Sprint, today: date, *, with_scope: bool = False) -> Chart | None:
    """Points left at the end of each day of a sprint that has started, beside the even pace.

    What was added later raises the line on the day it was added, never before; `with_scope` draws it as a line of its
    own. The line ends today, or on the day the sprint was closed; a sprint that lasts longer than planned gets the days
    it needs. Two queries.
    """
    days, past = days_of(sprint, today)
    if not days:
        return None
    figures = figures_of(sprint, past)
    committed = float(sprint.committed_points or 0)
    planned = days_from(sprint.start_date, sprint.end_date)
    free = holidays_of(sprint.workspace, sprint.start_date, sprint.end_date)
    even = [committed] * (len(days_from(days[0], planned[0])) - 1) + even_pace(committed, planned, free)
    left = [float(figure.left) for figure in figures]
    series = [
        Series(_("Even pace"), "grey", even, is_dashed=True, is_straight=True, has_dot=False),
        Series(_("Points left"), "accent", left, is_straight=True, has_area=True),
    ]
    return Chart(
        label=_("Points left in sprint %(number)d: %(committed)d at the start, %(left)d now")
        % {"number": sprint.number, "committed": committed, "left": left[-1] if left else committed},
        labels=_labels(days),
        series=[*series, _added(figures)] if with_scope else series,
        height="m" if with_scope else "s",
    )


def burnup(sprint: Sprint, today: date, *, height: Literal["s", "m"] = "m") -> Chart | None:
    """Points done against the scope and what was committed, at the end of each day. One query."""
    days, past = days_of(sprint, today)
    if not days:
        return None
    figures = figures_of(sprint, past)
    committed = float(sprint.committed_points or 0)
    last = figures[-1] if figures else None
    return Chart(
        label=_("Points done in sprint %(number)d: %(done)d of %(scope)d, of which %(committed)d were committed")
        % {
            "number": sprint.number,
            "done": last.done if last else 0,
            "scope": last.scope if last else committed,
            "committed": committed,
        },
        labels=_labels(days),
        series=[
            Series(_("Committed"), "grey", [committed] * len(days), is_dashed=True, is_straight=True, has_dot=False),
            Series(_("Scope"), "warn", [float(figure.scope) for figure in figures], is_straight=True),
            Series(_("Done"), "accent", [float(figure.done) for figure in figures], is_straight=True, has_area=True),
        ],
        height=height,
    )


def _added(figures: Sequence[DayFigures]) -> Series:
    return Series(_("Added since the start"), "warn", [float(figure.added) for figure in figures], is_straight=True)


def _labels(days: Sequence[date]) -> list[str]:
    return [date_format(day, "j M") for day in days]


def velocity(sprints: Sequence[Sprint]) -> Chart | None:
    """Planned and delivered points of closed sprints, oldest first; None without any.

    From three sprints on the range in which the middle half of them delivered lies behind the bars as a band.
    """
    if not sprints:
        return None
    found = velocity_range(sprints)
    return Chart(
        label=_velocity_words(len(sprints), found),
        band=Band(found.low, found.high, found.median) if found else None,
        labels=[f"S{sprint.number}" for sprint in sprints],
        series=[
            Series(_("Planned"), "soft", [float(sprint.committed_points or 0) for sprint in sprints]),
            Series(_("Delivered"), "accent", [float(sprint.delivered_points or 0) for sprint in sprints]),
        ],
    )


def _velocity_words(count: int, found: VelocityRange | None) -> str:
    words = _("Planned and delivered points of the last %(count)d sprints") % {"count": count}
    if found is None:
        return words
    said = {"low": points_in_words(found.low), "high": points_in_words(found.high)}
    return f"{words}; {_('the middle half of them delivered %(low)s to %(high)s') % said}"


def points_in_words(points: float) -> str:
    """Points with at most one digit behind the point."""
    return number_format(round(points, 1), 1 if round(points, 1) % 1 else 0)
