"""Rows of the campaigns app, and campaigns to which nothing is missing."""

from datetime import datetime
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from audience.models import Contact
from campaigns.models import Campaign, ContentFormat, ContentVersion, Sender
from campaigns.services import create_campaign, draft_version, write_content
from sprints.models import Covers, Story
from sprints.services.approval_policy import set_policy
from tests.factories.approvals import approved_story
from tests.factories.audience import ContactFactory, SegmentFactory
from tests.factories.sprints import BriefFactory, StoryFactory
from tests.factories.workspaces import MemberFactory, WorkspaceFactory
from workspaces.models import Member, Workspace

SUBJECT = "Your serum is running low, {{ contact.first_name | default: 'friend' }}"
PREHEADER = "Three weeks are left in the bottle"
TEXT = '# Almost empty\n\nHello {{ contact.first_name }},\n\n[Order again](https://shop.example/again "button")\n'
BROKEN_RULE = {"match": "all", "rules": [{"field": "attribute.gone", "op": "is", "value": "x"}]}


class SenderFactory(DjangoModelFactory[Sender]):
    class Meta:
        model = Sender

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Maren {n} at Maren & Moss")
    email = factory.Sequence(lambda n: f"maren{n}@marenmoss.example")


class CampaignFactory(DjangoModelFactory[Campaign]):
    """A draft without content, for a story whose brief it has; `content` writes the mail."""

    class Meta:
        model = Campaign
        skip_postgeneration_save = True

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Campaign {n}")
    segment = factory.SubFactory(SegmentFactory, workspace=factory.SelfAttribute("..workspace"))
    story = factory.SubFactory(StoryFactory, workspace=factory.SelfAttribute("..workspace"))
    sender = factory.SubFactory(SenderFactory, workspace=factory.SelfAttribute("..workspace"))
    created_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def brief(self: Campaign, create: bool, extracted: bool | None, **fields: Any) -> None:
        if create and extracted is not False and not hasattr(self.story, "brief"):
            BriefFactory.create(story=self.story, segment=self.segment, **fields)

    @factory.post_generation
    def content(self: Campaign, create: bool, extracted: str | None, **fields: Any) -> None:
        if create and extracted is not None:
            write(self, extracted, **fields)


def write(campaign: Campaign, source: str = TEXT, **fields: Any) -> ContentVersion:
    """A further version of the mail, whatever the campaign's state."""
    chosen = {"subject": SUBJECT, "preheader": PREHEADER, "written_as": ContentFormat.MARKDOWN, **fields}
    version = draft_version(campaign=campaign, source=source, **chosen)
    version.number = campaign.versions.count() + 1
    version.created_by, version.created_at = campaign.created_by, timezone.now()
    version.save()
    campaign.content = version
    campaign.save(update_fields=["content"])
    return version


def campaign_for(story: Story, by: Member, now: datetime, **written: Any) -> Campaign:
    """A campaign for this story as people make one: created, written, with everything at hand."""
    made = create_campaign(story=Story.objects.with_plan().get(pk=story.pk), by=by, now=now)
    chosen = {"subject": SUBJECT, "preheader": PREHEADER, "written_as": ContentFormat.MARKDOWN, "source": TEXT}
    write_content(campaign=made, by=by, now=now, **{**chosen, **written})
    return with_parts(made)


def ready_campaign(workspace: Workspace, now: datetime, **written: Any) -> Campaign:
    """A campaign that nothing stops: approved, written, with a sender and somebody to write to."""
    if not Contact.objects.for_workspace(workspace).exists():
        ContactFactory.create(workspace=workspace, first_name="Ann")
    story = approved_story(workspace, now)
    SenderFactory.create(workspace=workspace)
    return campaign_for(story, MemberFactory.create(workspace=workspace), now, **written)


def with_parts(campaign: Campaign) -> Campaign:
    """The campaign as it stands in the database now."""
    return Campaign.objects.with_parts().get(pk=campaign.pk)


def cover_content(workspace: Workspace, now: datetime) -> None:
    """From now on the owner approves the finished mail too."""
    by = MemberFactory.create(workspace=workspace)
    set_policy(workspace=workspace, covers=Covers.CONTENT, audience_tolerance=0.2, by=by, now=now)
