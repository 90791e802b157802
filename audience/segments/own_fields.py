"""The fields that the audience app itself knows: the contact's own, its attributes, its lists, its events."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, F, JSONField, Model, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import HasKey, KeyTextTransform, KeyTransform
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    IContains,
    IEndsWith,
    IExact,
    IStartsWith,
    LessThan,
    LessThanOrEqual,
)
from django.utils.translation import gettext as _

from audience.models import AttributeDefinition, AttributeKind, Consent, ContactList, Event, ListMembership
from audience.segments.fields import Choice, Field, Kind
from workspaces.models import Language, Workspace

KIND_OF_ATTRIBUTE = {
    AttributeKind.TEXT: Kind.TEXT,
    AttributeKind.NUMBER: Kind.NUMBER,
    AttributeKind.DATE: Kind.DATE,
    AttributeKind.BOOLEAN: Kind.BOOLEAN,
    AttributeKind.MONEY: Kind.NUMBER,
    AttributeKind.CHOICE: Kind.CHOICE,
    AttributeKind.LIST: Kind.CHOICE,
}
TEXT_LOOKUPS = {"is": IExact, "contains": IContains, "starts_with": IStartsWith, "ends_with": IEndsWith}
NUMBER_LOOKUPS = {"equals": Exact, "more_than": GreaterThan, "less_than": LessThan}
Build = Callable[[str, Any, datetime], Q]


def contact_fields(workspace: Workspace) -> Iterator[Field]:
    """Fixed fields of every contact."""
    group = _("Contact")
    yield Field("email", _("E-mail address"), group, Kind.TEXT, _text_column("email"))
    yield Field("first_name", _("First name"), group, Kind.TEXT, _text_column("first_name"))
    yield Field("last_name", _("Last name"), group, Kind.TEXT, _text_column("last_name"))
    languages = [Choice(value, str(label)) for value, label in Language.choices]
    yield Field("language", _("Language"), group, Kind.CHOICE, _choice_column("language"), languages)
    consents = [Choice(value, str(label)) for value, label in Consent.choices]
    yield Field("consent", _("Marketing consent"), group, Kind.CHOICE, _choice_column("consent"), consents)
    yield Field("created_at", _("Contact since"), group, Kind.DATE, _moment_column("created_at", workspace))


def attribute_fields(workspace: Workspace) -> Iterator[Field]:
    """What the workspace keeps about its contacts."""
    definitions = AttributeDefinition.objects.for_workspace(workspace).filter(archived_at=None)
    for definition in definitions.order_by("label", "pk"):
        kind = KIND_OF_ATTRIBUTE[AttributeKind(definition.kind)]
        build = _ATTRIBUTE_BUILDERS[kind](definition.key, workspace)
        choices = [Choice(choice["key"], definition.choice_label(choice["key"])) for choice in definition.choices]
        yield Field(f"attribute.{definition.key}", definition.shown_label, _("Attributes"), kind, build, choices)


def list_fields(workspace: Workspace) -> Iterator[Field]:
    """The lists a contact is on."""
    lists = ContactList.objects.for_workspace(workspace).filter(archived_at=None).order_by("name", "pk")
    choices = [Choice(found.pk, found.name) for found in lists]

    def build(op: str, value: Any, now: datetime) -> Q:
        on_one = Q(Exists(ListMembership.objects.filter(contact=OuterRef("pk"), contact_list__in=value)))
        return on_one if op == "any_of" else ~on_one

    if choices:
        yield Field("list", _("List"), _("Lists"), Kind.CHOICE, build, choices)


def event_fields(workspace: Workspace) -> Iterator[Field]:
    """What contacts did, by the names of the events seen so far."""
    for name in event_names(workspace):
        events = Event.objects.for_workspace(workspace).filter(name=name)
        label = _("Did “%(event)s”") % {"event": name.replace("_", " ")}
        yield Field(f"event.{name}", label, _("Events"), Kind.PAST, past(events, "occurred_at"))


def event_names(workspace: Workspace) -> list[str]:
    """The names of all events of a workspace, in order.

    Leaps through the index `event_by_name` from one name to the next: PostgreSQL's DISTINCT would read all of it, which
    takes seconds with a hundred million events.
    """
    statement = """
        WITH RECURSIVE leap (name) AS (
            (SELECT name FROM audience_event WHERE workspace_id = %(workspace)s ORDER BY name LIMIT 1)
            UNION ALL
            SELECT (SELECT name FROM audience_event
                    WHERE workspace_id = %(workspace)s AND name > leap.name ORDER BY name LIMIT 1)
            FROM leap WHERE leap.name IS NOT NULL)
        SELECT name FROM leap WHERE name IS NOT NULL
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {"workspace": workspace.pk})
        return [name for (name,) in cursor.fetchall()]


