"""Rows around a story: labels, comments, checklists, files, links, and what members are told."""

from datetime import timedelta

import factory
from django.core.files.base import ContentFile
from django.utils import timezone
from factory.django import DjangoModelFactory

from emailops.lib.ranks import rank_between
from sprints.models import (
    Attachment,
    Audience,
    Checklist,
    ChecklistItem,
    Label,
    LinkKind,
    StoryComment,
    StoryLink,
    StoryWatch,
)
from tests.factories.sprints import StoryFactory
from tests.factories.workspaces import MemberFactory, WorkspaceFactory
from workspaces.models import Notice

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)
"""The smallest picture."""


class LabelFactory(DjangoModelFactory[Label]):
    class Meta:
        model = Label

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Label {n}")


class CommentFactory(DjangoModelFactory[StoryComment]):
    """What the team says among itself; `shared=True` is read by the owner as well."""

    class Meta:
        model = StoryComment

    class Params:
        shared = factory.Trait(audience=Audience.EVERYBODY)

    workspace = factory.SelfAttribute("story.workspace")
    story = factory.SubFactory(StoryFactory)
    author = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    audience = Audience.TEAM
    text = "The photographs come on Friday."
    written_at = factory.LazyFunction(timezone.now)


class WatchFactory(DjangoModelFactory[StoryWatch]):
    class Meta:
        model = StoryWatch

    workspace = factory.SelfAttribute("story.workspace")
    story = factory.SubFactory(StoryFactory)
    member = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))


class ChecklistFactory(DjangoModelFactory[Checklist]):
    class Meta:
        model = Checklist

    workspace = factory.SelfAttribute("story.workspace")
    story = factory.SubFactory(StoryFactory)
    name = "Before the send"
    created_at = factory.LazyFunction(timezone.now)


def _rank_at_end(item: object) -> str:
    last = ChecklistItem.objects.filter(checklist=item.checklist).order_by("rank").last()  # type: ignore[attr-defined]
    return rank_between(last.rank if last else "", "")


class ChecklistItemFactory(DjangoModelFactory[ChecklistItem]):
    class Meta:
        model = ChecklistItem

    workspace = factory.SelfAttribute("checklist.workspace")
    checklist = factory.SubFactory(ChecklistFactory)
    text = factory.Sequence(lambda n: f"Step {n}")
    rank = factory.LazyAttribute(_rank_at_end)


class AttachmentFactory(DjangoModelFactory[Attachment]):
    """A picture, on disk."""

    class Meta:
        model = Attachment

    workspace = factory.SelfAttribute("story.workspace")
    story = factory.SubFactory(StoryFactory)
    name = "serum.png"
    media_type = "image/png"
    size = len(PNG)
    file = factory.LazyFunction(lambda: ContentFile(PNG, name="x"))
    uploaded_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    uploaded_at = factory.LazyFunction(timezone.now)


class StoryLinkFactory(DjangoModelFactory[StoryLink]):
    class Meta:
        model = StoryLink

    workspace = factory.SelfAttribute("source.workspace")
    source = factory.SubFactory(StoryFactory)
    target = factory.SubFactory(StoryFactory, workspace=factory.SelfAttribute("..source.workspace"))
    kind = LinkKind.BLOCKS


class NoticeFactory(DjangoModelFactory[Notice]):
    """That a story was moved to "Done", told to a member; to be mailed tomorrow."""

    class Meta:
        model = Notice

    class Params:
        story = factory.SubFactory(StoryFactory, workspace=factory.SelfAttribute("..workspace"))

    workspace = factory.SelfAttribute("member.workspace")
    member = factory.SubFactory(MemberFactory)
    kind = "story.moved"
    about_type = "story"
    about_id = factory.SelfAttribute("story.pk")
    detail = factory.LazyFunction(lambda: {"column": "done"})
    by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    at = factory.LazyFunction(timezone.now)
    mail_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))
