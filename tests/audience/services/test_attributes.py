"""Attributes: defined once, archived, brought back."""

from datetime import datetime

import pytest

from audience.attributes import AttributeRefused
from audience.models import AttributeDefinition, AttributeKind
from audience.services import archive_attribute, current_attributes, define_attribute
from tests.factories.audience import AttributeFactory
from workspaces.models import AuditEntry, Member, Workspace


def _define(workspace: Workspace, by: Member, now: datetime, label: str, kind: str = "text") -> AttributeDefinition:
    return define_attribute(workspace=workspace, label=label, kind=AttributeKind(kind), by=by, now=now)


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("City", "city"),
        ("Favourite colour", "favourite_colour"),
        ("  Shoe size (EU)! ", "shoe_size_eu"),
        ("Город", "город"),
        ("Любим цвят", "любим_цвят"),
        ("Ville préférée", "ville_préférée"),
        ("2024", "n2024"),
        ("2nd visit", "n2nd_visit"),
        ("x" * 80, "x" * 40),
    ],
)
def test_the_key_comes_from_the_label(workspace: Workspace, lead: Member, now: datetime, label: str, key: str) -> None:
    definition = _define(workspace, lead, now, label)

    assert (definition.key, definition.label) == (key, label)
    assert AuditEntry.objects.for_workspace(workspace).get().action == "attribute.defined"


@pytest.mark.parametrize("label", ["", "!!!", "—", "_"])
def test_a_label_without_a_letter_is_refused(workspace: Workspace, lead: Member, now: datetime, label: str) -> None:
    with pytest.raises(AttributeRefused, match="at least one letter") as refusal:
        _define(workspace, lead, now, label)

    assert "label" in refusal.value.fields
    assert not AttributeDefinition.objects.exists()


def test_one_key_is_defined_once(workspace: Workspace, lead: Member, now: datetime) -> None:
    _define(workspace, lead, now, "City")

    with pytest.raises(AttributeRefused, match="There is an attribute “City” already"):
        _define(workspace, lead, now, "CITY")


def test_other_workspaces_define_their_own(workspace: Workspace, lead: Member, outsider: Member, now: datetime) -> None:
    _define(workspace, lead, now, "City")
    _define(outsider.workspace, outsider, now, "City", "number")

    assert current_attributes(workspace)["city"].kind == AttributeKind.TEXT
    assert current_attributes(outsider.workspace)["city"].kind == AttributeKind.NUMBER


def test_an_archived_attribute_is_out_of_use_and_comes_back(workspace: Workspace, lead: Member, now: datetime) -> None:
    definition = _define(workspace, lead, now, "City")
    archive_attribute(definition=definition, by=lead, now=now)
    archive_attribute(definition=definition, by=lead, now=now)
    meanwhile = dict(current_attributes(workspace))

    again = _define(workspace, lead, now, "city!")

    assert meanwhile == {}
    assert (again.pk, again.label, again.archived_at) == (definition.pk, "city!", None)
    assert current_attributes(workspace)["city"].label == "city!"
    assert AuditEntry.objects.filter(action="attribute.archived").count() == 1


def test_an_archived_attribute_does_not_come_back_as_another_kind(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    """The values that contacts still hold would be of the wrong kind."""
    archive_attribute(definition=_define(workspace, lead, now, "City"), by=lead, now=now)

    with pytest.raises(AttributeRefused):
        _define(workspace, lead, now, "City", "number")

    assert current_attributes(workspace) == {}


def test_attributes_come_in_the_order_of_their_labels(workspace: Workspace) -> None:
    for key, label in (("b", "Zebra"), ("a", "Apple"), ("c", "Moss")):
        AttributeFactory.create(workspace=workspace, key=key, label=label)

    assert list(current_attributes(workspace)) == ["a", "c", "b"]
