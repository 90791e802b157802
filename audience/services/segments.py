"""Verbs on segments: keep a rule, change it, put it away."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import Segment
from audience.segments.definition import Group, read_definition, write_definition
from audience.segments.fields import fields_of
from audience.segments.naming import keys_asked, segments_asking
from audience.segments.plan import planned
from audience.services.lists import NameTaken, hold_lists
from emailops.lib.errors import DomainError
from workspaces.audit import record
from workspaces.models import Member, Workspace

NOBODY = 0  # no row has this key


class SegmentNamed(DomainError):
    """The segment is part of another one's rule."""

    code = "segment_named"


@transaction.atomic
def create_segment(
    *, workspace: Workspace, name: str, definition: Group, by: Member, now: datetime, description: str = ""
) -> Segment:
    """Keep a rule under a name. Raises `NameTaken`, or `SegmentBroken` when the rule cannot be evaluated."""
    _require_working(workspace, definition, now, None)
    _require_free_name(workspace, name, None)
    segment = Segment.objects.create(
        workspace=workspace,
        name=name.strip(),
        description=description,
        definition=write_definition(definition),
        created_by=by,
        created_at=now,
        updated_at=now,
    )
    record("segment.created", segment, by=by, now=now)
    return segment


@transaction.atomic
def update_segment(
    *, segment: Segment, name: str, definition: Group, by: Member, now: datetime, description: str = ""
) -> None:
    """Change a rule. The audit entry keeps the old one. Raises `NameTaken` or `SegmentBroken`."""
    _require_working(segment.workspace, definition, now, segment)
    _require_free_name(segment.workspace, name, segment)
    before = segment.definition
    segment.name, segment.description, segment.updated_at = name.strip(), description, now
    segment.definition = write_definition(definition)
    segment.save(update_fields=["name", "description", "definition", "updated_at"])
    record("segment.updated", segment, by=by, now=now, before=before)


@transaction.atomic
def archive_segment(*, segment: Segment, by: Member, now: datetime) -> None:
    """Put a segment away; what used it keeps it. Repeating is harmless.

    Raises `SegmentNamed` while other segments ask who is in it.
    """
    _require_unnamed(segment)
    if Segment.objects.filter(pk=segment.pk, archived_at=None).update(archived_at=now):
        record("segment.archived", segment, by=by, now=now)


def _require_unnamed(segment: Segment) -> None:
    others = segments_asking(segment.workspace, "segment", segment.pk)
    if names := [other.name for other in others if other.pk != segment.pk]:
        raise SegmentNamed(
            _("“%(name)s” is part of %(others)s. Change the rule there first.")
            % {"name": segment.name, "others": ", ".join(f"“{name}”" for name in names)}
        )


def _require_working(workspace: Workspace, definition: Group, now: datetime, segment: Segment | None) -> None:
    """What is written must be readable again, every condition must work, and none ask for the segment itself."""
    written = read_definition(write_definition(definition))
    hold_lists(workspace, keys_asked(written, "list"))
    planned(written, fields_of(workspace), now, of=segment.pk if segment else None)


def _require_free_name(workspace: Workspace, name: str, segment: Segment | None) -> None:
    taken = Segment.objects.for_workspace(workspace).current().filter(name=name.strip())
    if taken.exclude(pk=segment.pk if segment else NOBODY).exists():
        raise NameTaken(_("There is a segment “%(name)s” already.") % {"name": name}, fields={"name": [_("Taken.")]})
