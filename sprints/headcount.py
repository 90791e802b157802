"""How many people belong to segments, each counted once however many stories are for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from audience.models import Segment
from audience.segments.compile import contacts_in
from audience.segments.definition import SegmentBroken, read_definition
from audience.segments.fields import Field, fields_of
from workspaces.models import Workspace


@dataclass(slots=True)
class Headcount:
    """Counts at one moment. Made for one question, such as a plan, and thrown away with it."""

    now: datetime
    _people: dict[int, int] = field(default_factory=dict)
    _fields: dict[int, Mapping[str, Field]] = field(default_factory=dict)

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

    def _counted(self, segment: Segment) -> int:
        workspace = segment.workspace
        try:
            definition = read_definition(segment.definition)
            return contacts_in(workspace, definition, self.now, self.fields_of(workspace)).count()
        except SegmentBroken:
            return 0
