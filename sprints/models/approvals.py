"""What the owner is asked, what was answered, and what an approval covers."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from sprints.models.sprints import SPRINT_OVER, Sprint
from sprints.models.stories import AMOUNT_DIGITS, CENTS, Story
from strategy.models import Goal, Principle
from workspaces.models import Member, Owned, ScopedQuerySet, Workspace


class Covers(models.TextChoices):
    """What the owner's approval covers."""

    BRIEF = "brief", _("The brief: audience, window, offer, cost")
    CONTENT = "content", _("The brief and the finished content")
    LAUNCH = "launch", _("The brief and each launch: the finished mail, its audience and its days")


class ApprovalPolicy(models.Model):
    """What an approval covers in a workspace, how far a plan may drift before it is void, and how answers are got.

    Amounts are in the workspace's currency; `code_above` None: no code is ever mailed. `one_person` lets the only
    member decide on what he or she proposes; as soon as there is a second member it has no effect. With `asks_again` a
    plan that changed materially and then rested for `quiet_minutes` is asked about anew by itself.
    """

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT, related_name="approval_policy")
    covers = models.CharField(_("approval covers"), max_length=10, choices=Covers, default=Covers.BRIEF)
    audience_tolerance = models.FloatField(
        _("audience may drift by"), default=0.2, help_text=_("0.2 means a fifth more or fewer people than approved.")
    )
    points_tolerance = models.FloatField(_("points may change by"), default=0.2)
    code_above = models.DecimalField(
        _("mailed code above"), max_digits=AMOUNT_DIGITS, decimal_places=CENTS, null=True, blank=True
    )
    remind_after_days = models.PositiveSmallIntegerField(_("remind after so many days"), default=1)
    escalate_after_days = models.PositiveSmallIntegerField(_("ask a second person after so many days"), default=3)
    escalate_to = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("second person")
    )
    lead_ticks_conditions = models.BooleanField(_("team leads may tick conditions"), default=False)
    one_person = models.BooleanField(_("we are one person"), default=False)
    asks_again = models.BooleanField(_("ask again by itself after a material change"), default=True)
    quiet_minutes = models.PositiveSmallIntegerField(_("minutes of quiet before that"), default=30)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(audience_tolerance__gte=0) & Q(audience_tolerance__lte=1), name="tolerance_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(points_tolerance__gte=0) & Q(points_tolerance__lte=1), name="points_tolerance_is_a_share"
            ),
            models.CheckConstraint(condition=Q(code_above__gte=0) | Q(code_above=None), name="code_above_not_negative"),
            models.CheckConstraint(
                condition=Q(quiet_minutes__gte=5, quiet_minutes__lte=1440), name="quiet_up_to_a_day"
            ),
        ]

    def __str__(self) -> str:
        return self.get_covers_display()


class ApprovalSubject(models.TextChoices):
    """What is approved."""

    SPRINT = "sprint", _("Sprint plan")
    CONTENT = "content", _("Finished mail")
    LAUNCH = "launch", _("Launch")
    GOAL = "goal", _("Goal")
    PRINCIPLE = "principle", _("Principle")
    PLAN = "plan", _("Plan of goals and principles")


STRATEGY_SUBJECTS = (ApprovalSubject.GOAL, ApprovalSubject.PRINCIPLE, ApprovalSubject.PLAN)
MAIL_SUBJECTS = (ApprovalSubject.CONTENT, ApprovalSubject.LAUNCH)


class ApprovalState(models.TextChoices):
    """Where a request stands. A newer version supersedes; a plan that is again as it was answered withdraws."""

    OPEN = "open", _("Waiting for the owner")
    DECIDED = "decided", _("Decided")
    SUPERSEDED = "superseded", _("Replaced by a newer version")
    WITHDRAWN = "withdrawn", _("Withdrawn: the plan is again as it was answered")


class Verdict(models.TextChoices):
    """What the owner says, of a story or of the whole."""

    APPROVED = "approved", _("Approved")
    CONDITIONS = "conditions", _("Approved with conditions")
    CHANGE = "change", _("Change asked for")
    DECLINED = "declined", _("Declined")


YES = (Verdict.APPROVED, Verdict.CONDITIONS)
"""Answers that let a story begin; conditions hold back only its launch."""


class DecidedVia(models.TextChoices):
    """How an answer came to be."""

    MEMBER = "member", _("signed in")
    LINK = "link", _("by the mailed link")
    API = "api", _("by API")
    SILENCE = "silence", _("by silence")


class ApprovalRequestQuerySet(ScopedQuerySet["ApprovalRequest"]):
    """Requests, with the people in them."""

    def open(self) -> Self:
        """Those that still wait for an answer; when its sprint is over, a request waits for nothing."""
        return self.filter(state=ApprovalState.OPEN).exclude(sprint__state__in=SPRINT_OVER)

    def with_people(self) -> Self:
        return self.select_related(
            "approver__user",
            "requested_by__user",
            "decided_by__user",
            "delegation__giver__user",
            "escalated_to__user",
            "sprint",
            "story",
            "goal",
            "principle",
            "workspace",
        )

    def with_voices(self) -> Self:
        """With those who asked, who were asked and who answered, where nothing else of it is shown."""
        return self.select_related(
            "approver__user", "requested_by__user", "decided_by__user", "delegation__giver__user"
        )

    def without_snapshot(self) -> Self:
        """With the ids of what was frozen instead of the whole, which may be a hundred times as much to read."""
        path = Coalesce("snapshot__stories", "snapshot__items")
        ids = Func(path, Value("$[*].id"), function="jsonb_path_query_array", output_field=models.JSONField())
        return self.annotate(item_ids=ids).defer("snapshot")

    def about_same(self, request: "ApprovalRequest") -> Self:
        """All versions of the question that this request asks."""
        return self.filter(
            workspace=request.workspace_id,
            subject=request.subject,
            sprint=request.sprint_id,
            story=request.story_id,
            goal=request.goal_id,
            principle=request.principle_id,
        )


