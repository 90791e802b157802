"""The tree of a segment and its JSON."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audience.segments.definition import (
    DEEPEST,
    EVERYBODY,
    MOST_CONDITIONS,
    Condition,
    Group,
    SegmentBroken,
    read_definition,
    write_definition,
)

VALUES = st.none() | st.text(max_size=5) | st.integers() | st.lists(st.integers(), max_size=3)
CONDITIONS = st.builds(Condition, st.text(max_size=8), st.text(max_size=8), VALUES)


def _groups(rules: st.SearchStrategy[Any]) -> st.SearchStrategy[Group]:
    return st.builds(
        Group, st.sampled_from(["all", "any"]), st.lists(rules, max_size=4).map(tuple), negate=st.booleans()
    )


GROUPS = _groups(CONDITIONS | _groups(CONDITIONS | _groups(CONDITIONS)))


@given(GROUPS)
def test_what_is_written_is_read_back(group: Group) -> None:
    assert read_definition(write_definition(group)) == group


def test_the_example_of_the_docs_is_read() -> None:
    raw = {
        "match": "all",
        "rules": [
            {"field": "attribute.city", "op": "is", "value": "Sofia"},
            {"match": "any", "negate": True, "rules": [{"field": "list", "op": "any_of", "value": [4]}]},
        ],
    }

    assert read_definition(raw) == Group(
        "all",
        (
            Condition("attribute.city", "is", "Sofia"),
            Group("any", (Condition("list", "any_of", [4]),), negate=True),
        ),
    )


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "all",
        [],
        {},
        {"match": "all"},
        {"rules": []},
        {"match": "some", "rules": []},
        {"match": ["all"], "rules": []},
        {"match": {"a": 1}, "rules": []},
        {"match": "all", "rules": "none"},
        {"match": "all", "rules": {}},
        {"match": "all", "negate": 1, "rules": []},
        {"match": "all", "negate": "true", "rules": []},
        {"match": "all", "negate": None, "rules": []},
        {"match": "all", "rules": [None]},
        {"match": "all", "rules": ["city"]},
        {"match": "all", "rules": [[]]},
        {"match": "all", "rules": [{}]},
        {"match": "all", "rules": [{"field": "city"}]},
        {"match": "all", "rules": [{"op": "is"}]},
        {"match": "all", "rules": [{"field": 1, "op": "is"}]},
        {"match": "all", "rules": [{"field": "city", "op": None}]},
        {"match": "all", "rules": [{"match": "all"}]},
        {"match": "all", "rules": [{"rules": []}]},
    ],
)
def test_another_shape_is_refused_with_a_sentence(raw: Any) -> None:
    with pytest.raises(SegmentBroken) as refusal:
        read_definition(raw)

    assert str(refusal.value).endswith(".")


def _nested(depth: int) -> dict[str, Any]:
    raw: dict[str, Any] = {"match": "all", "rules": []}
    for _level in range(depth - 1):
        raw = {"match": "all", "rules": [raw]}
    return raw


def test_groups_have_their_depth() -> None:
    assert read_definition(_nested(DEEPEST))

    with pytest.raises(SegmentBroken, match="deep"):
        read_definition(_nested(DEEPEST + 1))


def test_a_tree_of_a_hostile_depth_is_refused_and_no_error() -> None:
    with pytest.raises(SegmentBroken):
        read_definition(_nested(900))


def test_a_segment_has_its_size() -> None:
    condition = {"field": "email", "op": "is_set"}
    fits = {"match": "all", "rules": [{"match": "any", "rules": [condition] * (MOST_CONDITIONS // 2)}] * 2}

    assert read_definition(fits)

    with pytest.raises(SegmentBroken, match="at most 60 conditions"):
        read_definition({"match": "all", "rules": [fits, condition]})


def test_a_group_without_conditions_asks_nothing() -> None:
    empty = Group("any", (), negate=True)

    assert EVERYBODY.asks_nothing
    assert Group("all", (empty, Group("any", (empty,)))).asks_nothing
    assert not Group("all", (empty, Condition("email", "is_set"))).asks_nothing
