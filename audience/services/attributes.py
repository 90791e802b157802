"""Verbs on attributes: define, archive."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from audience.attributes import AttributeRefused, stored_value
from audience.models import AttributeDefinition, AttributeKind
from workspaces.audit import record
from workspaces.models import Member, Workspace


@transaction.atomic
def define_attribute(
    *, workspace: Workspace, label: str, kind: AttributeKind, by: Member, now: datetime
) -> AttributeDefinition:
    """Add an attribute, or bring an archived one of the same key and kind back.

    Raises `AttributeRefused` if a current one has the key, or an archived one another kind.
    """
    key = _key_of(label)
    definition, created = AttributeDefinition.objects.get_or_create(
        workspace=workspace, key=key, defaults={"label": label, "kind": kind}
    )
    if not created and (definition.archived_at is None or definition.kind != kind):
        raise AttributeRefused(
            _("There is an attribute “%(label)s” already.") % {"label": definition.label},
            fields={"label": [_("Already there.")]},
        )
    definition.archived_at, definition.label = None, label
    definition.save(update_fields=["archived_at", "label"])
    record("attribute.defined", definition, by=by, now=now, kind=kind)
    return definition


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


def current_attributes(workspace: Workspace) -> dict[str, AttributeDefinition]:
    """The attributes in use, by key."""
    found = AttributeDefinition.objects.for_workspace(workspace).filter(archived_at=None).order_by("label", "pk")
    return {definition.key: definition for definition in found}


def checked_attributes(workspace: Workspace, given: Mapping[str, Any]) -> dict[str, Any]:
    known = current_attributes(workspace)
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise AttributeRefused(
            _("There is no attribute “%(key)s”. Define it first.") % {"key": unknown[0]},
            fields={f"attributes.{key}": [_("Not defined.")] for key in unknown},
        )
    return {
        key: None if value is None or value == "" else stored_value(known[key], value) for key, value in given.items()
    }
