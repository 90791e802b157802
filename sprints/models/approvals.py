"""What the owner is asked, what was answered, and what an approval covers."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sprints.models.sprints import SPRINT_OVER, Sprint
from sprints.models.stories import Story
from workspaces.models import Member, Owned, ScopedQuerySet, Workspace


class Covers(models.TextChoices):
    """What the owner's approval covers."""

    BRIEF = "brief", _("The brief: audience, window, offer, cost")
    CONTENT = "content", _("The brief and the finished content")


class ApprovalPolicy(models.Model):
    """What an approval covers in a workspace, and how far the audience may drift before it is void."""

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT, related_name="approval_policy")
    covers = models.CharField(_("approval covers"), max_length=10, choices=Covers, default=Covers.BRIEF)
    audience_tolerance = models.FloatField(
        _("audience may drift by"), default=0.2, help_text=_("0.2 means a fifth more or fewer people than approved.")
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(audience_tolerance__gte=0) & Q(audience_tolerance__lte=1), name="tolerance_is_a_share"
            )
        ]

    def __str__(self) -> str:
        return self.get_covers_display()


class ApprovalSubject(models.TextChoices):
    """What is approved."""

    SPRINT = "sprint", _("Sprint plan")
    CONTENT = "content", _("Finished mail")


class ApprovalState(models.TextChoices):
    """Where a request stands. A newer version supersedes; a change of what was shown does so too."""

    OPEN = "open", _("Waiting for the owner")
    DECIDED = "decided", _("Decided")
    SUPERSEDED = "superseded", _("Replaced by a newer version")


class Verdict(models.TextChoices):
    """What the owner says, of a story or of the whole."""

    APPROVED = "approved", _("Approved")
    CHANGE = "change", _("Change asked for")
    DECLINED = "declined", _("Declined")


class ApprovalRequestQuerySet(ScopedQuerySet["ApprovalRequest"]):
    """Requests, with the people in them."""

    def open(self) -> Self:
        """Those that still wait for an answer; when its sprint is over, a request waits for nothing."""
        return self.filter(state=ApprovalState.OPEN).exclude(sprint__state__in=SPRINT_OVER)

    def with_people(self) -> Self:
        return self.select_related(
            "approver__user", "requested_by__user", "decided_by__user", "sprint", "story", "workspace"
        )


class ApprovalRequest(Owned):
    """A frozen version of what the owner is asked about.

    `snapshot` is what is shown, word for word; `fingerprint` is its SHA-256; `material` that of the part whose change
    voids the request. `nonce` is sealed in the mailed link and changes with each reminder.
    """

    subject = models.CharField(max_length=10, choices=ApprovalSubject)
    sprint = models.ForeignKey(Sprint, on_delete=models.PROTECT, null=True, related_name="approvals")
    story = models.ForeignKey(Story, on_delete=models.PROTECT, null=True, related_name="approvals")
    version = models.PositiveSmallIntegerField()
    snapshot = models.JSONField()
    fingerprint = models.CharField(max_length=64)
    material = models.CharField(max_length=64)
    message = models.TextField(blank=True)
    requested_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField()
    nonce = models.PositiveBigIntegerField()
    link_expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ApprovalState, default=ApprovalState.OPEN)
    verdict = models.CharField(max_length=10, choices=Verdict, blank=True)
    comment = models.TextField(blank=True)
    decided_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(subject="sprint", sprint__isnull=False, story=None)
                | Q(subject="content", sprint=None, story__isnull=False),
                name="approval_of_one_thing",
            ),
            models.UniqueConstraint(fields=["sprint", "version"], name="approval_version_of_sprint_once"),
            models.UniqueConstraint(fields=["story", "version"], name="approval_version_of_content_once"),
            models.UniqueConstraint(fields=["sprint"], condition=Q(state="open"), name="one_open_request_a_sprint"),
            models.UniqueConstraint(fields=["story"], condition=Q(state="open"), name="one_open_request_a_content"),
        ]

    def __str__(self) -> str:
        return f"{self.sprint or self.story} (v{self.version})"

    def link_works(self, now: datetime) -> bool:
        return self.state == ApprovalState.OPEN and now < self.link_expires_at

    @property
    def items(self) -> list[dict[str, Any]]:
        """What the owner decides on, one by one."""
        found: list[dict[str, Any]] = self.snapshot["stories"]
        return found


class StoryDecision(Owned):
    """What the owner said of one story in a request."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="decisions")
    story = models.ForeignKey(Story, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=10, choices=Verdict)
    comment = models.TextField(blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "story"], name="decided_once_a_request")]

    def __str__(self) -> str:
        return f"{self.story_id}: {self.verdict}"
