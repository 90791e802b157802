"""Which rows kept rules ask for: lists, other segments."""

from collections.abc import Sequence
from typing import Any

from audience.models import Segment
from audience.segments.definition import Group, SegmentBroken, read_definition
from workspaces.models import Workspace


def segments_asking(workspace: Workspace, field: str, key: int) -> list[Segment]:
    """The segments in use whose rules ask for this row by a condition on `field`, by name. One query."""
    found = Segment.objects.for_workspace(workspace).current().order_by("name", "pk")
    return [segment for segment in found if key in _kept_keys(segment, field)]


def _kept_keys(segment: Segment, field: str) -> set[int]:
    try:
        return keys_asked(read_definition(segment.definition), field)
    except SegmentBroken:
        return set()


def keys_asked(rule: Group, field: str) -> set[int]:
    """The rows that the conditions on `field` ask for."""
    asked = [found.value for found in rule.conditions() if found.field == field]
    return {int(key) for value in asked for key in _each(value) if str(key).isdecimal()}


def _each(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]
