"""Sprints."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from strategy.models import Goal
from workspaces.models import Owned, ScopedQuerySet


class SprintState(models.TextChoices):
    """A sprint's life."""

    PLANNING = "planning", _("Planning")
    RUNNING = "running", _("Running")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


SPRINT_OVER = (SprintState.CLOSED, SprintState.CANCELLED)
"""States in which nothing about a sprint changes any more."""

SPRINT_MOVES: dict[str, set[str]] = {
    SprintState.PLANNING: {SprintState.RUNNING, SprintState.CANCELLED},
    SprintState.RUNNING: {SprintState.CLOSED},
    SprintState.CLOSED: set(),
    SprintState.CANCELLED: set(),
}


class SprintQuerySet(ScopedQuerySet["Sprint"]):
    """Sprints."""

    def running(self) -> Self:
        return self.filter(state=SprintState.RUNNING)

    def closed(self) -> Self:
        return self.filter(state=SprintState.CLOSED)

    def open(self) -> Self:
        """Those being planned and the running one."""
        return self.exclude(state__in=SPRINT_OVER)

    def begun(self) -> Self:
        """Those that run or ran."""
        return self.filter(state__in=(SprintState.RUNNING, SprintState.CLOSED))


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
    cancelled_at = models.DateTimeField(null=True)

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

    @property
    def is_over(self) -> bool:
        return self.state in SPRINT_OVER
