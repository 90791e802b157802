"""The rhythm of a team: sprints made ahead, days off, what each one aims at and what it began with."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sprints.models.sprints import Sprint
from sprints.models.stories import Story, StoryStatus
from strategy.models import DIGITS, PLACES, Kpi
from workspaces.models import Member, Owned, ScopedQuerySet, Workspace

LONGEST_REASON = 300


class Weekday(models.IntegerChoices):
    """Days of the week as `date.weekday()` counts them."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class CapacityUnit(models.TextChoices):
    """In what a team says how much a person gets done in a day."""

    POINTS = "points", _("points")
    HOURS = "hours", _("hours")


class Cadence(models.Model):
    """How the sprints of a workspace follow each other. `ahead` is how many wait to be planned at any time.

    `name_pattern` may hold the names in braces of `sprints.calendar.PLACEHOLDERS`.
    """

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT, related_name="cadence")
    weeks = models.PositiveSmallIntegerField(_("length in weeks"), default=2)
    first_weekday = models.PositiveSmallIntegerField(_("begins on"), choices=Weekday, default=Weekday.MONDAY)
    ahead = models.PositiveSmallIntegerField(_("sprints made ahead"), default=2)
    name_pattern = models.CharField(_("name of a new sprint"), max_length=80, default="Week {week}")
    cool_down_days = models.PositiveSmallIntegerField(_("days between two sprints"), default=0)
    unit = models.CharField(
        _("capacity is counted in"), max_length=6, choices=CapacityUnit, default=CapacityUnit.POINTS
    )
    hours_per_point = models.DecimalField(_("hours in a point"), max_digits=5, decimal_places=2, default=4)
    is_paused = models.BooleanField(_("make no new sprints"), default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weeks__gte=1, weeks__lte=4), name="cadence_of_one_to_four_weeks"),
            models.CheckConstraint(condition=Q(first_weekday__lte=6), name="cadence_begins_on_a_weekday"),
            models.CheckConstraint(condition=Q(hours_per_point__gt=0), name="a_point_takes_time"),
        ]

    def __str__(self) -> str:
        return f"{self.weeks} weeks"


class Holiday(Owned):
    """A day on which nobody in the workspace works."""

    day = models.DateField(_("day"))
    name = models.CharField(_("what for"), max_length=80)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "day"], name="holiday_once_a_day")]

    def __str__(self) -> str:
        return self.name


def monday_to_friday() -> list[int]:
    """The days of the week on which people work unless they say otherwise."""
    return [0, 1, 2, 3, 4]


class MemberCapacity(Owned):
    """What a person gets done: `per_day` in the cadence's unit on each of the `weekdays`.

    `focus_rate` (0..1) is what of it is left for the sprint after meetings and interruptions.
    """

    member = models.OneToOneField(Member, on_delete=models.PROTECT, related_name="capacity")
    per_day = models.DecimalField(_("a day"), max_digits=5, decimal_places=2)
    focus_rate = models.FloatField(_("of which for the sprint"), default=0.8)
    weekdays = ArrayField(models.PositiveSmallIntegerField(choices=Weekday), default=monday_to_friday)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(per_day__gte=0), name="capacity_not_negative"),
            models.CheckConstraint(condition=Q(focus_rate__gte=0, focus_rate__lte=1), name="focus_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.per_day}"


class DaysOff(Owned):
    """Days from the first to the last, both included, on which a person does not work."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="days_off")
    first_date = models.DateField(_("first day"))
    last_date = models.DateField(_("last day"))
    note = models.CharField(_("what for"), max_length=80, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last_date__gte=F("first_date")), name="days_off_end_after_start")
        ]
        indexes = [models.Index(fields=["workspace", "last_date"], name="days_off_by_end")]

    def __str__(self) -> str:
        return f"{self.first_date} to {self.last_date}"


class SprintTarget(Owned):
    """What a sprint's goal means in figures: the KPI goes from one value to another by the sprint's last day."""

    sprint = models.OneToOneField(Sprint, on_delete=models.CASCADE, related_name="target")
    kpi = models.ForeignKey(Kpi, on_delete=models.PROTECT, related_name="+", verbose_name=_("KPI"))
    baseline = models.DecimalField(_("from"), max_digits=DIGITS, decimal_places=PLACES)
    target = models.DecimalField(_("to"), max_digits=DIGITS, decimal_places=PLACES)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(target=F("baseline")), name="sprint_target_asks_for_change")]

    def __str__(self) -> str:
        return f"{self.baseline} to {self.target}"


class Commitment(Owned):
    """What the team committed to when a sprint started, frozen and never changed; `sprints.commitment` makes it."""

    sprint = models.OneToOneField(Sprint, on_delete=models.CASCADE, related_name="commitment")
    snapshot = models.JSONField()
    made_at = models.DateTimeField()
    by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"commitment of {self.sprint_id}"


class StatusChange(Owned):
    """A story went from one column to another. Cumulative flow and cycle time fold these."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="status_changes")
    sprint = models.ForeignKey(Sprint, on_delete=models.CASCADE, null=True, related_name="status_changes")
    old = models.CharField(max_length=10, choices=StoryStatus)
    new = models.CharField(max_length=10, choices=StoryStatus)
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "at"], name="status_changes_by_time"),
            models.Index(fields=["story", "at"], name="status_changes_of_story"),
        ]

    def __str__(self) -> str:
        return f"{self.story_id}: {self.old} to {self.new}"


class StorySplit(Owned):
    """The rest of a story that was done in part when its sprint ended."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="splits")
    rest = models.OneToOneField(Story, on_delete=models.CASCADE, related_name="split_from")
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.rest_id} is the rest of {self.story_id}"
