"""Rows that keep a backlog: scores, templates, searches, ideas, files."""

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from sprints.models import (
    BulkChange,
    Idea,
    IdeaSource,
    IntakeLink,
    OutcomeVerdict,
    SavedFilter,
    StoryImport,
    StoryOutcome,
    StoryScore,
    StoryTemplate,
)
from tests.factories.sprints import StoryFactory
from tests.factories.workspaces import MemberFactory, WorkspaceFactory


class ScoreFactory(DjangoModelFactory[StoryScore]):
    """ICE 32, RICE 2,000 while the story has no effort of its own but three points: 1,500 × 5 × 0.8 ÷ 3."""

    class Meta:
        model = StoryScore

    workspace = factory.SelfAttribute("story.workspace")
    story = factory.SubFactory(StoryFactory)
    reach = 1500
    impact = 5
    confidence = 0.8
    ease = 8
    scored_by = factory.SelfAttribute("story.created_by")
    scored_at = factory.LazyFunction(timezone.now)


class StoryTemplateFactory(DjangoModelFactory[StoryTemplate]):
    class Meta:
        model = StoryTemplate

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Template {n}")
    title = "Reminder before … is empty"
    as_a = "customer who ordered …"
    criteria = factory.LazyFunction(lambda: ["One picture", "Goes out once"])
    created_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)


class SavedFilterFactory(DjangoModelFactory[SavedFilter]):
    class Meta:
        model = SavedFilter

    workspace = factory.SelfAttribute("member.workspace")
    member = factory.SubFactory(MemberFactory)
    name = factory.Sequence(lambda n: f"Search {n}")
    query = "is=unestimated"


class IntakeLinkFactory(DjangoModelFactory[IntakeLink]):
    class Meta:
        model = IntakeLink

    workspace = factory.SubFactory(WorkspaceFactory)
    label = "The shop floor"
    nonce = factory.Sequence(lambda n: 1_000_000 + n)
    created_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)


class IdeaFactory(DjangoModelFactory[Idea]):
    """Sent in through the idea page by somebody who left an address."""

    class Meta:
        model = Idea

    workspace = factory.SubFactory(WorkspaceFactory)
    title = factory.Sequence(lambda n: f"Idea {n}")
    text = "Customers ask for it at the counter every day."
    sender_name = "Nora Nilsson"
    sender_email = "nora@shop.example"
    language = "en"
    source = IdeaSource.LINK
    received_at = factory.LazyFunction(timezone.now)


class StoryImportFactory(DjangoModelFactory[StoryImport]):
    """Three rows of a CSV, the last without a title."""

    class Meta:
        model = StoryImport

    workspace = factory.SubFactory(WorkspaceFactory)
    filename = "ideas.csv"
    format = "csv"
    header = factory.LazyFunction(lambda: ["Title", "Points", "Key"])
    rows = factory.LazyFunction(lambda: [[2, "Serum", "3", "A-1"], [3, "Quiz", "", "A-2"], [4, "", "5", "A-3"]])
    mapping = factory.LazyFunction(lambda: {"columns": ["title", "points", "external_id"]})
    created_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)


class BulkChangeFactory(DjangoModelFactory[BulkChange]):
    class Meta:
        model = BulkChange

    workspace = factory.SelfAttribute("by.workspace")
    action = "kind"
    before = factory.LazyFunction(dict)
    after = factory.LazyFunction(dict)
    by = factory.SubFactory(MemberFactory)
    at = factory.LazyFunction(timezone.now)


class OutcomeFactory(DjangoModelFactory[StoryOutcome]):
    """What came of a finished story: it was reached."""

    class Meta:
        model = StoryOutcome

    workspace = factory.SelfAttribute("story.workspace")
    story = factory.SubFactory(StoryFactory, done=True)
    metric = "click_rate"
    value = 0.041
    low = 0.036
    high = 0.046
    sample_size = 4200
    verdict = OutcomeVerdict.REACHED
    reason = "4.1% of 4,200 clicked."
    measured_at = factory.LazyFunction(timezone.now)
