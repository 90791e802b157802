"""Rows of the delivery app, and the campaign that stands behind them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from audience.models import Contact, Event
from campaigns.models import Campaign, CampaignState, ContentFormat, ContentVersion
from delivery.dkim.keypairs import Algorithm, Keypair
from delivery.ledger import make_chunks
from delivery.models import (
    PENDING,
    Chunk,
    Delivery,
    DeliveryState,
    Hit,
    HitKind,
    KeyState,
    Nature,
    Reason,
    Run,
    RunState,
    SandboxMessage,
    SigningKey,
)
from emailops.lib.vault import seal_for
from sprints.models import ApprovalRequest, ApprovalState, ApprovalSubject, Story, StoryDecision, Verdict
from sprints.snapshot import story_snapshot
from tests.factories.audience import ContactFactory, SegmentFactory
from tests.factories.campaigns import SenderFactory
from tests.factories.sprints import BriefFactory, SprintFactory, StoryFactory
from tests.factories.workspaces import MemberFactory, WorkspaceFactory
from workspaces.models import Member, Workspace
from workspaces.permissions import Role

HTML = (
    "<!doctype html><html><body><p>Hello {{ contact.first_name }}, this is for you.</p>"
    '<p><a href="https://shop.example/glow">Shop the glow set</a> <a href="https://shop.example/quiz">Quiz</a></p>'
    '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a> {{ postal_address }}</p></body></html>'
)
BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4"


class SentSenderFactory(SenderFactory):
    """Elena at the shop, once in a workspace."""

    class Meta:
        django_get_or_create = ("workspace", "email", "name")

    name = "Elena at Maren & Moss"
    email = "elena@marenmoss.example"


class SentCampaignFactory(DjangoModelFactory[Campaign]):
    """A campaign to everybody that is on its way: content, sender and all."""

    class Meta:
        model = Campaign
        skip_postgeneration_save = True

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Spring Glow {n}")
    story = factory.SubFactory(StoryFactory, workspace=factory.SelfAttribute("..workspace"))
    segment = factory.SubFactory(SegmentFactory, workspace=factory.SelfAttribute("..workspace"))
    sender = factory.SubFactory(SentSenderFactory, workspace=factory.SelfAttribute("..workspace"))
    state = CampaignState.SENDING
    scheduled_at = factory.LazyFunction(timezone.now)
    launched_at = factory.LazyFunction(timezone.now)
    created_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def content(self: Campaign, create: bool, extracted: str | None, **written: Any) -> None:
        self.content = ContentVersion.objects.create(
            workspace=self.workspace,
            campaign=self,
            number=1,
            subject=written.get("subject", "Glow in three steps, {{ contact.first_name }}"),
            format=ContentFormat.HTML,
            source=extracted or HTML,
            html=extracted or HTML,
            fingerprint="0" * 64,
            created_by=self.created_by,
            created_at=self.created_at,
        )
        self.save(update_fields=["content"])


class RunFactory(DjangoModelFactory[Run]):
    """A run that has its list and sends."""

    class Meta:
        model = Run

    class Params:
        planning = factory.Trait(state=RunState.PLANNING, planned_at=None)
        done = factory.Trait(
            state=RunState.DONE, finished_at=factory.LazyFunction(timezone.now), campaign__state=CampaignState.SENT
        )

    workspace = factory.SubFactory(WorkspaceFactory)
    campaign = factory.SubFactory(SentCampaignFactory, workspace=factory.SelfAttribute("..workspace"))
    campaign__state = CampaignState.SENDING
    content = factory.SelfAttribute("campaign.content")
    state = RunState.SENDING
    started_at = factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1))
    planned_at = factory.SelfAttribute("started_at")


class DeliveryFactory(DjangoModelFactory[Delivery]):
    """A row of the ledger that waits; a final state gets a moment at which it was decided."""

    class Meta:
        model = Delivery
        skip_postgeneration_save = True

    run = factory.SubFactory(RunFactory)
    workspace = factory.SelfAttribute("run.workspace")
    contact = factory.SubFactory(ContactFactory, workspace=factory.SelfAttribute("..run.workspace"))
    address = factory.SelfAttribute("contact.address")
    state = DeliveryState.QUEUED
    decided_at = factory.LazyAttribute(
        lambda row: None if row.state in PENDING else timezone.now() - timedelta(minutes=30)
    )

    @factory.post_generation
    def chunk(self: Delivery, create: bool, _extracted: object, **_given: object) -> None:
        """A row that waits for its first attempt lies in a chunk, here of its own."""
        if create and self.state == DeliveryState.QUEUED and self.next_attempt_at is None:
            Chunk.objects.create(
                run=self.run, domain_group="other", first_id=self.pk, last_id=self.pk, mark=self.pk - 1, size=1
            )


class HitFactory(DjangoModelFactory[Hit]):
    """A person's click."""

    class Meta:
        model = Hit

    delivery = factory.SubFactory(DeliveryFactory, state=DeliveryState.SENT)
    workspace = factory.SelfAttribute("delivery.workspace")
    run = factory.SelfAttribute("delivery.run")
    contact = factory.SelfAttribute("delivery.contact")
    kind = HitKind.CLICK
    url = "https://shop.example/glow"
    at = factory.LazyFunction(timezone.now)
    nature = Nature.HUMAN
    rules_version = 1


class OrderFactory(DjangoModelFactory[Event]):
    class Meta:
        model = Event

    contact = factory.SubFactory(ContactFactory)
    workspace = factory.SelfAttribute("contact.workspace")
    name = "order_placed"
    value = Decimal(50)
    occurred_at = factory.LazyFunction(timezone.now)


