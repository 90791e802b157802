"""Which day's stand-up it is for whom: every member's day begins and ends by the member's own clock."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sprints.absence import holidays_among
from sprints.models import StandUpSchedule
from workspaces.models import Member, MemberQuerySet, Workspace
from workspaces.permissions import TABLE, Can, Role

USUALLY = (Role.LEAD, Role.MARKETER, Role.ANALYST)
"""Who takes part until the team says otherwise."""

DAYS_OF_WEEK = 7
DAYS_AHEAD = 21  # so far the next stand-up is looked for, over holidays


def schedule_of(workspace: Workspace) -> StandUpSchedule:
    """The workspace's schedule; until the team sets one, the usual one, which is not saved and mails nobody."""
    found = StandUpSchedule.objects.filter(workspace=workspace).first() or StandUpSchedule()
    found.workspace = workspace
    return found


def may_take_part(workspace: Workspace) -> MemberQuerySet:
    """Members who can be asked to write, by name."""
    roles = TABLE[Can.EDIT_STORIES]
    return Member.objects.for_workspace(workspace).active().filter(role__in=roles).order_by("user__name", "pk")


def participants(schedule: StandUpSchedule) -> list[Member]:
    """Who takes part, in the order put by hand. One query."""
    everybody = may_take_part(schedule.workspace)
    if not schedule.is_set:
        return list(everybody.filter(role__in=USUALLY))
    seated = everybody.filter(pk__in=schedule.seats.values("member"))
    places = dict(schedule.seats.values_list("member_id", "position"))
    return sorted(seated, key=lambda member: (places.get(member.pk, 0), member.pk))


def own_time(member: Member, now: datetime) -> datetime:
    """The moment on the member's own clock."""
    return now.astimezone(ZoneInfo(member.user.time_zone))


def own_day(member: Member, now: datetime) -> date:
    return own_time(member, now).date()


def is_on(schedule: StandUpSchedule, day: date) -> bool:
    """Whether there is a stand-up on a day: one of the team's, and no holiday."""
    return day.weekday() in schedule.weekdays and not holidays_among(schedule.workspace, [day])


def next_day(schedule: StandUpSchedule, after: date) -> date | None:
    """The first day with a stand-up after another; None when there is none for weeks. One query."""
    days = [after + timedelta(days=n) for n in range(1, DAYS_AHEAD + 1)]
    free = holidays_among(schedule.workspace, days)
    return next((day for day in days if day.weekday() in schedule.weekdays and day not in free), None)


def is_reminded(schedule: StandUpSchedule, member: Member, day: date, now: datetime) -> bool:
    """Whether a member who has not written should hear of it now: between the two hours, by the member's clock."""
    there = own_time(member, now)
    return there.date() == day and schedule.remind_hour <= there.hour < schedule.closing_hour


def is_waited_for(schedule: StandUpSchedule, member: Member, day: date, now: datetime) -> bool:
    """Whether the digest still waits for a member who has not written."""
    there = own_time(member, now)
    return there.date() < day or (there.date() == day and there.hour < schedule.closing_hour)
