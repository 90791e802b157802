"""Did it arrive: runs, the ledger, what readers did, and the mail sandbox."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audience.models import Contact
from campaigns.models import Campaign, ContentVersion
from workspaces.models import Owned, ScopedQuerySet


class RunState(models.TextChoices):
    """A run's life."""

    PLANNING = "planning", _("Making the list")
    SENDING = "sending", _("Sending")
    PAUSED = "paused", _("Paused")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE_RUNS = (RunState.PLANNING, RunState.SENDING)


class RunQuerySet(ScopedQuerySet["Run"]):
    """Runs."""

    def active(self) -> Self:
        return self.filter(state__in=ACTIVE_RUNS)

    def with_parts(self) -> Self:
        return self.select_related(
            "workspace", "content", "campaign__sender", "campaign__segment", "campaign__story", "campaign__workspace"
        )


class Run(Owned):
    """One launch of a campaign: content and audience frozen.

    `epoch` rises with every pause, resume and cancel; a worker sends only under the epoch it claimed with.
    """

    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="run")
    content = models.ForeignKey(ContentVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=RunState, default=RunState.PLANNING)
    epoch = models.PositiveIntegerField(default=1)
    matched_count = models.PositiveIntegerField(null=True)
    trouble = models.TextField(blank=True)
    retry_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    planned_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state"], condition=Q(state__in=("planning", "sending")), name="run_active")]

    def __str__(self) -> str:
        return f"run of {self.campaign_id}"

    @property
    def is_moving(self) -> bool:
        """Whether its numbers can still change by sending."""
        return self.state in ACTIVE_RUNS

    @property
    def has_ended(self) -> bool:
        return self.state in {RunState.DONE, RunState.CANCELLED}


class DeliveryState(models.TextChoices):
    """Where one person's message stands. Queued, claimed, sending and deferred are on their way; the others final."""

    QUEUED = "queued", _("Waiting")
    CLAIMED = "claimed", _("Taken up")
    SENDING = "sending", _("Being handed over")
    DEFERRED = "deferred", _("To be tried again")
    SENT = "sent", _("Sent")
    SKIPPED = "skipped", _("Left out")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Not known")


PENDING = (DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.SENDING, DeliveryState.DEFERRED)
DOUBTFUL = (DeliveryState.UNKNOWN, DeliveryState.DEFERRED)
"""A server answered not at all, or that it did not take the message; a reader who has it knows better."""


class Reason(models.TextChoices):
    """Why a message was left out, failed, or is not known to have arrived."""

    NO_CONSENT = "no_consent", _("No consent")
    CONSENT_WITHDRAWN = "withdrawn", _("Consent withdrawn")
    SUPPRESSED = "suppressed", _("On the list of those never to write to")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    CONTACT_GONE = "contact_gone", _("The contact was removed")
    CANCELLED = "cancelled", _("The campaign was cancelled")
    REFUSED = "refused", _("The receiving server refused the address")
    CONTENT_REFUSED = "content_refused", _("The receiving server refused the message")
    GAVE_UP = "gave_up", _("Tried too often")
    RENDER_FAILED = "render_failed", _("The text could not be filled in")
    NEEDS_SMTPUTF8 = "needs_smtputf8", _("The mail server cannot write to this kind of address")
    CONNECTION_LOST = "connection_lost", _("The connection broke before the answer came")
    WORKER_LOST = "worker_lost", _("The worker stopped before the answer came")


class DeliveryQuerySet(ScopedQuerySet["Delivery"]):
    """Rows of the ledger."""

    def pending(self) -> Self:
        return self.filter(state__in=PENDING)

    def waiting(self, now: datetime) -> Self:
        """Those a worker may take up now."""
        return self.filter(Q(state=DeliveryState.QUEUED) | Q(state=DeliveryState.DEFERRED, next_attempt_at__lte=now))


