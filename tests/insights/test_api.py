"""Reports, outcomes and measuring by the API."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from delivery.models import HitKind, Nature, Run
from insights.services import measure_story
from sprints.models import Story, StoryOutcome
from tests.factories.campaigns import CampaignFactory
from tests.factories.insights import bought, did, ended_run, promising_story, sent, with_plan
from tests.factories.sprints import SprintFactory
from workspaces.models import AuditEntry, Member, Workspace


@pytest.fixture
def client(lead: Member, api: Callable[..., APIClient]) -> APIClient:
    return api(lead)


@pytest.fixture
def run(workspace: Workspace, now: datetime) -> Run:
    """A campaign of two days ago: forty mails, ten people clicked, one of them ordered."""
    run = ended_run(workspace, now - timedelta(days=2), story=promising_story(workspace, now))
    rows = sent(run, 40)
    for row in rows[:10]:
        did(row)
    did(rows[0], HitKind.OPEN, by=Nature.MACHINE)
    bought(rows[0].contact, 1500, at=now - timedelta(days=1))
    return run


def url(name: str, **kwargs: Any) -> str:
    return reverse(f"api:{name}", kwargs=kwargs)


class TestReports:
    def test_a_report_tells_figures_with_their_doubt(self, client: APIClient, run: Run) -> None:
        body = client.get(url("report-detail", pk=run.campaign_id)).json()

        assert body["campaign"] == run.campaign_id
        assert (body["counts"]["sent"], body["opened"], body["clicked"], body["unsubscribed"]) == (40, 0, 10, 0)
        assert (body["machine_opens"], body["machine_clicks"]) == (1, 0)
        assert (body["click_rate"]["value"], body["click_rate"]["sample_size"]) == (0.25, 40)
        assert body["click_rate"]["low"] < 0.25 < body["click_rate"]["high"]
        assert (body["orders"], body["buyers"], body["revenue"]["value"]) == (1, 1, 1500.0)
        assert body["forecast"] == {"low": "1000.00", "high": "2000.00", "landing": "inside"}
        assert body["links"] == [{"url": "https://shop.example/glow", "people": 10, "clicks": 10}]
        assert body["domains"] == [{"domain": "example.org", "sent": 40, "failed": 0, "clicked": 10}]

    def test_the_promise_stands_beside_the_verdict(self, client: APIClient, run: Run, now: datetime) -> None:
        promise = client.get(url("report-detail", pk=run.campaign_id)).json()["promise"]

        assert (promise["metric"], promise["baseline"], promise["expected"]) == ("click_rate", 0.03, 0.04)
        assert (promise["verdict"], promise["measured"]["value"]) == ("reached", 0.25)
        assert promise["reason"].endswith("as much as promised.")

    def test_an_open_end_is_null(self, client: APIClient, workspace: Workspace, now: datetime) -> None:
        row = sent(ended_run(workspace, now - timedelta(days=2)))[0]

        answer = client.get(url("report-detail", pk=row.run.campaign_id))

        body = json.loads(answer.content, parse_constant=pytest.fail)
        assert body["revenue"] == {"value": 0.0, "low": None, "high": None, "sample_size": 1}
        assert (body["promise"], body["forecast"]) == (None, None)

    def test_before_the_send_there_is_none(self, client: APIClient, workspace: Workspace) -> None:
        draft = CampaignFactory.create(workspace=workspace)

        answer = client.get(url("report-detail", pk=draft.pk))

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


class TestOutcomes:
    def test_what_came_of_stories_is_listed_newest_first(self, client: APIClient, run: Run, now: datetime) -> None:
        story = with_plan(run.campaign.story)
        measure_story(story=story, now=now)

        (body,) = client.get(url("outcome-list")).json()["results"]

        assert {name: body[name] for name in ("story", "metric", "value", "sample_size", "revenue", "verdict")} == {
            "story": story.pk, "metric": "click_rate", "value": 0.25, "sample_size": 40, "revenue": "1500.00",
            "verdict": "reached",
        }  # fmt: skip

    def test_those_of_another_business_are_not_ours(
        self, run: Run, outsider: Member, api: Callable[..., APIClient], now: datetime
    ) -> None:
        measure_story(story=with_plan(run.campaign.story), now=now)

        assert api(outsider).get(url("outcome-list")).json()["results"] == []

    def test_the_list_costs_the_same_for_one_as_for_many(
        self,
        client: APIClient,
        workspace: Workspace,
        now: datetime,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for _number in range(5):
            story = promising_story(workspace, now)
            sent(ended_run(workspace, now - timedelta(days=2), story=story))
            measure_story(story=story, now=now)

        with django_assert_max_num_queries(3):
            assert len(client.get(url("outcome-list")).json()["results"]) == 5


class TestMeasuring:
    def test_a_sprint_is_measured_on_demand(
        self, client: APIClient, run: Run, workspace: Workspace, lead: Member
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace, running=True)
        Story.objects.filter(pk=run.campaign.story_id).update(sprint=sprint)

        answers = [client.post(url("sprintmeasure-measure", pk=sprint.pk)) for _time in range(2)]

        assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"stories": 1})] * 2
        assert StoryOutcome.objects.get().value == 0.25
        assert AuditEntry.objects.filter(action="sprint.measured", member=lead).count() == 2
