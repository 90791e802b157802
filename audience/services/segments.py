"""Verbs on segments: keep a rule, change it, put it away."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import Segment
from audience.segments.definition import Group, SegmentBroken, read_definition, write_definition
from audience.segments.fields import fields_of
from audience.segments.plan import planned
from audience.services.lists import NameTaken
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


def segments_naming(segment: Segment) -> list[Segment]:
    """The segments whose rules ask who is in this one."""
    others = Segment.objects.filter(workspace=segment.workspace).current().exclude(pk=segment.pk).order_by("name")
    return [other for other in others if segment.pk in _named_in(other)]


def _named_in(segment: Segment) -> set[int]:
    try:
        conditions = list(read_definition(segment.definition).conditions())
    except SegmentBroken:
        return set()
    return {int(key) for found in conditions if found.field == "segment" for key in found.value or () if _is_key(key)}


def _is_key(value: object) -> bool:
    return str(value).isdecimal()


def _require_unnamed(segment: Segment) -> None:
    if names := [other.name for other in segments_naming(segment)]:
        raise SegmentNamed(
            _("“%(name)s” is part of %(others)s. Change the rule there first.")
            % {"name": segment.name, "others": ", ".join(f"“{name}”" for name in names)}
        )


def _require_working(workspace: Workspace, definition: Group, now: datetime, segment: Segment | None) -> None:
    """What is written must be readable again, every condition must work, and none ask for the segment itself."""
    written = read_definition(write_definition(definition))
    planned(written, fields_of(workspace), now, of=segment.pk if segment else None)


def _require_free_name(workspace: Workspace, name: str, segment: Segment | None) -> None:
    taken = Segment.objects.for_workspace(workspace).current().filter(name=name.strip())
    if taken.exclude(pk=segment.pk if segment else NOBODY).exists():
        raise NameTaken(_("There is a segment “%(name)s” already.") % {"name": name}, fields={"name": [_("Taken.")]})
