"""Pages of cadence, capacity, skills, scope and charts, as a browser without script sees them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from sprints.models import Cadence, MemberSkill, ScopeEntry, Sprint, SprintState, Story, StoryStatus
from sprints.services.sprints import start_sprint
from sprints.services.stories import move_story, plan_story
from tests.factories.cadence import (
    CadenceFactory,
    CapacityFactory,
    MemberSkillFactory,
    SkillFactory,
    SprintTargetFactory,
    StoryPointsFactory,
)
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import KpiFactory, ReadingFactory
from tests.sprints.looking import titles, url
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]


@pytest.fixture
def running(workspace: Workspace, lead: Member, now: datetime) -> Sprint:
    """Three stories of three points, one of them done, and one added since."""
    sprint: Sprint = SprintFactory.create(workspace=workspace, start_date=now.date() - timedelta(days=3))
    StoryFactory.create_batch(3, workspace=workspace, sprint=sprint)
    start_sprint(sprint=sprint, by=lead, now=now - timedelta(days=3))
    first = sprint.stories.ranked()[0]
    move_story(story=first, status=StoryStatus.DOING, by=lead, now=now - timedelta(days=2))
    move_story(story=first, status=StoryStatus.DONE, by=lead, now=now - timedelta(days=1))
    late = StoryFactory.create(workspace=workspace, title="Came late")
    plan_story(story=late, sprint=sprint, by=lead, now=now)
    sprint.refresh_from_db()
    return sprint


class TestCadence:
    FIELDS = {
        "weeks": "1", "first_weekday": "0", "ahead": "2", "name_pattern": "Week {week}", "cool_down_days": "0",
        "unit": "points", "hours_per_point": "4",
    }  # fmt: skip

    def test_saving_it_makes_the_sprints_and_the_page_shows_them(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        answer = browse(lead).post(url("settings_cadence", workspace), self.FIELDS, follow=True)

        assert Sprint.objects.filter(state=SprintState.PLANNING).count() == 2
        assert len(answer.context["planned"]) == 2
        assert len(answer.context["following"]) == 4

    def test_what_makes_no_sense_stands_under_its_field(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        answer = browse(lead).post(url("settings_cadence", workspace), {**self.FIELDS, "weeks": "9"})

        assert answer.status_code == 422
        assert not Cadence.objects.exists()

    def test_a_holiday_is_added_once(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        day = {"day": "2031-05-24", "name": "Letters"}
        client = browse(lead)
        client.post(url("holiday_add", workspace), day)

        again = client.post(url("holiday_add", workspace), day)

        assert again.status_code == 422
        assert "Already a holiday" in again.content.decode()

    def test_a_planned_sprint_is_cancelled_after_a_look(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace)
        StoryFactory.create(workspace=workspace, sprint=sprint, title="Goes back")
        client = browse(lead)

        assert "Goes back" in client.get(url("sprint_cancel", workspace, sprint.pk)).content.decode()
        client.post(url("sprint_cancel", workspace, sprint.pk))

        assert titles(workspace) == ["Goes back"]
        assert "cancelled" in client.get(url("sprint_detail", workspace, sprint.pk)).content.decode()

    def test_one_that_runs_is_not(self, workspace: Workspace, running: Sprint, lead: Member, browse: Browse) -> None:
        assert browse(lead).get(url("sprint_cancel", workspace, running.pk)).status_code == 302
        assert browse(lead).post(url("sprint_cancel", workspace, running.pk)).status_code == 409


class TestTarget:
    def test_rates_are_typed_in_percent(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        sprint, kpi = SprintFactory.create(workspace=workspace), KpiFactory.create(workspace=workspace)
        address = url("sprint_target", workspace, sprint.pk)

        browse(lead).post(address, {"kpi": kpi.pk, "baseline": "3.1", "target": "3.6"})

        assert float(sprint.target.target) == pytest.approx(0.036)
        assert 'value="3.6"' in browse(lead).get(address).content.decode()

    def test_the_sprint_shows_it_with_the_last_reading_of_its_days(
        self, workspace: Workspace, lead: Member, browse: Browse, now: datetime
    ) -> None:
        target = SprintTargetFactory.create(sprint__workspace=workspace)
        ReadingFactory.create(kpi=target.kpi, value="0.035", day=target.sprint.start_date)
        ReadingFactory.create(kpi=target.kpi, value="0.9", day=target.sprint.start_date - timedelta(days=1))

        page = browse(lead).get(url("sprint_detail", workspace, target.sprint_id)).content.decode()

        assert "3.5%" in page
        assert "50%" in page

    def test_it_can_be_taken_away(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        target = SprintTargetFactory.create(sprint__workspace=workspace)

        browse(lead).post(url("sprint_target", workspace, target.sprint_id), {"clear": "1"})

        assert not type(target).objects.exists()


class TestClosing:
    def test_each_story_has_a_choice(self, workspace: Workspace, running: Sprint, lead: Member, browse: Browse) -> None:
        second, third, late = running.stories.exclude(status=StoryStatus.DONE).ranked()
        Story.objects.filter(pk=late.pk).update(points=5)
        choices = {
            "carry_to": "backlog", f"story-{second.pk}": "drop",
            f"story-{late.pk}": "split", f"done-{late.pk}": "2",
        }  # fmt: skip

        browse(lead).post(url("sprint_close", workspace, running.pk), choices)

        running.refresh_from_db()
        assert running.delivered_points == 5
        assert titles(workspace) == [third.title, "Came late (the rest)"]
        assert Story.objects.get(pk=second.pk).dropped_at is not None

    def test_a_split_without_points_is_refused_under_its_story(
        self, workspace: Workspace, running: Sprint, lead: Member, browse: Browse
    ) -> None:
        late = running.stories.ranked().last()
        assert late is not None

        answer = browse(lead).post(
            url("sprint_close", workspace, running.pk), {"carry_to": "backlog", f"story-{late.pk}": "split"}
        )

        assert answer.status_code == 422
        assert "at least one is done" in answer.content.decode()
        assert Sprint.objects.get(pk=running.pk).state == SprintState.RUNNING


class TestScope:
    def test_the_log_is_filtered_and_a_line_gets_its_reason(
        self, workspace: Workspace, running: Sprint, lead: Member, seller: Member, browse: Browse
    ) -> None:
        address = url("sprint_scope", workspace, running.pk)
        added = ScopeEntry.objects.get(change="added")

        browse(seller).post(url("scope_reason", workspace, added.pk), {"reason": "The owner asked.", "next": address})

        page = browse(lead).get(address, {"change": "added", "by": str(lead.pk)})
        assert list(page.context["entries"]) == [added]
        assert "The owner asked." in page.content.decode()
        assert added not in browse(lead).get(address, {"unexplained": "on"}).context["entries"]

    def test_a_filter_that_makes_no_sense_asks_nothing(
        self, workspace: Workspace, running: Sprint, lead: Member, browse: Browse
    ) -> None:
        page = browse(lead).get(url("sprint_scope", workspace, running.pk), {"change": "stolen", "page": "x"})

        assert len(page.context["entries"]) == running.scope_log.count()

    @pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
    def test_the_csv_has_the_same_lines(
        self, workspace: Workspace, running: Sprint, lead: Member, browse: Browse
    ) -> None:
        answer = browse(lead).get(url("sprint_scope_csv", workspace, running.pk), {"change": "added"})

        lines = b"".join(answer).decode().splitlines()
        assert len(lines) == 2
        assert "Came late" in lines[1]

    def test_the_edit_form_asks_why_only_while_the_sprint_runs(
        self, workspace: Workspace, running: Sprint, lead: Member, browse: Browse
    ) -> None:
        story = running.stories.get(title="Came late")
        address = url("story_edit", workspace, story.pk)
        fields = {"title": story.title, "kind": "campaign", "points": "8", "reason": "Two languages more."}

        browse(lead).post(address, fields)

        assert ScopeEntry.objects.get(change="estimated").reason == "Two languages more."
        other = StoryFactory.create(workspace=workspace)
        assert 'name="reason"' in browse(lead).get(address).content.decode()
        assert 'name="reason"' not in browse(lead).get(url("story_edit", workspace, other.pk)).content.decode()


class TestSkills:
    def test_one_edits_ones_own_row(self, workspace: Workspace, seller: Member, lead: Member, browse: Browse) -> None:
        skill = SkillFactory.create(workspace=workspace)
        address = url("team_skills", workspace)

        browse(seller).post(
            address,
            {
                f"level-{seller.pk}-{skill.pk}": "3",
                f"level-{seller.pk}-{skill.pk}-learns": "on",
                f"level-{lead.pk}-{skill.pk}": "3",
            },
        )

        assert list(MemberSkill.objects.values_list("member", "level", "wants_to_learn")) == [(seller.pk, 3, True)]
        page = browse(seller).get(address, {"edit": "1"}).content.decode()
        assert page.count("<select") == 1

    def test_two_who_save_at_once_keep_what_both_said(
        self, workspace: Workspace, seller: Member, lead: Member, browse: Browse
    ) -> None:
        copy, design = (SkillFactory.create(workspace=workspace, name=name) for name in ("Copy", "Design"))
        shown = {f"was-{seller.pk}-{skill.pk}": "0-0" for skill in (copy, design)}
        whole = {f"level-{seller.pk}-{copy.pk}": "0", f"level-{seller.pk}-{design.pk}": "0"} | shown

        browse(seller).post(url("team_skills", workspace), whole | {f"level-{seller.pk}-{copy.pk}": "2"})
        answer = browse(lead).post(url("team_skills", workspace), whole | {f"level-{seller.pk}-{design.pk}": "1"})

        assert answer.status_code == 302
        assert set(MemberSkill.objects.values_list("skill__name", "level")) == {("Copy", 2), ("Design", 1)}

    def test_a_cell_that_somebody_else_has_set_meanwhile_is_shown_and_not_written_over(
        self, workspace: Workspace, seller: Member, lead: Member, browse: Browse
    ) -> None:
        copy, design = (SkillFactory.create(workspace=workspace, name=name) for name in ("Copy", "Design"))
        MemberSkillFactory.create(member=seller, skill=copy, level=3)
        MemberSkillFactory.create(member=seller, skill=design, level=3)
        cell, other = f"{seller.pk}-{copy.pk}", f"{seller.pk}-{design.pk}"
        data = {f"level-{cell}": "1", f"was-{cell}": "2-0", f"level-{other}": "2", f"was-{other}": "2-0"}

        refused = browse(lead).post(url("team_skills", workspace), data)
        page = refused.content.decode()
        again = browse(lead).post(url("team_skills", workspace), data | {f"was-{cell}": "3-0"})

        assert refused.status_code == 422
        assert "Somebody has set it to 3 meanwhile." in page
        assert f'name="was-{cell}" value="3-0"' in page
        assert f'name="was-{other}" value="2-0"' in page
        assert again.status_code == 302
        assert set(MemberSkill.objects.values_list("skill__name", "level")) == {("Copy", 1), ("Design", 3)}

    def test_gaps_and_who_must_not_be_away_are_said_in_words(
        self, workspace: Workspace, seller: Member, lead: Member, browse: Browse
    ) -> None:
        MemberSkillFactory.create(member=seller, skill=SkillFactory.create(workspace=workspace, name="Copy"))
        SkillFactory.create(workspace=workspace, name="Data")

        page = browse(lead).get(url("team_skills", workspace)).content.decode()

        assert "Of 2 skills, 0 are done alone by two or more people, 1 by one person only, 1 by nobody." in page
        assert f"Without {seller} nobody does: Copy" in page

    @pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
    def test_the_matrix_is_there_for_a_spreadsheet(
        self, workspace: Workspace, seller: Member, lead: Member, browse: Browse
    ) -> None:
        skill = SkillFactory.create(workspace=workspace, name="=Copy")
        MemberSkillFactory.create(member=seller, skill=skill, wants_to_learn=True)

        answer = browse(lead).get(url("team_skills_csv", workspace))

        lines = b"".join(answer).decode("utf-8-sig").splitlines()
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert lines[0] == "who,'=Copy"
        assert f"{seller},2*" in lines
        assert lines[-2:] == ["do it alone,1", "gap,one person only"]

    def test_a_guest_sees_it_without_controls(self, workspace: Workspace, guest: Member, browse: Browse) -> None:
        MemberSkillFactory.create(skill__workspace=workspace)

        page = browse(guest).get(url("team_skills", workspace), {"edit": "1"}).content.decode()

        assert "<select" not in page

    def test_the_usual_skills_are_a_button_away(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        browse(lead).post(url("settings_skills", workspace), {"usual": "1"})

        assert "Deliverability" in browse(lead).get(url("team_skills", workspace)).content.decode()

    def test_a_sum_that_differs_from_the_total_is_explained(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        story = StoryFactory.create(workspace=workspace, points=8)
        skill = SkillFactory.create(workspace=workspace)

        browse(lead).post(url("story_skills", workspace, story.pk), {f"skill-{skill.pk}": "5"})

        page = browse(lead).get(url("story_detail", workspace, story.pk)).content.decode()
        assert "5 of 8" in page
        assert "differs from the total" in page


class TestCapacity:
    def test_the_sum_becomes_the_sprints_capacity(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        sprint = SprintFactory.create(workspace=workspace, capacity_points=None)
        browse(lead).post(
            url("team_member", workspace, lead.pk),
            {"per_day": "1", "focus": "50", "weekdays": ["0", "1", "2", "3", "4", "5", "6"]},
        )

        browse(lead).post(url("sprint_capacity_use", workspace, sprint.pk))

        sprint.refresh_from_db()
        assert sprint.capacity_points == 6

    def test_of_somebody_else_only_whoever_plans_says_it(
        self, workspace: Workspace, analyst: Member, lead: Member, browse: Browse
    ) -> None:
        client, address = browse(analyst), url("team_member", workspace, lead.pk)

        answer = client.post(address, {"per_day": "1", "focus": "50"})

        assert answer.status_code == 422
        assert "Save capacity" not in client.get(address).content.decode()

    def test_days_off_turned_round_are_refused_on_the_form(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        days = {"first_date": "2031-05-24", "last_date": "2031-05-20"}

        answer = browse(lead).post(url("team_days_off", workspace, lead.pk), days)

        assert answer.status_code == 422


class TestCharts:
    def test_a_running_sprint_has_all_of_them_with_tables(
        self, workspace: Workspace, running: Sprint, lead: Member, browse: Browse
    ) -> None:
        CapacityFactory.create(member=lead)
        skill = SkillFactory.create(workspace=workspace)
        StoryPointsFactory.create(story=running.stories.ranked()[1], skill=skill)

        page = browse(lead).get(url("sprint_charts", workspace, running.pk)).content.decode()

        for name in ("Burndown", "Burnup", "Cumulative flow", "Cycle time", "Workload by skill"):
            assert name in page
        assert page.count("Show as a table") == 5

    @pytest.mark.parametrize("state", [{}, {"closed": True}])
    def test_a_sprint_without_a_story_draws_no_nonsense(
        self, workspace: Workspace, lead: Member, browse: Browse, state: dict[str, bool]
    ) -> None:
        sprint = SprintFactory.create(workspace=workspace, **state)

        assert browse(lead).get(url("sprint_charts", workspace, sprint.pk)).status_code == 200

    def test_points_of_the_scatter_are_links_with_a_label(
        self, workspace: Workspace, running: Sprint, lead: Member, browse: Browse
    ) -> None:
        story = Story.objects.get(sprint=running, status=StoryStatus.DONE)

        page = browse(lead).get(url("sprint_charts", workspace, running.pk)).content.decode()

        address = url("story_detail", workspace, story.pk)
        assert f'<a class="plot__point" href="{address}" aria-label="{story}: 1 day, done on' in page

    def test_the_forecast_is_asked_about_one_story_by_its_number(
        self, workspace: Workspace, lead: Member, browse: Browse
    ) -> None:
        for number in (101, 102, 103):
            SprintFactory.create(workspace=workspace, closed=True, number=number, delivered_points=10)
        first, _second = (StoryFactory.create(workspace=workspace, points=4) for _n in range(2))
        client, address = browse(lead), url("team_charts", workspace)

        whole = client.get(address).content.decode()
        one = client.get(address, {"story": first.number}).content.decode()
        unknown = client.get(address, {"story": "999"}).content.decode()

        assert "2 stories with 8 points are ahead" in whole
        assert "1 story with 4 points is ahead" in one
        assert "100%" in one
        assert "There is no story of this number." in unknown

    def test_the_load_of_the_running_sprint_and_of_the_next_one_say_who_can(
        self, workspace: Workspace, running: Sprint, lead: Member, browse: Browse
    ) -> None:
        CapacityFactory.create(member=lead)
        planned = SprintFactory.create(workspace=workspace, number=60, start_date=running.end_date + timedelta(days=3))
        able = MemberSkillFactory.create(member=lead, skill=SkillFactory.create(workspace=workspace, name="Copy"))
        for sprint in (running, planned):
            story = StoryFactory.create(workspace=workspace, sprint=sprint, points=3)
            StoryPointsFactory.create(story=story, skill=able.skill, points=2)

        page = browse(lead).get(url("team_charts", workspace)).content.decode()

        for number in (running.number, 60):
            assert f"Who can do it in sprint {number}" in page
        assert page.count(f"{lead}: at most") == 2
        assert page.count("One person only") == 2

    def test_under_three_sprints_the_forecast_says_so(self, workspace: Workspace, lead: Member, browse: Browse) -> None:
        SprintFactory.create(workspace=workspace, closed=True)
        StoryFactory.create(workspace=workspace)

        page = browse(lead).get(url("team_charts", workspace)).content.decode()

        assert "Not enough sprints yet" in page

    def test_the_team_page_takes_as_many_queries_for_more_stories(
        self,
        workspace: Workspace,
        running: Sprint,
        lead: Member,
        browse: Browse,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        CadenceFactory.create(workspace=workspace)
        for number in (101, 102, 103):
            SprintFactory.create(workspace=workspace, closed=True, number=number)
        StoryFactory.create_batch(10, workspace=workspace)
        client = browse(lead)

        with django_assert_max_num_queries(36):
            page = client.get(reverse("sprints:team_charts", args=[workspace.slug]))

        assert "so it ended in 100% of all runs" in page.content.decode()
