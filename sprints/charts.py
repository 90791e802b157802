"""Burndown and velocity, folded from the scope log."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sprints.models import ScopeChange, ScopeEntry, Sprint
from sprints.pace import days_from, even_pace
from workspaces.charts import Chart, Series

DONE_CHANGES = {ScopeChange.DONE, ScopeChange.REOPENED}


def burndown(sprint: Sprint, today: date) -> Chart | None:
    """Points left at the end of each day of a sprint that has started, beside the even pace.

    What was added later raises the line on the day it was added, never before. The line ends today, or on the day the
    sprint was closed; a sprint that lasts longer than planned gets the days it needs. One query.
    """
    if sprint.started_at is None:
        return None
    last = min(today, _day(sprint, sprint.closed_at)) if sprint.closed_at else today
    planned = days_from(sprint.start_date, sprint.end_date)
    days = days_from(min(sprint.start_date, _day(sprint, sprint.started_at)), max(sprint.end_date, last))
    left = _points_left(sprint, [day for day in days if day <= last])
    committed = float(sprint.committed_points or 0)
    even = [committed] * (len(days_from(days[0], planned[0])) - 1) + even_pace(committed, planned)
    return Chart(
        label=_("Points left in sprint %(number)d: %(committed)d at the start, %(left)d now")
        % {"number": sprint.number, "committed": committed, "left": left[-1] if left else committed},
        labels=[date_format(day, "j M") for day in days],
        series=[
            Series(_("Even pace"), "grey", even, is_dashed=True, is_straight=True, has_dot=False),
            Series(_("Points left"), "accent", left, is_straight=True, has_area=True),
        ],
        height="s",
    )


def _day(sprint: Sprint, moment: datetime) -> date:
    """The day a moment falls on, by the workspace's clock."""
    return moment.astimezone(sprint.workspace.zone).date()


def _points_left(sprint: Sprint, days: Sequence[date]) -> list[float]:
    by_day: dict[date, int] = defaultdict(int)
    for entry in ScopeEntry.objects.filter(sprint=sprint).order_by("at", "pk"):
        # What was committed was planned from the first day on, also in a sprint that was started late.
        day = days[0] if entry.change == ScopeChange.COMMITTED and days else _day(sprint, entry.at)
        by_day[day] += -entry.points if entry.change in DONE_CHANGES else entry.points
    left, line = 0, []
    for day in days:
        left += by_day[day]
        line.append(float(left))
    return line


def velocity(sprints: Sequence[Sprint]) -> Chart | None:
    """Planned and delivered points of closed sprints, oldest first. None without any."""
    if not sprints:
        return None
    return Chart(
        label=_("Planned and delivered points of the last %(count)d sprints") % {"count": len(sprints)},
        labels=[f"S{sprint.number}" for sprint in sprints],
        series=[
            Series(_("Planned"), "soft", [float(sprint.committed_points or 0) for sprint in sprints]),
            Series(_("Delivered"), "accent", [float(sprint.delivered_points or 0) for sprint in sprints]),
        ],
    )
