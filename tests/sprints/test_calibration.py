"""Estimates and what became of them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from sprints.calibration import calibration, calibration_chart
from sprints.models import Sprint, Story, StoryStatus
from sprints.own_calibration import own_calibration
from sprints.services.poker.rounds import reveal_now
from sprints.services.stories import move_story
from tests.factories.poker import agreed, item_of, sat, session_of, vote
from tests.factories.sprints import SprintFactory, StoryFactory
from tests.sprints.looking import url
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def sprint(workspace: Workspace) -> Sprint:
    made: Sprint = SprintFactory.create(workspace=workspace, running=True)
    return made


def _took(sprint: Sprint, by: Member, points: int, days: float, now: datetime) -> Story:
    """A story that was in production for so many days."""
    story: Story = StoryFactory.create(workspace=sprint.workspace, sprint=sprint, points=points)
    move_story(story=story, status=StoryStatus.DOING, by=by, now=now - days * DAY)
    move_story(story=story, status=StoryStatus.REVIEW, by=by, now=now - days * DAY / 2)
    move_story(story=story, status=StoryStatus.DONE, by=by, now=now)
    return story


def test_days_count_from_production_to_done(sprint: Sprint, lead: Member, now: datetime) -> None:
    for days in (1, 2, 6):
        _took(sprint, lead, 3, days, now)
    _took(sprint, lead, 8, 5, now)

    found = calibration(sprint.workspace)

    assert [(size.points, size.count) for size in found.sizes] == [(3, 3), (8, 1)]
    assert (found.sizes[0].median, found.sizes[0].quickest, found.sizes[0].slowest) == (2.0, 1.0, 6.0)
    assert found.sizes[1].per_point == 5 / 8
    assert [line.verdict for line in found.stories] == ["", "slow", "", "quick"]


def test_a_story_that_went_back_counts_from_its_first_day(sprint: Sprint, lead: Member, now: datetime) -> None:
    story = _took(sprint, lead, 3, 4, now - DAY)
    move_story(story=story, status=StoryStatus.DOING, by=lead, now=now - DAY / 2)
    move_story(story=story, status=StoryStatus.DONE, by=lead, now=now)

    [line] = calibration(sprint.workspace).stories

    assert line.days == 5.0


def test_what_never_was_in_production_or_has_no_estimate_is_not_measured(
    sprint: Sprint, lead: Member, now: datetime
) -> None:
    story = StoryFactory.create(workspace=sprint.workspace, sprint=sprint)
    move_story(story=story, status=StoryStatus.DONE, by=lead, now=now)
    StoryFactory.create(workspace=sprint.workspace, points=None, done=True)

    found = calibration(sprint.workspace)

    assert (found.stories, found.unknown) == ([], 1)


def test_sizes_that_took_the_wrong_way_round_are_named(sprint: Sprint, lead: Member, now: datetime) -> None:
    for points, days in ((3, 6), (5, 2)):
        for _time in range(3):
            _took(sprint, lead, points, days, now)

    assert calibration(sprint.workspace).advice == [
        "Stories of 3 points took longer than those of 5: look at what they had in common."
    ]


def test_few_stories_give_no_advice(sprint: Sprint, lead: Member, now: datetime) -> None:
    for points, days in ((3, 6), (5, 2)):
        _took(sprint, lead, points, days, now)

    assert calibration(sprint.workspace).advice == []


def test_poker_stands_beside_what_was_estimated_with_it(sprint: Sprint, lead: Member, now: datetime) -> None:
    story = StoryFactory.create(workspace=sprint.workspace, sprint=sprint)
    agreed(session_of(lead, now, stories=[story]), now)
    move_story(story=story, status=StoryStatus.DOING, by=lead, now=now)
    move_story(story=story, status=StoryStatus.DONE, by=lead, now=now + DAY)

    [line] = calibration(sprint.workspace).stories

    assert (line.points, line.rounds, line.spread) == (5, 1, 0.0)


def test_the_page_and_the_api_say_the_same(
    sprint: Sprint,
    lead: Member,
    browse: Callable[[Member], Client],
    api: Callable[..., APIClient],
    now: datetime,
) -> None:
    story = _took(sprint, lead, 3, 2.5, now)

    page = browse(lead).get(url("poker_calibration", sprint.workspace)).content.decode()
    told = api(lead).get("/api/v1/poker-calibration/").json()

    assert "2.5 days" in page
    assert story.title in page
    assert (told["sizes"][0]["median"], told["stories"][0]["story"], told["unknown"]) == (2.5, story.pk, 0)


def test_without_finished_stories_the_page_says_what_it_is_for(
    workspace: Workspace, lead: Member, browse: Callable[[Member], Client]
) -> None:
    page = browse(lead).get(url("poker_calibration", workspace)).content.decode()

    assert "No estimated story is done yet" in page
    assert calibration_chart(calibration(workspace)) is None


def test_many_stories_cost_three_queries(
    sprint: Sprint, lead: Member, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _time in range(4):
        _took(sprint, lead, 3, 1, now)

    with django_assert_max_num_queries(3):
        calibration(sprint.workspace)


def test_ones_own_first_cards_are_compared_with_what_it_turned_out_to_be(
    sprint: Sprint, lead: Member, now: datetime
) -> None:
    for days in (1, 1, 1):
        _took(sprint, lead, 2, days, now)
    for days in (5, 5, 5):
        _took(sprint, lead, 5, days, now)
    long = _took(sprint, lead, 2, 5, now)
    session = session_of(lead, now, stories=[long])
    [seat] = sat(session, lead, now=now)
    vote(item_of(session), seat, "5", now)
    reveal_now(item=item_of(session), by=lead, now=now)

    [line] = own_calibration(lead, calibration(sprint.workspace)).lines

    assert (line.story, line.mine, line.agreed, line.turned_out) == (long, 5.0, 2, 5)
    assert (line.verdict, line.was_nearer) == ("right", True)


def test_nobody_gets_the_cards_of_somebody_else(
    sprint: Sprint, lead: Member, marketer: Member, now: datetime, api: Callable[..., APIClient]
) -> None:
    for days in (1, 2, 3):
        story = _took(sprint, lead, 3, days, now)
    session = session_of(lead, now, stories=[story])
    [seat] = sat(session, lead, now=now)
    vote(item_of(session), seat, "5", now)
    reveal_now(item=item_of(session), by=lead, now=now)

    mine, theirs = (api(member).get("/api/v1/poker-calibration/mine/").data for member in (lead, marketer))

    assert [line["verdict"] for line in mine] == ["high"]
    assert theirs == []