class ApprovalRequest(Owned):
    """A frozen version of what the owner is asked about.

    `snapshot` is what is shown, word for word; `fingerprint` is its SHA-256; `material` that of its part without
    figures that move by themselves. `carried` are ids of items approved before and not asked again. `nonce` is sealed
    in the mailed link and changes with each reminder. `silence_at` is when no answer becomes a yes; None: never.
    `drift` is the SHA-256 of the differences that the log holds already, found at `drift_at`; `unasked` is the one for
    which asking by itself failed, and was said to have. `is_automatic`: no person pressed the button.
    """

    subject = models.CharField(max_length=10, choices=ApprovalSubject)
    sprint = models.ForeignKey(Sprint, on_delete=models.PROTECT, null=True, related_name="approvals")
    story = models.ForeignKey(Story, on_delete=models.PROTECT, null=True, related_name="approvals")
    goal = models.ForeignKey(Goal, on_delete=models.PROTECT, null=True, related_name="approvals")
    principle = models.ForeignKey(Principle, on_delete=models.PROTECT, null=True, related_name="approvals")
    version = models.PositiveSmallIntegerField()
    snapshot = models.JSONField()
    carried = models.JSONField(default=list)
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
    decided_via = models.CharField(max_length=8, choices=DecidedVia, blank=True)
    delegation = models.ForeignKey("sprints.Delegation", on_delete=models.PROTECT, null=True, related_name="requests")
    superseded_at = models.DateTimeField(null=True)
    next_reminder_at = models.DateTimeField(null=True)
    reminder_count = models.PositiveSmallIntegerField(default=0)
    escalated_at = models.DateTimeField(null=True)
    escalated_to = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    silence_at = models.DateTimeField(null=True)
    drift = models.CharField(max_length=64, blank=True)
    drift_at = models.DateTimeField(null=True)
    unasked = models.CharField(max_length=64, blank=True)
    is_automatic = models.BooleanField(default=False)

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(subject="sprint", sprint__isnull=False, story=None, goal=None, principle=None)
                | Q(subject__in=["content", "launch"], sprint=None, story__isnull=False, goal=None, principle=None)
                | Q(subject="goal", sprint=None, story=None, goal__isnull=False, principle=None)
                | Q(subject="principle", sprint=None, story=None, goal=None, principle__isnull=False)
                | Q(subject="plan", sprint=None, story=None, goal=None, principle=None),
                name="approval_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["workspace", "subject", "sprint", "story", "goal", "principle", "version"],
                nulls_distinct=False,
                name="approval_version_once",
            ),
            models.UniqueConstraint(
                fields=["workspace", "subject", "sprint", "story", "goal", "principle"],
                nulls_distinct=False,
                condition=Q(state="open"),
                name="one_open_request_a_subject",
            ),
        ]
        indexes = [
            models.Index(fields=["next_reminder_at"], condition=Q(state="open"), name="approval_to_chase"),
        ]

    def __str__(self) -> str:
        about = self.sprint or self.story or self.goal or self.principle or self.get_subject_display()
        return f"{about} (v{self.version})"

    def link_works(self, now: datetime) -> bool:
        return self.state == ApprovalState.OPEN and now < self.link_expires_at

    @property
    def items(self) -> list[dict[str, Any]]:
        """What the frozen version holds, one by one: stories, or goals and principles."""
        found: list[dict[str, Any]] = self.snapshot["stories"] if "stories" in self.snapshot else self.snapshot["items"]
        return found

    @property
    def asked_items(self) -> list[dict[str, Any]]:
        """What the owner decides on: what is new, changed or was never approved."""
        return [item for item in self.items if item["id"] not in self.carried]

    @property
    def asked_ids(self) -> set[int]:
        """Ids of what the owner decides on. Reads no snapshot for a request `without_snapshot`."""
        ids = self.__dict__.get("item_ids")
        return set(ids if ids is not None else (item["id"] for item in self.items)) - set(self.carried)

    @property
    def is_strategy(self) -> bool:
        return self.subject in STRATEGY_SUBJECTS

    @property
    def is_followed(self) -> bool:
        """Whether it is asked again by itself; a finished mail alone is left to its author."""
        return self.subject != ApprovalSubject.CONTENT

    @property
    def is_yes(self) -> bool:
        return self.verdict in YES

    @property
    def cost(self) -> Decimal:
        """What a yes would commit to: the cost of the offers of what is asked."""
        briefs = [item["brief"] for item in self.asked_items if item.get("brief")]
        return sum((Decimal(brief["cost"]) for brief in briefs), Decimal(0))


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
