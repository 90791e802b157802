"""Who does not work on a day: holidays of the workspace, days off, and the weekdays on which somebody never works."""

from collections.abc import Collection
from datetime import date

from sprints.models import DaysOff, Holiday, MemberCapacity
from workspaces.models import Workspace


def holidays_among(workspace: Workspace, days: Collection[date]) -> set[date]:
    """Those of the days on which nobody in the workspace works. One query."""
    return set(Holiday.objects.for_workspace(workspace).filter(day__in=days).values_list("day", flat=True))


def away_on(workspace: Workspace, day: date) -> set[int]:
    """Ids of the members who are off on a day, or do not work on that day of the week. Two queries."""
    off = DaysOff.objects.for_workspace(workspace).filter(first_date__lte=day, last_date__gte=day)
    never = MemberCapacity.objects.for_workspace(workspace).exclude(weekdays__contains=[day.weekday()])
    return {*off.values_list("member_id", flat=True), *never.values_list("member_id", flat=True)}
