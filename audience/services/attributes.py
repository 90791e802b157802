"""Verbs on attributes: define, change, put in order, archive, bring back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from audience.attributes import AttributeRefused, stored_value
from audience.models import AttributeDefinition, AttributeKind, Contact
from workspaces.audit import record
from workspaces.models import Language, Member, Workspace

CHOOSING = frozenset({AttributeKind.CHOICE, AttributeKind.LIST})
MOST_CHOICES = 100
LONGEST_LABEL = 80


@dataclass(frozen=True, slots=True)
class AttributeDetails:
    """What an attribute says beyond its label: labels by language, what it means, and what one can choose from.

    A choice is `{"label", "labels"?, "key"?}`; one without a key gets one from its label.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    choices: Sequence[Mapping[str, Any]] = ()


@transaction.atomic
def define_attribute(
    *,
    workspace: Workspace,
    label: str,
    kind: AttributeKind,
    by: Member,
    now: datetime,
    details: AttributeDetails | None = None,
) -> AttributeDefinition:
    """Add an attribute, or bring an archived one of the same key and kind back.

    Raises `AttributeRefused` if a current one has the key, an archived one another kind, or the choices are no good.
    """
    key = _key_of(label)
    definition, created = AttributeDefinition.objects.select_for_update().get_or_create(
        workspace=workspace,
        key=key,
        defaults={"label": label, "kind": kind, "position": len(current_attributes(workspace))},
    )
    if not created and (definition.archived_at is None or definition.kind != kind):
        raise AttributeRefused(
            _("There is an attribute “%(label)s” already.") % {"label": definition.label},
            fields={"label": [_("Already there.")]},
        )
    definition.archived_at = None
    if created or details:
        _describe(definition, details or AttributeDetails())
    definition.label = label
    definition.save()
    record("attribute.defined", definition, by=by, now=now, kind=kind)
    return definition


@transaction.atomic
def change_attribute(
    *, definition: AttributeDefinition, label: str, details: AttributeDetails, by: Member, now: datetime
) -> None:
    """Change what an attribute is called and what one can choose from; key and kind stay, because values have them.

    Raises `AttributeRefused` for choices that are no good, or when a choice is left out that contacts have.
    """
    row = AttributeDefinition.objects.select_for_update().get(pk=definition.pk)
    before = {choice["key"]: row.choice_label(choice["key"]) for choice in row.choices}
    _describe(row, details)
    row.label = label
    kept = {choice["key"] for choice in row.choices}
    _require_unused(row, {key: label for key, label in before.items() if key not in kept})
    row.save()
    record("attribute.changed", row, by=by, now=now)


@transaction.atomic
def move_attribute(*, definition: AttributeDefinition, up: bool, by: Member, now: datetime) -> None:
    """Move an attribute one place up or down. At the end nothing changes."""
    Workspace.objects.select_for_update().get(pk=definition.workspace_id)
    rows = list(current_attributes(definition.workspace).values())
    at = next((place for place, row in enumerate(rows) if row.pk == definition.pk), None)
    to = None if at is None else at + (-1 if up else 1)
    if at is None or to is None or not 0 <= to < len(rows):
        return
    rows[at], rows[to] = rows[to], rows[at]
    for position, row in enumerate(rows):
        row.position = position
    AttributeDefinition.objects.bulk_update(rows, ["position"])
    record("attribute.moved", definition, by=by, now=now)


def _describe(row: AttributeDefinition, details: AttributeDetails) -> None:
    row.labels = {key: text.strip() for key, text in details.labels.items() if key in Language and text.strip()}
    row.description = details.description
    row.choices = _read_choices(details.choices, row.choices) if row.kind in CHOOSING else []
    if row.kind in CHOOSING and not row.choices:
        raise AttributeRefused(_("Name at least one choice."), fields={"choices": [_("At least one is needed.")]})


