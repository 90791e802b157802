"""What is frozen, which part of it binds, and what counts as a difference."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprints.models import Sprint
from sprints.planned import planned
from sprints.snapshot import (
    Snapshot,
    brief_differences,
    brief_snapshot,
    material_fingerprint,
    people_in,
    sprint_snapshot,
    story_snapshot,
)
from tests.factories.approvals import brief_of, change_rules, ready_sprint, ready_story
from tests.factories.audience import ContactFactory, SegmentFactory
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import ReadingFactory
from workspaces.models import Workspace

ANN = {"field": "first_name", "op": "is", "value": "Ann"}
BO = {"field": "first_name", "op": "is", "value": "Bo"}


def _plan(sprint: Sprint, now: datetime) -> Snapshot:
    sprint = Sprint.objects.select_related("goal__kpi", "workspace").get(pk=sprint.pk)
    return sprint_snapshot(planned(sprint, now))


@pytest.mark.django_db
def test_a_plan_is_frozen_with_everything_the_owner_is_shown(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    assert sprint.goal is not None
    ReadingFactory.create(kpi=sprint.goal.kpi)
    ContactFactory.create_batch(2, workspace=workspace)
    story = sprint.stories.get()

    plan = _plan(sprint, now)

    assert plan["sprint"]["goal_sentence"] == sprint.goal_sentence
    assert (plan["goal"]["baseline"], plan["goal"]["current"], plan["goal"]["target"]) == (0.28, 0.316, 0.34)
    [item] = plan["stories"]
    assert (item["id"], item["title"], item["criteria"]) == (story.pk, story.title, [story.criteria.get().text])
    assert (item["hypothesis"]["metric"], item["hypothesis"]["minimum_effect"]) == ("click_rate", 0.005)
    assert (item["brief"]["cost"], item["brief"]["expected"]) == ("0.00", ["1000.00", "2000.00"])
    assert item["brief"]["people"] == 2


@pytest.mark.django_db
def test_a_plan_without_goal_hypothesis_and_brief_says_so(workspace: Workspace, now: datetime) -> None:
    sprint = SprintFactory.create(workspace=workspace)
    StoryFactory.create(workspace=workspace, sprint=sprint, kind="research")

    plan = _plan(sprint, now)

    assert plan["goal"] is None
    assert (plan["stories"][0]["hypothesis"], plan["stories"][0]["brief"]) == (None, None)


@pytest.mark.django_db
def test_people_reached_by_two_sends_count_once(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create_batch(3, workspace=workspace, first_name="Ann")
    ContactFactory.create_batch(2, workspace=workspace, first_name="Bo")
    ContactFactory.create(workspace=workspace, first_name="Cy")
    sprint = ready_sprint(workspace, stories=3)
    first, second, third = sprint.stories.ranked()
    change_rules(first, rules=[ANN])
    change_rules(second, rules=[ANN])
    change_rules(third, rules=[BO])

    plan = _plan(sprint, now)

    assert [item["brief"]["people"] for item in plan["stories"]] == [3, 3, 2]
    assert (plan["people"], plan["contacts"]) == (5, 6)


@pytest.mark.django_db
def test_a_send_to_everybody_reaches_everybody(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create_batch(2, workspace=workspace, first_name="Ann")
    ContactFactory.create(workspace=workspace, first_name="Bo")
    ContactFactory.create()
    sprint = ready_sprint(workspace, stories=2)
    change_rules(sprint.stories.ranked()[0], rules=[ANN])

    assert _plan(sprint, now)["people"] == 3


@pytest.mark.django_db
def test_a_broken_segment_reaches_nobody(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create(workspace=workspace)
    sprint = ready_sprint(workspace)
    change_rules(sprint.stories.get(), rules=[{"field": "attribute.gone", "op": "is", "value": "x"}])

    plan = _plan(sprint, now)

    assert (plan["people"], plan["stories"][0]["brief"]["people"]) == (0, 0)


@pytest.mark.django_db
def test_the_number_of_people_is_that_of_this_moment(workspace: Workspace, now: datetime) -> None:
    segment = SegmentFactory.create(workspace=workspace, definition={"match": "all", "rules": [ANN]})
    ContactFactory.create_batch(2, workspace=workspace, first_name="Ann")
    ContactFactory.create(workspace=workspace, first_name="Bo")

    assert people_in(segment, now) == 2


@pytest.mark.django_db
def test_counts_and_the_order_of_stories_do_not_bind(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=2)
    assert sprint.goal is not None
    before = material_fingerprint(_plan(sprint, now))

    ContactFactory.create_batch(4, workspace=workspace)
    ReadingFactory.create(kpi=sprint.goal.kpi)
    first, second = sprint.stories.ranked()
    first.rank, second.rank = second.rank, first.rank
    first.save()
    second.save()

    assert material_fingerprint(_plan(sprint, now)) == before


@pytest.mark.django_db
def test_every_word_binds(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    before = material_fingerprint(_plan(sprint, now))

    sprint.stories.update(so_that="I look well")

    assert material_fingerprint(_plan(sprint, now)) != before


@pytest.mark.django_db
def test_a_story_without_criteria_freezes_an_empty_list(workspace: Workspace, now: datetime) -> None:
    story = StoryFactory.create(workspace=workspace)

    assert story_snapshot(story, now)["criteria"] == []


@pytest.mark.django_db
def test_a_brief_equals_itself(workspace: Workspace, now: datetime) -> None:
    brief = brief_of(ready_story(ready_sprint(workspace)))

    assert brief_differences(brief_snapshot(brief, now), brief_snapshot(brief, now), 0.0) == []


DAY = date(2026, 5, 26)


def _brief(**changes: Any) -> Snapshot:
    """A brief of a thousand people as it was approved."""
    return {
        "segment": {"id": 1, "name": "Buyers", "definition": {"match": "all", "rules": [ANN]}},
        "window": [DAY.isoformat(), (DAY + timedelta(days=6)).isoformat()],
        "offer": "Free pouch",
        "cost": "540.00",
        "expected": ["1000.00", "2000.00"],
        "people": 1000,
        **changes,
    }


def _days(first: int, last: int) -> list[str]:
    return [(DAY + timedelta(days=n)).isoformat() for n in (first, last)]


@pytest.mark.parametrize("people", [800, 900, 1000, 1200])
def test_an_audience_may_drift_within_the_tolerance(people: int) -> None:
    assert brief_differences(_brief(), _brief(people=people), 0.2) == []


@pytest.mark.parametrize("people", [0, 799, 1201, 5000])
def test_an_audience_that_drifted_further_is_said_in_numbers(people: int) -> None:
    [difference] = brief_differences(_brief(), _brief(people=people), 0.2)

    assert str(difference) == f"Number of people: approved “1,000”, now “{people:,}”"


def test_a_tolerance_includes_its_own_end_whatever_the_rounding() -> None:
    assert brief_differences(_brief(people=100), _brief(people=129), 0.29) == []


def test_nobody_is_not_somebody() -> None:
    assert brief_differences(_brief(people=0), _brief(people=1), 0.2) != []


@pytest.mark.parametrize(("first", "last"), [(0, 6), (1, 5), (3, 3), (6, 6)])
def test_a_send_inside_the_approved_window_is_what_was_approved(first: int, last: int) -> None:
    assert brief_differences(_brief(), _brief(window=_days(first, last)), 0.2) == []


@pytest.mark.parametrize(("first", "last"), [(-1, 6), (0, 7), (-1, -1), (7, 7)])
def test_a_send_outside_the_approved_window_is_not(first: int, last: int) -> None:
    [difference] = brief_differences(_brief(), _brief(window=_days(first, last)), 0.2)

    assert difference.what == "Window"


def test_other_rules_are_another_audience_even_of_the_same_size() -> None:
    other = {"id": 1, "name": "Buyers", "definition": {"match": "all", "rules": [BO]}}

    [difference] = brief_differences(_brief(), _brief(segment=other), 0.2)

    assert str(difference) == "Audience: approved “Buyers”, now “Buyers, with other rules”"


def test_another_name_for_the_same_rules_is_the_same_audience() -> None:
    renamed = {"id": 2, "name": "Customers", "definition": {"match": "all", "rules": [ANN]}}

    assert brief_differences(_brief(), _brief(segment=renamed), 0.2) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"offer": "20% off"}, "Offer: approved “Free pouch”, now “20% off”"),
        ({"offer": ""}, "Offer: approved “Free pouch”, now “no offer”"),
        ({"cost": "1540.50"}, "Cost: approved “540.00”, now “1,540.50”"),
    ],
)
def test_offer_and_cost_are_as_approved_or_said(changes: dict[str, Any], words: str) -> None:
    assert [str(difference) for difference in brief_differences(_brief(), _brief(**changes), 0.2)] == [words]


def test_a_space_too_many_is_no_other_offer() -> None:
    assert brief_differences(_brief(), _brief(offer=" Free pouch "), 0.2) == []


rules = st.lists(
    st.fixed_dictionaries({"field": st.just("first_name"), "op": st.just("is"), "value": st.sampled_from("abc")}),
    max_size=2,
)
words = st.sampled_from(["", "Free pouch", "20% off", "Early access"])
amounts = st.decimals(min_value=0, max_value=10_000, places=2).map(lambda amount: format(amount, ".2f"))
tolerances = st.floats(min_value=0, max_value=1)


@st.composite
def briefs(draw: st.DrawFn) -> Snapshot:
    first = draw(st.integers(min_value=0, max_value=20))
    last = draw(st.integers(min_value=first, max_value=30))
    return _brief(
        segment={"id": 1, "name": "S", "definition": {"match": "all", "rules": draw(rules)}},
        window=_days(first, last),
        offer=draw(words),
        cost=draw(amounts),
        people=draw(st.integers(min_value=0, max_value=100_000)),
    )


@given(briefs(), tolerances)
def test_equal_briefs_have_no_difference(brief: Snapshot, tolerance: float) -> None:
    assert brief_differences(brief, {**brief}, tolerance) == []


def _covered(approved: Snapshot, current: Snapshot, tolerance: float) -> bool:
    """Whether a send is what was approved, written a second time and as plainly as possible."""
    return bool(
        approved["segment"]["definition"] == current["segment"]["definition"]
        and abs(approved["people"] - current["people"]) <= round(approved["people"] * tolerance, 6)
        and approved["window"][0] <= current["window"][0]
        and current["window"][1] <= approved["window"][1]
        and approved["offer"] == current["offer"]
        and approved["cost"] == current["cost"]
    )


@given(briefs(), briefs(), tolerances)
def test_there_is_a_difference_exactly_where_something_covered_changed(
    approved: Snapshot, current: Snapshot, tolerance: float
) -> None:
    assert (brief_differences(approved, current, tolerance) == []) == _covered(approved, current, tolerance)


@given(briefs(), briefs(), st.sampled_from(["segment", "window", "offer", "cost", "people"]))
def test_one_changed_field_is_enough(approved: Snapshot, other: Snapshot, field: str) -> None:
    current = {**approved, field: other[field]}

    found = brief_differences(approved, current, 0.0)

    assert (found == []) == _covered(approved, current, 0.0)
    assert len(found) <= 1
