"""What everything else stands on: the company, its people, goals and readings."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from benchmarks.years.mass import Mass

AT_ONCE = 2_000  # rows in one statement


@dataclass(slots=True)
class Ground:
    """The company with what was made so far."""

    workspace: Any
    now: datetime
    mass: Mass
    lead: Any
    owner: Any
    members: list[Any] = field(default_factory=list)
    goals: list[Any] = field(default_factory=list)
    sprints: list[Any] = field(default_factory=list)
    stories: list[Any] = field(default_factory=list)

    def member(self, number: int) -> Any:
        return self.members[number % len(self.members)]

    def ago(self, **span: float) -> datetime:
        return self.now - timedelta(**span)


def put(model: Any, rows: Any) -> list[Any]:
    """Write rows in bulk."""
    return list(model.objects.bulk_create(list(rows), batch_size=AT_ONCE))


def company(mass: Mass) -> Ground:
    """The sample company, made when there is none, with all its members."""
    from django.utils import timezone

    from emailops.demo import seed_if_empty
    from workspaces.models import Member, Workspace
    from workspaces.permissions import Role

    seed_if_empty(lambda _line: None)
    workspace = Workspace.objects.get(slug="maren-moss")
    people = Member.objects.for_workspace(workspace).active().select_related("user", "workspace").order_by("pk")
    ground = Ground(
        workspace,
        timezone.now(),
        mass,
        people.filter(role=Role.LEAD)[0],
        people.filter(role=Role.OWNER)[0],
        members=list(people.filter(role__in=[Role.LEAD, Role.MARKETER])),
    )
    _hire(ground)
    _aim(ground)
    return ground


def _hire(ground: Ground) -> None:
    from workspaces.models import Member, User
    from workspaces.permissions import Role

    there = Member.objects.for_workspace(ground.workspace).active().count()
    users = put(
        User,
        (
            User(email=f"team{n}@years.example", name=f"Member {n}", date_joined=ground.ago(days=900))
            for n in range(max(ground.mass.members - there, 0))
        ),
    )
    ground.members += put(
        Member,
        (
            Member(workspace=ground.workspace, user=user, role=Role.MARKETER, joined_at=ground.ago(days=900))
            for user in users
        ),
    )


def _aim(ground: Ground) -> None:
    """More goals on the KPIs that there are, and readings of each day behind them."""
    from strategy.models import Goal, Kpi, KpiReading, Principle

    kpis = list(Kpi.objects.for_workspace(ground.workspace).filter(archived_at=None).order_by("pk"))
    today = ground.now.date()
    ground.goals = list(Goal.objects.for_workspace(ground.workspace).order_by("pk"))
    ground.goals += put(
        Goal,
        (
            Goal(
                workspace=ground.workspace,
                name=f"Customers come back sooner {n}",
                kpi=kpis[n % len(kpis)],
                baseline="0.28",
                target="0.34",
                start_date=today - timedelta(days=200 + n),
                due_date=today + timedelta(days=30 + n),
                champion=ground.member(n),
                created_at=ground.ago(days=200),
            )
            for n in range(ground.mass.goals)
        ),
    )
    KpiReading.objects.bulk_create(
        (
            KpiReading(
                workspace=ground.workspace,
                kpi=kpi,
                day=today - timedelta(days=n),
                value="0.3",
                source="measured",
                recorded_at=ground.ago(days=n),
            )
            for kpi in kpis
            for n in range(ground.mass.readings_each)
        ),
        batch_size=AT_ONCE,
        ignore_conflicts=True,
    )
    put(
        Principle,
        (
            Principle(
                workspace=ground.workspace,
                rule=f"No mail without a reason {n}",
                reason="Readers leave when there is none.",
                owner=ground.member(n),
                created_at=ground.ago(days=n),
            )
            for n in range(ground.mass.goals)
        ),
    )
