"""Stories with their hypothesis and send brief, and the log of how a sprint's scope changed."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, FilteredRelation, Q
from django.utils.translation import gettext_lazy as _

from audience.models import Segment
from sprints.models.sprints import Sprint
from strategy.models import Goal
from workspaces.models import Member, Owned, ScopedQuerySet

if TYPE_CHECKING:
    from sprints.models.blockers import Blocker

AMOUNT_DIGITS = 12
CENTS = 2
"""Money in the workspace's currency."""

PLAIN = "simple"  # words are searched as they stand, in whatever language a team writes
STORY_WORDS = ("title", "as_a", "i_want", "so_that", "problem")


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
    """How far a story is: the state groups to which the board's columns belong."""

    TODO = "todo", _("To do")
    DOING = "doing", _("In production")
    REVIEW = "review", _("In review")
    DONE = "done", _("Done")


class StoryQuerySet(ScopedQuerySet["Story"]):
    """Stories."""

    def in_backlog(self) -> Self:
        return self.filter(sprint=None, dropped_at=None).exclude(status=StoryStatus.DONE)

    def ranked(self) -> Self:
        return self.order_by("rank", "pk")

    def with_blocker(self) -> Self:
        """With what is in the way now, in the same query: at most one row a story matches."""
        is_open = FilteredRelation("blockers", condition=Q(blockers__resolved_at=None))
        found = self.annotate(blocker_now=is_open).select_related("blocker_now__owner__user")
        return found.annotate(blocker_pk=F("blocker_now__pk"))

    def blocked(self) -> Self:
        return self.filter(
            pk__in=self.filter(blockers__isnull=False, blockers__resolved_at=None).order_by().values("pk")
        )

    def for_cards(self) -> Self:
        """With what a card shows."""
        return self.select_related("assignee__user", "goal", "goal__kpi", "sprint", "column").with_blocker()

    def with_marks(self) -> Self:
        """With the labels, and with who works on them beside the lead."""
        return self.prefetch_related("labels", "helpers__member__user")

    def with_words(self) -> Self:
        """With what is promised: the goal, the hypothesis, the brief and the criteria."""
        criteria = models.Prefetch("criteria", AcceptanceCriterion.objects.order_by("position"))
        return self.select_related("goal", "hypothesis", "brief__segment").prefetch_related(criteria)

    def with_plan(self) -> Self:
        """With everything that is approved, and where the work stands."""
        around = ("goal__kpi", "goal__parent", "sprint", "column", "brief__segment__workspace", "assignee__user")
        return self.with_words().select_related(*around, "workspace").with_blocker()


class Story(Owned):
    """A piece of work told from the reader's side, serving a goal. `rank` orders the backlog and each board column.

    `column` is where it was put on the board; without one, or with one of another group, it stands in the first column
    of its state group (`sprints.columns`).
    """

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
    column = models.ForeignKey("BoardColumn", on_delete=models.SET_NULL, null=True, related_name="+")
    rank = models.CharField(max_length=100, db_collation="C")
    sprint = models.ForeignKey(Sprint, on_delete=models.PROTECT, null=True, blank=True, related_name="stories")
    assignee = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
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
            GinIndex(SearchVector(*STORY_WORDS, config=PLAIN), name="story_words"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def sends(self) -> bool:
        return self.kind in SENDING_KINDS

    @property
    def blocker(self) -> "Blocker | None":
        """What is in the way now. No query for a story with `with_blocker`, `for_cards` or `with_plan`."""
        if "blocker_pk" in self.__dict__:
            return self.__dict__.get("blocker_now")
        return self.blockers.open().with_people().first()

    @property
    def blocked_by(self) -> str:
        """The reason of the open blocker; empty when nothing is in the way."""
        blocker = self.blocker
        return blocker.reason if blocker else ""

    @property
    def blocked_at(self) -> datetime | None:
        blocker = self.blocker
        return blocker.since if blocker else None

    @property
    def version(self) -> str:
        """Where it stands, as a word that changes with every move: whoever moves it says what they saw."""
        return f"{self.sprint_id or 0}.{self.status}.{self.column_id or 0}.{self.rank}"


class AcceptanceCriterion(Owned):
    """One thing that must be true before the story counts as done."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="criteria")
    text = models.CharField(max_length=300)
    position = models.PositiveSmallIntegerField()
    is_met = models.BooleanField(default=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["story", "position"], name="criterion_position_once")]
        indexes = [GinIndex(SearchVector("text", config=PLAIN), name="criterion_words")]

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
    `reason` is why, in the words of whoever did it; it may come later.
    """

    sprint = models.ForeignKey(Sprint, on_delete=models.CASCADE, related_name="scope_log")
    story = models.ForeignKey(Story, on_delete=models.PROTECT, related_name="scope_log")
    change = models.CharField(max_length=10, choices=ScopeChange)
    points = models.SmallIntegerField()
    reason = models.CharField(_("why"), max_length=300, blank=True)
    by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["sprint", "at", "id"], name="scope_log_in_order")]

    def __str__(self) -> str:
        return f"{self.change} {self.story_id} in {self.sprint_id}"
