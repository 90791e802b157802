"""Measuring: a story, a sprint on demand, and everything that is due by itself."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from audience.models import Event
from delivery.models import HitKind
from insights import services, tasks
from insights.services import STILL_MOVING, fold, measure_sprint, measure_story
from sprints.models import OutcomeVerdict, Sprint, Story, StoryOutcome
from strategy.models import Goal, KpiReading
from tests.factories.delivery import OrderFactory
from tests.factories.insights import (
    NOON,
    bought,
    clicked_and_bought,
    did,
    ended_run,
    promising_story,
    sent,
    with_plan,
)
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory, KpiFactory
from tests.factories.workspaces import WorkspaceFactory
from workspaces.models import AuditEntry, Member, Workspace

LATER = NOON + timedelta(hours=9)


def sent_story(workspace: Workspace, *, people: int = 100, clicks: int = 0, **hypothesis: Any) -> Story:
    """A story whose campaign went out at noon, to so many, of whom so many clicked."""
    story = promising_story(workspace, **hypothesis)
    for row in sent(ended_run(workspace, story=story), people)[:clicks]:
        did(row)
    return story


def verdict_of(story: Story) -> str:
    return StoryOutcome.objects.get(story=story).verdict


class TestStory:
    def test_the_outcome_is_kept_with_interval_revenue_and_reason(self, workspace: Workspace) -> None:
        story = promising_story(workspace)
        rows = sent(ended_run(workspace, story=story), 50)
        for row in rows[:9]:
            did(row)
        clicked_and_bought(rows[9], 80)

        outcome = measure_story(story=story, now=LATER)

        assert outcome is not None
        assert (outcome.value, outcome.sample_size, outcome.revenue) == (0.2, 50, Decimal(80))
        assert outcome.low is not None
        assert outcome.low < 0.2
        assert (outcome.verdict, outcome.measured_at) == (OutcomeVerdict.REACHED, LATER)
        assert outcome.reason.startswith("20%, between ")

    def test_a_failed_hypothesis_is_called_failed(self, workspace: Workspace) -> None:
        story = sent_story(workspace, people=300, clicks=1)

        outcome = measure_story(story=story, now=LATER)

        assert outcome is not None
        assert outcome.verdict == OutcomeVerdict.NOT_REACHED
        assert "even the better end is not worth it after 3%" in outcome.reason

    def test_a_few_mails_give_no_verdict(self, workspace: Workspace) -> None:
        story = sent_story(workspace, people=3, clicks=3)

        outcome = measure_story(story=story, now=LATER)

        assert outcome is not None
        assert outcome.verdict == OutcomeVerdict.UNCLEAR

    def test_measuring_twice_gives_the_same_outcome_and_one_entry(self, workspace: Workspace) -> None:
        story = sent_story(workspace, clicks=12)

        first = measure_story(story=story, now=LATER)
        second = measure_story(story=story, now=LATER)

        assert first is not None
        assert second is not None
        assert {field: getattr(first, field) for field in ("pk", "value", "low", "high", "verdict", "reason")} == {
            field: getattr(second, field) for field in ("pk", "value", "low", "high", "verdict", "reason")
        }
        assert AuditEntry.objects.filter(action="story.outcome").count() == 1

    def test_what_comes_later_replaces_it_and_a_new_verdict_is_audited(self, workspace: Workspace) -> None:
        story = sent_story(workspace, people=200, clicks=1)
        measure_story(story=story, now=LATER)

        for row in story.campaigns.get().run.deliveries.all()[:60]:
            did(row)
        measure_story(story=with_plan(story), now=LATER + timedelta(days=1))

        assert verdict_of(story) == OutcomeVerdict.REACHED
        entry = AuditEntry.objects.filter(action="story.outcome").latest("pk")
        assert entry.detail == {"old": "not_reached", "new": "reached"}

    def test_one_mail_gives_a_figure_with_open_ends(self, workspace: Workspace) -> None:
        story = sent_story(workspace, people=1, metric="revenue", baseline=0, expected=100, minimum_effect=10)

        outcome = measure_story(story=story, now=LATER)

        assert outcome is not None
        assert (outcome.value, outcome.low, outcome.high) == (0, None, None)

    def test_without_a_send_or_a_hypothesis_there_is_none(self, workspace: Workspace) -> None:
        bare = with_plan(StoryFactory.create(workspace=workspace))

        assert measure_story(story=promising_story(workspace), now=LATER) is None
        assert measure_story(story=bare, now=LATER) is None
        assert not StoryOutcome.objects.exists()


class TestSprint:
    @pytest.fixture
    def goal(self, workspace: Workspace) -> Goal:
        made: Goal = GoalFactory.create(
            workspace=workspace, kpi=KpiFactory.create(workspace=workspace, source="mail.click_rate")
        )
        return made

    @pytest.fixture
    def sprint(self, workspace: Workspace, goal: Goal) -> Sprint:
        made: Sprint = SprintFactory.create(workspace=workspace, goal=goal, closed=True)
        for clicks in (12, 0):
            story = sent_story(workspace, clicks=clicks)
            Story.objects.filter(pk=story.pk).update(sprint=made)
        StoryFactory.create(workspace=workspace, sprint=made)
        return made

    def test_its_stories_and_the_kpi_of_its_goal_are_measured(self, sprint: Sprint, lead: Member) -> None:
        assert measure_sprint(sprint=sprint, by=lead, now=LATER) == 2

        assert StoryOutcome.objects.count() == 2
        reading = KpiReading.objects.get()
        assert (reading.day, reading.value) == (NOON.date(), Decimal("0.06"))
        entry = AuditEntry.objects.get(action="sprint.measured")
        assert (entry.member, entry.detail) == (lead, {"stories": 2})

    def test_again_is_the_same(self, sprint: Sprint, lead: Member) -> None:
        for _time in range(2):
            assert measure_sprint(sprint=sprint, by=lead, now=LATER) == 2

        assert (StoryOutcome.objects.count(), KpiReading.objects.count()) == (2, 1)

    def test_a_figure_entered_by_hand_stays(self, sprint: Sprint, goal: Goal, lead: Member) -> None:
        goal.kpi.source = ""
        goal.kpi.save()
        sprint.refresh_from_db()

        measure_sprint(sprint=sprint, by=lead, now=LATER)

        assert not KpiReading.objects.exists()

    def test_a_sprint_without_goal_or_stories_has_nothing_to_measure(self, workspace: Workspace, lead: Member) -> None:
        empty = SprintFactory.create(workspace=workspace, goal=None)

        assert measure_sprint(sprint=empty, by=lead, now=LATER) == 0

    def test_the_reading_is_of_the_businesss_day(self, sprint: Sprint, lead: Member) -> None:
        just_after_midnight = NOON.replace(hour=0, minute=5) + timedelta(days=1)

        measure_sprint(sprint=sprint, by=lead, now=just_after_midnight)

        assert KpiReading.objects.get().day == NOON.date() + timedelta(days=1)


class TestFold:
    def test_readings_and_outcomes_come_by_themselves(self, workspace: Workspace) -> None:
        story = sent_story(workspace, clicks=12)
        kpi = KpiFactory.create(workspace=workspace, source="mail.click_rate")

        fold(LATER)
        fold(LATER)

        assert verdict_of(story) == OutcomeVerdict.REACHED
        assert [(found.day, found.value) for found in kpi.readings.all()] == [(NOON.date(), Decimal("0.12"))]
        assert not AuditEntry.objects.exclude(action="story.outcome").exists()

    @pytest.mark.parametrize(("days_ago", "is_measured"), [(0, True), (30, True), (31, False)])
    def test_a_verdict_rests_a_month_after_its_day(
        self, workspace: Workspace, days_ago: int, is_measured: bool
    ) -> None:
        assert timedelta(days=30) == STILL_MOVING
        story = sent_story(workspace, clicks=12, check_date=NOON.date() - timedelta(days=days_ago))

        fold(LATER)

        assert StoryOutcome.objects.filter(story=story).exists() == is_measured

    def test_what_was_not_sent_is_passed_over(self, workspace: Workspace) -> None:
        promising_story(workspace)

        fold(LATER)

        assert not StoryOutcome.objects.exists()

    def test_a_story_with_two_campaigns_is_measured_once(self, workspace: Workspace) -> None:
        story = sent_story(workspace, clicks=12)
        sent(ended_run(workspace, story=story))

        fold(LATER)

        assert StoryOutcome.objects.get().sample_size == 101

    def test_the_trouble_of_one_business_or_story_does_not_stop_the_others(
        self, workspace: Workspace, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Sums that no column holds, as nonsense from a shop's till may give."""
        troubled = WorkspaceFactory.create()
        assert troubled.pk > workspace.pk
        ours, broken = sent_story(workspace, clicks=12), sent_story(troubled, people=1, clicks=1)
        after = sent_story(troubled, clicks=12)
        person = broken.campaigns.get().run.deliveries.get().contact
        many = OrderFactory.build_batch(
            110, contact=person, workspace=troubled, value=Decimal("9999999999"), occurred_at=NOON + timedelta(hours=2)
        )
        Event.objects.bulk_create(many)
        KpiFactory.create(workspace=troubled, source="orders.revenue")
        WorkspaceFactory.create()
        last = KpiFactory.create(workspace=WorkspaceFactory.create(), source="orders.revenue")

        fold(LATER)

        assert last.readings.count() == 2
        assert {outcome.story_id for outcome in StoryOutcome.objects.all()} == {ours.pk, after.pk}
        assert f"Workspace {troubled.pk} could not be measured" in caplog.text
        assert f"Story {broken.pk} could not be measured" in caplog.text

    def test_a_business_sees_only_its_own_facts(self, workspace: Workspace, outsider: Member) -> None:
        sent_story(workspace, clicks=12)
        theirs = KpiFactory.create(workspace=outsider.workspace, source="audience.engaged")

        fold(LATER)

        assert {found.value for found in theirs.readings.all()} == {0}

    def test_the_bell_may_be_rung_by_a_later_version(self, workspace: Workspace) -> None:
        KpiFactory.create(workspace=workspace, source="orders.revenue")

        tasks.fold(colour="green")

        assert KpiReading.objects.count() == 2, "yesterday and today"


def test_revenue_is_that_of_all_the_storys_sends_whatever_the_metric(workspace: Workspace) -> None:
    story = promising_story(workspace, metric="open_rate")
    for day in range(2):
        row = sent(ended_run(workspace, NOON + timedelta(days=day), story=story))[0]
        did(row, HitKind.OPEN)
        did(row)
        bought(row.contact, 25, at=row.run.started_at + timedelta(hours=2))

    outcome = services.measure_story(story=story, now=LATER + timedelta(days=2))

    assert outcome is not None
    assert (outcome.metric, outcome.value, outcome.revenue) == ("open_rate", 1.0, Decimal(50))
