"""The list of sprints, planning, the board, closing. Who may open them is asked by the permission matrix."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from sprints.forms.sprints import next_sprint
from sprints.models import Sprint, SprintState, Story, StoryStatus
from sprints.services.sprints import start_sprint
from sprints.services.stories import move_story, plan_story
from tests.factories.sprints import BlockerFactory, CriterionFactory, SprintFactory, StoryFactory
from tests.sprints.looking import BOARD, HTMX, shown, url
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]


@pytest.fixture
def running(workspace: Workspace, lead: Member, now: datetime) -> Sprint:
    """A running sprint: one story of the lead to do, a blocked one in production, one done; 3 points each."""
    sprint: Sprint = SprintFactory.create(workspace=workspace, name="Glow", start_date=now.date() - timedelta(days=3))
    stories = [StoryFactory.create(workspace=workspace, sprint=sprint, title=title) for title in ("A", "B", "C")]
    Story.objects.filter(title="A").update(assignee=lead)
    BlockerFactory.create(story=stories[1], reason="No feed", owner=lead)
    start_sprint(sprint=sprint, by=lead, now=now)
    move_story(story=stories[1], status=StoryStatus.DOING, by=lead, now=now)
    move_story(story=stories[2], status=StoryStatus.DONE, by=lead, now=now)
    sprint.refresh_from_db()
    return sprint


class TestList:
    def test_newest_first_with_what_was_planned_and_delivered(
        self, workspace: Workspace, guest: Member, running: Sprint, browse: Browse
    ) -> None:
        SprintFactory.create(workspace=workspace, closed=True, number=running.number - 1, goal_sentence="Quiet readers")
        planned = SprintFactory.create(workspace=workspace, number=running.number + 1, capacity_points=20)
        StoryFactory.create(workspace=workspace, sprint=planned, points=8)

        page = browse(guest).get(url("sprint_list", workspace))

        assert [sprint.number - running.number for sprint in page.context["sprints"]] == [1, 0, -1]
        for words in ("8 of 20 points planned", "3 of 9 points done", "8 of 10 points delivered", "Quiet readers"):
            assert words in page.content.decode()

    def test_velocity_is_drawn_of_closed_sprints_oldest_first(
        self, workspace: Workspace, guest: Member, browse: Browse
    ) -> None:
        for number in (3, 1, 2):
            SprintFactory.create(workspace=workspace, closed=True, number=number)

        chart = browse(guest).get(url("sprint_list", workspace)).context["velocity"]

        assert chart.labels == ["S1", "S2", "S3"]

    def test_without_a_sprint_it_says_what_they_are_for(
        self, workspace: Workspace, lead: Member, guest: Member, browse: Browse
    ) -> None:
        leads, guests = (browse(member).get(url("sprint_list", workspace)).content.decode() for member in (lead, guest))

        assert "Plan the first sprint" in leads
        assert url("sprint_new", workspace) not in guests

    def test_many_sprints_take_few_queries(
        self,
        workspace: Workspace,
        lead: Member,
        browse: Browse,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for sprint in SprintFactory.create_batch(20, workspace=workspace, closed=True):
            StoryFactory.create(workspace=workspace, sprint=sprint, created_by=lead)
        client = browse(lead)

        with django_assert_max_num_queries(11):
            client.get(url("sprint_list", workspace))


class TestNew:
    def test_two_weeks_from_next_monday_with_what_the_team_usually_delivers(
        self, workspace: Workspace, now: datetime
    ) -> None:
        for number, delivered in ((1, 100), (2, 10), (3, 12), (4, 14)):
            SprintFactory.create(workspace=workspace, closed=True, number=number, delivered_points=delivered)

        proposed = next_sprint(workspace, date(2026, 5, 20))

        assert proposed == {
            "start_date": date(2026, 5, 25),
            "end_date": date(2026, 6, 5),
            "capacity_points": 12,
        }

    def test_after_a_sprint_that_still_goes_on(self, workspace: Workspace) -> None:
        SprintFactory.create(workspace=workspace, start_date=date(2026, 5, 25), end_date=date(2026, 6, 5))

        assert next_sprint(workspace, date(2026, 5, 20))["start_date"] == date(2026, 6, 8)

    def test_on_a_monday_it_is_the_next_one(self, workspace: Workspace) -> None:
        assert next_sprint(workspace, date(2026, 5, 18))["start_date"] == date(2026, 5, 25)

    def test_a_sprint_is_opened(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        data = {"name": "Replenish", "goal_sentence": "In time.", "start_date": "2026-05-25", "end_date": "2026-06-05"}

        page = browse(lead).post(url("sprint_new", workspace), data, follow=True)

        sprint = Sprint.objects.get()
        assert (sprint.number, sprint.state, sprint.day_count) == (1, SprintState.PLANNING, 12)
        assert "Sprint 1: Replenish" in page.content.decode()

    def test_a_team_that_counted_before_goes_on_counting(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        data = {"name": "A", "number": "12", "start_date": "2026-05-25", "end_date": "2026-06-05"}
        client = browse(lead)

        client.post(url("sprint_new", workspace), data)
        client.post(
            url("sprint_new", workspace),
            {**data, "number": "40", "start_date": "2026-06-08", "end_date": "2026-06-19"},
        )

        assert list(Sprint.objects.order_by("pk").values_list("number", flat=True)) == [12, 13]

    @pytest.mark.parametrize(
        ("fields", "at_fault"),
        [
            ({"name": ""}, "name"),
            ({"end_date": "2026-05-24"}, "end_date"),
            ({"end_date": "2026-07-24"}, "end_date"),
            ({"start_date": "soon"}, "start_date"),
            ({"capacity_points": "-1"}, "capacity_points"),
            ({"capacity_points": "5000"}, "capacity_points"),
            ({"number": "0"}, "number"),
        ],
    )
    def test_what_is_wrong_is_said_at_the_field(
        self, workspace: Workspace, lead: Member, browse: Browse, fields: dict[str, str], at_fault: str
    ) -> None:
        data = {"name": "A", "start_date": "2026-05-25", "end_date": "2026-06-05", **fields}

        page = browse(lead).post(url("sprint_new", workspace), data)

        assert page.status_code == 422
        assert set(page.context["form"].errors) == {at_fault}
        assert not Sprint.objects.exists()

    def test_editing_a_closed_sprint_is_refused_on_the_form(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace, closed=True, name="Old")
        data = {"name": "New", "start_date": "2026-05-25", "end_date": "2026-06-05"}

        page = browse(lead).post(url("sprint_edit", workspace, sprint.pk), data)

        assert page.status_code == 422
        assert "history" in page.content.decode()


class TestPlanning:
    def test_points_stand_against_the_capacity(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        sprint = SprintFactory.create(workspace=workspace, capacity_points=10)
        StoryFactory.create_batch(2, workspace=workspace, sprint=sprint, points=7)

        page = browse(lead).get(url("sprint_detail", workspace, sprint.pk))

        assert (page.context["points"], page.context["too_much"]) == (14, 4)
        assert "4 points more than fit" in page.content.decode()

    def test_stories_come_in_from_the_backlog_and_go_out_again(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        sprint, story = SprintFactory.create(workspace=workspace), StoryFactory.create(workspace=workspace)
        client, here = browse(lead), url("sprint_detail", workspace, sprint.pk)
        assert [card.story for card in client.get(here).context["offered"]] == [story]

        page = client.post(
            url("story_plan", workspace, story.pk), {"sprint": sprint.pk, "next": here}, headers=HTMX, follow=True
        )

        assert "<html" not in page.content.decode()
        assert f"is in sprint {sprint.number} now" in page.content.decode()
        assert [card.story for card in page.context["cards"]] == [story]
        assert page.context["offered"] == []

    def test_it_is_started(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        sprint = SprintFactory.create(workspace=workspace)
        StoryFactory.create(workspace=workspace, sprint=sprint, points=5)

        page = browse(lead).post(url("sprint_start", workspace, sprint.pk), follow=True)

        sprint.refresh_from_db()
        assert (sprint.state, sprint.committed_points) == (SprintState.RUNNING, 5)
        assert "Board" in page.content.decode()

    @pytest.mark.parametrize("why", ["empty", "other"])
    def test_it_cannot_be_started_empty_or_beside_another(
        self, workspace: Workspace, lead: Member, browse: Browse, why: str
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace)
        if why == "other":
            SprintFactory.create(workspace=workspace, running=True)
            StoryFactory.create(workspace=workspace, sprint=sprint)
        client = browse(lead)

        page = client.get(url("sprint_detail", workspace, sprint.pk))
        answer = client.post(url("sprint_start", workspace, sprint.pk))

        assert url("sprint_start", workspace, sprint.pk) not in page.content.decode()
        assert answer.status_code == 409

    def test_a_guest_reads_the_plan_only(self, workspace: Workspace, guest: Member, browse: Browse) -> None:
        sprint = SprintFactory.create(workspace=workspace)
        StoryFactory.create(workspace=workspace, sprint=sprint)

        page = browse(guest).get(url("sprint_detail", workspace, sprint.pk)).content.decode()

        assert page.count('method="post"') == 2  # signing out, in the side bar and in the drawer


class TestBoard:
    def test_columns_and_the_figures_above_them(
        self, workspace: Workspace, guest: Member, running: Sprint, browse: Browse
    ) -> None:
        page = browse(guest).get(url("sprint_detail", workspace, running.pk))

        figures = page.context["figures"]
        assert shown(page.context["board"]) == {"": [["A"], ["B"], [], ["C"]]}
        assert (figures.done, figures.scope, [story.title for story in figures.blocked]) == (3, 9, ["B"])
        assert "3 of 9 points done" in page.content.decode()
        assert "No feed" in page.content.decode()
        assert "data-place" not in page.content.decode()

    def test_a_card_is_moved_by_its_menu_and_the_place_is_said(
        self, workspace: Workspace, marketer: Member, running: Sprint, browse: Browse
    ) -> None:
        story, here = Story.objects.get(title="A"), url("sprint_detail", workspace, running.pk)
        data = {"column": "doing", "next": here}

        page = browse(marketer).post(url("story_move", workspace, story.pk), data, headers=BOARD, follow=True)

        story.refresh_from_db()
        assert story.status == StoryStatus.DOING
        assert "“A” is in “In production” now, number 2 of 2" in page.content.decode()

    def test_without_script_the_focus_comes_back_to_the_card(
        self, workspace: Workspace, marketer: Member, running: Sprint, browse: Browse
    ) -> None:
        story, here = Story.objects.get(title="A"), url("sprint_detail", workspace, running.pk)
        data = {"column": "doing", "next": here}

        page = browse(marketer).post(url("story_move", workspace, story.pk), data, follow=True)

        assert page.content.decode().count(f'id="menu-{story.pk}" aria-label="Move: A" autofocus') == 1

    def test_a_card_that_is_dragged_lands_before_its_new_neighbour(
        self, workspace: Workspace, marketer: Member, running: Sprint, browse: Browse
    ) -> None:
        story, neighbour = Story.objects.get(title="A"), Story.objects.get(title="B")

        browse(marketer).post(url("story_move", workspace, story.pk), {"column": "doing", "before": neighbour.pk})

        doing = running.stories.filter(status=StoryStatus.DOING).ranked()
        assert [found.title for found in doing] == ["A", "B"]

    @pytest.mark.parametrize(("show", "titles"), [("", "ABC"), ("mine", "A"), ("blocked", "B"), ("else", "ABC")])
    def test_it_can_show_some_only_while_the_figures_stay(
        self, workspace: Workspace, lead: Member, running: Sprint, browse: Browse, show: str, titles: str
    ) -> None:
        page = browse(lead).get(url("sprint_detail", workspace, running.pk), {"show": show})

        assert "".join(card.story.title for cell in page.context["board"].cells for card in cell.cards) == titles
        assert page.context["figures"].scope == 9

    def test_a_move_keeps_what_is_shown(
        self, workspace: Workspace, lead: Member, running: Sprint, browse: Browse
    ) -> None:
        client, story = browse(lead), Story.objects.get(title="A")
        here = client.get(url("sprint_detail", workspace, running.pk), {"show": "mine", "moved": "1"}).context["here"]

        answer = client.post(url("story_move", workspace, story.pk), {"column": "review", "next": here})

        assert answer.headers["Location"].endswith(f"?show=mine&moved={story.pk}")

    def test_what_changed_since_the_start_is_listed(
        self, workspace: Workspace, lead: Member, running: Sprint, now: datetime, browse: Browse
    ) -> None:
        plan_story(story=StoryFactory.create(workspace=workspace, points=5), sprint=running, by=lead, now=now)
        plan_story(story=Story.objects.get(title="B"), sprint=None, by=lead, now=now)

        page = browse(lead).get(url("sprint_detail", workspace, running.pk))

        assert [change.points for change in page.context["changes"]] == [-3, 5]
        assert "−3" in page.content.decode()

    def test_a_full_board_takes_few_queries(
        self,
        workspace: Workspace,
        lead: Member,
        running: Sprint,
        browse: Browse,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for story in StoryFactory.create_batch(40, workspace=workspace, sprint=running, created_by=lead, assignee=lead):
            CriterionFactory.create(story=story)
        client = browse(lead)

        with django_assert_max_num_queries(31):
            client.get(url("sprint_detail", workspace, running.pk))


class TestClosing:
    def test_the_rest_is_listed_and_goes_where_it_is_told(
        self, workspace: Workspace, lead: Member, running: Sprint, browse: Browse
    ) -> None:
        following = SprintFactory.create(workspace=workspace)
        client, address = browse(lead), url("sprint_close", workspace, running.pk)

        page = client.get(address)
        assert [story.title for story in page.context["unfinished"]] == ["A", "B"]
        assert [story.title for story in page.context["done"]] == ["C"]

        page = client.post(address, {"carry_to": following.pk}, follow=True)

        running.refresh_from_db()
        assert (running.state, running.delivered_points) == (SprintState.CLOSED, 3)
        assert following.stories.count() == 2
        assert f"Sprint {running.number} is closed; 2 stories go on" in page.content.decode()
        assert f"Now in sprint {following.number}" in page.content.decode()

    def test_without_a_next_sprint_the_rest_goes_into_the_backlog(
        self, workspace: Workspace, lead: Member, running: Sprint, browse: Browse
    ) -> None:
        client, address = browse(lead), url("sprint_close", workspace, running.pk)
        choices = client.get(address).context["form"].fields["carry_to"].choices
        assert [key for key, _label in choices] == ["backlog"]

        client.post(address, {"carry_to": "backlog"})

        assert Story.objects.in_backlog().count() == 2

    def test_everything_done_is_said_so(
        self, workspace: Workspace, lead: Member, running: Sprint, now: datetime, browse: Browse
    ) -> None:
        for story in running.stories.all():
            move_story(story=story, status=StoryStatus.DONE, by=lead, now=now)

        page = browse(lead).post(url("sprint_close", workspace, running.pk), {"carry_to": "backlog"}, follow=True)

        assert "everything is done" in page.content.decode()
        assert "All that was committed" in page.content.decode()

    @pytest.mark.parametrize("wrong", ["", "0", "x"])
    def test_a_place_that_does_not_exist_is_refused(
        self, workspace: Workspace, lead: Member, running: Sprint, browse: Browse, wrong: str
    ) -> None:
        page = browse(lead).post(url("sprint_close", workspace, running.pk), {"carry_to": wrong})

        assert page.status_code == 422
        running.refresh_from_db()
        assert running.state == SprintState.RUNNING

    def test_a_sprint_that_does_not_run_has_nothing_to_close(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace)
        client, address = browse(lead), url("sprint_close", workspace, sprint.pk)

        assert client.get(address).headers["Location"] == url("sprint_detail", workspace, sprint.pk)
        assert client.post(address, {"carry_to": "backlog"}).status_code == 422


class TestHome:
    def test_the_running_sprint_is_shown_at_a_glance(
        self, workspace: Workspace, guest: Member, running: Sprint, browse: Browse
    ) -> None:
        page = browse(guest).get(reverse("workspaces:home", kwargs={"workspace": workspace.slug})).content.decode()

        for words in (f"Sprint {running.number}: Glow", running.goal_sentence, "No feed", "<b>3</b> of 9 points done"):
            assert words.replace("'", "&#x27;") in page
        assert url("sprint_detail", workspace, running.pk) in page

    def test_without_one_there_is_no_panel(self, workspace: Workspace, guest: Member, browse: Browse) -> None:
        SprintFactory.create(workspace=workspace)

        page = browse(guest).get(reverse("workspaces:home", kwargs={"workspace": workspace.slug})).content.decode()

        assert "home-sprint-h" not in page

    def test_the_menu_counts_the_backlog(self, workspace: Workspace, guest: Member, browse: Browse) -> None:
        StoryFactory.create_batch(3, workspace=workspace)

        page = browse(guest).get(reverse("workspaces:home", kwargs={"workspace": workspace.slug}))

        counts = {link.href: link.count for group in page.context["sidebar"] for link in group.links}
        assert counts[url("story_list", workspace)] == 3
