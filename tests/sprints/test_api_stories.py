"""Stories and sprints by the API. Who may call what is asked by the permission matrix."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from sprints.models import Hypothesis, Sprint, SprintState, Story, StoryStatus
from tests.factories.audience import SegmentFactory
from tests.factories.sprints import BriefFactory, CriterionFactory, HypothesisFactory, SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory
from workspaces.models import Member, Workspace

Api = Callable[..., APIClient]


def call(client: APIClient, method: str, address: str, body: dict[str, Any] | None = None) -> Any:
    return getattr(client, method)(f"/api/v1/{address}", body, format="json")


def hypothesis(now: datetime, **fields: Any) -> dict[str, Any]:
    return {
        "because": "they reorder late", "change": "a reminder", "audience": "buyers", "metric": "click_rate",
        "baseline": 0.034, "expected": 0.041, "minimum_effect": 0.005,
        "check_date": (now + timedelta(days=28)).date().isoformat(), **fields,
    }  # fmt: skip


class TestWritingStories:
    def test_a_story_with_all_its_parts_at_once(
        self, workspace: Workspace, marketer: Member, now: datetime, api: Api
    ) -> None:
        goal, segment = GoalFactory.create(workspace=workspace), SegmentFactory.create(workspace=workspace)
        today = now.date().isoformat()
        body = {
            "title": "Remind before empty", "kind": "campaign", "as_a": "buyer", "i_want": "to hear in time",
            "so_that": "I never run out", "goal": goal.pk, "points": 5, "assignee": "Sofia@marenmoss.example",
            "criteria": ["Leaves on day 45", "Nobody gets it twice"], "hypothesis": hypothesis(now),
            "brief": {"segment": segment.pk, "window_start": today, "window_end": today, "expected_high": "8900"},
        }  # fmt: skip

        answer = call(api(marketer), "post", "stories/", body)

        assert answer.status_code == 201, answer.json()
        shown = answer.json()
        assert (shown["number"], shown["goal"], shown["assignee"]) == (1, goal.pk, "sofia@marenmoss.example")
        assert [criterion["text"] for criterion in shown["criteria"]] == body["criteria"]
        assert shown["hypothesis"] == body["hypothesis"]
        assert (shown["brief"]["segment"], shown["brief"]["expected_high"]) == (segment.pk, "8900.00")
        assert (shown["sprint"], shown["status"], shown["dropped_at"]) == (None, "todo", None)

    def test_a_refused_part_leaves_nothing(self, marketer: Member, now: datetime, api: Api) -> None:
        body = {"title": "A", "hypothesis": hypothesis(now, metric="wishes")}

        answer = call(api(marketer), "post", "stories/", body)

        assert (answer.status_code, answer.json()["code"]) == (409, "story_refused")
        assert set(answer.json()["fields"]) == {"metric"}
        assert not Story.objects.exists()

    @pytest.mark.parametrize("figure", ["nan", "inf", 1.5, -0.1])
    def test_figures_that_are_no_rates_are_refused(
        self, marketer: Member, now: datetime, api: Api, figure: float | str
    ) -> None:
        body = {"title": "A", "hypothesis": hypothesis(now, expected=figure)}

        assert call(api(marketer), "post", "stories/", body).status_code in {400, 409}
        assert not Story.objects.exists()

    @pytest.mark.parametrize(
        ("fields", "at_fault"),
        [
            ({"title": ""}, "title"),
            ({"title": "x" * 161}, "title"),
            ({"points": 101}, "points"),
            ({"kind": "dance"}, "kind"),
            ({"goal": 0}, "goal"),
            ({"assignee": "nobody@example.com"}, "assignee"),
            ({"criteria": ["x" * 301]}, "criteria.0"),
            ({"brief": {"segment": 0}}, "brief.segment"),
        ],
    )
    def test_bad_fields_are_named(self, marketer: Member, api: Api, fields: dict[str, Any], at_fault: str) -> None:
        answer = call(api(marketer), "post", "stories/", {"title": "A", **fields})

        assert answer.status_code == 400
        assert at_fault in answer.json()["fields"]

    def test_goals_and_segments_of_others_do_not_exist(
        self, outsider: Member, marketer: Member, now: datetime, api: Api
    ) -> None:
        goal, segment = (factory.create(workspace=outsider.workspace) for factory in (GoalFactory, SegmentFactory))
        today = now.date().isoformat()
        brief = {"segment": segment.pk, "window_start": today, "window_end": today}

        answer = call(api(marketer), "post", "stories/", {"title": "A", "goal": goal.pk, "brief": brief})

        assert set(answer.json()["fields"]) == {"goal", "brief.segment"}

    def test_what_is_left_out_stays_as_it_is(
        self, workspace: Workspace, marketer: Member, now: datetime, api: Api
    ) -> None:
        story = StoryFactory.create(workspace=workspace, title="Old", points=3)
        CriterionFactory.create(story=story, text="Stays", is_met=True)
        HypothesisFactory.create(story=story)
        client = api(marketer)

        shown = call(client, "put", f"stories/{story.pk}/", {"title": "New"}).json()
        assert (shown["title"], shown["points"], shown["criteria"][0]["is_met"]) == ("New", 3, True)

        shown = call(client, "put", f"stories/{story.pk}/", {"hypothesis": hypothesis(now, expected=0.05)}).json()
        assert (shown["title"], Hypothesis.objects.get().expected) == ("New", 0.05)

        shown = call(client, "put", f"stories/{story.pk}/", {"points": None, "blocked_by": "No feed"}).json()
        assert (shown["points"], shown["blocked_by"]) == (None, "No feed")

    def test_a_criterion_is_ticked(self, workspace: Workspace, marketer: Member, api: Api) -> None:
        criterion = CriterionFactory.create(story__workspace=workspace)
        other = CriterionFactory.create(story__workspace=workspace)
        client, address = api(marketer), f"stories/{criterion.story_id}/tick/"

        shown = call(client, "post", address, {"criterion": criterion.pk, "is_met": True}).json()
        wrong = call(client, "post", address, {"criterion": other.pk, "is_met": True})

        assert shown["criteria"][0]["is_met"] is True
        assert (wrong.status_code, set(wrong.json()["fields"])) == (400, {"criterion"})


class TestReadingStories:
    def test_everything_newest_first_lists_in_their_order(self, workspace: Workspace, guest: Member, api: Api) -> None:
        sprint = SprintFactory.create(workspace=workspace)
        first, second = StoryFactory.create_batch(2, workspace=workspace)
        planned = StoryFactory.create_batch(2, workspace=workspace, sprint=sprint)
        client = api(guest)

        def ids(query: str) -> list[int]:
            return [row["id"] for row in call(client, "get", f"stories/{query}").json()["results"]]

        assert ids("") == [planned[1].pk, planned[0].pk, second.pk, first.pk]
        assert ids("?backlog=1") == [first.pk, second.pk]
        assert ids(f"?sprint={sprint.pk}") == [planned[0].pk, planned[1].pk]
        assert ids("?sprint=x") == []

    def test_a_page_of_a_long_backlog_goes_on_where_the_last_one_ended(
        self, workspace: Workspace, guest: Member, marketer: Member, api: Api
    ) -> None:
        stories = StoryFactory.create_batch(5, workspace=workspace, created_by=marketer)
        client = api(guest)

        first = call(client, "get", "stories/?backlog=1&page_size=3").json()
        second = client.get(first["next"]).json()

        found = [row["id"] for row in [*first["results"], *second["results"]]]
        assert found == [story.pk for story in stories]

    def test_what_a_story_does_not_have_is_null(self, workspace: Workspace, guest: Member, api: Api) -> None:
        story = StoryFactory.create(workspace=workspace)

        shown = call(api(guest), "get", f"stories/{story.pk}/").json()

        assert [shown[part] for part in ("hypothesis", "brief", "goal", "sprint", "assignee")] == [None] * 5
        assert shown["criteria"] == []

    def test_many_stories_take_few_queries(
        self,
        workspace: Workspace,
        guest: Member,
        marketer: Member,
        api: Api,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for story in StoryFactory.create_batch(20, workspace=workspace, created_by=marketer):
            CriterionFactory.create(story=story)
            HypothesisFactory.create(story=story)
            BriefFactory.create(story=story, segment__created_by=marketer)
        client = api(guest)

        with django_assert_max_num_queries(5):
            assert len(call(client, "get", "stories/").json()["results"]) == 20


class TestMovingStories:
    def test_planned_moved_done_and_back(self, workspace: Workspace, lead: Member, api: Api) -> None:
        sprint = SprintFactory.create(workspace=workspace, running=True)
        first = StoryFactory.create(workspace=workspace, sprint=sprint)
        story = StoryFactory.create(workspace=workspace)
        client, address = api(lead), f"stories/{story.pk}"

        assert call(client, "post", f"{address}/plan/", {"sprint": sprint.pk}).json()["sprint"] == sprint.pk
        assert call(client, "post", f"{address}/move/", {"before": first.pk}).json()["status"] == "todo"
        assert list(sprint.stories.ranked()) == [story, first]
        assert call(client, "post", f"{address}/move/", {"column": "done"}).json()["done_at"] is not None
        refused = call(client, "post", f"{address}/plan/", {"sprint": None})
        assert (refused.status_code, refused.json()["code"]) == (409, "story_refused")
        call(client, "post", f"{address}/move/", {"column": "doing"})
        assert call(client, "post", f"{address}/plan/", {"sprint": None}).json()["sprint"] is None

    def test_dropped_and_brought_back(self, workspace: Workspace, lead: Member, api: Api) -> None:
        story = StoryFactory.create(workspace=workspace)
        client = api(lead)

        assert call(client, "post", f"stories/{story.pk}/drop/").json()["dropped_at"] is not None
        assert call(client, "post", f"stories/{story.pk}/plan/", {"sprint": None}).json()["dropped_at"] is None

    def test_places_that_do_not_exist_are_named(
        self, workspace: Workspace, outsider: Member, lead: Member, api: Api
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        theirs = StoryFactory.create(workspace=outsider.workspace)
        client = api(lead)

        answer = call(client, "post", f"stories/{story.pk}/move/", {"column": "archive", "before": theirs.pk})

        assert (answer.status_code, set(answer.json()["fields"])) == (400, {"column", "before"})
        assert call(client, "post", f"stories/{story.pk}/plan/", {}).status_code == 400


class TestSprints:
    def test_from_the_plan_to_the_end(self, workspace: Workspace, lead: Member, api: Api) -> None:
        client = api(lead)
        body = {"name": "Replenish", "start_date": "2026-05-25", "end_date": "2026-06-05", "capacity_points": 20}
        pk = call(client, "post", "sprints/", body).json()["id"]
        later = {**body, "name": "Next", "start_date": "2026-06-08", "end_date": "2026-06-19"}
        following = call(client, "post", "sprints/", later).json()["id"]
        done, rest = StoryFactory.create_batch(2, workspace=workspace, sprint_id=pk, points=5)

        started = call(client, "post", f"sprints/{pk}/start/").json()
        assert (started["state"], started["committed_points"]) == ("running", 10)
        call(client, "post", f"stories/{done.pk}/move/", {"column": "done"})
        closed = call(client, "post", f"sprints/{pk}/close/", {"carry_to": following}).json()

        assert (closed["state"], closed["delivered_points"]) == ("closed", 5)
        assert list(Story.objects.filter(sprint_id=following)) == [rest]
        assert Story.objects.get(pk=done.pk).status == StoryStatus.DONE
        numbers = [row["number"] for row in call(client, "get", "sprints/").json()["results"]]
        assert numbers == [2, 1]

    def test_a_sprint_is_changed_until_it_is_closed(self, workspace: Workspace, lead: Member, api: Api) -> None:
        sprint = SprintFactory.create(workspace=workspace, name="Old", capacity_points=20)
        client = api(lead)

        shown = call(client, "put", f"sprints/{sprint.pk}/", {"name": "New"}).json()
        assert (shown["name"], shown["capacity_points"]) == ("New", 20)

        Sprint.objects.update(state=SprintState.CLOSED)
        assert call(client, "put", f"sprints/{sprint.pk}/", {"name": "Newer"}).status_code == 409

    def test_refusals_say_what_to_do(self, workspace: Workspace, lead: Member, api: Api) -> None:
        client = api(lead)
        body = {"name": "A", "start_date": "2026-05-25", "end_date": "2026-07-25"}
        empty = SprintFactory.create(workspace=workspace)

        too_long = call(client, "post", "sprints/", body)
        not_started = call(client, "post", f"sprints/{empty.pk}/start/")
        not_closed = call(client, "post", f"sprints/{empty.pk}/close/", {})

        assert (too_long.status_code, set(too_long.json()["fields"])) == (409, {"end_date"})
        assert "Put at least one in" in not_started.json()["message"]
        assert not_closed.status_code == 409

    def test_a_team_that_counted_before_goes_on_counting(self, lead: Member, api: Api) -> None:
        client = api(lead)
        body = {"name": "A", "start_date": "2026-05-25", "end_date": "2026-06-05"}

        assert call(client, "post", "sprints/", {**body, "number": 15}).json()["number"] == 15
        later = {**body, "start_date": "2026-06-08", "end_date": "2026-06-19"}
        assert call(client, "post", "sprints/", later).json()["number"] == 16
        third = {**body, "start_date": "2026-06-22", "end_date": "2026-07-03", "number": 15}
        assert set(call(client, "post", "sprints/", third).json()["fields"]) == {"number"}
