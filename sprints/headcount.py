"""How many people belong to segments, each counted once however many stories are for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from audience.figures import Figures
from audience.models import Contact, Segment
from audience.own_figures import kept_sizes, size_in
from audience.segments.compile import condition_for
from audience.segments.definition import SegmentBroken, read_definition
from audience.segments.fields import Field, fields_of
from workspaces.models import Workspace


@dataclass(slots=True)
class Headcount:
    """Counts at one moment. Made for one question, such as a plan, and thrown away with it.

    Of a workspace with very many people they may be some minutes older (`audience.figures`).
    """

    now: datetime
    _people: dict[int, int] = field(default_factory=dict)
    _conditions: dict[int, Q | SegmentBroken] = field(default_factory=dict)
    _fields: dict[int, Mapping[str, Field]] = field(default_factory=dict)
    _kept: dict[int, Figures] = field(default_factory=dict)

    def people_in(self, segment: Segment) -> int:
        """How many belong now; nobody if the segment no longer works, which the readiness list says by itself."""
        if segment.pk not in self._people:
            self._people[segment.pk] = self._counted(segment)
        return self._people[segment.pk]

    def fields_of(self, workspace: Workspace) -> Mapping[str, Field]:
        """What segments of a workspace can ask about, read once."""
        if workspace.pk not in self._fields:
            self._fields[workspace.pk] = fields_of(workspace)
        return self._fields[workspace.pk]

    def condition(self, segment: Segment) -> Q | SegmentBroken:
        """Who belongs, as one condition on contacts, or why the segment no longer works; found once for each."""
        if segment.pk not in self._conditions:
            self._conditions[segment.pk] = self._read(segment)
        return self._conditions[segment.pk]

    def _read(self, segment: Segment) -> Q | SegmentBroken:
        try:
            return condition_for(read_definition(segment.definition), self.fields_of(segment.workspace), self.now)
        except SegmentBroken as broken:
            return broken

    def _counted(self, segment: Segment) -> int:
        if (kept := size_in(self._kept_of(segment.workspace), segment)) is not None:
            return kept
        condition = self.condition(segment)
        if isinstance(condition, SegmentBroken):
            return 0
        return Contact.objects.for_workspace(segment.workspace).filter(condition).count()

    def _kept_of(self, workspace: Workspace) -> Figures:
        """What a worker counted, read once."""
        if workspace.pk not in self._kept:
            self._kept[workspace.pk] = kept_sizes(workspace, self.now)
        return self._kept[workspace.pk]
