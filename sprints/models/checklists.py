"""Checklists of a story: steps on the way, beside the criteria that say when it is done."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from sprints.models.stories import Story
from workspaces.models import Member, Owned, ScopedQuerySet


class Checklist(Owned):
    """A named list of steps."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="checklists")
    name = models.CharField(_("name"), max_length=80)
    created_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["story", "id"], name="checklists_of_story")]

    def __str__(self) -> str:
        return self.name


class ChecklistItem(Owned):
    """One step; `rank` orders the list."""

    checklist = models.ForeignKey(Checklist, on_delete=models.CASCADE, related_name="items")
    text = models.CharField(_("step"), max_length=200)
    rank = models.CharField(max_length=100, db_collation="C")
    is_done = models.BooleanField(default=False)
    assignee = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who")
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["checklist", "rank"], name="checklist_items_by_rank")]

    def __str__(self) -> str:
        return self.text