def past(rows: QuerySet[Any], moment: str) -> Build:
    """Builder for "did this in the last N days" over rows that hold a `contact` and a moment."""

    def build(op: str, value: Any, now: datetime) -> Q:
        found: QuerySet[Model] = rows.filter(contact=OuterRef("pk"))
        if value is not None:
            found = found.filter(**{f"{moment}__gt": now - timedelta(days=value)})
        happened = Q(Exists(found))
        return happened if op in {"in_last_days", "ever"} else ~happened

    return build


def _text_column(column: str) -> Build:
    def build(op: str, value: Any, now: datetime) -> Q:
        if op in {"is", "is_not"}:
            return _either(op == "is", Q(**{f"{column}__iexact": value}))
        if op in {"is_set", "is_not_set"}:
            return _either(op == "is_not_set", Q(**{column: ""}))
        return Q(TEXT_LOOKUPS[op](F(column), value))

    return build


def _choice_column(column: str) -> Build:
    def build(op: str, value: Any, now: datetime) -> Q:
        return _either(op == "any_of", Q(**{f"{column}__in": value}))

    return build


def _moment_column(column: str, workspace: Workspace) -> Build:
    def build(op: str, value: Any, now: datetime) -> Q:
        if op in {"in_last_days", "not_in_last_days"}:
            return _either(op == "in_last_days", Q(**{f"{column}__gt": now - timedelta(days=value)}))
        if op in {"is_set", "is_not_set"}:
            return _either(op == "is_not_set", Q(**{f"{column}__isnull": True}))
        midnight = datetime(value.year, value.month, value.day, tzinfo=workspace.zone)
        if op == "before":
            return Q(**{f"{column}__lt": midnight})
        return Q(**{f"{column}__gte": midnight + timedelta(days=1)})

    return build


def _attribute(key: str, compare: Build) -> Build:
    """Wrap a comparison of an attribute's value with what all kinds share: whether there is a value at all.

    `compare` builds the straight form; an operator that begins with `not_` or ends with `_not` is its opposite.
    """
    # Without it, NOT over an absent key is unknown in SQL, and "is not" would lose the people without a value, as would
    # every group that is turned round.
    known = Q(HasKey(F("attributes"), key))

    def build(op: str, value: Any, now: datetime) -> Q:
        if op in {"is_set", "is_not_set"}:
            return _either(op == "is_set", known)
        straight = op.removeprefix("not_").removesuffix("_not")
        return _either(op == straight, known & compare(straight, value, now))

    return build


def _text_attribute(key: str, _workspace: Workspace) -> Build:
    text = KeyTextTransform(key, "attributes")

    def compare(op: str, value: Any, now: datetime) -> Q:
        return Q(TEXT_LOOKUPS[op](text, value))

    return _attribute(key, compare)


def _number_attribute(key: str, _workspace: Workspace) -> Build:
    # jsonb compares by type first, so that a text left over from another kind breaks nothing.
    stored = KeyTransform(key, "attributes")

    def compare(op: str, value: Any, now: datetime) -> Q:
        if op == "between":
            return Q(GreaterThanOrEqual(stored, _json(value[0]))) & Q(LessThanOrEqual(stored, _json(value[1])))
        return Q(NUMBER_LOOKUPS[op](stored, _json(value)))

    return _attribute(key, compare)


def _date_attribute(key: str, workspace: Workspace) -> Build:
    """Dates are ISO 8601 texts, which sort as the dates do."""
    text = KeyTextTransform(key, "attributes")

    def compare(op: str, value: Any, now: datetime) -> Q:
        if op == "in_last_days":
            today = now.astimezone(workspace.zone).date()
            first = (today - timedelta(days=value)).isoformat()
            return Q(GreaterThan(text, first)) & Q(LessThanOrEqual(text, today.isoformat()))
        return Q((LessThan if op == "before" else GreaterThan)(text, value.isoformat()))

    return _attribute(key, compare)


def _boolean_attribute(key: str, _workspace: Workspace) -> Build:
    stored = KeyTransform(key, "attributes")
    return _attribute(key, lambda op, value, now: Q(Exact(stored, _json(op == "is_true"))))


def _choice_attribute(key: str, _workspace: Workspace) -> Build:
    """One choice is kept as its key, several as an array of keys; whoever has none of either is none of them."""

    def build(op: str, value: Any, now: datetime) -> Q:
        held = Q()
        for choice in value:
            held |= Q(attributes__contains={key: choice}) | Q(attributes__contains={key: [choice]})
        return _either(op == "any_of", held)

    return build


def _json(value: Any) -> Value:
    return Value(value, output_field=JSONField())


def _either(straight: bool, condition: Q) -> Q:
    return condition if straight else ~condition


_ATTRIBUTE_BUILDERS: dict[Kind, Callable[[str, Workspace], Build]] = {
    Kind.TEXT: _text_attribute,
    Kind.NUMBER: _number_attribute,
    Kind.DATE: _date_attribute,
    Kind.BOOLEAN: _boolean_attribute,
    Kind.CHOICE: _choice_attribute,
}
