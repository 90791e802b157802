"""What do we say: senders, campaigns, and the versions of their content."""

from datetime import datetime
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audience.models import Segment, Topic
from sprints.models import AMOUNT_DIGITS, CENTS, Story
from workspaces.models import Member, Owned, ScopedQuerySet


class Sender(Owned):
    """Who a mail is from."""

    name = models.CharField(_("name"), max_length=100, help_text=_("A person and the business work best."))
    email = models.EmailField(_("address"))
    reply_to = models.EmailField(_("replies go to"), blank=True)
    archived_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "email", "name"], condition=Q(archived_at=None), name="sender_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


class CampaignState(models.TextChoices):
    """A campaign's life."""

    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    HELD = "held", _("Held back")
    SENDING = "sending", _("Sending")
    PAUSED = "paused", _("Paused")
    SENT = "sent", _("Sent")
    CANCELLED = "cancelled", _("Cancelled")


CAMPAIGN_MOVES: dict[str, set[str]] = {
    CampaignState.DRAFT: {CampaignState.SCHEDULED, CampaignState.CANCELLED},
    CampaignState.SCHEDULED: {
        CampaignState.DRAFT, CampaignState.SENDING, CampaignState.HELD, CampaignState.CANCELLED,
    },
    CampaignState.HELD: {CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.CANCELLED},
    CampaignState.SENDING: {CampaignState.PAUSED, CampaignState.SENT, CampaignState.CANCELLED},
    CampaignState.PAUSED: {CampaignState.SENDING, CampaignState.CANCELLED},
    CampaignState.SENT: {CampaignState.SENDING},  # once more to those of whom nobody knows whether they have it
    CampaignState.CANCELLED: set(),
}  # fmt: skip
EDITABLE = (CampaignState.DRAFT, CampaignState.HELD)
LAUNCHED = (CampaignState.SENDING, CampaignState.PAUSED, CampaignState.SENT)
AHEAD = (CampaignState.DRAFT, CampaignState.HELD, CampaignState.SCHEDULED)


class UnknownPolicy(models.TextChoices):
    """What to do about a message when nobody knows whether it arrived and no evidence turns up."""

    HOLD = "hold", _("Ask us: nobody gets it twice")
    RESEND = "resend", _("Send it again after a day: nobody is missed, a few may get it twice")


class CampaignQuerySet(ScopedQuerySet["Campaign"]):
    """Campaigns."""

    def due(self, now: datetime) -> Self:
        return self.filter(state=CampaignState.SCHEDULED, scheduled_at__lte=now)

    def launched(self) -> Self:
        return self.filter(launched_at__isnull=False)

    def ahead(self) -> Self:
        """Not started, and not given up."""
        return self.filter(state__in=AHEAD)

    def with_parts(self) -> Self:
        """With everything a page or the worker needs of one."""
        return self.select_related(
            "workspace", "segment__workspace", "sender", "topic", "content", "story__brief__segment", "story__sprint",
            "story__goal__kpi", "story__workspace", "created_by__user",
        )  # fmt: skip


class Campaign(Owned):
    """One send of one content to one segment, made for a story. It starts with the story's brief.

    `missed_at` is the time that passed while nothing ran, as long as somebody is asked whether to send it late.
    """

    name = models.CharField(_("name"), max_length=160)
    story = models.ForeignKey(
        Story, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("made for the story")
    )
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("who"))
    sender = models.ForeignKey(
        Sender, on_delete=models.PROTECT, null=True, related_name="campaigns", verbose_name=_("from")
    )
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("about")
    )
    offer = models.CharField(_("offer"), max_length=200, blank=True)
    cost = models.DecimalField(
        _("cost of the offer"), max_digits=AMOUNT_DIGITS, decimal_places=CENTS, default=Decimal(0)
    )
    content = models.ForeignKey("ContentVersion", on_delete=models.PROTECT, null=True, related_name="+")
    unknown_policy = models.CharField(
        _("when an answer never comes"), max_length=6, choices=UnknownPolicy, default=UnknownPolicy.HOLD
    )
    state = models.CharField(max_length=10, choices=CampaignState, default=CampaignState.DRAFT)
    held_reason = models.TextField(blank=True)
    missed_at = models.DateTimeField(null=True)
    scheduled_at = models.DateTimeField(_("when"), null=True)
    launched_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = CampaignQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="campaign_newest"),
            models.Index(fields=["scheduled_at"], condition=Q(state="scheduled"), name="campaign_due"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_editable(self) -> bool:
        return self.state in EDITABLE

    @property
    def is_ahead(self) -> bool:
        return self.state in AHEAD

    @property
    def is_launched(self) -> bool:
        """Whether some of it went out, also of one that was cancelled on its way."""
        return self.state in LAUNCHED or self.launched_at is not None


class ContentFormat(models.TextChoices):
    """How a content is written."""

    MARKDOWN = "markdown", _("Text (Markdown)")
    HTML = "html", _("HTML")


class ContentVersion(Owned):
    """One saved state of a campaign's content; never changed afterwards.

    `source` is what the person wrote, `html` the Liquid template made of it, `fingerprint` the SHA-256 of everything
    that a reader sees.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    subject = models.CharField(_("subject"), max_length=250)
    preheader = models.CharField(_("preview text"), max_length=250, blank=True)
    format = models.CharField(_("written as"), max_length=10, choices=ContentFormat, default=ContentFormat.MARKDOWN)
    source = models.TextField(_("text"))
    html = models.TextField()
    fingerprint = models.CharField(max_length=64)
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="content_version_once")]

    def __str__(self) -> str:
        return f"{self.subject} (v{self.number})"
