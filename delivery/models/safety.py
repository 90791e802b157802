"""What stops a send by itself: the limits of a workspace, what is watched of a run, and what others reported."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audience.models import AboutContactQuerySet, Contact
from delivery.models.ledger import Delivery
from delivery.models.runs import Run
from workspaces.models import Owned, ScopedQuerySet, Workspace

COMPLAINT_CEILING = 0.003
"""The share of complaints from which Gmail stops helping (Google, "Email sender guidelines")."""
BOUNDS: dict[str, tuple[float, float]] = {
    "refused_rate": (0.005, 0.5),
    "refused_sample": (50, 10_000),
    "complaint_rate": (0.0005, 0.01),
    "complaint_warn_rate": (0.0001, 0.01),
    "content_rate": (0.01, 0.5),
    "sender_fault_limit": (1, 1_000),
    "unanswered_limit": (3, 1_000),
    "late_after_minutes": (5, 1_440),
    "stuck_after_minutes": (5, 1_440),
}
"""What each limit may be set to, from and to: a limit that never trips is none, one that always does stops the work."""


class SafetyLimits(models.Model):
    """When a workspace's sends stop by themselves. Rates are shares, 0 to 1."""

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT, related_name="safety_limits")
    refused_rate = models.FloatField(default=0.05)
    refused_sample = models.PositiveIntegerField(default=200)
    complaint_rate = models.FloatField(default=COMPLAINT_CEILING)
    complaint_warn_rate = models.FloatField(default=0.001)
    content_rate = models.FloatField(default=0.1)
    sender_fault_limit = models.PositiveIntegerField(default=20)
    unanswered_limit = models.PositiveIntegerField(default=10)
    late_after_minutes = models.PositiveIntegerField(default=30)
    stuck_after_minutes = models.PositiveIntegerField(default=10)

    class Meta:
        constraints = [
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{name}__gte": low, f"{name}__lte": high}), name=f"limit_{name}_in_bounds"
                )
                for name, (low, high) in BOUNDS.items()
            ),
            models.CheckConstraint(
                condition=Q(complaint_warn_rate__lte=F("complaint_rate")), name="limit_warns_before_it_stops"
            ),
        ]

    def __str__(self) -> str:
        return f"limits of {self.workspace_id}"

    @property
    def late_after(self) -> timedelta:
        return timedelta(minutes=self.late_after_minutes)

    @property
    def stuck_after(self) -> timedelta:
        return timedelta(minutes=self.stuck_after_minutes)


class Halt(models.TextChoices):
    """Why a run stopped by itself."""

    REFUSED = "refused", _("Too many addresses were refused")
    COMPLAINTS = "complaints", _("Too many people complained")
    CONTENT = "content", _("Too many servers refused the mail itself")
    SENDER = "sender", _("Receiving servers do not trust the sender")
    UNANSWERED = "unanswered", _("The mail server stopped answering")
    INTERRUPTED = "interrupted", _("It was interrupted, and its time is over")
    RESTORED = "restored", _("The database may be older than what was sent")


class Watch(Owned):
    """What is watched of a run.

    `since` is where the evidence begins: the last time somebody resumed it. `sent_seen` is how many are known to have
    been sent since then, never more than there were. While the run stands still by itself, `halt` says why, `facts`
    what was measured, and `halted_at` when. `head` is the ledger row that is next in the queue, `head_since` when it
    became so.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="watch")
    since = models.DateTimeField()
    sent_seen = models.PositiveIntegerField(default=0)
    halt = models.CharField(max_length=12, choices=Halt, blank=True)
    facts = models.JSONField(default=dict)
    halted_at = models.DateTimeField(null=True)
    warning = models.JSONField(default=dict)
    head = models.BigIntegerField(null=True)
    head_since = models.DateTimeField(null=True)
    stuck_told_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"watch over {self.run_id}"


class FeedbackKind(models.TextChoices):
    """What came back after a message was sent."""

    COMPLAINT = "complaint", _("Complaint")
    BOUNCE = "bounce", _("Bounce")


class FeedbackQuerySet(AboutContactQuerySet["Feedback"]):
    """Complaints and bounces."""

    def complaints(self) -> Self:
        return self.filter(kind=FeedbackKind.COMPLAINT)


class Feedback(Owned):
    """What a mailbox provider or a later server said of a message that was taken. Once a message and kind.

    `is_final` of a bounce: the address does not exist, so nobody writes to it again.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="feedback")
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="feedback")
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="feedback")
    kind = models.CharField(max_length=9, choices=FeedbackKind)
    status = models.CharField(max_length=12, blank=True)
    words = models.CharField(max_length=300, blank=True)
    is_final = models.BooleanField(default=False)
    at = models.DateTimeField()
    reported_at = models.DateTimeField()

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "kind"], name="feedback_once")]
        indexes = [models.Index(fields=["run", "kind"], name="feedback_of_run")]

    def __str__(self) -> str:
        return f"{self.kind} about {self.delivery_id}"
