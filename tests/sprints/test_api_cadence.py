"""REST: cadence, capacity, skills, scope and charts."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from rest_framework.test import APIClient

from sprints.models import ScopeEntry, Sprint, SprintState, Story, StoryStatus
from sprints.services.sprints import start_sprint
from sprints.services.stories import move_story, plan_story
from tests.factories.cadence import CapacityFactory, SkillFactory
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory, KpiFactory
from workspaces.models import Member, Workspace

Api = Callable[..., APIClient]


@pytest.fixture
def running(workspace: Workspace, lead: Member, now: datetime) -> Sprint:
    """Two stories of three points, one of them done since this morning; a third was added."""
    sprint: Sprint = SprintFactory.create(workspace=workspace, start_date=now.date() - timedelta(days=1))
    first, _second = StoryFactory.create_batch(2, workspace=workspace, sprint=sprint)
    start_sprint(sprint=sprint, by=lead, now=now - timedelta(days=1))
    move_story(story=first, status=StoryStatus.DONE, by=lead, now=now)
    plan_story(story=StoryFactory.create(workspace=workspace, points=5), sprint=sprint, by=lead, now=now)
    return sprint


def test_setting_the_cadence_makes_sprints(workspace: Workspace, lead: Member, api: Api) -> None:
    client = api(lead)
    assert client.get("/api/v1/team/cadence/").status_code == 404

    answer = client.put("/api/v1/team/cadence/", {"weeks": 1, "ahead": 3}, format="json")

    assert (answer.status_code, answer.json()["weeks"]) == (200, 1)
    assert Sprint.objects.for_workspace(workspace).count() == 3
    assert client.put("/api/v1/team/cadence/", {"weeks": 5}, format="json").status_code == 400


def test_a_planned_sprint_is_cancelled_and_a_running_one_is_not(
    workspace: Workspace, running: Sprint, lead: Member, api: Api
) -> None:
    planned = SprintFactory.create(workspace=workspace)
    client = api(lead)

    assert client.post(f"/api/v1/sprints/{planned.pk}/cancel/").status_code == 204
    refused = client.post(f"/api/v1/sprints/{running.pk}/cancel/")

    planned.refresh_from_db()
    assert planned.state == SprintState.CANCELLED
    assert (refused.status_code, refused.json()["code"]) == (409, "sprint_refused")


def test_a_target_is_set_read_and_taken_away(workspace: Workspace, lead: Member, api: Api) -> None:
    sprint, kpi = SprintFactory.create(workspace=workspace), KpiFactory.create(workspace=workspace)
    client, address = api(lead), f"/api/v1/sprints/{sprint.pk}/target/"

    client.put(address, {"kpi": kpi.pk, "baseline": "0.03", "target": "0.04"}, format="json")

    assert client.get(address).json() == {"kpi": kpi.pk, "baseline": "0.030000", "target": "0.040000"}
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


def test_a_kpi_of_another_workspace_does_not_exist(
    workspace: Workspace, outsider: Member, lead: Member, api: Api
) -> None:
    sprint, foreign = SprintFactory.create(workspace=workspace), KpiFactory.create(workspace=outsider.workspace)

    answer = api(lead).put(
        f"/api/v1/sprints/{sprint.pk}/target/", {"kpi": foreign.pk, "baseline": "0", "target": "1"}, format="json"
    )

    assert answer.status_code == 400


def test_the_commitment_and_the_log_are_read_and_a_reason_is_given(running: Sprint, lead: Member, api: Api) -> None:
    client = api(lead)
    log = client.get(f"/api/v1/sprints/{running.pk}/scope-log/").json()
    added = next(line for line in log if line["change"] == "added")

    client.put(f"/api/v1/scope-entries/{added['id']}/reason/", {"reason": "The owner asked."}, format="json")

    assert [line["change"] for line in log] == ["committed", "committed", "done", "added"]
    assert ScopeEntry.objects.get(pk=added["id"]).reason == "The owner asked."
    assert client.get(f"/api/v1/sprints/{running.pk}/commitment/").json()["snapshot"]["points"] == 6


def test_charts_give_the_figures_of_each_day(running: Sprint, lead: Member, api: Api) -> None:
    found = api(lead).get(f"/api/v1/sprints/{running.pk}/charts/").json()

    last = found["days"][-1]
    assert (last["committed"], last["added"], last["scope"], last["done"], last["left"]) == (6, 5, 11, 3, 8)
    assert last["columns"] == {"done": 1, "todo": 2}
    assert len(found["cycle_times"]) == 1


def test_closing_takes_a_choice_for_a_story(workspace: Workspace, running: Sprint, lead: Member, api: Api) -> None:
    big = Story.objects.get(points=5)

    answer = api(lead).post(
        f"/api/v1/sprints/{running.pk}/close/", {"leftovers": [{"story": big.pk, "done_points": 2}]}, format="json"
    )

    assert answer.json()["delivered_points"] == 5
    assert Story.objects.get(split_from__story=big).points == 3


def test_planning_takes_a_reason(workspace: Workspace, running: Sprint, lead: Member, api: Api) -> None:
    story = StoryFactory.create(workspace=workspace)
    body = {"sprint": running.pk, "reason": "A supplier dropped out."}

    api(lead).post(f"/api/v1/stories/{story.pk}/plan/", body, format="json")

    assert ScopeEntry.objects.get(story=story).reason == "A supplier dropped out."


def test_capacity_levels_and_points_by_skill_come_together(workspace: Workspace, lead: Member, api: Api) -> None:
    client, copy = api(lead), SkillFactory.create(workspace=workspace, name="Copy")
    sprint = SprintFactory.create(workspace=workspace)
    story = StoryFactory.create(workspace=workspace, sprint=sprint, points=8)
    mail = lead.user.email
    client.put(
        "/api/v1/team/capacity/",
        {"member": mail, "per_day": "1", "focus_rate": 1, "weekdays": list(range(7))},
        format="json",
    )
    client.put("/api/v1/team/matrix/", {"member": mail, "levels": [{"skill": copy.pk, "level": 2}]}, format="json")
    split = client.put(
        f"/api/v1/stories/{story.pk}/skills/", {"skills": [{"skill": copy.pk, "points": 5}]}, format="json"
    )

    found = client.get(f"/api/v1/sprints/{sprint.pk}/capacity/").json()
    matrix = client.get("/api/v1/team/matrix/").json()

    assert split.json() == {"skills": [{"skill": copy.pk, "points": 5}], "total": 8}
    assert (found["points"], found["unsplit"]) == (12, 3)
    assert found["skills"] == [
        {
            "skill": copy.pk, "name": "Copy", "demand": 5, "supply": 12, "able": 1,
            "people": [str(lead)], "too_much": 0, "gap": "one",
        }
    ]  # fmt: skip
    own = {"member": mail, "stories": 0, "points": 0, "can_take": 12, "too_much": 0}
    assert [each for each in found["loads"] if each["member"] == mail] == [own]
    assert found["nobody"] == 8
    assert matrix["risks"] == [{"member": mail, "skills": ["Copy"], "away": [], "demand": 5}]
    assert (matrix["coverage"][0]["gap"], matrix["coverage"][0]["demand"]) == ("one", 5)


def test_others_capacity_is_for_whoever_plans(analyst: Member, lead: Member, api: Api) -> None:
    body = {"member": lead.user.email, "per_day": "1", "focus_rate": 1, "weekdays": [0]}

    answer = api(analyst).put("/api/v1/team/capacity/", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_yours")


def test_the_sum_is_written_as_the_capacity(workspace: Workspace, lead: Member, api: Api) -> None:
    sprint = SprintFactory.create(workspace=workspace)
    CapacityFactory.create(member=lead, weekdays=list(range(7)))

    api(lead).post(f"/api/v1/sprints/{sprint.pk}/capacity/")

    sprint.refresh_from_db()
    assert sprint.capacity_points == 12


def test_the_forecast_is_of_everything_or_of_a_goal(workspace: Workspace, lead: Member, api: Api) -> None:
    for number in (1, 2, 3):
        SprintFactory.create(workspace=workspace, closed=True, number=number, delivered_points=10)
    goal = GoalFactory.create(workspace=workspace)
    for serves in (goal, None, None):
        StoryFactory.create(workspace=workspace, goal=serves, points=10)
    client = api(lead)

    whole, part = client.get("/api/v1/team/charts/").json(), client.get(f"/api/v1/team/charts/?goal={goal.pk}").json()

    assert (whole["forecast"]["likely_sprints"], part["forecast"]["likely_sprints"]) == (3, 1)
    assert whole["velocity"] == {"median": 10, "low": 10, "high": 10, "delivered": [10, 10, 10]}
    assert client.get("/api/v1/team/charts/?goal=999999").status_code == 404


def test_the_forecast_of_a_story_has_a_range_and_says_how_sure(
    workspace: Workspace, lead: Member, outsider: Member, api: Api
) -> None:
    for number in (1, 2, 3):
        SprintFactory.create(workspace=workspace, closed=True, number=number, delivered_points=10)
    stories = [StoryFactory.create(workspace=workspace, points=10) for _n in range(2)]
    foreign = StoryFactory.create(workspace=outsider.workspace)

    found = api(lead).get(f"/api/v1/team/charts/?story={stories[1].pk}").json()["forecast"]

    assert (found["early_sprints"], found["safe_sprints"], found["sure"]) == (2, 2, 1)
    assert found["chances"] == [{"day": found["safe"], "sprints": 2, "sure": 1}]
    assert api(lead).get(f"/api/v1/team/charts/?story={foreign.pk}").status_code == 404


def test_the_next_slots_are_read_and_days_of_another_sprint_are_refused(
    workspace: Workspace, lead: Member, api: Api
) -> None:
    client = api(lead)
    before = client.get("/api/v1/team/following/").json()
    client.put("/api/v1/team/cadence/", {"weeks": 1, "ahead": 1, "name_pattern": "W"}, format="json")
    made = Sprint.objects.get()

    slots = client.get("/api/v1/team/following/").json()
    days = {"start_date": made.start_date.isoformat(), "end_date": made.end_date.isoformat()}
    refused = client.post("/api/v1/sprints/", {"name": "Mine", **days}, format="json")

    assert before == []
    assert len(slots) == 4
    assert slots[0]["start"] > days["end_date"]
    assert (refused.status_code, set(refused.json()["fields"])) == (409, {"start_date"})
