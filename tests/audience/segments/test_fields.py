"""What conditions can ask about, and which values they take."""

from datetime import date
from typing import Any

import pytest

from audience.segments.definition import Condition, SegmentBroken
from audience.segments.fields import OPERATORS, Choice, Field, Kind, Takes, Test, checked_value, fields_of
from tests.factories.audience import AttributeFactory, ContactFactory, ListFactory
from workspaces.models import Workspace


def _field(kind: Kind) -> Field:
    return Field("f", "Thing", "Group", kind, lambda _ask: Test(), [Choice(4, "Four"), Choice("b", "Bee")])


OP_THAT_TAKES = {
    Takes.TEXT: (Kind.TEXT, "is"),
    Takes.NUMBER: (Kind.NUMBER, "equals"),
    Takes.TWO_NUMBERS: (Kind.NUMBER, "between"),
    Takes.DATE: (Kind.DATE, "before"),
    Takes.DAYS: (Kind.DATE, "in_last_days"),
    Takes.SOME: (Kind.CHOICE, "any_of"),
    Takes.NOTHING: (Kind.TEXT, "is_set"),
}


def _check(takes: Takes, value: Any) -> Any:
    kind, op = OP_THAT_TAKES[takes]
    return checked_value(_field(kind), Condition("f", op, value))


@pytest.mark.parametrize(
    ("takes", "given", "read"),
    [
        (Takes.TEXT, " Sofia ", "Sofia"),
        (Takes.NUMBER, 5, 5.0),
        (Takes.NUMBER, "5,5", 5.5),
        (Takes.NUMBER, "-1e3", -1000.0),
        (Takes.TWO_NUMBERS, [1, "2"], (1.0, 2.0)),
        (Takes.TWO_NUMBERS, [3, 3], (3.0, 3.0)),
        (Takes.DATE, "2026-05-18", date(2026, 5, 18)),
        (Takes.DAYS, "30", 30),
        (Takes.DAYS, 3650, 3650),
        (Takes.SOME, [4], [4]),
        (Takes.SOME, ["4", "b"], [4, "b"]),
        (Takes.NOTHING, "left over", None),
    ],
)
def test_a_value_is_read_in_the_type_of_its_operator(takes: Takes, given: Any, read: Any) -> None:
    assert _check(takes, given) == read


@pytest.mark.parametrize(
    ("takes", "given"),
    [
        (Takes.TEXT, ""),
        (Takes.TEXT, "   "),
        (Takes.TEXT, 5),
        (Takes.TEXT, None),
        (Takes.TEXT, ["a"]),
        (Takes.TEXT, "x" * 201),
        (Takes.TEXT, "a\0b"),
        (Takes.NUMBER, "many"),
        (Takes.NUMBER, True),
        (Takes.NUMBER, "NaN"),
        (Takes.NUMBER, "inf"),
        (Takes.NUMBER, None),
        (Takes.NUMBER, [5]),
        (Takes.TWO_NUMBERS, [2, 1]),
        (Takes.TWO_NUMBERS, [1]),
        (Takes.TWO_NUMBERS, [1, 2, 3]),
        (Takes.TWO_NUMBERS, "12"),
        (Takes.TWO_NUMBERS, {"1": 1, "2": 2}),
        (Takes.TWO_NUMBERS, None),
        (Takes.DATE, "18.05.2026"),
        (Takes.DATE, "2026-02-30"),
        (Takes.DATE, "0026-05-18"),
        (Takes.DATE, "9999-12-31"),
        (Takes.DATE, 20260518),
        (Takes.DATE, None),
        (Takes.DAYS, 0),
        (Takes.DAYS, -1),
        (Takes.DAYS, 3651),
        (Takes.DAYS, 1.5),
        (Takes.DAYS, "a week"),
        (Takes.SOME, []),
        (Takes.SOME, "4"),
        (Takes.SOME, None),
        (Takes.SOME, [4] * 101),
    ],
)
def test_any_other_value_is_refused_with_what_is_needed(takes: Takes, given: Any) -> None:
    with pytest.raises(SegmentBroken, match="The condition on “Thing” needs"):
        _check(takes, given)


@pytest.mark.parametrize("given", [[5], ["c"], [4, "gone"], [None], [{"a": 1}], [[4]], [True]])
def test_a_choice_that_is_gone_is_said_to_be_gone(given: Any) -> None:
    with pytest.raises(SegmentBroken, match="names something that is gone"):
        _check(Takes.SOME, given)


@pytest.mark.parametrize("kind", Kind)
def test_a_comparison_of_another_kind_is_refused(kind: Kind) -> None:
    with pytest.raises(SegmentBroken, match="cannot be compared by “resembles”"):
        _field(kind).operator("resembles")


def test_every_kind_has_operators_of_its_own_keys() -> None:
    for kind in Kind:
        keys = [operator.key for operator in OPERATORS[kind]]
        assert len(keys) == len(set(keys)) >= 2


def test_the_fields_of_a_workspace_are_its_own(workspace: Workspace) -> None:
    AttributeFactory.create(workspace=workspace, key="city", label="City")
    AttributeFactory.create(workspace=workspace, key="old", archived_at="2026-01-01T00:00Z")
    AttributeFactory.create(key="theirs")
    ListFactory.create(workspace=workspace, name="VIP")
    ListFactory.create(name="Theirs")

    fields = fields_of(workspace)

    assert {key for key in fields if key.startswith("attribute.")} == {"attribute.city"}
    assert [choice.label for choice in fields["list"].choices] == ["VIP"]
    assert {"email", "first_name", "last_name", "language", "consent", "created_at"} <= set(fields)


def test_without_a_list_there_is_nothing_to_ask_about_lists(workspace: Workspace) -> None:
    assert "list" not in fields_of(workspace)


def test_events_can_be_asked_about_once_they_were_seen(workspace: Workspace) -> None:
    ours, theirs = ContactFactory.create(workspace=workspace), ContactFactory.create()
    for contact, name in ((ours, "order_placed"), (ours, "order_placed"), (ours, "a_visit"), (theirs, "secret")):
        contact.events.create(workspace=contact.workspace, name=name, occurred_at="2026-01-01T00:00Z")

    events = [(key, field.label) for key, field in fields_of(workspace).items() if key.startswith("event.")]

    assert events == [("event.a_visit", "Did “a visit”"), ("event.order_placed", "Did “order placed”")]
