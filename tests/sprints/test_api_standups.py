"""The stand-up by API."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from rest_framework.test import APIClient

from sprints.models import StandUpEntry
from tests.factories.sprints import StoryFactory
from tests.factories.standups import every_day, said, todays
from workspaces.models import Member

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


@pytest.fixture
def team(lead: Member, marketer: Member, now: datetime) -> list[Member]:
    every_day([lead, marketer], now)
    return [lead, marketer]


def test_an_entry_is_written_and_written_anew(team: list[Member], api: Api) -> None:
    client = api(team[0])

    for today in ("One thing", "Another thing"):
        answer = client.post("/api/v1/stand-up-entries/", {"today": today, "plan_kept": "partly"}, format="json")

    assert answer.status_code == 200
    assert answer.data["member"] == team[0].user.email
    assert [entry.today for entry in StandUpEntry.objects.all()] == ["Another thing"]


def test_the_history_is_read_newest_first(team: list[Member], now: datetime, api: Api) -> None:
    for days in (2, 1):
        said(team[1], now - timedelta(days=days), today=f"{days} days ago")

    found = api(team[0]).get("/api/v1/stand-ups/").data["results"]

    assert [day["entries"][0]["today"] for day in found] == ["1 days ago", "2 days ago"]


@pytest.mark.parametrize("body", [{}, {"today": "x", "plan_kept": "maybe"}, {"today": "x", "stories": [0]}])
def test_what_makes_no_sense_is_refused(team: list[Member], body: dict[str, object], api: Api) -> None:
    assert api(team[0]).post("/api/v1/stand-up-entries/", body, format="json").status_code in {400, 409}


def test_a_story_of_another_workspace_does_not_exist(team: list[Member], outsider: Member, api: Api) -> None:
    strange = StoryFactory.create(workspace=outsider.workspace)

    answer = api(team[0]).post("/api/v1/stand-up-entries/", {"today": "x", "stories": [strange.pk]}, format="json")

    assert answer.status_code == 400


def test_the_round_is_held_by_api(team: list[Member], now: datetime, api: Api) -> None:
    client, stand_up = api(team[0]), todays(team[0], now)
    at = f"/api/v1/stand-ups/{stand_up.pk}"

    before = client.get(f"{at}/round/").data
    started = client.post(f"{at}/step/", {"step": "start"}, format="json").data
    turn = started["speaking"]["id"]
    following = [client.post(f"{at}/step/", {"step": "next", "turn": turn}, format="json").data for _time in range(2)]

    assert before["order"] == [member.user.email for member in team]
    assert started["speaking"]["member"] == team[0].user.email
    assert {answer["speaking"]["member"] for answer in following} == {team[1].user.email}


def test_a_step_that_names_nobody_to_move_is_refused(team: list[Member], now: datetime, api: Api) -> None:
    stand_up = todays(team[0], now)

    answer = api(team[0]).post(f"/api/v1/stand-ups/{stand_up.pk}/step/", {"step": "up"}, format="json")

    assert answer.status_code == 409


def test_the_schedule_is_set_and_read_by_api(owner: Member, lead: Member, api: Api) -> None:
    wanted = {
        "weekdays": [1, 3], "remind_hour": 8, "closing_hour": 10, "has_round": False, "seconds_each": 45,
        "order": "drawn", "members": [lead.user.email],
    }  # fmt: skip
    client = api(owner)

    before = client.get("/api/v1/stand-up-schedule/").data
    answer = client.post("/api/v1/stand-up-schedule/", wanted, format="json")

    assert not before["is_set"]
    assert answer.status_code == 200
    assert client.get("/api/v1/stand-up-schedule/").data == {**wanted, "is_set": True}
