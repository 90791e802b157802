"""Cadences, capacities and skills."""

from datetime import timedelta
from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from sprints.models import (
    Cadence,
    DaysOff,
    Holiday,
    MemberCapacity,
    MemberSkill,
    Skill,
    SkillLevel,
    SprintTarget,
    StoryPoints,
)
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import KpiFactory
from tests.factories.workspaces import MemberFactory, WorkspaceFactory


class CadenceFactory(DjangoModelFactory[Cadence]):
    """Two weeks from Monday, two sprints ahead."""

    class Meta:
        model = Cadence
        django_get_or_create = ("workspace",)

    workspace = factory.SubFactory(WorkspaceFactory)


class HolidayFactory(DjangoModelFactory[Holiday]):
    class Meta:
        model = Holiday

    workspace = factory.SubFactory(WorkspaceFactory)
    day = factory.Sequence(lambda n: timezone.now().date() + timedelta(days=400 + n))
    name = "Midsummer"


class CapacityFactory(DjangoModelFactory[MemberCapacity]):
    """A point a day from Monday to Friday, all of it for the sprint."""

    class Meta:
        model = MemberCapacity

    workspace = factory.SelfAttribute("member.workspace")
    member = factory.SubFactory(MemberFactory)
    per_day = Decimal(1)
    focus_rate = 1.0


class DaysOffFactory(DjangoModelFactory[DaysOff]):
    """Today and tomorrow."""

    class Meta:
        model = DaysOff

    workspace = factory.SelfAttribute("member.workspace")
    member = factory.SubFactory(MemberFactory)
    first_date = factory.LazyFunction(lambda: timezone.now().date())
    last_date = factory.LazyAttribute(lambda off: off.first_date + timedelta(days=1))
    note = "Wedding"


class SkillFactory(DjangoModelFactory[Skill]):
    class Meta:
        model = Skill

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Skill {n}")
    position = factory.Sequence(lambda n: n)


class MemberSkillFactory(DjangoModelFactory[MemberSkill]):
    """Somebody who does it alone."""

    class Meta:
        model = MemberSkill

    workspace = factory.SelfAttribute("skill.workspace")
    member = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..skill.workspace"))
    skill = factory.SubFactory(SkillFactory)
    level = SkillLevel.ALONE


class StoryPointsFactory(DjangoModelFactory[StoryPoints]):
    class Meta:
        model = StoryPoints

    workspace = factory.SelfAttribute("story.workspace")
    story = factory.SubFactory(StoryFactory)
    skill = factory.SubFactory(SkillFactory, workspace=factory.SelfAttribute("..story.workspace"))
    points = 2


class SprintTargetFactory(DjangoModelFactory[SprintTarget]):
    """From 3 % to 4 %."""

    class Meta:
        model = SprintTarget

    workspace = factory.SelfAttribute("sprint.workspace")
    sprint = factory.SubFactory(SprintFactory)
    kpi = factory.SubFactory(KpiFactory, workspace=factory.SelfAttribute("..sprint.workspace"))
    baseline = Decimal("0.03")
    target = Decimal("0.04")
