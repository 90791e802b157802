"""Rows of the strategy app."""

from datetime import timedelta
from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from strategy.models import Direction, Goal, Kpi, KpiReading, Principle, ReadingSource, Unit
from tests.factories.workspaces import MemberFactory, WorkspaceFactory


class KpiFactory(DjangoModelFactory[Kpi]):
    """A percentage whose readings are entered by hand; `money` and `count` change the unit, `falling` the direction."""

    class Meta:
        model = Kpi

    class Params:
        money = factory.Trait(unit=Unit.MONEY)
        count = factory.Trait(unit=Unit.COUNT)
        falling = factory.Trait(direction=Direction.DOWN)

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Repeat purchase {n}")
    unit = Unit.RATE
    direction = Direction.UP
    champion = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)


class ReadingFactory(DjangoModelFactory[KpiReading]):
    """What a KPI stood at today, entered by hand."""

    class Meta:
        model = KpiReading

    workspace = factory.SelfAttribute("kpi.workspace")
    kpi = factory.SubFactory(KpiFactory)
    day = factory.LazyFunction(lambda: timezone.now().date())
    value = Decimal("0.316")
    source = ReadingSource.ENTERED
    recorded_at = factory.LazyFunction(timezone.now)


class GoalFactory(DjangoModelFactory[Goal]):
    """From 28 % to 34 % in ninety days, of which thirty have passed."""

    class Meta:
        model = Goal

    class Params:
        closed = factory.Trait(
            closed_at=factory.LazyFunction(timezone.now), conclusion="A reminder in week seven is what works."
        )

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Customers come back sooner {n}")
    kpi = factory.SubFactory(KpiFactory, workspace=factory.SelfAttribute("..workspace"))
    baseline = Decimal("0.28")
    target = Decimal("0.34")
    start_date = factory.LazyFunction(lambda: timezone.now().date() - timedelta(days=30))
    due_date = factory.LazyAttribute(lambda goal: goal.start_date + timedelta(days=90))
    champion = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)


class PrincipleFactory(DjangoModelFactory[Principle]):
    class Meta:
        model = Principle

    workspace = factory.SubFactory(WorkspaceFactory)
    rule = factory.Sequence(lambda n: f"Teach first, sell second, rule {n}")
    reason = "Readers stay for what they learn."
    owner = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)
