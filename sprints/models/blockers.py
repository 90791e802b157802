"""What is in the way of stories."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sprints.models.stories import Story
from workspaces.models import Member, Owned, ScopedQuerySet

OLD = timedelta(days=1)


class BlockerQuerySet(ScopedQuerySet["Blocker"]):
    """Blockers, with the people in them."""

    def open(self) -> Self:
        return self.filter(resolved_at=None)

    def with_people(self) -> Self:
        return self.select_related("story", "owner__user", "opened_by__user", "resolved_by__user", "workspace")


class Blocker(Owned):
    """Something that keeps a story from going on, and who clears it away. A story has at most one that is open."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="blockers")
    reason = models.CharField(_("what is in the way"), max_length=200)
    owner = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("who clears it"))
    opened_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")

    objects = BlockerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["story"], condition=Q(resolved_at=None), name="one_open_blocker_a_story"),
            models.CheckConstraint(condition=~Q(reason=""), name="blocker_says_why"),
        ]

    def __str__(self) -> str:
        return self.reason

    def is_old(self, now: datetime) -> bool:
        return self.age(now) > OLD

    def age(self, now: datetime) -> timedelta:
        """How long it has been, or was, in the way."""
        return (self.resolved_at or now) - self.since
