"""Verbs on how much people get done: a day's work, days off, and the sum as a sprint's capacity."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.capacity import team_capacity
from sprints.models import DaysOff, MemberCapacity, Sprint
from sprints.services.sprints import change_sprint
from workspaces.audit import record
from workspaces.models import Member
from workspaces.permissions import Can

MOST_A_DAY = Decimal(24)  # hours; nobody does more points either
LONGEST_ABSENCE = timedelta(days=366)


class CapacityRefused(DomainError):
    """A capacity, or days off, cannot be as asked."""

    code = "capacity_refused"


class NotYours(CapacityRefused):
    """Somebody else's: only those who plan sprints change it."""

    code = "not_yours"


def _require_mine(member: Member, by: Member) -> None:
    if member.pk != by.pk and not by.may(Can.PLAN_SPRINTS):
        raise NotYours(_("You can change your own; whoever plans sprints can change everybody’s."))


@transaction.atomic
def set_capacity(
    *, member: Member, per_day: Decimal, focus_rate: float, weekdays: Sequence[int], by: Member, now: datetime
) -> MemberCapacity:
    """Say what a person gets done a day, on which days, and what of it is left for the sprint (0..1).

    Raises `CapacityRefused`; `NotYours` for somebody else's without the right to plan.
    """
    _require_mine(member, by)
    days = sorted(set(weekdays))
    if not 0 <= per_day <= MOST_A_DAY:
        raise CapacityRefused(_("A day has 24 hours."), fields={"per_day": [_("From 0 to 24.")]})
    if not 0 <= focus_rate <= 1:
        raise CapacityRefused(_("A share lies between 0% and 100%."), fields={"focus_rate": [_("From 0% to 100%.")]})
    if any(day not in range(7) for day in days):
        raise CapacityRefused(_("A week has seven days."), fields={"weekdays": [_("Unknown day.")]})
    values = {"workspace": member.workspace, "per_day": per_day, "focus_rate": focus_rate, "weekdays": days}
    written, _created = MemberCapacity.objects.update_or_create(member=member, defaults=values)
    record("capacity.set", member, by=by, now=now, per_day=str(per_day), focus_rate=focus_rate, weekdays=days)
    return written


@transaction.atomic
def add_days_off(*, member: Member, first_date: date, last_date: date, note: str, by: Member, now: datetime) -> DaysOff:
    """Enter days on which a person does not work. Days entered twice count once.

    Raises `CapacityRefused` for days turned round or more than a year; `NotYours`.
    """
    _require_mine(member, by)
    if last_date < first_date:
        raise CapacityRefused(
            _("The days off end before they start."), fields={"last_date": [_("Before the first day.")]}
        )
    if last_date - first_date > LONGEST_ABSENCE:
        raise CapacityRefused(_("At most a year at once."), fields={"last_date": [_("More than a year.")]})
    off = DaysOff.objects.create(
        workspace=member.workspace, member=member, first_date=first_date, last_date=last_date, note=note.strip()
    )
    record("capacity.days_off_added", member, by=by, now=now, first=str(first_date), last=str(last_date))
    return off


@transaction.atomic
def remove_days_off(*, days_off: DaysOff, by: Member, now: datetime) -> None:
    """The person works on those days after all. Raises `NotYours`."""
    _require_mine(days_off.member, by)
    first, last = str(days_off.first_date), str(days_off.last_date)
    record("capacity.days_off_removed", days_off.member, by=by, now=now, first=first, last=last)
    days_off.delete()


@transaction.atomic
def adopt_capacity(*, sprint: Sprint, by: Member, now: datetime) -> int:
    """Write what the team can take as the capacity of a sprint; returns the points. Repeating changes nothing.

    Raises `CapacityRefused` while nobody has said what he or she gets done, and what `change_sprint` raises.
    """
    found = team_capacity(sprint)
    if not found.known:
        raise CapacityRefused(_("Nobody has said yet how much he or she gets done a day."))
    points = int(found.points)
    change_sprint(sprint=sprint, by=by, now=now, capacity_points=points)
    return points
