"""What a story has to do with other stories and with segments."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audience.models import Segment
from sprints.models.stories import Story
from workspaces.models import Owned, ScopedQuerySet


class LinkKind(models.TextChoices):
    """What one story is to another."""

    BLOCKS = "blocks", _("blocks")
    DUPLICATES = "duplicates", _("duplicates")
    FOLLOWS = "follows", _("follows")
    RELATES = "relates", _("relates to")


INVERSE = {
    LinkKind.BLOCKS: _("is blocked by"),
    LinkKind.DUPLICATES: _("is duplicated by"),
    LinkKind.FOLLOWS: _("is followed by"),
    LinkKind.RELATES: _("relates to"),
}
"""The same, read from the other story."""


class StoryLink(Owned):
    """`source` blocks, duplicates, follows or relates to `target`."""

    source = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="links_out")
    target = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="links_in")
    kind = models.CharField(max_length=10, choices=LinkKind)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "target", "kind"], name="story_link_once"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="story_link_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"


class StorySegment(Owned):
    """A segment that a story is about, beside the one of its brief."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="segment_links")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="story_links")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["story", "segment"], name="story_segment_once")]

    def __str__(self) -> str:
        return f"{self.segment_id} of {self.story_id}"
