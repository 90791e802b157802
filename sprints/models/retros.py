"""What came of it: measured outcomes, and what the retrospective says and agrees on."""

from decimal import Decimal

from django.db import models
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
