"""When sprints are, counted from a cadence: the days of the next ones, and what they are called."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from sprints.models import Cadence, Holiday, Sprint, SprintState
from sprints.pace import NO_HOLIDAYS, working_days, works
from workspaces.models import Workspace

WEEK = 7
SHOWN_AHEAD = 4  # sprints that are not made yet
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


def holidays_of(workspace: Workspace, first: date, last: date = date.max) -> frozenset[date]:
    """Days from the first to the last, both included, on which nobody works. One query."""
    found = Holiday.objects.for_workspace(workspace).filter(day__gte=first, day__lte=last)
    return frozenset(found.values_list("day", flat=True))


def next_slot(cadence: Cadence, busy_until: date | None, today: date, holidays: Collection[date] = NO_HOLIDAYS) -> Slot:
    """The days of the sprint after `busy_until` (None: there was none yet), never before today.

    It begins on the cadence's day of the week, with at least the cool-down between, and ends on the last working day
    of its weeks. Where that first day is a holiday it begins on the next working day; weeks of holidays are left out.
    """
    earliest = today
    if busy_until is not None:
        earliest = max(today, busy_until + timedelta(days=1 + cadence.cool_down_days))
    start = earliest + timedelta(days=(cadence.first_weekday - earliest.weekday()) % WEEK)
    length = timedelta(days=cadence.weeks * WEEK)
    while not working_days(start, start + length - timedelta(days=1), holidays):
        start += length
    return _between_holidays(start, start + length - timedelta(days=1), holidays)


def _between_holidays(first: date, last: date, holidays: Collection[date]) -> Slot:
    """From the first day, or the working day after it if it is a holiday, to the last working day."""
    if first in holidays:
        while not works(first, holidays):
            first += timedelta(days=1)
    while not works(last, holidays):
        last -= timedelta(days=1)
    return Slot(first, last)


def slots(
    cadence: Cadence, busy_until: date | None, today: date, holidays: Collection[date] = NO_HOLIDAYS
) -> Iterator[Slot]:
    """One sprint after the other, without an end."""
    while True:
        slot = next_slot(cadence, busy_until, today, holidays)
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


def following(workspace: Workspace, today: date, count: int) -> list[Slot]:
    """The days of the next sprints that are not made yet; none without a cadence, or paused. Three queries."""
    cadence = cadence_of(workspace)
    if cadence is None or cadence.is_paused:
        return []
    last = Sprint.objects.for_workspace(workspace).aggregate(end=Max("end_date"))["end"]
    return list(islice(slots(cadence, last, today, holidays_of(workspace, today)), count))


def ends_ahead(workspace: Workspace, today: date, count: int) -> list[date]:
    """The last days of the next sprints: the running one, those planned, and then as the cadence goes on.

    Without a cadence the last sprint's length goes on. A cancelled sprint is none of them, and no other is made on its
    days. Empty for a workspace without a cadence and a sprint. Three queries.
    """
    every = list(Sprint.objects.for_workspace(workspace).order_by("start_date", "pk"))
    known = [sprint for sprint in every if sprint.state != SprintState.CANCELLED]
    cadence = cadence_of(workspace) or (_like(known[-1]) if known else None)
    if cadence is None:
        return []
    ends = [max(sprint.end_date, today) for sprint in known if not sprint.is_over]
    busy_until = max((sprint.end_date for sprint in every), default=None)
    for slot in slots(cadence, busy_until, today, holidays_of(workspace, today)):
        if len(ends) >= count:
            return ends[:count]
        ends.append(slot.end)
    return ends


def _like(sprint: Sprint) -> Cadence:
    """A cadence that goes on as a sprint did."""
    weeks = min(4, max(1, -(-sprint.day_count // WEEK)))
    return Cadence(workspace_id=sprint.workspace_id, weeks=weeks, first_weekday=sprint.start_date.weekday())
