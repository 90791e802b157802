"""The stand-up: when it is, who takes part, what each says on a day, and who speaks when it is held live."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sprints.models.stories import Story
from workspaces.models import Member, Owned, ScopedQuerySet, Workspace

SHORTEST_TURN, LONGEST_TURN = 15, 600  # seconds


def monday_to_friday() -> list[int]:
    return [0, 1, 2, 3, 4]


class SpeakingOrder(models.TextChoices):
    """Who speaks after whom."""

    DRAWN = "drawn", _("Drawn anew each day")
    BY_HAND = "by_hand", _("As you put it")


class StandUpSchedule(models.Model):
    """When a workspace has its stand-up. Hours are those of each member's own clock, weekdays count from Monday, 0.

    Who has not written by `remind_hour` gets a mail; at `closing_hour` the digest waits for nobody any more.
    """

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT, related_name="stand_up_schedule")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("days"), default=monday_to_friday)
    remind_hour = models.PositiveSmallIntegerField(_("reminder"), default=9)
    closing_hour = models.PositiveSmallIntegerField(_("digest at the latest"), default=11)
    has_round = models.BooleanField(_("we also meet live"), default=True)
    seconds_each = models.PositiveSmallIntegerField(
        _("seconds for each"),
        default=90,
        validators=[MinValueValidator(SHORTEST_TURN), MaxValueValidator(LONGEST_TURN)],
    )
    order = models.CharField(_("order"), max_length=8, choices=SpeakingOrder, default=SpeakingOrder.DRAWN)
    members = models.ManyToManyField(Member, through="StandUpSeat", related_name="+", verbose_name=_("who takes part"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closing_hour__gt=F("remind_hour")) & Q(closing_hour__lte=23), name="stand_up_hours_in_order"
            ),
            models.CheckConstraint(
                condition=Q(seconds_each__gte=SHORTEST_TURN) & Q(seconds_each__lte=LONGEST_TURN),
                name="stand_up_turn_is_bearable",
            ),
        ]

    def __str__(self) -> str:
        return f"stand-up of {self.workspace_id}"

    @property
    def is_set(self) -> bool:
        """Whether the team has set it; the usual one, which stands in until then, is not saved."""
        return bool(self.pk)


class StandUpSeat(Owned):
    """Somebody who takes part. `position` is the order when it is put by hand."""

    schedule = models.ForeignKey(StandUpSchedule, on_delete=models.CASCADE, related_name="seats")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["schedule", "member"], name="stand_up_seat_once")]

    def __str__(self) -> str:
        return str(self.member_id)


class StandUp(Owned):
    """One day's stand-up. Members far away reach the day at another moment; it is the same stand-up.

    `digest_at` is when the mail to the team was decided, also when there was nothing to say. `draw` picks the order.
    """

    day = models.DateField()
    created_at = models.DateTimeField()
    digest_at = models.DateTimeField(null=True)
    draw = models.PositiveSmallIntegerField(default=0)
    round_started_at = models.DateTimeField(null=True)
    round_ended_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "day"], name="stand_up_once_a_day")]

    def __str__(self) -> str:
        return self.day.isoformat()

    @property
    def is_live(self) -> bool:
        return self.round_started_at is not None and self.round_ended_at is None


class PlanKept(models.TextChoices):
    """Whether what somebody meant to do was done."""

    YES = "yes", _("Yes")
    PARTLY = "partly", _("Partly")
    NO = "no", _("No")


class StandUpEntryQuerySet(ScopedQuerySet["StandUpEntry"]):
    """Entries, with what a card shows."""

    def shown(self) -> Self:
        return self.select_related("member__user", "stand_up").prefetch_related(
            models.Prefetch("stories", Story.objects.order_by("number"))
        )


class StandUpEntry(Owned):
    """What one member says on one day.

    `moves` is what moved since the entry before, as it was offered and left in (see `sprints.moves`); `left_out` are
    the keys of what was taken out. `stories` and `today` are the plan; `plan_kept` is about that of the entry before.
    """

    stand_up = models.ForeignKey(StandUp, on_delete=models.CASCADE, related_name="entries")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    plan_kept = models.CharField(max_length=6, choices=PlanKept, blank=True)
    moves = models.JSONField(default=list)
    left_out = ArrayField(models.CharField(max_length=80), default=list)
    yesterday = models.TextField(blank=True)
    stories = models.ManyToManyField(Story, related_name="+")
    today = models.TextField(blank=True)
    in_the_way = models.TextField(blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = StandUpEntryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stand_up", "member"], name="stand_up_entry_once_a_day")]
        indexes = [models.Index(fields=["workspace", "member", "-created_at"], name="stand_up_entry_before")]

    def __str__(self) -> str:
        return f"{self.member_id} on {self.stand_up_id}"


class StandUpReminder(Owned):
    """That somebody was reminded of a day's stand-up, so that it happens once."""

    stand_up = models.ForeignKey(StandUp, on_delete=models.CASCADE, related_name="reminders")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    reminded_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stand_up", "member"], name="stand_up_reminder_once_a_day")]

    def __str__(self) -> str:
        return f"{self.member_id} on {self.stand_up_id}"


class TurnState(models.TextChoices):
    """Where somebody's turn in a live round stands."""

    WAITING = "waiting", _("Waiting")
    SPEAKING = "speaking", _("Speaking")
    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Skipped")


class StandUpTurn(Owned):
    """One member's turn in a live round. While it runs it has `ends_at`; while it is paused, `seconds_left`."""

    stand_up = models.ForeignKey(StandUp, on_delete=models.CASCADE, related_name="turns")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=TurnState, default=TurnState.WAITING)
    ends_at = models.DateTimeField(null=True)
    seconds_left = models.IntegerField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stand_up", "member"], name="stand_up_turn_once_a_round"),
            models.UniqueConstraint(
                fields=["stand_up"], condition=Q(state="speaking"), name="one_speaks_in_a_stand_up"
            ),
            models.CheckConstraint(
                condition=~Q(state="speaking")
                | Q(ends_at__isnull=False, seconds_left=None)
                | Q(ends_at=None, seconds_left__isnull=False),
                name="stand_up_turn_runs_or_rests",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} in {self.stand_up_id}"

    @property
    def is_paused(self) -> bool:
        return self.state == TurnState.SPEAKING and self.ends_at is None
