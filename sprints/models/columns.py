"""The columns of a workspace's board."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sprints.models.stories import StoryStatus
from workspaces.models import Owned, ScopedQuerySet


class BoardColumn(Owned):
    """A column of the board. Its state group says what a story in it is to everything but the board.

    A workspace without rows has one column a group, unsaved: `sprints.columns.columns_of` gives either.
    """

    name = models.CharField(_("name"), max_length=40)
    status = models.CharField(_("state group"), max_length=10, choices=StoryStatus)
    position = models.PositiveSmallIntegerField()
    wip_limit = models.PositiveSmallIntegerField(_("at most so many stories"), null=True, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "position"], name="column_position_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.UniqueConstraint(
                fields=["workspace", "name"], name="column_name_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=Q(wip_limit=None) | Q(wip_limit__gte=1), name="wip_limit_leaves_room"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """How pages and programs name it: its id, or its group while the workspace has the usual four."""
        return str(self.pk or self.status)
