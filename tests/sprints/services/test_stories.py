"""Verbs on stories: what they write, what they refuse, and what two people do at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sprints.models import (
    Hypothesis,
    ScopeChange,
    SendBrief,
    Sprint,
    Story,
    StoryKind,
    StoryStatus,
)
from sprints.services.stories import (
    MOST_CRITERIA,
    MOST_POINTS,
    Belief,
    Brief,
    Parts,
    StoryRefused,
    drop_story,
    move_story,
    plan_story,
    rewrite_story,
    save_story,
    set_brief,
    set_criteria,
    set_hypothesis,
    tick_criterion,
    write_story,
)
from tests.factories.audience import SegmentFactory
from tests.factories.sprints import CriterionFactory, HypothesisFactory, SprintFactory, StoryFactory
from tests.sprints.looking import scope, titles
from workspaces.models import AuditEntry, Member, Workspace


@pytest.fixture
def belief(now: datetime) -> Belief:
    return Belief(
        because="they reorder late",
        change="a reminder",
        audience="buyers",
        metric="click_rate",
        baseline=0.03,
        expected=0.04,
        minimum_effect=0.005,
        check_date=(now + timedelta(days=28)).date(),
    )


def changed(belief: Belief, **fields: Any) -> Belief:
    return Belief(**{name: fields.get(name, getattr(belief, name)) for name in belief.__dataclass_fields__})


class TestWriting:
    def test_a_new_story_stands_on_top_with_the_next_number(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        first = write_story(workspace=workspace, title="  First ", by=marketer, now=now)
        second = write_story(workspace=workspace, title="Second", by=marketer, now=now, kind=StoryKind.BUILD)

        assert titles(workspace) == ["Second", "First"]
        assert [first.number, second.number] == [1, 2]
        assert AuditEntry.objects.filter(action="story.written", member=marketer).count() == 2

    def test_numbers_are_those_of_the_workspace(
        self, workspace: Workspace, marketer: Member, outsider: Member, now: datetime
    ) -> None:
        write_story(workspace=workspace, title="Ours", by=marketer, now=now)

        theirs = write_story(workspace=outsider.workspace, title="Theirs", by=outsider, now=now)

        assert theirs.number == 1

    def test_a_story_needs_a_title(self, workspace: Workspace, marketer: Member, now: datetime) -> None:
        with pytest.raises(StoryRefused, match="title") as refused:
            write_story(workspace=workspace, title="   ", by=marketer, now=now)

        assert set(refused.value.fields) == {"title"}

    def test_a_huge_story_has_to_be_split(self, workspace: Workspace, marketer: Member, now: datetime) -> None:
        with pytest.raises(StoryRefused, match="split"):
            write_story(workspace=workspace, title="Everything", by=marketer, now=now, points=MOST_POINTS + 1)

    def test_a_field_that_a_story_does_not_have_is_a_mistake_of_the_caller(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        with pytest.raises(TypeError, match="status"):
            write_story(workspace=workspace, title="A", by=marketer, now=now, status="done")

    def test_a_story_with_a_part_that_is_refused_is_not_written_at_all(
        self, workspace: Workspace, marketer: Member, belief: Belief, now: datetime
    ) -> None:
        parts = Parts(criteria=["Sent"], belief=changed(belief, metric="wishes"))

        with pytest.raises(StoryRefused):
            save_story(workspace=workspace, story=None, fields={"title": "A"}, parts=parts, by=marketer, now=now)

        assert not Story.objects.exists()

    def test_a_story_is_written_with_all_its_parts_at_once(
        self, workspace: Workspace, marketer: Member, belief: Belief, now: datetime
    ) -> None:
        today = now.date()
        brief = Brief(SegmentFactory.create(workspace=workspace), today, today)

        story = save_story(
            workspace=workspace,
            story=None,
            fields={"title": "A"},
            parts=Parts(["One", "Two"], belief, brief),
            by=marketer,
            now=now,
        )

        assert [criterion.text for criterion in story.criteria.order_by("position")] == ["One", "Two"]
        assert story.hypothesis.metric == "click_rate"
        assert story.brief.window_start == today


class TestRewriting:
    def test_what_changed_is_kept_with_what_it_was(self, workspace: Workspace, marketer: Member, now: datetime) -> None:
        story = StoryFactory.create(workspace=workspace, title="Old", points=3)

        rewrite_story(story=story, title="New", points=3, by=marketer, now=now)

        entry = AuditEntry.objects.get(action="story.rewritten")
        assert entry.detail == {"before": {"title": "Old"}, "after": {"title": "New"}}
        story.refresh_from_db()
        assert (story.title, story.updated_at) == ("New", now)

    def test_writing_the_same_again_changes_nothing(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=workspace, title="Same")

        rewrite_story(story=story, title=" Same ", by=marketer, now=now)

        assert not AuditEntry.objects.exists()

    def test_what_is_in_the_way_is_remembered_since_when(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=workspace)

        rewrite_story(story=story, blocked_by="No feed", by=marketer, now=now)
        rewrite_story(story=story, blocked_by="Still no feed", by=marketer, now=now + timedelta(days=1))

        story.refresh_from_db()
        assert story.blocked_at == now

        rewrite_story(story=story, blocked_by="", by=marketer, now=now + timedelta(days=2))

        story.refresh_from_db()
        assert story.blocked_at is None

    def test_a_new_estimate_in_a_running_sprint_goes_into_the_scope_log(
        self, running: Sprint, marketer: Member, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=running.workspace, sprint=running, points=3)

        rewrite_story(story=story, points=5, by=marketer, now=now)
        rewrite_story(story=story, points=None, by=marketer, now=now)

        assert scope(running) == [(ScopeChange.ESTIMATED, 2), (ScopeChange.ESTIMATED, -5)]

    def test_a_new_estimate_of_a_done_story_leaves_nothing_to_do(
        self, running: Sprint, marketer: Member, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=running.workspace, sprint=running, points=3, done=True)

        rewrite_story(story=story, points=5, by=marketer, now=now)

        assert scope(running) == [(ScopeChange.ESTIMATED, 2), (ScopeChange.DONE, 2)]

    def test_estimating_while_a_sprint_is_planned_is_no_change_of_scope(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        planned = SprintFactory.create(workspace=workspace)
        story = StoryFactory.create(workspace=workspace, sprint=planned, points=3)

        rewrite_story(story=story, points=8, by=marketer, now=now)

        assert scope(planned) == []

    def test_a_story_of_a_closed_sprint_stays_as_it_was(
        self, closed: Sprint, marketer: Member, belief: Belief, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=closed.workspace, sprint=closed, done=True)
        criterion = CriterionFactory.create(story=story)
        today = now.date()
        brief = Brief(SegmentFactory.create(workspace=closed.workspace), today, today)
        verbs: list[Callable[[], object]] = [
            lambda: rewrite_story(story=story, title="Better", by=marketer, now=now),
            lambda: set_criteria(story=story, texts=["Easier"], by=marketer, now=now),
            lambda: tick_criterion(criterion=criterion, is_met=True, by=marketer, now=now),
            lambda: set_hypothesis(story=story, belief=belief, by=marketer, now=now),
            lambda: set_brief(story=story, brief=brief, by=marketer, now=now),
            lambda: plan_story(story=story, sprint=None, by=marketer, now=now),
            lambda: move_story(story=story, status=StoryStatus.TODO, by=marketer, now=now),
            lambda: drop_story(story=story, by=marketer, now=now),
        ]

        for verb in verbs:
            with pytest.raises(StoryRefused, match="closed"):
                verb()

        assert not AuditEntry.objects.exists()


class TestCriteria:
    def test_each_line_is_one_and_a_text_that_stays_keeps_its_tick(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        CriterionFactory.create(story=story, text="Stays", is_met=True)
        CriterionFactory.create(story=story, text="Goes", is_met=True)

        set_criteria(story=story, texts=[" New ", "", "Stays", "Stays"], by=marketer, now=now)

        found = story.criteria.order_by("position").values_list("text", "is_met")
        assert list(found) == [("New", False), ("Stays", True)]

    def test_too_many_are_refused(self, workspace: Workspace, marketer: Member, now: datetime) -> None:
        story = StoryFactory.create(workspace=workspace)

        with pytest.raises(StoryRefused, match="split"):
            set_criteria(story=story, texts=[str(n) for n in range(MOST_CRITERIA + 1)], by=marketer, now=now)

    def test_one_that_is_a_whole_page_is_refused(self, workspace: Workspace, marketer: Member, now: datetime) -> None:
        story = StoryFactory.create(workspace=workspace)

        with pytest.raises(StoryRefused, match="one sentence"):
            set_criteria(story=story, texts=["x" * 301], by=marketer, now=now)

    def test_ticking_twice_is_written_down_once(self, workspace: Workspace, marketer: Member, now: datetime) -> None:
        criterion = CriterionFactory.create(story__workspace=workspace)

        for _again in range(2):
            tick_criterion(criterion=criterion, is_met=True, by=marketer, now=now)

        criterion.refresh_from_db()
        assert criterion.is_met
        assert AuditEntry.objects.filter(action="story.criterion_ticked").count() == 1


class TestHypothesis:
    def test_it_is_kept_as_fractions_and_its_bet_is_audited(
        self, workspace: Workspace, marketer: Member, belief: Belief, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=workspace)

        set_hypothesis(story=story, belief=belief, by=marketer, now=now)
        set_hypothesis(story=story, belief=changed(belief, expected=0.05), by=marketer, now=now)

        assert Hypothesis.objects.get(story=story).expected == 0.05
        entry = AuditEntry.objects.filter(action="story.hypothesis_set").latest("pk")
        assert entry.detail["before"]["expected"] == 0.04
        assert entry.detail["after"]["expected"] == 0.05

    @pytest.mark.parametrize(
        ("fields", "at_fault"),
        [
            ({"metric": "wishes"}, "metric"),
            ({"expected": 0.03}, "expected"),
            ({"expected": 1.2}, "expected"),
            ({"baseline": -0.1}, "baseline"),
            ({"baseline": float("nan")}, "baseline"),
            ({"minimum_effect": float("inf")}, "minimum_effect"),
            ({"minimum_effect": -0.01}, "minimum_effect"),
            ({"minimum_effect": 0.02}, "minimum_effect"),
        ],
    )
    def test_figures_that_make_no_sense_are_refused(
        self,
        workspace: Workspace,
        marketer: Member,
        belief: Belief,
        now: datetime,
        fields: dict[str, Any],
        at_fault: str,
    ) -> None:
        story = StoryFactory.create(workspace=workspace)

        with pytest.raises(StoryRefused) as refused:
            set_hypothesis(story=story, belief=changed(belief, **fields), by=marketer, now=now)

        assert set(refused.value.fields) == {at_fault}
        assert not Hypothesis.objects.exists()

    def test_money_may_be_more_than_one(
        self, workspace: Workspace, marketer: Member, belief: Belief, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        money = changed(belief, metric="revenue", baseline=5000.0, expected=6500.0, minimum_effect=500.0)

        assert set_hypothesis(story=story, belief=money, by=marketer, now=now).expected == 6500.0

    def test_a_smallest_effect_of_exactly_the_expected_change_is_fine(
        self, workspace: Workspace, marketer: Member, belief: Belief, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=workspace)
        exact = changed(belief, baseline=0.034, expected=0.037, minimum_effect=0.003)  # 0.037 - 0.034 < 0.003 in floats

        assert set_hypothesis(story=story, belief=exact, by=marketer, now=now).minimum_effect == 0.003

    def test_the_day_to_look_cannot_have_passed_unless_it_was_chosen_before(
        self, workspace: Workspace, marketer: Member, belief: Belief, now: datetime
    ) -> None:
        yesterday = (now - timedelta(days=2)).date()
        written, unwritten = StoryFactory.create_batch(2, workspace=workspace)
        HypothesisFactory.create(story=written, check_date=yesterday)

        set_hypothesis(story=written, belief=changed(belief, check_date=yesterday), by=marketer, now=now)
        with pytest.raises(StoryRefused, match="passed") as refused:
            set_hypothesis(story=unwritten, belief=changed(belief, check_date=yesterday), by=marketer, now=now)

        assert set(refused.value.fields) == {"check_date"}


class TestBrief:
    def test_it_says_what_will_happen_to_customers(self, workspace: Workspace, marketer: Member, now: datetime) -> None:
        story, segment = StoryFactory.create(workspace=workspace), SegmentFactory.create(workspace=workspace)
        today = now.date()

        set_brief(story=story, brief=Brief(segment, today, today, "10% off", Decimal(5)), by=marketer, now=now)
        set_brief(story=story, brief=Brief(segment, today, today), by=marketer, now=now)

        brief = SendBrief.objects.get(story=story)
        assert (brief.offer, brief.cost) == ("", Decimal(0))
        assert AuditEntry.objects.filter(action="story.brief_set").count() == 2

    @pytest.mark.parametrize(
        ("fields", "at_fault"),
        [
            ({"days": -1}, "window_end"),
            ({"expected_low": Decimal(10), "expected_high": Decimal(9)}, "expected_high"),
            ({"cost": Decimal(-1)}, "cost"),
            ({"expected_low": Decimal(-1)}, "expected_low"),
        ],
    )
    def test_what_is_turned_round_or_negative_is_refused(
        self, workspace: Workspace, marketer: Member, now: datetime, fields: dict[str, Any], at_fault: str
    ) -> None:
        story, segment = StoryFactory.create(workspace=workspace), SegmentFactory.create(workspace=workspace)
        last = now.date() + timedelta(days=fields.pop("days", 0))

        with pytest.raises(StoryRefused) as refused:
            set_brief(story=story, brief=Brief(segment, now.date(), last, **fields), by=marketer, now=now)

        assert set(refused.value.fields) == {at_fault}
        assert not SendBrief.objects.exists()
