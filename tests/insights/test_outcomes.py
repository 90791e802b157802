"""What came of a story, measured and judged at one moment."""

from datetime import datetime, timedelta

import pytest

from insights.outcomes import measured
from sprints.models import OutcomeVerdict, Story
from tests.factories.insights import NOON, SOFIA, did, ended_run, promising_story, sent, with_plan
from tests.factories.sprints import StoryFactory
from workspaces.models import Workspace

LATER = NOON + timedelta(days=1)


@pytest.fixture
def story(workspace: Workspace) -> Story:
    return promising_story(workspace)


def test_without_a_hypothesis_nothing_is_measured(workspace: Workspace) -> None:
    story = StoryFactory.create(workspace=workspace)
    sent(ended_run(workspace, story=story))

    assert measured(with_plan(story), LATER) is None


def test_before_anything_was_sent_nothing_is_measured(workspace: Workspace, story: Story) -> None:
    assert measured(story, LATER) is None

    ended_run(workspace, story=story)

    assert measured(story, LATER) is None, "a run that reached nobody"


def test_a_metric_that_nothing_measures_is_left_alone(workspace: Workspace) -> None:
    story = promising_story(workspace, metric="heartbeats")
    sent(ended_run(workspace, story=story))

    assert measured(story, LATER) is None


def test_all_campaigns_of_a_story_count_together(workspace: Workspace, story: Story) -> None:
    first = sent(ended_run(workspace, story=story), 3)
    sent(ended_run(workspace, NOON + timedelta(hours=2), story=story), 1)
    sent(ended_run(workspace), 5)
    did(first[0])

    found = measured(story, LATER)

    assert found is not None
    assert (found.estimate.value, found.estimate.sample_size) == (0.25, 4)


def test_promise_and_outcome_are_told_in_the_metrics_unit(workspace: Workspace, story: Story) -> None:
    did(sent(ended_run(workspace, story=story), 4)[0])

    found = measured(story, LATER)

    assert found is not None
    assert (found.promised, found.came) == (("3%", "4%"), "25%")
    assert found.interval == ("4.56%", "69.9%")


@pytest.mark.parametrize(
    ("at", "has_come"),
    [(datetime(2026, 5, 17, 23, 59, tzinfo=SOFIA), False), (datetime(2026, 5, 18, 0, 0, tzinfo=SOFIA), True)],
)
def test_the_day_of_judgement_begins_at_the_businesss_midnight(
    workspace: Workspace, at: datetime, has_come: bool
) -> None:
    story = promising_story(workspace, check_date=NOON.date())
    run = ended_run(workspace, at - timedelta(days=9), story=story)
    for row in sent(run, 60):
        did(row)

    found = measured(story, at)

    assert found is not None
    assert (found.judged.verdict == OutcomeVerdict.REACHED) == has_come
