"""The stand-up by API."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from rest_framework.test import APIClient

from sprints.models import StandUpEntry
from tests.factories.sprints import StoryFactory
from tests.factories.standups import every_day, said
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
