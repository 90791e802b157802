"""When sprints are, counted from a cadence: the days of the next ones, and what they are called."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from sprints.models import Cadence, Sprint, SprintState
from sprints.pace import SATURDAY
from workspaces.models import Workspace

WEEK = 7
PLACEHOLDERS = {
    "number": _("the number of the sprint"),
    "week": _("the week of the year in which it begins"),
    "last_week": _("the week of the year in which it ends"),
    "month": _("the month in which it begins"),
    "year": _("the year in which it begins"),
}
IN_BRACES = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True, slots=True)
class Slot:
    """The first and last day of a sprint."""

    start: date
    end: date


def next_slot(cadence: Cadence, busy_until: date | None, today: date) -> Slot:
    """The days of the sprint after `busy_until` (None: there was none yet), never before today.

    It begins on the cadence's day of the week, with at least the cool-down between, and ends on the last working day
    of its weeks.
    """
    earliest = today
    if busy_until is not None:
        earliest = max(today, busy_until + timedelta(days=1 + cadence.cool_down_days))
    start = earliest + timedelta(days=(cadence.first_weekday - earliest.weekday()) % WEEK)
    return Slot(start, _last_working_day(start + timedelta(days=cadence.weeks * WEEK - 1)))


def _last_working_day(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - SATURDAY + 1))


def slots(cadence: Cadence, busy_until: date | None, today: date) -> Iterator[Slot]:
    """One sprint after the other, without an end."""
    while True:
        slot = next_slot(cadence, busy_until, today)
        yield slot
        busy_until = slot.end


def name_of(pattern: str, number: int, slot: Slot, language: str) -> str:
    """What a sprint made ahead is called, in the language of its workspace."""
    with override(language):
        values = {
            "number": str(number),
            "week": str(slot.start.isocalendar().week),
            "last_week": str(slot.end.isocalendar().week),
            "month": date_format(slot.start, "F"),
            "year": str(slot.start.year),
        }
    return IN_BRACES.sub(lambda found: values.get(found.group(1), found.group()), pattern)


def unknown_placeholders(pattern: str) -> list[str]:
    """Names in braces that stand for nothing."""
    return [name for name in IN_BRACES.findall(pattern) if name not in PLACEHOLDERS]


def cadence_of(workspace: Workspace) -> Cadence | None:
    return Cadence.objects.filter(workspace=workspace).first()


def ends_ahead(workspace: Workspace, today: date, count: int) -> list[date]:
    """The last days of the next sprints: the running one, those planned, and then as the cadence goes on.

    Without a cadence the last sprint's length goes on. Empty for a workspace without either. Three queries.
    """
    found = Sprint.objects.for_workspace(workspace).exclude(state=SprintState.CANCELLED).order_by("start_date", "pk")
    known = list(found)
    cadence = cadence_of(workspace) or (_like(known[-1]) if known else None)
    if cadence is None:
        return []
    ends = [max(sprint.end_date, today) for sprint in known if not sprint.is_over]
    busy_until = max((sprint.end_date for sprint in known), default=None)
    for slot in slots(cadence, busy_until, today):
        if len(ends) >= count:
            return ends[:count]
        ends.append(slot.end)
    return ends


def _like(sprint: Sprint) -> Cadence:
    """A cadence that goes on as a sprint did."""
    weeks = min(4, max(1, -(-sprint.day_count // WEEK)))
    return Cadence(workspace_id=sprint.workspace_id, weeks=weeks, first_weekday=sprint.start_date.weekday())