RAW = b"""From: Elena <elena@marenmoss.example>\r
To: Ann <ann@example.org>\r
Subject: =?utf-8?b?R2zDuHc=?= in three steps\r
Message-ID: <one@marenmoss.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary="b"\r
\r
--b\r
Content-Type: text/plain; charset="utf-8"\r
\r
Hello Ann https://shop.example/\r
--b\r
Content-Type: text/html; charset="utf-8"\r
\r
<html><body><p>Hello <a href="https://shop.example/">Ann</a></p><script>alert(1)</script></body></html>\r
--b--\r
"""


class SandboxMessageFactory(DjangoModelFactory[SandboxMessage]):
    class Meta:
        model = SandboxMessage

    received_at = factory.LazyFunction(timezone.now)
    message_id = factory.Sequence(lambda n: f"<m{n}@marenmoss.example>")
    mail_from = "elena@marenmoss.example"
    recipient = factory.Sequence(lambda n: f"reader{n}@example.org")
    subject = "Glow in three steps"
    raw = RAW


class SigningKeyFactory(DjangoModelFactory[SigningKey]):
    """A key that waits for its record; Ed25519, as such a key is made in no time."""

    class Meta:
        model = SigningKey

    class Params:
        new = factory.Trait(state=KeyState.NEW)
        active = factory.Trait(state=KeyState.ACTIVE, activated_at=factory.LazyFunction(timezone.now))
        retired = factory.Trait(
            state=KeyState.RETIRED,
            activated_at=factory.LazyFunction(lambda: timezone.now() - timedelta(days=90)),
            retired_at=factory.LazyFunction(timezone.now),
        )

    workspace = factory.SubFactory(WorkspaceFactory)
    domain = "marenmoss.example"
    selector = factory.Sequence(lambda n: f"eo2026{n}")
    algorithm = Algorithm.ED25519
    created_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class: type[SigningKey], *_args: Any, **fields: Any) -> SigningKey:
        key = model_class(**fields)
        pair = Keypair.new(Algorithm(key.algorithm))
        key.public = pair.public
        if key.state != KeyState.RETIRED:
            seal_for(key, "private", pair.written)
        key.save()
        return key


def run_to(workspace: Workspace, count: int, **fields: Any) -> tuple[Run, list[Delivery]]:
    """A run that sends, with so many people waiting in its ledger."""
    run = RunFactory.create(workspace=workspace, **fields)
    rows = DeliveryFactory.create_batch(count, run=run)
    run.chunks.all().delete()
    make_chunks(run)
    return run, rows


def people(workspace: Workspace, *addresses: str) -> Sequence[Contact]:
    return [ContactFactory.create(workspace=workspace, email=address) for address in addresses]


def approved_campaign(workspace: Workspace, now: datetime, **fields: Any) -> Campaign:
    """A campaign that is scheduled for now, exactly as the owner approved it; its window is today, if not wider."""
    zone_day = now.astimezone(workspace.zone).date()
    sprint = SprintFactory.create(workspace=workspace, start_date=zone_day - timedelta(days=1))
    story = StoryFactory.create(workspace=workspace, sprint=sprint)
    segment = fields.pop("segment", None) or SegmentFactory.create(workspace=workspace)
    window_start = fields.pop("window_start", zone_day)
    BriefFactory.create(story=story, segment=segment, window_start=window_start, window_end=zone_day)
    approve(story, now)
    made: Campaign = SentCampaignFactory.create(
        workspace=workspace,
        story=story,
        segment=segment,
        state=CampaignState.SCHEDULED,
        scheduled_at=now - timedelta(seconds=1),
        launched_at=None,
        **fields,
    )
    return made


def approve(story: Story, now: datetime) -> StoryDecision:
    """The owner's yes to the story as it is now."""
    owner: Member = MemberFactory.create(workspace=story.workspace, role=Role.OWNER)
    story = Story.objects.with_plan().get(pk=story.pk)
    request = ApprovalRequest.objects.create(
        workspace=story.workspace,
        subject=ApprovalSubject.SPRINT,
        sprint=story.sprint,
        version=1,
        snapshot={
            "kind": "sprint",
            "currency": story.workspace.currency,
            "stories": [story_snapshot(story, now)],
        },
        fingerprint="0" * 64,
        material="0" * 64,
        requested_by=story.created_by,
        approver=owner,
        requested_at=now,
        due_at=now,
        nonce=1,
        link_expires_at=now,
        state=ApprovalState.DECIDED,
        verdict=Verdict.APPROVED,
        decided_by=owner,
        decided_at=now,
    )
    return StoryDecision.objects.create(
        workspace=story.workspace, request=request, story=story, verdict=Verdict.APPROVED
    )


def settled(run: Run, count: int, state: DeliveryState, at: datetime, **fields: Any) -> list[Delivery]:
    """So many rows of a run that are decided, or wait, in one statement and without contacts."""
    first = Delivery.objects.filter(run=run).count()
    rows = [
        Delivery(
            run=run,
            workspace=run.workspace,
            address=f"reader{first + number}@readers.example",
            state=state,
            attempt=fields.get("attempt", 1),
            **{"decided_at": at} | {name: value for name, value in fields.items() if name != "attempt"},
        )
        for number in range(count)
    ]
    made = Delivery.objects.bulk_create(rows)
    if state == DeliveryState.QUEUED:
        make_chunks(run)
    return made


SKIPPED = {"state": DeliveryState.SKIPPED, "reason": Reason.NO_CONSENT}
