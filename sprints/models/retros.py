"""What came of it: measured outcomes, and what the retrospective says and agrees on."""

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sprints.models.sprints import Sprint
from sprints.models.stories import AMOUNT_DIGITS, CENTS, Story
from workspaces.models import Member, Owned, ScopedQuerySet


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
    """The prompts of a retrospective whose team has none of its own."""

    WELL = "well", _("Went well")
    HARD = "hard", _("Was hard")
    NEXT = "next", _("Try next")


class RetroNoteQuerySet(ScopedQuerySet["RetroNote"]):
    """Notes. Whoever shows one to somebody asks `seen_by` first."""

    def seen_by(self, member: Member) -> Self:
        """Those that everybody sees by now, and this person's own."""
        return super().seen_by(member).filter(Q(is_shown=True) | Q(author=member))


class RetroNote(Owned):
    """What somebody says in a retrospective, under one of its prompts (`Retro.kinds`).

    Until `is_shown` nobody but its author gets to see the text. `in_report`: the team lets the owner read it.
    """

    sprint = models.ForeignKey(Sprint, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=5)
    text = models.CharField(max_length=500)
    author = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey("RetroGroup", on_delete=models.SET_NULL, null=True, related_name="notes")
    is_shown = models.BooleanField()
    in_report = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    objects = RetroNoteQuerySet.as_manager()

    def __str__(self) -> str:
        return self.text


class ActionState(models.TextChoices):
    """What became of something that was agreed."""

    OPEN = "open", _("Still open")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")


class RetroAction(Owned):
    """What was agreed: one owner, a date, and a backlog story that carries it on.

    `overdue_told_for` is the date of which its owner was told that it has passed.
    """

    sprint = models.ForeignKey(Sprint, on_delete=models.CASCADE, related_name="actions")
    text = models.CharField(max_length=160)
    owner = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    due_date = models.DateField(null=True, blank=True)
    story = models.OneToOneField(Story, on_delete=models.PROTECT, null=True, related_name="from_action")
    state = models.CharField(max_length=7, choices=ActionState, default=ActionState.OPEN)
    overdue_told_for = models.DateField(null=True)
    created_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.text
