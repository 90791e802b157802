"""Indexes on attributes that segments ask about: made where there are many contacts, dropped when nobody asks any more.

What PostgreSQL has is the truth: an index that is there and valid is ready, one that is not valid is being made, or
was left over by a worker that died and is made anew. Each covers one workspace. Choices, lists and yes or no need none:
the index on all attributes answers for them. `crowds` says which other ones kept rules want.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from audience.models import AttributeDefinition, AttributeKind, Contact, Segment
from audience.segments import crowds
from audience.segments.definition import Group, SegmentBroken, read_definition
from workspaces.models import Workspace

MANY = 50_000  # contacts of a workspace, from which on reading them all is slow
MOST = 10  # indexes of one workspace: each makes writing a contact a little dearer
KEPT = timedelta(days=30)  # after a segment last asked
TENDING = 0x1339  # the advisory lock of whoever makes and drops them
PREFIXES = " text_pattern_ops"
EXPRESSIONS = {
    AttributeKind.TEXT: "(upper(attributes ->> {key}))" + PREFIXES,
    AttributeKind.NUMBER: "((attributes -> {key}))",
    AttributeKind.MONEY: "((attributes -> {key}))",
    AttributeKind.DATE: "((attributes ->> {key}))",
}
"""As the comparisons of `attribute_fields` write them, or PostgreSQL would not see that the index fits."""


def tend(now: datetime) -> None:
    """Make what is wanted, drop what is not. Two at once do no harm: the second leaves. Not inside a transaction."""
    if not _alone():
        return
    try:
        for workspace in Workspace.objects.order_by("pk"):
            _note_asked(workspace, now)
            _tend_workspace(workspace, now)
    finally:
        _ask("SELECT pg_advisory_unlock(%s)", [TENDING])


def _alone() -> bool:
    return bool(_ask("SELECT pg_try_advisory_lock(%s)", [TENDING])[0][0])


def _note_asked(workspace: Workspace, now: datetime) -> None:
    keys = {key for segment in Segment.objects.for_workspace(workspace).current() for key in _keys_in(segment)}
    AttributeDefinition.objects.for_workspace(workspace).filter(key__in=keys).update(asked_at=now)


def _keys_in(segment: Segment) -> set[str]:
    try:
        return keys_asked(read_definition(segment.definition))
    except SegmentBroken:
        return set()


def keys_asked(definition: Group) -> set[str]:
    """The attributes that a rule names."""
    fields = (condition.field for condition in definition.conditions())
    return {field.removeprefix("attribute.") for field in fields if field.startswith("attribute.")}


def wanted(workspace: Workspace, now: datetime) -> list[AttributeDefinition]:
    """The attributes that are to have an index, those first that have been asked about for longest."""
    if not has_many(workspace):
        return []
    asked = AttributeDefinition.objects.for_workspace(workspace).filter(
        archived_at=None, kind__in=EXPRESSIONS, asked_at__gt=now - KEPT
    )
    return list(asked.order_by("pk")[:MOST])


def has_many(workspace: Workspace) -> bool:
    """Whether reading all contacts is slow."""
    return bool(Contact.objects.for_workspace(workspace).order_by().values_list("pk")[MANY - 1 : MANY])


def _tend_workspace(workspace: Workspace, now: datetime) -> None:
    expressions = {name_of(definition): _expression(definition) for definition in wanted(workspace, now)}
    what = {name: f"({expression}) {_of(workspace)}" for name, expression in expressions.items()}
    there = _there(workspace)
    what |= crowds.wanted(workspace, now, there) if has_many(workspace) else {}
    for name, is_valid in there.items():
        if name not in what or not is_valid:
            _ask(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')
            _ask(f'DROP STATISTICS IF EXISTS "{name}"')
    missing = [name for name in what if not there.get(name)]
    for name in missing:
        _ask(f'CREATE INDEX CONCURRENTLY "{name}" ON audience_contact {what[name]}')
        if name in expressions:
            # Of a partial index PostgreSQL does not learn how many values there are of its expression.
            _ask(f'CREATE STATISTICS IF NOT EXISTS "{name}" ON ({_bare(expressions[name])}) FROM audience_contact')
    if missing:
        # Only of pages that were vacuumed does it know that all can see them, without which it reads the contacts.
        _ask("VACUUM (ANALYZE) audience_contact")


def _expression(definition: AttributeDefinition) -> str:
    key = "'" + definition.key.replace("'", "''") + "'"  # a slug: letters, digits, hyphens
    return EXPRESSIONS[AttributeKind(definition.kind)].format(key=key)


def _bare(expression: str) -> str:
    return expression.removesuffix(PREFIXES)


def _of(workspace: Workspace) -> str:
    return f"WHERE workspace_id = {workspace.pk:d}"


def name_of(definition: AttributeDefinition) -> str:
    return f"{_beginning(definition.workspace_id)}{definition.pk}"


def _beginning(workspace_id: int) -> str:
    return f"contact_attribute_{workspace_id}_"


def _there(workspace: Workspace) -> dict[str, bool]:
    rows = _ask(
        "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE i.indrelid = 'audience_contact'::regclass"
        " AND (starts_with(c.relname, %s) OR starts_with(c.relname, %s))",
        [_beginning(workspace.pk), crowds.beginning(workspace)],
    )
    return {str(name): bool(is_valid) for name, is_valid in rows}


def ready(workspace: Workspace) -> set[int]:
    """The keys of the attributes that have their index. One query."""
    beginning = _beginning(workspace.pk)
    names = [name for name, is_valid in _there(workspace).items() if is_valid and name.startswith(beginning)]
    return {int(name.removeprefix(beginning)) for name in names}


def being_made(workspace: Workspace, definition: Group, now: datetime) -> list[AttributeDefinition]:
    """The attributes of a kept rule whose index is still to come. Three queries, none when it asks of no attribute."""
    keys = keys_asked(definition)
    if not keys:
        return []
    done = ready(workspace)
    return [found for found in wanted(workspace, now) if found.key in keys and found.pk not in done]


def is_crowd_being_made(workspace: Workspace, definition: Group, now: datetime) -> bool:
    """Whether the index of the people whom a kept rule's attributes mean is still to come."""
    if not has_many(workspace):
        return False
    there = _there(workspace)
    name = crowds.name_for(workspace, definition, now, there)
    return bool(name) and not there.get(name) and name in crowds.wanted(workspace, now, there)


def _ask(statement: str, values: Sequence[int | str] = ()) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values) or None)
        return list(cursor.fetchall()) if cursor.description else []
