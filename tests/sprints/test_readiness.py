"""What is missing before the owner is asked, and what to do about it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from sprints.models import AcceptanceCriterion, Hypothesis, SendBrief, Sprint, Story
from sprints.planned import planned
from sprints.readiness import Part, readiness, readiness_by_story
from tests.factories.approvals import brief_of, change_rules, member_as, ready_sprint, ready_story
from tests.factories.sprints import SprintFactory, StoryFactory
from workspaces.models import Member, Workspace
from workspaces.permissions import Role

pytestmark = pytest.mark.django_db


def _missing(sprint: Sprint, now: datetime) -> list[tuple[str, Part]]:
    sprint = Sprint.objects.select_related("goal__kpi", "workspace").get(pk=sprint.pk)
    return [(str(check.title), check.part) for check in readiness(planned(sprint, now)) if not check.is_met]


@pytest.mark.usefixtures("owner")
def test_nothing_is_missing_in_a_plan_that_is_ready(workspace: Workspace, now: datetime) -> None:
    assert _missing(ready_sprint(workspace, stories=2), now) == []


def _empty(sprint: Sprint) -> None:
    for story in sprint.stories.all():
        story.sprint = None
        story.save()


def _set(**fields: Any) -> Callable[[Sprint], None]:
    def change(sprint: Sprint) -> None:
        Sprint.objects.filter(pk=sprint.pk).update(**fields)

    return change


def _story(**fields: Any) -> Callable[[Sprint], None]:
    def change(sprint: Sprint) -> None:
        Story.objects.filter(sprint=sprint).update(**fields)

    return change


def _drop(model: Any) -> Callable[[Sprint], None]:
    def change(sprint: Sprint) -> None:
        model.objects.filter(story__sprint=sprint).delete()

    return change


def _break_segment(sprint: Sprint) -> None:
    change_rules(sprint.stories.get(), rules=[{"field": "attribute.gone", "op": "is", "value": "x"}])


def _send_before_the_sprint(sprint: Sprint) -> None:
    SendBrief.objects.update(window_start=sprint.start_date - timedelta(days=1))


def _send_in_the_past(sprint: Sprint) -> None:
    long_ago = sprint.start_date - timedelta(days=30)
    Sprint.objects.filter(pk=sprint.pk).update(start_date=long_ago)
    SendBrief.objects.update(window_start=long_ago, window_end=long_ago + timedelta(days=1))


@pytest.mark.parametrize(
    ("take_away", "title", "part"),
    [
        (_set(goal_sentence=""), "The sprint has a goal in one sentence", Part.SPRINT),
        (_set(goal=None), "It serves a goal with a KPI", Part.SPRINT),
        (_set(capacity_points=None), "The capacity is known", Part.SPRINT),
        (_set(capacity_points=1), "The stories fit the capacity", Part.BACKLOG),
        (_empty, "There is at least one story", Part.BACKLOG),
        (_story(as_a=""), "It says who wants what and why", Part.WORDS),
        (_story(goal=None), "It serves a goal", Part.WORDS),
        (_story(points=None), "It is estimated", Part.WORDS),
        (_drop(AcceptanceCriterion), "It has acceptance criteria", Part.CRITERIA),
        (_drop(Hypothesis), "It has a hypothesis with metric, baseline and smallest effect", Part.HYPOTHESIS),
        (_drop(SendBrief), "It has a send brief", Part.BRIEF),
        (_break_segment, "Its segment works", Part.SEGMENT),
        (_send_before_the_sprint, "Its send window is not before the sprint", Part.BRIEF),
        (_send_in_the_past, "Its send window is not over", Part.BRIEF),
    ],
)
@pytest.mark.usefixtures("owner")
def test_each_thing_that_is_missing_is_named_with_its_place(
    workspace: Workspace, now: datetime, take_away: Callable[[Sprint], None], title: str, part: Part
) -> None:
    sprint = ready_sprint(workspace)

    take_away(sprint)

    assert _missing(sprint, now) == [(title, part)]


def test_somebody_must_be_able_to_decide(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    assert _missing(sprint, now) == [("Somebody can decide", Part.MEMBERS)]

    member_as(workspace, Role.OWNER)

    assert _missing(sprint, now) == []


@pytest.mark.usefixtures("owner")
def test_a_story_that_sends_nothing_needs_neither_hypothesis_nor_brief(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=0)
    ready_story(sprint, kind="research")

    assert _missing(sprint, now) == []


@pytest.mark.usefixtures("owner")
def test_a_dropped_story_is_not_asked_about(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    StoryFactory.create(workspace=workspace, sprint=sprint, points=None, dropped_at=now)

    assert _missing(sprint, now) == []


def test_a_check_says_what_it_is_about_and_what_to_do(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    sprint.stories.update(points=None, title="Serum")

    [missing] = [check for check in readiness(planned(sprint, now)) if not check.is_met]

    assert str(missing) == "Story “Serum”: “It is estimated” is not so yet. Estimate it in points."


def test_checks_come_by_sprint_and_then_story_by_story(workspace: Workspace, owner: Member, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=2)
    first, second = sprint.stories.ranked()

    groups = readiness_by_story(planned(sprint, now))

    assert [group.story for group in groups] == [None, first, second]
    assert [group.missing for group in groups] == [0, 0, 0]


def test_an_empty_sprint_misses_nearly_everything(workspace: Workspace, now: datetime) -> None:
    sprint = SprintFactory.create(workspace=workspace, goal_sentence="", capacity_points=None)

    assert len(_missing(sprint, now)) == 5


@pytest.mark.usefixtures("owner")
def test_the_window_ends_by_the_clock_of_the_workspace(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    brief = brief_of(sprint.stories.get())
    last_hour = datetime.combine(brief.window_end, datetime.min.time(), tzinfo=workspace.zone) + timedelta(hours=23)

    assert _missing(sprint, last_hour) == []
    assert _missing(sprint, last_hour + timedelta(hours=1)) == [("Its send window is not over", Part.BRIEF)]


@pytest.mark.usefixtures("owner")
def test_a_story_more_costs_no_query(
    workspace: Workspace, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sprint = ready_sprint(workspace, stories=3)

    with django_assert_num_queries(3):  # stories, criteria, owners; everybody is asked for, so no field is read
        readiness(planned(sprint, now))
