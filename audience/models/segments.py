"""Rules that say who belongs."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workspaces.models import Member, Owned, ScopedQuerySet


class SegmentQuerySet(ScopedQuerySet["Segment"]):
    """Segments."""

    def current(self) -> Self:
        return self.filter(archived_at=None)


class Segment(Owned):
    """A rule that says who belongs. Always live: membership is asked, never stored.

    `definition` is the JSON form of `audience.segments.definition.Group`.
    """

    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("who they are"), blank=True)
    definition = models.JSONField()
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=Q(archived_at=None), name="segment_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name
