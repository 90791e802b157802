"""Verbs on segments: keep a rule, change it, put it away."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audience.models import Segment
from audience.segments.compile import condition_for
from audience.segments.definition import Group, read_definition, write_definition
from audience.segments.fields import fields_of
from audience.services.lists import NameTaken
from workspaces.audit import record
from workspaces.models import Member, Workspace

NOBODY = 0  # no row has this key


@transaction.atomic
def create_segment(
    *, workspace: Workspace, name: str, definition: Group, by: Member, now: datetime, description: str = ""
) -> Segment:
    """Keep a rule under a name. Raises `NameTaken`, or `SegmentBroken` when the rule cannot be evaluated."""
    _require_working(workspace, definition, now)
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
    _require_working(segment.workspace, definition, now)
    _require_free_name(segment.workspace, name, segment)
    before = segment.definition
    segment.name, segment.description, segment.updated_at = name.strip(), description, now
    segment.definition = write_definition(definition)
    segment.save(update_fields=["name", "description", "definition", "updated_at"])
    record("segment.updated", segment, by=by, now=now, before=before)


@transaction.atomic
def archive_segment(*, segment: Segment, by: Member, now: datetime) -> None:
    """Put a segment away; what used it keeps it. Repeating is harmless."""
    if Segment.objects.filter(pk=segment.pk, archived_at=None).update(archived_at=now):
        record("segment.archived", segment, by=by, now=now)


def _require_working(workspace: Workspace, definition: Group, now: datetime) -> None:
    """What is written must be readable again, and every condition must work."""
    condition_for(read_definition(write_definition(definition)), fields_of(workspace), now)


def _require_free_name(workspace: Workspace, name: str, segment: Segment | None) -> None:
    taken = Segment.objects.for_workspace(workspace).current().filter(name=name.strip())
    if taken.exclude(pk=segment.pk if segment else NOBODY).exists():
        raise NameTaken(_("There is a segment “%(name)s” already.") % {"name": name}, fields={"name": [_("Taken.")]})
