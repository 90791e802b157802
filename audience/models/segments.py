"""Rules that say who belongs."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audience.models.contacts import AboutContactQuerySet, Contact
from workspaces.models import Member, Owned, ScopedQuerySet


class SegmentQuerySet(ScopedQuerySet["Segment"]):
    """Segments."""

    def current(self) -> Self:
        return self.filter(archived_at=None)

    def watched(self) -> Self:
        """Those of which it is kept who comes and who goes."""
        return self.current().filter(watched_at__isnull=False)


class Segment(Owned):
    """A rule that says who belongs. Always live: whoever sends or counts asks the rule, not what was stored.

    A segment that is watched since `watched_at` keeps besides who came and who went, as of `refreshed_at`.
    `definition` is the JSON form of `audience.segments.definition.Group`.
    """

    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("who they are"), blank=True)
    definition = models.JSONField()
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    watched_at = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField(null=True)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=Q(archived_at=None), name="segment_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class SegmentMember(Owned):
    """Somebody who was in a watched segment when it was last looked at, and since when."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="members")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    entered_at = models.DateTimeField()

    objects = AboutContactQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "contact"], name="segment_member_once")]

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.segment_id}"


class SegmentDay(Owned):
    """A watched segment on one day of the workspace: its size at the last look, who came and who went."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    people = models.PositiveIntegerField()
    entered = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "day"], name="segment_day_once")]

    def __str__(self) -> str:
        return f"{self.segment_id} on {self.day}: {self.people}"
