"""Why: goals, the KPIs they are targets on, the readings of those, and the principles decisions follow."""

from datetime import date
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from workspaces.models import Member, Owned, ScopedQuerySet

DIGITS = 18
PLACES = 6
"""Figures of every unit: counts, amounts in the workspace's currency, and rates as fractions."""


class Unit(models.TextChoices):
    """What a KPI's figures are."""

    COUNT = "count", _("Number")
    RATE = "rate", _("Percentage")
    MONEY = "money", _("Money")


class Direction(models.TextChoices):
    """Which way is better."""

    UP = "up", _("More is better")
    DOWN = "down", _("Less is better")


class KpiQuerySet(ScopedQuerySet["Kpi"]):
    """KPIs."""

    def current(self) -> Self:
        return self.filter(archived_at=None)

    def archived(self) -> Self:
        return self.exclude(archived_at=None)

    def measured(self) -> Self:
        """Those whose readings come from facts we hold."""
        return self.exclude(source="")


class Kpi(Owned):
    """A persistent measure with a history; it has no end. A goal is a dated target on it.

    `source` names a registered measure over `window_days`; empty means that people or programs enter the readings.
    """

    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("what it tells"), blank=True)
    unit = models.CharField(_("unit"), max_length=10, choices=Unit)
    direction = models.CharField(_("direction"), max_length=4, choices=Direction, default=Direction.UP)
    source = models.CharField(_("measured from"), max_length=60, blank=True)
    window_days = models.PositiveSmallIntegerField(_("over the last … days"), default=30)
    champion = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("champion"))
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    objects = KpiQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], condition=Q(archived_at=None), name="kpi_name_once"),
            models.CheckConstraint(condition=Q(window_days__gte=1), name="kpi_window_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class ReadingSource(models.TextChoices):
    """How a reading came to be."""

    MEASURED = "measured", _("measured")
    ENTERED = "entered", _("entered by hand")
    API = "api", _("sent by a program")


class KpiReadingQuerySet(ScopedQuerySet["KpiReading"]):
    """Readings."""

    def upto(self, day: date) -> Self:
        return self.filter(day__lte=day)


class KpiReading(Owned):
    """The value of a KPI at the end of a day, with its interval where it has one. Measuring again replaces."""

    kpi = models.ForeignKey(Kpi, on_delete=models.CASCADE, related_name="readings")
    day = models.DateField(_("day"))
    value = models.DecimalField(_("value"), max_digits=DIGITS, decimal_places=PLACES)
    low = models.DecimalField(null=True, max_digits=DIGITS, decimal_places=PLACES)
    high = models.DecimalField(null=True, max_digits=DIGITS, decimal_places=PLACES)
    sample_size = models.PositiveIntegerField(null=True)
    source = models.CharField(max_length=10, choices=ReadingSource)
    recorded_at = models.DateTimeField()

    objects = KpiReadingQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kpi", "day"], name="reading_once_a_day")]

    def __str__(self) -> str:
        return f"{self.kpi_id} on {self.day}: {self.value}"


class GoalKind(models.TextChoices):
    """What a goal is good for."""

    STRATEGIC = "strategic", _("Strategic")
    COMMERCIAL = "commercial", _("Commercial")
    REPUTATIONAL = "reputational", _("Reputational")


class GoalQuerySet(ScopedQuerySet["Goal"]):
    """Goals, with what a line about one needs."""

    def open(self) -> Self:
        return self.filter(closed_at=None)

    def closed(self) -> Self:
        return self.exclude(closed_at=None)

    def with_kpi(self) -> Self:
        return self.select_related("kpi__workspace", "workspace", "champion__user", "parent")


class Goal(Owned):
    """A target on a KPI by a date. A goal may serve a higher one."""

    name = models.CharField(_("goal"), max_length=160)
    why = models.TextField(_("why it matters"), blank=True)
    kind = models.CharField(_("kind"), max_length=14, choices=GoalKind, default=GoalKind.COMMERCIAL)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("serves")
    )
    kpi = models.ForeignKey(Kpi, on_delete=models.PROTECT, related_name="goals", verbose_name=_("KPI"))
    baseline = models.DecimalField(_("from"), max_digits=DIGITS, decimal_places=PLACES)
    target = models.DecimalField(_("to"), max_digits=DIGITS, decimal_places=PLACES)
    start_date = models.DateField(_("start"))
    due_date = models.DateField(_("until"))
    champion = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("champion"))
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    conclusion = models.TextField(_("what we learned"), blank=True)

    objects = GoalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(due_date__gt=F("start_date")), name="goal_ends_after_start"),
            models.CheckConstraint(condition=~Q(target=F("baseline")), name="goal_asks_for_change"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def closed_date(self) -> date | None:
        """The day it was closed, by the workspace's clock."""
        return self.closed_at.astimezone(self.workspace.zone).date() if self.closed_at else None

    def reached_rate(self, value: Decimal) -> float:
        """How much of the way from baseline to target the value has come: 0 at the start, 1 at the target."""
        return float((value - self.baseline) / (self.target - self.baseline))


class PrincipleQuerySet(ScopedQuerySet["Principle"]):
    """Principles."""

    def current(self) -> Self:
        return self.filter(archived_at=None)

    def archived(self) -> Self:
        return self.exclude(archived_at=None)


class Principle(Owned):
    """A rule of the game: shown wherever a decision is taken."""

    rule = models.CharField(_("rule"), max_length=160)
    reason = models.TextField(_("reason"))
    example = models.TextField(_("example"), blank=True)
    owner = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner"))
    review_date = models.DateField(_("look at it again on"), null=True, blank=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    objects = PrincipleQuerySet.as_manager()

    def __str__(self) -> str:
        return self.rule
