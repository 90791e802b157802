"""How much fits into a sprint: each member's working days without holidays and days off, altogether and by skill."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q

from sprints.calendar import cadence_of
from sprints.models import (
    Cadence,
    CapacityUnit,
    DaysOff,
    Holiday,
    MemberCapacity,
    MemberSkill,
    SkillLevel,
    Sprint,
)
from sprints.pace import days_from
from workspaces.models import Member, Workspace
from workspaces.permissions import Role

WORKING_ROLES = (Role.LEAD, Role.MARKETER, Role.SELLER, Role.ANALYST)
"""Who makes what is in a sprint, unless another says by his or her own capacity to do so too."""


@dataclass(frozen=True, slots=True)
class MemberLine:
    """What one person can take into a sprint. `amount` is in the cadence's unit, `points` in points."""

    member: Member
    setting: MemberCapacity | None
    working_days: int
    days_off: int
    holidays: int
    amount: float
    points: float


@dataclass(frozen=True, slots=True)
class TeamCapacity:
    """What a team can take into a sprint. `by_skill` is at most: what everybody who does it alone could do of it."""

    lines: list[MemberLine]
    unit: CapacityUnit
    holidays: list[Holiday]
    by_skill: dict[int, float]

    @property
    def known(self) -> list[MemberLine]:
        return [line for line in self.lines if line.setting is not None]

    @property
    def silent(self) -> list[Member]:
        """Those who have not said what they get done."""
        return [line.member for line in self.lines if line.setting is None]

    @property
    def points(self) -> float:
        return sum(line.points for line in self.lines)

    @property
    def amount(self) -> float:
        return sum(line.amount for line in self.lines)

    @property
    def in_hours(self) -> bool:
        return self.unit == CapacityUnit.HOURS


def workers(workspace: Workspace) -> list[Member]:
    """Those whose work goes into sprints, by name. One query."""
    members = Member.objects.for_workspace(workspace).active().select_related("capacity")
    found = members.filter(Q(role__in=WORKING_ROLES) | Q(capacity__isnull=False))
    return list(found.order_by("user__name", "pk"))


def team_capacity(sprint: Sprint) -> TeamCapacity:
    """Each member's part of a sprint, and the sums. Five queries, however large the team."""
    cadence = cadence_of(sprint.workspace) or Cadence()
    members, days = workers(sprint.workspace), days_from(sprint.start_date, sprint.end_date)
    inside = {"day__gte": sprint.start_date, "day__lte": sprint.end_date}
    holidays = list(Holiday.objects.for_workspace(sprint.workspace).filter(**inside).order_by("day"))
    away = _days_off(sprint)
    free = {holiday.day for holiday in holidays}
    lines = [_line(member, days, free, away[member.pk], cadence) for member in members]
    return TeamCapacity(lines, CapacityUnit(cadence.unit), holidays, _by_skill(sprint.workspace, lines))


def _days_off(sprint: Sprint) -> dict[int, set[date]]:
    found: dict[int, set[date]] = defaultdict(set)
    absences = DaysOff.objects.for_workspace(sprint.workspace)
    for off in absences.filter(first_date__lte=sprint.end_date, last_date__gte=sprint.start_date):
        first, last = max(off.first_date, sprint.start_date), min(off.last_date, sprint.end_date)
        found[off.member_id] |= set(days_from(first, last))
    return found


def _line(member: Member, days: Iterable[date], holidays: set[date], away: set[date], cadence: Cadence) -> MemberLine:
    setting: MemberCapacity | None = getattr(member, "capacity", None)
    weekdays = setting.weekdays if setting else range(5)
    working = {day for day in days if day.weekday() in weekdays}
    off = (working - holidays) & away
    free = len(working - holidays - off)
    amount = free * float(setting.per_day) * setting.focus_rate if setting else 0.0
    per_point = float(cadence.hours_per_point or Decimal(1)) if cadence.unit == CapacityUnit.HOURS else 1.0
    return MemberLine(member, setting, len(working), len(off), len(working & holidays), amount, amount / per_point)


def _by_skill(workspace: Workspace, lines: Iterable[MemberLine]) -> dict[int, float]:
    points = {line.member.pk: line.points for line in lines}
    sums: dict[int, float] = defaultdict(float)
    able = MemberSkill.objects.for_workspace(workspace).filter(level__gte=SkillLevel.ALONE, member__in=points)
    for member, skill in able.values_list("member_id", "skill_id"):
        sums[skill] += points[member]
    return dict(sums)
