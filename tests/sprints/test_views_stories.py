"""A story's own pages. Who may open them is asked by the permission matrix."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from sprints.history import history_of
from sprints.models import Sprint, SprintState, Story, StoryStatus
from sprints.services.stories import drop_story, plan_story
from tests.factories.audience import ContactFactory, SegmentFactory
from tests.factories.sprints import BriefFactory, CriterionFactory, SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory
from tests.factories.workspaces import MemberFactory
from tests.sprints.looking import HTMX, url
from workspaces.models import Member, Workspace

Browse = Callable[[Member], Client]


class TestWriting:
    def test_a_story_with_its_criteria(self, workspace: Workspace, marketer: Member, browse: Browse) -> None:
        goal = GoalFactory.create(workspace=workspace)
        data = {
            "title": "Remind before empty", "kind": "campaign", "as_a": "buyer", "i_want": "to hear in time",
            "so_that": "I never run out", "problem": "They forget.", "goal": goal.pk, "points": "5",
            "assignee": marketer.pk, "criteria": "Leaves on day 45\nNobody gets it twice",
        }  # fmt: skip

        page = browse(marketer).post(url("story_new", workspace), data, follow=True)

        story = Story.objects.get()
        assert (story.title, story.points, story.goal, story.assignee) == ("Remind before empty", 5, goal, marketer)
        assert story.criteria.count() == 2
        assert "As a buyer I want to hear in time, so that I never run out." in page.content.decode()

    @pytest.mark.parametrize(
        ("fields", "at_fault"),
        [
            ({"title": ""}, "title"),
            ({"points": "-1"}, "points"),
            ({"points": "101"}, "points"),
            ({"kind": "dance"}, "kind"),
            ({"goal": "0"}, "goal"),
            ({"assignee": "0"}, "assignee"),
        ],
    )
    def test_what_is_wrong_is_said_at_the_field(
        self, workspace: Workspace, marketer: Member, browse: Browse, fields: dict[str, str], at_fault: str
    ) -> None:
        page = browse(marketer).post(url("story_new", workspace), {"title": "A", "kind": "build", **fields})

        assert page.status_code == 422
        assert set(page.context["form"].errors) == {at_fault}
        assert not Story.objects.exists()

    def test_criteria_that_are_refused_leave_no_half_written_story(
        self, workspace: Workspace, marketer: Member, browse: Browse
    ) -> None:
        data = {"title": "A", "kind": "build", "criteria": "\n".join(str(n) for n in range(30))}

        page = browse(marketer).post(url("story_new", workspace), data)

        assert page.status_code == 422
        assert not Story.objects.exists()

    def test_strangers_goals_and_people_who_left_are_not_offered(
        self, workspace: Workspace, outsider: Member, marketer: Member, now: datetime, browse: Browse
    ) -> None:
        GoalFactory.create(workspace=outsider.workspace)
        GoalFactory.create(workspace=workspace, champion=marketer, kpi__champion=marketer, closed=True)
        MemberFactory.create(workspace=workspace, left_at=now)
        ours = GoalFactory.create(workspace=workspace, champion=marketer, kpi__champion=marketer)

        fields = browse(marketer).get(url("story_new", workspace)).context["form"].fields

        assert list(fields["goal"].queryset) == [ours]
        assert list(fields["assignee"].queryset) == [marketer]

    def test_editing_keeps_a_goal_that_was_closed_since(
        self, workspace: Workspace, marketer: Member, browse: Browse
    ) -> None:
        goal = GoalFactory.create(workspace=workspace, closed=True)
        story = StoryFactory.create(workspace=workspace, goal=goal)

        data = {"title": "Renamed", "kind": "campaign", "goal": goal.pk}
        answer = browse(marketer).post(url("story_edit", workspace, story.pk), data)

        story.refresh_from_db()
        assert (answer.status_code, story.title, story.goal) == (302, "Renamed", goal)

    def test_a_refusal_stands_on_the_form(self, workspace: Workspace, marketer: Member, browse: Browse) -> None:
        closed = SprintFactory.create(workspace=workspace, closed=True)
        story = StoryFactory.create(workspace=workspace, sprint=closed)

        page = browse(marketer).post(url("story_edit", workspace, story.pk), {"title": "New", "kind": "build"})

        assert page.status_code == 422
        assert "This sprint is closed" in page.content.decode()


class TestHypothesis:
    def data(self, now: datetime, **fields: str) -> dict[str, str]:
        day = (now + timedelta(days=28)).date().isoformat()
        return {
            "because": "they reorder late.", "change": "a reminder", "audience": "buyers", "metric": "click_rate",
            "baseline": "3.4", "expected": "4.1", "minimum_effect": "0.5", "check_date": day, **fields,
        }  # fmt: skip

    def test_rates_are_typed_in_percent_and_kept_as_fractions(
        self, workspace: Workspace, marketer: Member, now: datetime, browse: Browse
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        client = browse(marketer)

        page = client.post(url("story_hypothesis", workspace, story.pk), self.data(now), follow=True)

        kept = Story.objects.get().hypothesis
        assert (kept.baseline, kept.expected, kept.minimum_effect) == (0.034, 0.041, 0.005)
        words = " ".join(page.content.decode().split())
        assert "Because <b>they reorder late</b>, we believe that <b>a reminder</b> for <b>buyers</b>" in words
        assert "will move <b>Click rate</b> from <b>3.4%</b> to <b>4.1%</b>" in words
        assert "Smallest effect worth it: 0.5 points" in words
        form = client.get(url("story_hypothesis", workspace, story.pk)).context["form"]
        assert [form.initial[name] for name in ("baseline", "expected", "minimum_effect")] == ["3.4", "4.1", "0.5"]

    def test_money_is_typed_and_kept_as_it_is(
        self, workspace: Workspace, marketer: Member, now: datetime, browse: Browse
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        data = self.data(now, metric="revenue", baseline="5000", expected="6500", minimum_effect="500")

        page = browse(marketer).post(url("story_hypothesis", workspace, story.pk), data, follow=True)

        assert Story.objects.get().hypothesis.expected == 6500.0
        assert "€5,000</b> to <b>€6,500" in page.content.decode()

    @pytest.mark.parametrize(
        ("fields", "at_fault"),
        [
            ({"metric": ""}, "metric"),
            ({"metric": "wishes"}, "metric"),
            ({"baseline": "many"}, "baseline"),
            ({"expected": "120"}, "expected"),
            ({"expected": "3.4"}, "expected"),
            ({"minimum_effect": "3"}, "minimum_effect"),
            ({"check_date": "2020-01-01"}, "check_date"),
            ({"because": ""}, "because"),
        ],
    )
    def test_what_is_wrong_is_said_at_the_field(
        self,
        workspace: Workspace,
        marketer: Member,
        now: datetime,
        browse: Browse,
        fields: dict[str, str],
        at_fault: str,
    ) -> None:
        story = StoryFactory.create(workspace=workspace)

        page = browse(marketer).post(url("story_hypothesis", workspace, story.pk), self.data(now, **fields))

        assert page.status_code == 422
        assert set(page.context["form"].errors) == {at_fault}


class TestBrief:
    def data(self, workspace: Workspace, now: datetime, **fields: Any) -> dict[str, Any]:
        today = now.date()
        return {
            "segment": SegmentFactory.create(workspace=workspace, name="Serum buyers").pk,
            "window_start": today.isoformat(), "window_end": (today + timedelta(days=3)).isoformat(),
            "offer": "10% off", "cost": "60.50", "expected_low": "6800", "expected_high": "8900", **fields,
        }  # fmt: skip

    def test_the_card_shows_who_when_what_and_how_many_now(
        self, workspace: Workspace, marketer: Member, now: datetime, browse: Browse
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        ContactFactory.create_batch(2, workspace=workspace)
        ContactFactory.create(workspace=workspace, consent="unknown")

        page = browse(marketer).post(url("story_brief", workspace, story.pk), self.data(workspace, now), follow=True)

        assert Story.objects.get().brief.cost == Decimal("60.50")
        for words in ("Serum buyers", "3, of whom 2 may be written to", "10% off", "€60.50", "€6,800 to €8,900"):
            assert words in page.content.decode()

    def test_choosing_a_segment_counts_its_people(
        self, workspace: Workspace, outsider: Member, marketer: Member, browse: Browse
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        ContactFactory.create(workspace=workspace)
        segment, theirs = (
            SegmentFactory.create(workspace=workspace),
            SegmentFactory.create(workspace=outsider.workspace),
        )
        client, address = browse(marketer), url("story_brief", workspace, story.pk)

        ours = client.get(address, {"segment": segment.pk}, headers=HTMX).content.decode()
        nothing = client.get(address, {"segment": theirs.pk}, headers=HTMX).content.decode()
        bad = client.get(address, {"segment": "x"}, headers=HTMX).content.decode()

        assert "1 person" in ours
        assert "Choose a segment" in nothing
        assert "Choose a segment" in bad

    def test_a_segment_that_no_longer_works_says_so(
        self, workspace: Workspace, marketer: Member, browse: Browse
    ) -> None:
        rule = {"field": "attribute.gone", "op": "is", "value": "x"}
        segment = SegmentFactory.create(workspace=workspace, definition={"match": "all", "rules": [rule]})
        story = BriefFactory.create(story__workspace=workspace, segment=segment).story

        page = browse(marketer).get(url("story_detail", workspace, story.pk))

        assert page.context["reach"].broken in page.content.decode().replace("&quot;", '"')
        assert page.context["reach"].broken

    @pytest.mark.parametrize(
        ("fields", "at_fault"),
        [
            ({"segment": ""}, "segment"),
            ({"window_end": "2020-01-01"}, "window_end"),
            ({"expected_high": "1"}, "expected_high"),
            ({"cost": "-1"}, "cost"),
            ({"cost": "1.234"}, "cost"),
        ],
    )
    def test_what_is_wrong_is_said_at_the_field(
        self,
        workspace: Workspace,
        marketer: Member,
        now: datetime,
        browse: Browse,
        fields: dict[str, str],
        at_fault: str,
    ) -> None:
        story = StoryFactory.create(workspace=workspace)

        page = browse(marketer).post(url("story_brief", workspace, story.pk), self.data(workspace, now, **fields))

        assert page.status_code == 422
        assert set(page.context["form"].errors) == {at_fault}


class TestStoryPage:
    def test_criteria_are_ticked_in_place(self, workspace: Workspace, marketer: Member, browse: Browse) -> None:
        criterion = CriterionFactory.create(story__workspace=workspace, text="Leaves on day 45")
        client, address = browse(marketer), url("criterion_tick", workspace, criterion.pk)

        fragment = client.post(address, {"is_met": "on"}, headers=HTMX)

        criterion.refresh_from_db()
        assert criterion.is_met
        assert 'aria-pressed="true"' in fragment.content.decode()

        answer = client.post(address, {"is_met": ""})

        criterion.refresh_from_db()
        assert not criterion.is_met
        assert answer.headers["Location"] == url("story_detail", workspace, criterion.story_id)

    def test_criteria_that_are_refused_stand_on_the_page_with_what_was_written(
        self, workspace: Workspace, marketer: Member, browse: Browse
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        data = {"criteria": "\n".join(f"Criterion {n}" for n in range(30))}

        page = browse(marketer).post(url("story_criteria", workspace, story.pk), data)

        assert page.status_code == 422
        assert "Criterion 29" in page.content.decode()
        assert "split the story" in page.content.decode()

    def test_its_history_is_told_in_words(
        self, workspace: Workspace, lead: Member, now: datetime, browse: Browse
    ) -> None:
        client = browse(lead)
        client.post(url("story_list", workspace), {"title": "Told"})
        story = Story.objects.get()
        sprint = SprintFactory.create(workspace=workspace)
        plan_story(story=story, sprint=sprint, by=lead, now=now)
        client.post(url("story_edit", workspace, story.pk), {"title": "Told well", "kind": "build", "points": "3"})
        client.post(url("story_criteria", workspace, story.pk), {"criteria": "Sent"})
        client.post(url("story_block", workspace, story.pk), {"reason": "No feed"})
        plan_story(story=story, sprint=None, by=lead, now=now)
        drop_story(story=story, by=lead, now=now)

        assert {moment.words for moment in history_of(story)} == {
            "wrote the story",
            f"put it into sprint {sprint.number}",
            "changed: title, kind, points",
            "wrote 1 acceptance criterion",
            f"said what is in the way: No feed; {lead} clears it",
            "put it into the backlog",
            "dropped it",
        }

    def test_a_change_of_order_is_not_told(self, workspace: Workspace, marketer: Member, browse: Browse) -> None:
        first, second = StoryFactory.create_batch(2, workspace=workspace)
        client = browse(marketer)

        client.post(url("story_move", workspace, second.pk), {"before": first.pk})

        assert list(history_of(second)) == []

    @pytest.mark.parametrize("state", [None, *SprintState])
    def test_buttons_are_there_for_what_can_still_be_done(
        self, workspace: Workspace, lead: Member, browse: Browse, state: SprintState | None
    ) -> None:
        sprint: Sprint | None = SprintFactory.create(workspace=workspace, state=state) if state else None
        SprintFactory.create(workspace=workspace)
        story = StoryFactory.create(workspace=workspace, sprint=sprint)

        page = browse(lead).get(url("story_detail", workspace, story.pk)).content.decode()

        is_open = state != SprintState.CLOSED
        for name in ("story_edit", "story_criteria", "story_hypothesis", "story_brief", "story_plan", "story_block"):
            assert (url(name, workspace, story.pk) in page) is is_open, name
        assert (url("story_drop", workspace, story.pk) in page) is (state is None)

    def test_a_guest_reads_and_changes_nothing(self, workspace: Workspace, guest: Member, browse: Browse) -> None:
        story = StoryFactory.create(workspace=workspace, status=StoryStatus.TODO)
        CriterionFactory.create(story=story)

        page = browse(guest).get(url("story_detail", workspace, story.pk)).content.decode()

        assert "not met yet" in page
        assert page.count('method="post"') == 4  # signing out (side bar and drawer), following, muting
