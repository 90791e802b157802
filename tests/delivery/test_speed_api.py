"""The pace by the API: the same as in the browser."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from delivery.models import LimitScope, Run, RunState, SpeedLimit, WarmUp
from tests.factories.delivery import RunFactory
from tests.factories.pace import SpeedLimitFactory, WarmUpFactory
from workspaces.models import Member, Workspace


@pytest.fixture
def program(lead: Member, api: Callable[..., APIClient]) -> APIClient:
    return api(lead)


def at(name: str, **kwargs: Any) -> str:
    return reverse(f"api:{name}", kwargs=kwargs)


class TestTheSpeedOfASend:
    def test_it_is_moved_and_lifted(self, workspace: Workspace, program: APIClient) -> None:
        run = RunFactory.create(workspace=workspace)
        address = at("run-speed", pk=run.campaign_id)

        speeds = [program.put(address, {"per_minute": n}, format="json").json()["speed_limit"] for n in (600, None)]

        assert speeds == [600, None]
        assert Run.objects.get().speed_limit is None

    @pytest.mark.parametrize("said", [{}, {"per_minute": 0}, {"per_minute": "fast"}, {"per_minute": 10**9}])
    def test_nonsense_is_refused(self, workspace: Workspace, program: APIClient, said: dict[str, Any]) -> None:
        run = RunFactory.create(workspace=workspace)

        answer = program.put(at("run-speed", pk=run.campaign_id), said, format="json")

        assert answer.status_code == 400
        assert list(answer.json()["fields"]) == ["per_minute"]

    def test_a_send_that_has_ended_says_so(self, workspace: Workspace, program: APIClient) -> None:
        run = RunFactory.create(workspace=workspace, state=RunState.CANCELLED)

        answer = program.put(at("run-speed", pk=run.campaign_id), {"per_minute": 5}, format="json")

        assert (answer.status_code, answer.json()["code"]) == (409, "speed_refused")


class TestLimits:
    def test_one_is_set_read_replaced_and_lifted(self, workspace: Workspace, program: APIClient) -> None:
        said = {"scope": "group", "group": "gmail", "per_minute": 90}
        made = program.post(at("speedlimit-list"), said, format="json").json()
        replaced = program.post(at("speedlimit-list"), {**said, "per_minute": 60}, format="json").json()

        listed = program.get(at("speedlimit-list")).json()["results"]
        gone = program.delete(at("speedlimit-detail", pk=made["id"])).status_code

        assert made == {
            "id": made["id"], "scope": "group", "transport_id": 0, "group": "gmail", "per_minute": 90, "per_day": None,
        }  # fmt: skip
        assert listed == [replaced] == [{**made, "per_minute": 60}]
        assert (gone, SpeedLimit.objects.count()) == (204, 0)

    @pytest.mark.parametrize(
        ("said", "status", "field"),
        [
            ({"scope": "group", "group": "gmail"}, 400, "per_minute"),
            ({"scope": "group", "group": "nobody", "per_minute": 5}, 400, "group"),
            ({"scope": "group", "per_minute": 5}, 409, "group"),
            ({"scope": "everything", "per_minute": 5}, 400, "scope"),
            ({"scope": "server", "transport_id": 99, "per_minute": 5}, 409, "transport_id"),
            ({"scope": "server", "transport_id": 2**63, "per_minute": 5}, 400, "transport_id"),
            ({"scope": "workspace", "per_day": -1}, 400, "per_day"),
        ],
    )
    def test_nonsense_is_refused(self, program: APIClient, said: dict[str, Any], status: int, field: str) -> None:
        answer = program.post(at("speedlimit-list"), said, format="json")

        assert answer.status_code == status
        assert list(answer.json()["fields"]) == [field]
        assert not SpeedLimit.objects.exists()

    def test_the_outlook_says_what_they_mean(self, workspace: Workspace, program: APIClient) -> None:
        SpeedLimitFactory.create(workspace=workspace, scope=LimitScope.SERVER, per_minute=1000)
        WarmUpFactory.create(workspace=workspace, first_day_count=50_000)

        found = program.get(at("speedlimit-outlook")).json()

        assert found == {
            "per_minute": 1000,
            "per_day": 50_000,
            "words": "At this speed 100,000 mails take 2 days.",
            "servers": [
                {
                    "transport_id": 0, "name": "The installation’s mail server", "per_minute": 1000, "given_today": 0,
                    "warm_up_today": 50_000,
                }
            ],
            "slowed": [],
        }  # fmt: skip


class TestWarmUps:
    def test_one_is_started_read_and_ended(self, program: APIClient, now: datetime) -> None:
        said = {"start_date": str(now.date()), "first_day_count": 500, "growth_percent": 100, "target_count": 2000}

        made = program.post(at("warmup-list"), said, format="json").json()
        listed = program.get(at("warmup-list")).json()["results"]
        gone = program.delete(at("warmup-detail", pk=made["id"])).status_code

        assert [day["at_most"] for day in made["days"]] == [500, 1000]
        assert made["last_day"] == made["days"][-1]["date"]
        assert listed == [made]
        assert (gone, WarmUp.objects.count()) == (204, 0)

    def test_a_schedule_that_is_over_is_refused_at_its_field(self, program: APIClient) -> None:
        said = {"start_date": "2020-01-01", "first_day_count": 500, "growth_percent": 100, "target_count": 2000}

        answer = program.post(at("warmup-list"), said, format="json")

        assert (answer.status_code, list(answer.json()["fields"])) == (409, ["start_date"])