def _read_choices(given: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    known = {choice["key"] for choice in before}
    choices: list[dict[str, Any]] = []
    for choice in given:
        label = str(choice.get("label", "")).strip()
        key = choice["key"] if choice.get("key") in known else _key_of(label)
        labels = {
            lang: str(text).strip()
            for lang, text in (choice.get("labels") or {}).items()
            if lang in Language and str(text).strip()
        }
        choices.append({"key": key, "label": label, "labels": labels})
    _require_different(choices)
    return choices


def _require_different(choices: list[dict[str, Any]]) -> None:
    """No two choices may be named alike: values are read by key and by label."""
    if len(choices) > MOST_CHOICES:
        refusal = _("An attribute has at most %(most)d choices.") % {"most": MOST_CHOICES}
        raise AttributeRefused(refusal, fields={"choices": [refusal]})
    taken: set[str] = set()
    for choice in choices:
        names = {name.casefold() for name in (choice["key"], choice["label"], *choice["labels"].values())}
        if taken & names or len(choice["label"]) > LONGEST_LABEL:
            refusal = _("“%(label)s” stands there twice, or is too long.") % {"label": choice["label"][:40]}
            raise AttributeRefused(refusal, fields={"choices": [refusal]})
        taken |= names


def _require_unused(row: AttributeDefinition, gone: Mapping[str, str]) -> None:
    for key, label in gone.items():
        value = [key] if row.kind == AttributeKind.LIST else key
        people = Contact.objects.for_workspace(row.workspace).filter(attributes__contains={row.key: value})
        if people.exists():
            refusal = _("Contacts have the choice “%(choice)s”. Give them another one first, or keep it.") % {
                "choice": label
            }
            raise AttributeRefused(refusal, fields={"choices": [refusal]})


def _key_of(label: str) -> str:
    key = slugify(label, allow_unicode=True).replace("-", "_")[:40].strip("_")
    if not key:
        raise AttributeRefused(_("The label needs at least one letter."), fields={"label": [_("No letter.")]})
    # PostgreSQL and Django take a key that reads as a number for a place in a list.
    return f"n{key}"[:40] if key[0].isdigit() else key


@transaction.atomic
def archive_attribute(*, definition: AttributeDefinition, by: Member, now: datetime) -> None:
    """Take an attribute out of use. Values stay; segments that ask about it say so. Repeating is harmless."""
    if AttributeDefinition.objects.filter(pk=definition.pk, archived_at=None).update(archived_at=now):
        record("attribute.archived", definition, by=by, now=now)


@transaction.atomic
def return_attribute(*, definition: AttributeDefinition, by: Member, now: datetime) -> None:
    """Take an attribute into use again, with the values that contacts have kept. Repeating is harmless."""
    if AttributeDefinition.objects.filter(pk=definition.pk, archived_at__isnull=False).update(archived_at=None):
        record("attribute.returned", definition, by=by, now=now)


def current_attributes(workspace: Workspace) -> dict[str, AttributeDefinition]:
    """The attributes in use, by key, in the order in which they are shown."""
    found = AttributeDefinition.objects.for_workspace(workspace).filter(archived_at=None)
    definitions = list(found.order_by("position", "label", "pk"))
    for definition in definitions:
        definition.workspace = workspace  # whose currency and languages the values are shown in
    return {definition.key: definition for definition in definitions}


def checked_attributes(workspace: Workspace, given: Mapping[str, Any]) -> dict[str, Any]:
    known = current_attributes(workspace)
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise AttributeRefused(
            _("There is no attribute “%(key)s”. Define it first.") % {"key": unknown[0]},
            fields={f"attributes.{key}": [_("Not defined.")] for key in unknown},
        )
    return {
        key: None if value is None or value in ("", []) else _read_value(known[key], value)
        for key, value in given.items()
    }


def _read_value(definition: AttributeDefinition, value: Any) -> Any:
    """As `stored_value`, naming the field at fault."""
    try:
        return stored_value(definition, value)
    except AttributeRefused as refusal:
        refusal.fields = {f"attributes.{definition.key}": [str(refusal)]}
        raise
