"""What a retrospective looks at: promises as they were approved, outcomes as they came."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from emailops.lib.statistics import Estimate
from sprints.answers import Say
from sprints.models import Hypothesis, OutcomeVerdict, SendBrief, Sprint, SprintState, Story, StoryStatus, Verdict
from sprints.retrospect import RetroFigures, more_than_last, recent_sprints, retro_figures
from sprints.services.retros import record_outcome
from sprints.services.sprints import close_sprint, start_sprint
from tests.factories.approvals import answer, asked, ready_sprint, ready_story
from tests.factories.sprints import SprintFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
PROMISED = (Decimal(1000), Decimal(2000))


def _figures(sprint: Sprint) -> RetroFigures:
    [figures] = retro_figures([Sprint.objects.select_related("workspace").get(pk=sprint.pk)])
    return figures


def _came(story: Story, verdict: OutcomeVerdict, revenue: int, now: datetime, **more: Any) -> None:
    values = {"estimate": Estimate(0.036, 0.033, 0.04, 8412), "metric": "click_rate", "reason": "Because.", **more}
    record_outcome(story=story, verdict=verdict, revenue=Decimal(revenue), now=now, **values)


def _approved(workspace: Workspace, now: datetime, stories: int = 1) -> Sprint:
    sprint = ready_sprint(workspace, stories=stories)
    answer(asked(sprint, now - timedelta(days=2)), Verdict.APPROVED, now - timedelta(days=1))
    return sprint


def test_promise_and_outcome_stand_side_by_side(workspace: Workspace, now: datetime) -> None:
    sprint = _approved(workspace, now)
    _came(sprint.stories.get(), OutcomeVerdict.REACHED, 1500, now)

    [line] = _figures(sprint).stories

    assert line.promised is not None
    assert (line.promised.label, line.promised.baseline, line.promised.expected) == ("Click rate", "3%", "4%")
    assert (line.came, line.interval) == ("3.6%", ("3.3%", "4%"))
    assert line.revenue_promised == PROMISED
    assert line.revenue_plot == (1000.0, 2000.0, 1500.0)
    assert line.revenue_words == "€1,000–€2,000 promised, €1,500 came"
    assert line.is_approved


@pytest.mark.parametrize(("revenue", "tone"), [(999, "bad"), (1000, "accent"), (2000, "accent"), (2001, "ok")])
def test_revenue_came_out_below_inside_or_above(workspace: Workspace, now: datetime, revenue: int, tone: str) -> None:
    sprint = _approved(workspace, now)
    _came(sprint.stories.get(), OutcomeVerdict.REACHED, revenue, now)

    assert _figures(sprint).stories[0].revenue_tone == tone


def test_a_promise_that_was_moved_after_approval_stays_and_the_move_is_shown(
    workspace: Workspace, now: datetime
) -> None:
    sprint = _approved(workspace, now)
    Hypothesis.objects.update(expected=0.031)
    SendBrief.objects.update(expected_low=1, expected_high=2)

    [line] = _figures(sprint).stories

    assert line.promised is not None
    assert (line.promised.expected, line.revenue_promised) == ("4%", PROMISED)
    assert [(moved.what, moved.now) for moved in line.moved] == [("To", "3.1%"), ("Expected revenue", "€1 – €2")]


def test_without_an_approval_the_promise_is_what_the_story_says(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)

    [line] = _figures(sprint).stories

    assert line.promised is not None
    assert (line.promised.expected, line.is_approved, line.moved) == ("4%", False, [])


def test_a_declined_story_promised_the_owner_nothing(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=2)
    declined = sprint.stories.ranked()[0]
    answer(asked(sprint, now), Verdict.APPROVED, now, each={declined.pk: Say(Verdict.DECLINED)})

    assert [line.is_approved for line in _figures(sprint).stories] == [False, True]


def test_a_newer_version_takes_the_place_of_the_older(workspace: Workspace, now: datetime) -> None:
    sprint = _approved(workspace, now)
    Hypothesis.objects.update(expected=0.05)
    answer(asked(sprint, now), Verdict.APPROVED, now)

    [line] = _figures(sprint).stories

    assert line.promised is not None
    assert (line.promised.expected, line.moved) == ("5%", [])


def test_verdicts_are_counted_and_what_cannot_be_told_is_not_judged(workspace: Workspace, now: datetime) -> None:
    sprint = _approved(workspace, now, stories=5)
    verdicts = [
        OutcomeVerdict.REACHED,
        OutcomeVerdict.PARTLY,
        OutcomeVerdict.NOT_REACHED,
        OutcomeVerdict.UNCLEAR,
    ]
    for story, verdict in zip(sprint.stories.ranked(), verdicts, strict=False):
        _came(story, verdict, 1000, now)

    figures = _figures(sprint)

    assert (figures.held, figures.partly, figures.missed, figures.unclear, figures.judged) == (1, 1, 1, 1, 3)
    assert (figures.revenue, figures.promised) == (Decimal(4000), (Decimal(5000), Decimal(10000)))
    assert figures.revenue_end == 2000.0


def test_nothing_measured_is_not_nothing_earned(workspace: Workspace, now: datetime) -> None:
    figures = _figures(_approved(workspace, now))

    assert figures.revenue is None
    assert (figures.judged, figures.stories[0].came, figures.stories[0].interval) == (0, "", None)
    assert figures.stories[0].revenue_words == "€1,000–€2,000 promised"


def test_an_interval_with_an_open_end_is_not_shown(workspace: Workspace, now: datetime) -> None:
    sprint = _approved(workspace, now)
    endless = Estimate(0.04, float("-inf"), float("inf"), 1)
    _came(sprint.stories.get(), OutcomeVerdict.UNCLEAR, 0, now, estimate=endless)

    assert _figures(sprint).stories[0].interval is None


def test_a_story_that_sends_nothing_promises_nothing(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace, stories=0)
    ready_story(sprint, kind="research")

    figures = _figures(sprint)

    assert (figures.stories[0].promised, figures.stories[0].revenue_plot) == (None, None)
    assert (figures.forecasts, figures.others) == ([], figures.stories)
    assert (figures.promised, figures.revenue_end) == (None, 0.0)


def test_the_wait_is_from_asking_to_each_answer(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    answer(asked(sprint, now - timedelta(days=9)), Verdict.CHANGE, now - timedelta(days=8))
    asked(sprint, now - timedelta(days=6))
    answer(asked(sprint, now - timedelta(days=5)), Verdict.APPROVED, now - timedelta(days=4, hours=12))

    figures = _figures(sprint)

    assert (figures.waited_days, figures.answers) == (1.5, 2)


def test_without_an_answer_there_was_no_wait_to_measure(workspace: Workspace, now: datetime) -> None:
    sprint = ready_sprint(workspace)
    asked(sprint, now)

    assert _figures(sprint).waited_days is None


def test_a_story_that_left_unfinished_is_still_told_of(workspace: Workspace, lead: Member, now: datetime) -> None:
    sprint = _approved(workspace, now, stories=2)
    start_sprint(sprint=sprint, by=lead, now=now)
    left, done = sprint.stories.ranked()
    Story.objects.filter(pk=done.pk).update(status=StoryStatus.DONE)
    close_sprint(sprint=sprint, carry_to=None, by=lead, now=now)

    figures = _figures(sprint)

    assert [(line.story, line.has_left) for line in figures.stories] == [(done, False), (left, True)]
    assert (figures.delivered, figures.committed) == (2, 4)
    assert figures.promised == PROMISED


def test_a_running_sprint_counts_what_is_done_so_far(workspace: Workspace, lead: Member, now: datetime) -> None:
    sprint = _approved(workspace, now, stories=2)
    start_sprint(sprint=sprint, by=lead, now=now)
    Story.objects.filter(pk=sprint.stories.ranked()[0].pk).update(status=StoryStatus.DONE)

    figures = _figures(sprint)

    assert (figures.delivered, figures.committed, figures.delivered_rate) == (2, 4, 0.5)


def test_an_empty_sprint_has_figures_too(workspace: Workspace) -> None:
    figures = _figures(SprintFactory.create(workspace=workspace))

    assert (figures.stories, figures.committed, figures.delivered, figures.delivered_rate) == ([], 0, 0, 0.0)


def test_many_sprints_cost_as_many_queries_as_one(
    workspace: Workspace, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(3):
        sprint = _approved(workspace, now, stories=2)
        _came(sprint.stories.ranked()[0], OutcomeVerdict.REACHED, 1000, now)
    sprints = list(Sprint.objects.select_related("workspace").order_by("-number"))

    with django_assert_num_queries(6):
        lines = retro_figures(sprints)

    assert [line.sprint for line in lines] == sprints
    assert [len(line.stories) for line in lines] == [2, 2, 2]


def test_the_chart_shows_the_last_six_closed_sprints_up_to_this_one(workspace: Workspace) -> None:
    closed = [SprintFactory.create(workspace=workspace, closed=True, number=number) for number in range(1, 9)]
    SprintFactory.create(closed=True, number=7)

    assert recent_sprints(closed[6]) == closed[1:7]


def test_more_or_less_than_the_sprint_before(workspace: Workspace) -> None:
    points = [31, 36, 33]
    first, second, third = (
        SprintFactory.create(workspace=workspace, closed=True, number=n + 1, delivered_points=p)
        for n, p in enumerate(points)
    )

    assert more_than_last(second, recent_sprints(second)) == 5
    assert more_than_last(third, recent_sprints(third)) == -3
    assert more_than_last(first, recent_sprints(first)) is None


def test_a_running_sprint_is_not_compared_yet(workspace: Workspace) -> None:
    SprintFactory.create(workspace=workspace, closed=True, number=1)
    running = SprintFactory.create(workspace=workspace, running=True, number=2)

    assert running.state == SprintState.RUNNING
    assert more_than_last(running, recent_sprints(running)) is None
