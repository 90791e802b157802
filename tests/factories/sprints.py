"""Rows of the sprints app."""

from datetime import timedelta
from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from emailops.lib.ranks import rank_between
from sprints.models import (
    AcceptanceCriterion,
    Blocker,
    BoardColumn,
    Hypothesis,
    SendBrief,
    Sprint,
    SprintState,
    Story,
    StoryStatus,
)
from tests.factories.audience import SegmentFactory
from tests.factories.workspaces import MemberFactory, WorkspaceFactory


class SprintFactory(DjangoModelFactory[Sprint]):
    """A sprint of two weeks from today that is being planned; the traits say what became of it."""

    class Meta:
        model = Sprint

    class Params:
        running = factory.Trait(
            state=SprintState.RUNNING, committed_points=0, started_at=factory.LazyFunction(timezone.now)
        )
        closed = factory.Trait(
            state=SprintState.CLOSED,
            committed_points=10,
            delivered_points=8,
            started_at=factory.LazyFunction(lambda: timezone.now() - timedelta(days=14)),
            closed_at=factory.LazyFunction(timezone.now),
        )

    workspace = factory.SubFactory(WorkspaceFactory)
    number = factory.Sequence(lambda n: n + 1)
    name = factory.Sequence(lambda n: f"Sprint {n + 1}")
    goal_sentence = "Bring last year's customers back before summer."
    start_date = factory.LazyFunction(lambda: timezone.now().date())
    end_date = factory.LazyAttribute(lambda sprint: sprint.start_date + timedelta(days=11))
    capacity_points = 20
    created_at = factory.LazyFunction(timezone.now)


def _next_rank(story: object) -> str:
    """Stories made one after the other stand in that order."""
    last = Story.objects.filter(workspace=story.workspace).order_by("-rank").first()  # type: ignore[attr-defined]
    return rank_between(last.rank if last else "", "")


def _next_number(story: object) -> int:
    return Story.objects.filter(workspace=story.workspace).count() + 1  # type: ignore[attr-defined]


class StoryFactory(DjangoModelFactory[Story]):
    """A campaign's story in the backlog, told and estimated; `done=True` makes it finished."""

    class Meta:
        model = Story

    class Params:
        done = factory.Trait(status=StoryStatus.DONE, done_at=factory.LazyFunction(timezone.now))

    workspace = factory.SubFactory(WorkspaceFactory)
    number = factory.LazyAttribute(_next_number)
    title = factory.Sequence(lambda n: f"Story {n}")
    as_a = "customer who ordered a serum"
    i_want = "to hear in time that it is running out"
    so_that = "I never have to go without"
    points = 3
    rank = factory.LazyAttribute(_next_rank)
    created_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)


class BlockerFactory(DjangoModelFactory[Blocker]):
    """Something in the way of a story since now, for a member of its workspace to clear."""

    class Meta:
        model = Blocker

    workspace = factory.SelfAttribute("story.workspace")
    story = factory.SubFactory(StoryFactory)
    reason = "No product feed"
    owner = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    opened_by = factory.SelfAttribute("owner")
    since = factory.LazyFunction(timezone.now)


class ColumnFactory(DjangoModelFactory[BoardColumn]):
    """A column to the right of those that the workspace has."""

    class Meta:
        model = BoardColumn

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Column {n}")
    status = StoryStatus.DOING
    position = factory.LazyAttribute(
        lambda column: BoardColumn.objects.filter(workspace=column.workspace).count()  # from the left, from 0
    )


class CriterionFactory(DjangoModelFactory[AcceptanceCriterion]):
    class Meta:
        model = AcceptanceCriterion

    workspace = factory.SelfAttribute("story.workspace")
    story = factory.SubFactory(StoryFactory)
    text = factory.Sequence(lambda n: f"Criterion {n}")
    position = factory.LazyAttribute(lambda criterion: criterion.story.criteria.count())


class HypothesisFactory(DjangoModelFactory[Hypothesis]):
    """A rise of the click rate from 3 % to 4 %, to be looked at in four weeks."""

    class Meta:
        model = Hypothesis

    workspace = factory.SelfAttribute("story.workspace")
    story = factory.SubFactory(StoryFactory)
    because = "Half of them reorder after seven weeks."
    change = "a reminder before the bottle is empty"
    audience = "people who bought a serum"
    metric = "click_rate"
    baseline = 0.03
    expected = 0.04
    minimum_effect = 0.005
    check_date = factory.LazyFunction(lambda: timezone.now().date() + timedelta(days=28))


class BriefFactory(DjangoModelFactory[SendBrief]):
    """To everybody, in the week from tomorrow, without an offer."""

    class Meta:
        model = SendBrief

    workspace = factory.SelfAttribute("story.workspace")
    story = factory.SubFactory(StoryFactory)
    segment = factory.SubFactory(SegmentFactory, workspace=factory.SelfAttribute("..story.workspace"))
    window_start = factory.LazyFunction(lambda: timezone.now().date() + timedelta(days=1))
    window_end = factory.LazyAttribute(lambda brief: brief.window_start + timedelta(days=6))
    cost = Decimal(0)
    expected_low = Decimal(1000)
    expected_high = Decimal(2000)
