"""The plan: negations at the leaves, segments in segments, cycles, and what a place is."""

from datetime import datetime
from typing import Any

import pytest

from audience.models import Segment
from audience.segments.as_text import rule_from_text, with_place
from audience.segments.compile import contacts_in
from audience.segments.counting import count_in
from audience.segments.definition import Condition, Group, SegmentBroken, read_definition, write_definition
from audience.segments.fields import fields_of
from audience.segments.plan import Join, planned
from audience.services import archive_segment, update_segment
from audience.services.segments import SegmentNamed
from tests.factories.audience import ContactFactory, ListFactory, SegmentFactory
from workspaces.models import Member, Workspace

KNOWN = Condition("first_name", "is_set")


def _naming(workspace: Workspace, name: str, *others: Segment) -> Segment:
    rule = Group("any", (Condition("segment", "any_of", [other.pk for other in others]),) if others else (KNOWN,))
    made: Segment = SegmentFactory.create(workspace=workspace, name=name, definition=write_definition(rule))
    return made


def test_negations_stand_at_the_leaves_alone(workspace: Workspace, now: datetime) -> None:
    inner = Group("all", (KNOWN, Group("none", (KNOWN, KNOWN))))

    plan = planned(Group("any", (inner,), negate=True), fields_of(workspace), now)

    assert not plan.is_all
    assert [isinstance(part, Join) for part in plan.parts] == [False, False, False]
    assert [leaf.is_negative for leaf in plan.leaves()] == [True, False, False]


def test_a_segment_cannot_be_saved_with_a_rule_that_comes_back_to_it(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    first = _naming(workspace, "First")
    second = _naming(workspace, "Second", first)
    third = _naming(workspace, "Third", second)

    for other in (first, second, third):
        rule = Group("all", (Condition("segment", "none_of", [other.pk]),))
        with pytest.raises(SegmentBroken, match="cannot ask who is in itself"):
            update_segment(segment=first, name="First", definition=rule, by=lead, now=now)


def test_a_cycle_that_came_about_behind_our_back_is_refused_when_asked(workspace: Workspace, now: datetime) -> None:
    first = _naming(workspace, "First")
    second = _naming(workspace, "Second", first)
    rule = Group("all", (Condition("segment", "any_of", [second.pk]),))
    Segment.objects.filter(pk=first.pk).update(definition=write_definition(rule))

    with pytest.raises(SegmentBroken, match="cannot ask who is in itself"):
        contacts_in(workspace, rule, now)


def test_a_segment_that_is_part_of_another_is_not_put_away(workspace: Workspace, lead: Member, now: datetime) -> None:
    first = _naming(workspace, "First")
    _naming(workspace, "Second", first)

    with pytest.raises(SegmentNamed, match="“First” is part of “Second”"):
        archive_segment(segment=first, by=lead, now=now)


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ({"match": "all", "rules": [{"match": "all", "rules": [{"field": "email"}]}]}, "rules[0].rules[0]"),
        ({"match": "some", "rules": []}, ""),
        ({"match": "all", "negate": 1, "rules": []}, "negate"),
        ({"version": 3, "match": "all", "rules": []}, "version"),
        ({"match": "all", "rules": [{"field": "email", "op": "is_set", "where": 5}]}, "rules[0].where"),
        ({"match": "all", "rules": [{"field": "email", "op": "is_set", "where": [{"op": "is"}]}]}, "rules[0].where[0]"),
    ],
)
def test_a_wrong_shape_names_its_place(rule: Any, place: str) -> None:
    with pytest.raises(SegmentBroken) as refusal:
        read_definition(rule)

    assert refusal.value.place == place


@pytest.mark.parametrize(
    ("condition", "place"),
    [
        ({"field": "gone", "op": "is"}, "field"),
        ({"field": "email", "op": "resembles"}, "op"),
        ({"field": "email", "op": "is"}, "value"),
        ({"field": "email", "op": "is", "value": "a", "days": 5}, "days"),
        ({"field": "order", "op": "at_least", "value": 2, "days": 0}, "days"),
        ({"field": "email", "op": "is_set", "where": [{"property": "a", "op": "is", "value": "b"}]}, "where"),
        ({"field": "order", "op": "ever", "where": [{"property": "a", "op": "is", "value": "b"}]}, "where[0].property"),
        ({"field": "order", "op": "ever", "where": [{"property": "total", "op": "is", "value": "b"}]}, "where[0].op"),
        (
            {"field": "order", "op": "ever", "where": [{"property": "total", "op": "equals", "value": "b"}]},
            "where[0].value",
        ),
    ],
)
def test_a_condition_that_does_not_work_names_its_place(
    workspace: Workspace, now: datetime, condition: dict[str, Any], place: str
) -> None:
    rule = read_definition({"match": "all", "rules": [{"match": "any", "rules": [condition]}]})

    with pytest.raises(SegmentBroken) as refusal:
        contacts_in(workspace, rule, now)

    assert refusal.value.place == f"rules[0].rules[0].{place}"
    assert with_place(refusal.value).startswith(f"At rules[0].rules[0].{place}: ")


@pytest.mark.parametrize("text", ["", "{", "[1,]", "[" * 100_000, "x" * 200_001])
def test_a_text_that_is_no_rule_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(SegmentBroken):
        rule_from_text(text)


@pytest.mark.parametrize("number", [1e300, -1e300, 2.5])
@pytest.mark.parametrize("field", ["profile.order_sum", "profile.open_count"])
def test_a_number_beyond_the_column_is_no_error(workspace: Workspace, now: datetime, field: str, number: float) -> None:
    ContactFactory.create(workspace=workspace)

    found = [count_in(workspace, Group("all", (Condition(field, op, number),)), now) for op in ("equals", "more_than")]

    assert found == [0, 1 if number < 0 else 0]


def test_counting_those_on_a_list_reads_no_contact(
    workspace: Workspace, now: datetime, django_assert_num_queries: Any
) -> None:
    on_list = ListFactory.create(workspace=workspace)
    rule, fields = Group("all", (Condition("list", "any_of", [on_list.pk]),)), dict(fields_of(workspace))

    with django_assert_num_queries(2) as asked:
        count_in(workspace, rule, now, fields)

    said = " ".join(query["sql"] for query in asked.captured_queries)
    assert "audience_contact" not in said.replace("audience_contactlist", "")
