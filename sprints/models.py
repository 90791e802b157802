"""How do we decide: stories, sprints, approvals, and what came of it."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audience.models import Segment
from strategy.models import Goal
from workspaces.models import Member, Owned, ScopedQuerySet, Workspace

AMOUNT_DIGITS = 12
CENTS = 2
"""Money in the workspace's currency."""


class StoryKind(models.TextChoices):
    """What kind of work a story is."""

    CAMPAIGN = "campaign", _("Campaign")
    EXPERIMENT = "experiment", _("Experiment")
    CONTENT = "content", _("Content")
    RESEARCH = "research", _("Research")
    BUILD = "build", _("Build")


SENDING_KINDS = (StoryKind.CAMPAIGN, StoryKind.EXPERIMENT)
"""Kinds that write to customers, and so need a hypothesis and a brief."""


class StoryStatus(models.TextChoices):
    """The board's columns."""

    TODO = "todo", _("To do")
    DOING = "doing", _("In production")
    REVIEW = "review", _("In review")
    DONE = "done", _("Done")


class SprintState(models.TextChoices):
    """A sprint's life."""

    PLANNING = "planning", _("Planning")
    RUNNING = "running", _("Running")
    CLOSED = "closed", _("Closed")


SPRINT_MOVES: dict[str, set[str]] = {
    SprintState.PLANNING: {SprintState.RUNNING},
    SprintState.RUNNING: {SprintState.CLOSED},
    SprintState.CLOSED: set(),
}


class SprintQuerySet(ScopedQuerySet["Sprint"]):
    """Sprints."""

    def running(self) -> Self:
        return self.filter(state=SprintState.RUNNING)

    def closed(self) -> Self:
        return self.filter(state=SprintState.CLOSED)


class Sprint(Owned):
    """One to four weeks with a goal in one sentence. Points are what the team committed to and delivered."""

    number = models.PositiveIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=120)
    goal_sentence = models.CharField(_("sprint goal"), max_length=300, blank=True)
    goal = models.ForeignKey(
        Goal, on_delete=models.PROTECT, null=True, blank=True, related_name="sprints", verbose_name=_("serves the goal")
    )
    start_date = models.DateField(_("first day"))
    end_date = models.DateField(_("last day"))
    capacity_points = models.PositiveSmallIntegerField(_("capacity in points"), null=True, blank=True)
    state = models.CharField(max_length=10, choices=SprintState, default=SprintState.PLANNING)
    committed_points = models.PositiveSmallIntegerField(null=True)
    delivered_points = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects = SprintQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="sprint_number_once"),
            models.UniqueConstraint(fields=["workspace"], condition=Q(state="running"), name="one_sprint_runs"),
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="sprint_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.name}"

    @property
    def day_count(self) -> int:
        return (self.end_date - self.start_date).days + 1


class StoryQuerySet(ScopedQuerySet["Story"]):
    """Stories."""

    def in_backlog(self) -> Self:
        return self.filter(sprint=None, dropped_at=None).exclude(status=StoryStatus.DONE)

    def ranked(self) -> Self:
        return self.order_by("rank", "pk")

    def for_cards(self) -> Self:
        """With what a card shows."""
        return self.select_related("assignee__user", "goal", "goal__kpi", "sprint")

    def with_plan(self) -> Self:
        """With everything that is approved."""
        return self.select_related(
            "goal__kpi",
            "goal__parent",
            "sprint",
            "hypothesis",
            "brief__segment__workspace",
            "assignee__user",
            "workspace",
        ).prefetch_related(models.Prefetch("criteria", AcceptanceCriterion.objects.order_by("position")))


