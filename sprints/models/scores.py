"""What a story is worth against what it takes: the figures people give, and the workspace's own formula."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sprints.models.stories import Story
from workspaces.models import Member, Owned, ScopedQuerySet, Workspace

MOST_REACH = 1_000_000_000
MOST_EFFORT = 10_000
TOP_MARK = 10  # impact and ease are marks from 0 to 10
LONGEST_FORMULA = 200


class Scoring(models.TextChoices):
    """By what the backlog can be ordered besides by hand."""

    ICE = "ice", _("ICE")
    RICE = "rice", _("RICE")
    OWN = "own", _("Own formula")


def _figure(label: Any, most: float) -> "models.FloatField[float | None, float | None]":
    return models.FloatField(label, null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(most)])


class StoryScore(Owned):
    """The figures of one story; what nobody gave is None, and a score that needs it does not exist.

    `reach` is people per quarter, `impact` and `ease` are marks from 0 to 10, `confidence` is a fraction, `effort` is
    in the team's own unit. Scores themselves are not kept: they follow from the figures wherever they are asked for.
    """

    story = models.OneToOneField(Story, on_delete=models.CASCADE, related_name="score")
    reach = _figure(_("reach"), MOST_REACH)
    impact = _figure(_("impact"), TOP_MARK)
    confidence = _figure(_("confidence"), 1)
    ease = _figure(_("ease"), TOP_MARK)
    effort = _figure(_("effort"), MOST_EFFORT)
    scored_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    scored_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(confidence=None) | Q(confidence__range=(0, 1)), name="confidence_rate"),
            models.CheckConstraint(
                condition=(Q(reach=None) | Q(reach__gte=0)) & (Q(effort=None) | Q(effort__gte=0)),
                name="score_figures_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"score of {self.story_id}"


class ScoreFormula(models.Model):
    """How a workspace computes its own score; an arithmetic expression that `sprints.formulas` reads."""

    workspace = models.OneToOneField(Workspace, on_delete=models.PROTECT, related_name="score_formula")
    name = models.CharField(_("name"), max_length=40)
    expression = models.CharField(_("formula"), max_length=LONGEST_FORMULA)

    def __str__(self) -> str:
        return self.name
