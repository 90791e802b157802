"""The backlog, and the small forms that move a story. Who may use them is asked by the permission matrix."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from sprints.models import Story, StoryKind
from tests.factories.sprints import BriefFactory, CriterionFactory, HypothesisFactory, SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory
from tests.sprints.looking import HTMX, titles, url
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]


class TestBacklog:
    def test_it_is_shown_in_its_order_with_what_each_story_is(
        self, workspace: Workspace, guest: Member, marketer: Member, browse: Browse
    ) -> None:
        goal = GoalFactory.create(workspace=workspace, name="Come back sooner")
        StoryFactory.create(workspace=workspace, title="Serum", goal=goal, points=8, assignee=marketer)
        StoryFactory.create(workspace=workspace, title="Quiz", kind=StoryKind.RESEARCH, points=None)

        page = browse(guest).get(url("story_list", workspace))

        assert [card.story.title for card in page.context["cards"]] == ["Serum", "Quiz"]
        for words in ("Come back sooner", "Research", "Sofia Marchetti", ">8<", ">?<"):
            assert words in page.content.decode()

    def test_it_says_what_a_story_still_needs(self, workspace: Workspace, marketer: Member, browse: Browse) -> None:
        told = StoryFactory.create(workspace=workspace, goal=GoalFactory.create(workspace=workspace))
        CriterionFactory.create(story=told)
        HypothesisFactory.create(story=told)
        BriefFactory.create(story=told)
        StoryFactory.create(workspace=workspace, kind=StoryKind.BUILD, as_a="", points=None)

        page = browse(marketer).get(url("story_list", workspace)).content.decode()

        assert "Ready to plan" in page
        assert "Still needs: who wants what and why, goal and 2 more" in page

    def test_stories_of_sprints_dropped_ones_and_strangers_are_not_in_it(
        self, workspace: Workspace, outsider: Member, marketer: Member, now: datetime, browse: Browse
    ) -> None:
        StoryFactory.create(workspace=outsider.workspace)
        StoryFactory.create(workspace=workspace, sprint=SprintFactory.create(workspace=workspace))
        StoryFactory.create(workspace=workspace, dropped_at=now)

        page = browse(marketer).get(url("story_list", workspace))

        assert page.context["cards"] == []
        assert "Nothing waits to be done" in page.content.decode()

    def test_one_line_and_enter_is_a_story_on_top(self, workspace: Workspace, marketer: Member, browse: Browse) -> None:
        StoryFactory.create(workspace=workspace, title="Old")

        page = browse(marketer).post(url("story_list", workspace), {"title": "New"}, follow=True)

        assert titles(workspace) == ["New", "Old"]
        assert page.redirect_chain[0][0].endswith(f"?added={Story.objects.get(title='New').pk}")
        assert b"autofocus" in page.content

    def test_an_empty_line_is_said_beside_the_field(
        self, workspace: Workspace, marketer: Member, browse: Browse
    ) -> None:
        page = browse(marketer).post(url("story_list", workspace), {"title": "  "})

        assert page.status_code == 422
        assert 'aria-describedby="title-error"' in page.content.decode()

    def test_htmx_gets_the_list_alone_with_where_the_story_stands(
        self, workspace: Workspace, marketer: Member, browse: Browse
    ) -> None:
        StoryFactory.create(workspace=workspace)

        page = browse(marketer).post(url("story_list", workspace), {"title": "New"}, headers=HTMX, follow=True)

        assert "<html" not in page.content.decode()
        assert "“New” is number 1 of 2 in the backlog now" in page.content.decode()

    def test_stories_can_be_put_only_into_sprints_that_are_open_the_planned_first(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        running = SprintFactory.create(workspace=workspace, running=True)
        planned = SprintFactory.create(workspace=workspace)
        SprintFactory.create(workspace=workspace, closed=True)
        StoryFactory.create(workspace=workspace)

        page = browse(lead).get(url("story_list", workspace))

        assert page.context["sprints"] == [planned, running]
        assert f'<option value="{running.pk}">Sprint {running.number}, running</option>' in page.content.decode()

    def test_those_who_may_not_plan_see_no_way_to(
        self, workspace: Workspace, seller: Member, guest: Member, browse: Browse
    ) -> None:
        SprintFactory.create(workspace=workspace)
        story = StoryFactory.create(workspace=workspace)

        sellers, guests = (browse(m).get(url("story_list", workspace)).content.decode() for m in (seller, guest))

        assert url("story_plan", workspace, story.pk) not in sellers + guests
        assert url("story_move", workspace, story.pk) in sellers
        assert url("story_move", workspace, story.pk) not in guests

    def test_two_hundred_stories_take_as_many_queries_as_two(
        self,
        workspace: Workspace,
        lead: Member,
        browse: Browse,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        goal = GoalFactory.create(workspace=workspace)
        SprintFactory.create_batch(2, workspace=workspace)
        stories = [
            Story(
                workspace=workspace, number=n, title=f"S{n}", rank=f"V{n:03}1", goal=goal, assignee=lead,
                created_by=lead, created_at=goal.created_at, updated_at=goal.created_at,
            )
            for n in range(200)
        ]  # fmt: skip
        Story.objects.bulk_create(stories)
        CriterionFactory.create(story=stories[0])
        client = browse(lead)

        with django_assert_max_num_queries(36):
            page = client.get(url("story_list", workspace))

        assert len(page.context["cards"]) == 50
        assert page.context["page"].total == 200


class TestMoving:
    def test_up_and_down_by_the_values_of_the_buttons(
        self, workspace: Workspace, marketer: Member, browse: Browse
    ) -> None:
        for title in "ABCD":
            StoryFactory.create(workspace=workspace, title=title)
        client = browse(marketer)

        def press(title: str, way: str) -> list[str]:
            cards = client.get(url("story_list", workspace)).context["cards"]
            card = next(card for card in cards if card.story.title == title)
            client.post(url("story_move", workspace, card.story.pk), {"before": getattr(card, way)})
            return titles(workspace)

        assert press("C", "up") == ["A", "C", "B", "D"]
        assert press("A", "down") == ["C", "A", "B", "D"]
        assert press("B", "down") == ["C", "A", "D", "B"]
        assert client.get(url("story_list", workspace)).context["cards"][0].up is None
        assert client.get(url("story_list", workspace)).context["cards"][3].down is None

    def test_it_returns_to_where_the_form_was_and_marks_the_story(
        self, workspace: Workspace, marketer: Member, browse: Browse
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        came_from = url("story_list", workspace)

        answer = browse(marketer).post(url("story_move", workspace, story.pk), {"next": came_from})

        assert answer.headers["Location"] == f"{came_from}?moved={story.pk}"

    @pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
    def test_it_never_leads_out_of_the_product(
        self, workspace: Workspace, marketer: Member, browse: Browse, elsewhere: str
    ) -> None:
        story = StoryFactory.create(workspace=workspace)

        answer = browse(marketer).post(
            url("story_block", workspace, story.pk), {"reason": "No feed", "next": elsewhere}
        )

        assert answer.headers["Location"] == url("story_detail", workspace, story.pk)

    @pytest.mark.parametrize("data", [{"column": "archive"}, {"before": "0"}, {"before": "x"}])
    def test_a_place_that_does_not_exist_is_refused(
        self, workspace: Workspace, marketer: Member, browse: Browse, data: dict[str, str]
    ) -> None:
        story = StoryFactory.create(workspace=workspace)

        answer = browse(marketer).post(url("story_move", workspace, story.pk), data)

        assert answer.status_code == 409
        assert "Load the page again" in answer.content.decode()

    def test_a_story_of_another_list_is_no_neighbour(
        self, workspace: Workspace, marketer: Member, browse: Browse
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        planned = StoryFactory.create(workspace=workspace, sprint=SprintFactory.create(workspace=workspace))

        answer = browse(marketer).post(
            url("story_move", workspace, story.pk), {"before": str(planned.pk)}, headers=HTMX
        )

        assert (answer.status_code, answer.headers["HX-Retarget"]) == (409, "#refusals")


class TestPlanning:
    def test_into_a_sprint_and_back(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        sprint, story = SprintFactory.create(workspace=workspace), StoryFactory.create(workspace=workspace)
        client = browse(lead)

        client.post(url("story_plan", workspace, story.pk), {"sprint": sprint.pk})
        assert Story.objects.get().sprint == sprint

        client.post(url("story_plan", workspace, story.pk), {"sprint": ""})
        assert Story.objects.get().sprint is None

    def test_a_closed_or_a_strangers_sprint_is_refused(
        self, workspace: Workspace, outsider: Member, lead: Member, browse: Browse
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        wrong = [
            SprintFactory.create(workspace=workspace, closed=True),
            SprintFactory.create(workspace=outsider.workspace),
        ]

        for sprint in wrong:
            answer = browse(lead).post(url("story_plan", workspace, story.pk), {"sprint": sprint.pk})
            assert answer.status_code == 409

        assert Story.objects.for_workspace(workspace).get().sprint is None

    def test_dropping_can_be_taken_back(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        story = StoryFactory.create(workspace=workspace)
        client = browse(lead)

        page = client.post(url("story_drop", workspace, story.pk), follow=True)
        assert "Bring it back" in page.content.decode()
        assert titles(workspace) == []

        client.post(url("story_plan", workspace, story.pk), {"sprint": ""})
        assert titles(workspace) == [story.title]