class Story(Owned):
    """A piece of work told from the reader's side, serving a goal. `rank` orders the backlog and each board column."""

    number = models.PositiveIntegerField()
    title = models.CharField(_("title"), max_length=160)
    as_a = models.CharField(_("as a"), max_length=160, blank=True)
    i_want = models.CharField(_("I want"), max_length=300, blank=True)
    so_that = models.CharField(_("so that"), max_length=300, blank=True)
    problem = models.TextField(_("problem"), blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=StoryKind, default=StoryKind.CAMPAIGN)
    goal = models.ForeignKey(
        Goal, on_delete=models.PROTECT, null=True, blank=True, related_name="stories", verbose_name=_("serves the goal")
    )
    points = models.PositiveSmallIntegerField(_("points"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=StoryStatus, default=StoryStatus.TODO)
    rank = models.CharField(max_length=100, db_collation="C")
    sprint = models.ForeignKey(Sprint, on_delete=models.PROTECT, null=True, blank=True, related_name="stories")
    assignee = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    blocked_by = models.CharField(_("what is in the way"), max_length=200, blank=True)
    blocked_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)

    objects = StoryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="story_number_once")]
        indexes = [
            models.Index(fields=["workspace", "sprint", "rank"], name="story_by_rank"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def sends(self) -> bool:
        return self.kind in SENDING_KINDS


class AcceptanceCriterion(Owned):
    """One thing that must be true before the story counts as done."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="criteria")
    text = models.CharField(max_length=300)
    position = models.PositiveSmallIntegerField()
    is_met = models.BooleanField(default=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["story", "position"], name="criterion_position_once")]

    def __str__(self) -> str:
        return self.text


class Hypothesis(Owned):
    """Because …, we believe that … for … will move this metric from the baseline to what we expect, by the check date.

    Figures are in the unit of the metric: rates as fractions, money in the workspace's currency. `minimum_effect` is
    the smallest change, in the same unit, that would be worth the work.
    """

    story = models.OneToOneField(Story, on_delete=models.CASCADE, related_name="hypothesis")
    because = models.TextField(_("because"), help_text=_("What we saw or heard that makes us think so."))
    change = models.TextField(_("we believe that"), help_text=_("What we will do."))
    audience = models.CharField(_("for"), max_length=200, help_text=_("Whom it is for."))
    metric = models.CharField(_("will move"), max_length=40)
    baseline = models.FloatField(_("from"))
    expected = models.FloatField(_("to"))
    minimum_effect = models.FloatField(_("smallest effect worth it"))
    check_date = models.DateField(_("look at the result on"))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(expected=F("baseline")), name="hypothesis_expects_change"),
            models.CheckConstraint(condition=Q(minimum_effect__gte=0), name="minimum_effect_not_negative"),
        ]

    def __str__(self) -> str:
        return self.change


class SendBrief(Owned):
    """What will happen to customers: who hears from us, when, with which offer, at which cost, for which effect.

    This is what the business owner approves; the campaign made for the story inherits it.
    """

    story = models.OneToOneField(Story, on_delete=models.CASCADE, related_name="brief")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="briefs", verbose_name=_("who"))
    window_start = models.DateField(_("not before"))
    window_end = models.DateField(_("not after"))
    offer = models.CharField(_("offer"), max_length=200, blank=True, help_text=_("Leave empty for no discount."))
    cost = models.DecimalField(
        _("cost of the offer"), max_digits=AMOUNT_DIGITS, decimal_places=CENTS, default=Decimal(0)
    )
    expected_low = models.DecimalField(
        _("expected revenue, at least"), max_digits=AMOUNT_DIGITS, decimal_places=CENTS, default=Decimal(0)
    )
    expected_high = models.DecimalField(
        _("expected revenue, at most"), max_digits=AMOUNT_DIGITS, decimal_places=CENTS, default=Decimal(0)
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(window_end__gte=F("window_start")), name="window_ends_after_start"),
            models.CheckConstraint(condition=Q(expected_high__gte=F("expected_low")), name="expectation_in_order"),
            models.CheckConstraint(condition=Q(cost__gte=0), name="cost_not_negative"),
        ]

    def __str__(self) -> str:
        return f"brief of {self.story_id}"


class ScopeChange(models.TextChoices):
    """What happened to a story in a sprint."""

    COMMITTED = "committed", _("committed")
    ADDED = "added", _("added")
    REMOVED = "removed", _("removed")
    ESTIMATED = "estimated", _("estimated anew")
    DONE = "done", _("done")
    REOPENED = "reopened", _("reopened")


class ScopeEntry(Owned):
    """One line of a sprint's scope log. Charts fold it, so that what was added later never rewrites the past.

    `points` is what the change adds to the scope (or, for done and reopened, to what is done); negative takes away.
    """

    sprint = models.ForeignKey(Sprint, on_delete=models.CASCADE, related_name="scope_log")
    story = models.ForeignKey(Story, on_delete=models.PROTECT, related_name="scope_log")
    change = models.CharField(max_length=10, choices=ScopeChange)
    points = models.SmallIntegerField()
    by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["sprint", "at", "id"], name="scope_log_in_order")]

    def __str__(self) -> str:
        return f"{self.change} {self.story_id} in {self.sprint_id}"


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
        return self.filter(state=ApprovalState.OPEN).exclude(sprint__state=SprintState.CLOSED)

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


class OutcomeVerdict(models.TextChoices):
    """What became of a hypothesis."""

    REACHED = "reached", _("Reached")
    PARTLY = "partly", _("Partly")
    NOT_REACHED = "not_reached", _("Not reached")
    UNCLEAR = "unclear", _("Cannot tell yet")


class StoryOutcome(Owned):
    """What came of a story, measured: the figure with its interval, the verdict, and why in a sentence."""

    story = models.OneToOneField(Story, on_delete=models.CASCADE, related_name="outcome")
    metric = models.CharField(max_length=40)
    value = models.FloatField()
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    sample_size = models.PositiveIntegerField()
    revenue = models.DecimalField(max_digits=AMOUNT_DIGITS, decimal_places=CENTS, default=Decimal(0))
    verdict = models.CharField(max_length=12, choices=OutcomeVerdict)
    reason = models.TextField()
    measured_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.story_id}: {self.verdict}"


class NoteKind(models.TextChoices):
    """The columns of a retrospective."""

    WELL = "well", _("Went well")
    HARD = "hard", _("Was hard")
    NEXT = "next", _("Try next")


class RetroNote(Owned):
    """What somebody says in a retrospective."""

    sprint = models.ForeignKey(Sprint, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=5, choices=NoteKind)
    text = models.CharField(max_length=500)
    author = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.text


class RetroAction(Owned):
    """What was agreed: one owner, a date, and a backlog story that carries it on."""

    sprint = models.ForeignKey(Sprint, on_delete=models.CASCADE, related_name="actions")
    text = models.CharField(max_length=160)
    owner = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    due_date = models.DateField(null=True, blank=True)
    story = models.OneToOneField(Story, on_delete=models.PROTECT, null=True, related_name="from_action")
    created_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.text
