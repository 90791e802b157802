"""What is different between two versions, in words, and that nothing which binds is passed over."""

from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprints.models import Verdict
from sprints.plan_changes import answered_before, hypothesis_changes, plan_changes, replaced_by
from sprints.snapshot import COUNTED, Snapshot, material_fingerprint
from tests.factories.approvals import answer, asked, ready_sprint
from workspaces.models import Member, Workspace

STORY: Snapshot = {
    "id": 1,
    "number": 7,
    "title": "Your serum is running low",
    "as_a": "buyer",
    "i_want": "a reminder",
    "so_that": "I never go without",
    "kind": "campaign",
    "points": 5,
    "goal": "Customers come back sooner",
    "criteria": ["Names the product"],
    "hypothesis": {
        "because": "they reorder late",
        "change": "a reminder",
        "audience": "buyers",
        "metric": "click_rate",
        "baseline": 0.03,
        "expected": 0.04,
        "minimum_effect": 0.005,
        "check_date": "2026-06-20",
    },
    "brief": {
        "segment": {"id": 3, "name": "Buyers", "definition": {"match": "all", "rules": []}},
        "window": ["2026-05-26", "2026-05-28"],
        "offer": "",
        "cost": "0.00",
        "expected": ["6800.00", "8900.00"],
        "people": 8412,
    },
}
PLAN: Snapshot = {
    "kind": "sprint",
    "currency": "EUR",
    "people": 8412,
    "contacts": 42000,
    "sprint": {
        "number": 16,
        "name": "Replenish",
        "goal_sentence": "Bring them back.",
        "start": "2026-05-25",
        "end": "2026-06-05",
        "capacity": 41,
    },
    "goal": {
        "name": "Customers come back sooner",
        "kpi": "Repeat purchase",
        "unit": "rate",
        "baseline": 0.28,
        "target": 0.34,
        "start": "2026-03-01",
        "due": "2026-06-30",
        "current": 0.316,
    },
    "stories": [STORY, {**STORY, "id": 2, "number": 8, "title": "SPF week"}],
}


def _changed(**story: Any) -> Snapshot:
    plan = deepcopy(PLAN)
    plan["stories"][0].update(deepcopy(story))
    return plan


def test_the_same_plan_has_no_changes() -> None:
    changes = plan_changes(PLAN, deepcopy(PLAN))

    assert not changes
    assert (changes.plan, changes.added, changes.removed, changes.changed) == ([], {}, {}, {})


def test_counts_that_move_by_themselves_are_no_change() -> None:
    later = deepcopy(PLAN)
    later["people"], later["contacts"], later["goal"]["current"] = 9000, 50000, 0.32
    later["stories"][0]["brief"]["people"] = 9000

    assert not plan_changes(PLAN, later)


def test_stories_that_came_and_went_are_named() -> None:
    later = deepcopy(PLAN)
    later["stories"] = [later["stories"][0], {**STORY, "id": 3, "title": "Welcome"}]

    changes = plan_changes(PLAN, later)

    assert changes.added == {3: "Welcome"}
    assert changes.removed == {2: "SPF week"}


def test_another_order_of_the_stories_is_no_change() -> None:
    later = deepcopy(PLAN)
    later["stories"].reverse()

    assert not plan_changes(PLAN, later)


@pytest.mark.parametrize(
    ("story", "what", "approved", "now"),
    [
        ({"title": "Other"}, "Title", "Your serum is running low", "Other"),
        ({"points": None}, "Points", "5", "nothing"),
        ({"kind": "content"}, "Kind", "Campaign", "Content"),
        ({"criteria": []}, "Acceptance criteria", "Names the product", "nothing"),
        ({"brief": {**STORY["brief"], "cost": "540.00"}}, "Cost", "€0", "€540"),
        ({"brief": {**STORY["brief"], "offer": "Pouch"}}, "Offer", "nothing", "Pouch"),
        ({"brief": {**STORY["brief"], "expected": ["1.00", "2.00"]}}, "Expected revenue", "€6,800 – €8,900", "€1 – €2"),
        ({"hypothesis": {**STORY["hypothesis"], "expected": 0.05}}, "To", "4%", "5%"),
    ],
)
def test_a_changed_story_says_what_it_was_and_what_it_is(
    story: dict[str, Any], what: str, approved: str, now: str
) -> None:
    changes = plan_changes(PLAN, _changed(**story))

    [difference] = changes.changed[1].differences
    assert (difference.what, difference.approved, difference.now) == (what, approved, now)


def test_other_rules_under_the_same_name_are_said_too() -> None:
    segment = {**STORY["brief"]["segment"], "definition": {"match": "any", "rules": []}}

    changes = plan_changes(PLAN, _changed(brief={**STORY["brief"], "segment": segment}))

    [difference] = changes.changed[1].differences
    assert (difference.approved, difference.now) == ("Buyers", "Buyers, put differently")


def test_a_hypothesis_that_was_taken_away_is_said() -> None:
    changes = plan_changes(PLAN, _changed(hypothesis=None))

    assert {difference.now for difference in changes.changed[1].differences} == {"nothing"}


def test_a_hypothesis_that_was_moved_is_said() -> None:
    later = {**STORY["hypothesis"], "baseline": 0.02}

    [difference] = hypothesis_changes(STORY["hypothesis"], later, "EUR")

    assert (difference.what, difference.approved, difference.now) == ("From", "3%", "2%")
    assert hypothesis_changes(later, deepcopy(later), "EUR") == []


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict) and value:
        return [leaf for key, part in value.items() for leaf in _leaves(part, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for index, part in enumerate(value) for leaf in _leaves(part, (*path, index))]
    return [path]


LEAVES = [leaf for leaf in _leaves(PLAN) if leaf != ("kind",)]


def _other(value: Any) -> Any:
    """Another value of the same form."""
    others = {
        "EUR": "USD", "rate": "count", "campaign": "research", "click_rate": "open_rate", "all": "any", "": "something",
    }  # fmt: skip
    if isinstance(value, str) and value[:4] == "2026":
        return f"2027{value[4:]}"
    if isinstance(value, str) and value.replace(".", "").isdecimal():
        return "77.00"
    if isinstance(value, str):
        return others.get(value, f"{value} and more")
    return ["something"] if value == [] else value + 1


@given(st.sampled_from(LEAVES))
def test_whatever_binds_is_said_and_whatever_does_not_is_not(leaf: tuple[Any, ...]) -> None:
    later = deepcopy(PLAN)
    holder = later
    for step in leaf[:-1]:
        holder = holder[step]
    holder[leaf[-1]] = _other(holder[leaf[-1]])

    binds = material_fingerprint(later) != material_fingerprint(PLAN)

    assert bool(plan_changes(PLAN, later)) == binds
    assert binds == (not COUNTED & set(leaf))


@pytest.mark.django_db
def test_a_version_is_compared_with_the_one_answered_before(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    first = asked(sprint, now, to=owner)
    answer(first, Verdict.CHANGE, now)
    second = asked(sprint, now, to=owner)
    third = asked(sprint, now, to=owner)

    assert answered_before(first) is None
    assert answered_before(second) == first
    assert answered_before(third) == first
    assert replaced_by(first) == third
    assert replaced_by(third) is None