class Delivery(Owned):
    """The ledger: one row per run and person, each ending as sent, left out, failed or not known, with a reason.

    `lane` is the worker's lane while it is claimed or sending; `attempt` counts the conversations begun.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="deliveries")
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="deliveries")
    address = models.CharField(max_length=254)
    state = models.CharField(max_length=8, choices=DeliveryState, default=DeliveryState.QUEUED)
    reason = models.CharField(max_length=16, choices=Reason, blank=True)
    lane = models.BigIntegerField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    reply_code = models.PositiveSmallIntegerField(null=True)
    reply_text = models.CharField(max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "contact"], name="one_message_a_person"),
            models.UniqueConstraint(fields=["run", "address"], name="one_message_an_address"),
        ]
        indexes = [
            models.Index(fields=["run", "id"], condition=Q(state__in=("queued", "deferred")), name="delivery_waiting"),
            models.Index(fields=["lane"], condition=Q(state__in=("claimed", "sending")), name="delivery_in_hand"),
            models.Index(fields=["run", "state"], name="delivery_by_state"),
            models.Index(fields=["contact", "-decided_at"], name="delivery_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} to {self.address}: {self.state}"

    @property
    def is_doubtful(self) -> bool:
        return self.state in DOUBTFUL


class Lane(models.Model):
    """A worker process that sends. It holds a session advisory lock on its key for as long as it lives.

    When the process dies, PostgreSQL drops the lock with the session, so the reaper knows at once and needs no timeout.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="lanes")
    opened_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"lane {self.pk}"


class HitKind(models.TextChoices):
    """What a reader, or a machine, did."""

    OPEN = "open", _("Opened")
    CLICK = "click", _("Clicked")
    UNSUBSCRIBE = "unsubscribe", _("Unsubscribed")


class Nature(models.TextChoices):
    """Who did it, as far as the signals tell."""

    HUMAN = "human", _("A person")
    MACHINE = "machine", _("A machine")


class HitQuerySet(ScopedQuerySet["Hit"]):
    """Reactions."""

    def human(self) -> Self:
        return self.filter(nature=Nature.HUMAN)


class Hit(Owned):
    """One reaction, kept as it came, beside what we make of it and by which version of the rules.

    `network` is the sender's network, cut to /24 or /48; the address itself is not kept.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="hits")
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="hits")
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="hits")
    kind = models.CharField(max_length=11, choices=HitKind)
    url = models.TextField(blank=True)
    at = models.DateTimeField()
    nature = models.CharField(max_length=7, choices=Nature)
    signals = models.JSONField(default=list)
    rules_version = models.PositiveSmallIntegerField()
    user_agent = models.CharField(max_length=300, blank=True)
    network = models.CharField(max_length=50, blank=True)

    objects = HitQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["run", "kind", "at"], name="hit_of_run"),
            models.Index(fields=["contact", "-at"], name="hit_of_contact"),
            models.Index(fields=["workspace", "kind", "at"], name="hit_by_time"),
            models.Index(fields=["delivery", "kind"], name="hit_of_delivery"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.delivery_id}"


class SandboxMessageQuerySet(models.QuerySet["SandboxMessage"]):
    """Mails in the sandbox."""

    def matching(self, text: str) -> Self:
        """Those with all these words in recipient or subject."""
        found = self
        for word in text.replace("\0", "").split():  # PostgreSQL knows no zero byte
            found = found.filter(Q(recipient__icontains=word) | Q(subject__icontains=word))
        return found


class SandboxMessage(models.Model):
    """A mail that the sandbox's SMTP server took instead of the world. Committed before the server says 250.

    It belongs to no workspace: the sandbox is a tool for trying out, and is off in production.
    """

    received_at = models.DateTimeField()
    message_id = models.CharField(max_length=250, blank=True)
    mail_from = models.CharField(max_length=320, blank=True)
    recipient = models.CharField(max_length=320)
    subject = models.CharField(max_length=300, blank=True)
    raw = models.BinaryField()

    objects = SandboxMessageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["message_id"], name="sandbox_by_message_id"),
            models.Index(fields=["recipient", "-id"], name="sandbox_by_recipient"),
        ]

    def __str__(self) -> str:
        return self.subject
