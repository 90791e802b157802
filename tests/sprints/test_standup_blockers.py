"""What was in the way, and how long."""

from datetime import UTC, datetime, timedelta

import pytest

from sprints.models import Sprint, Story, StoryStatus
from sprints.services.blockers import block_story, resolve_blocker
from sprints.standup_blockers import open_blockers, sprint_blockers
from tests.factories.sprints import BlockerFactory, SprintFactory, StoryFactory
from workspaces.models import Member

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 6, 8, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def sprint(lead: Member) -> Sprint:
    made: Sprint = SprintFactory.create(workspace=lead.workspace, running=True, started_at=MONDAY - timedelta(days=7))
    return made


@pytest.fixture
def story(sprint: Sprint) -> Story:
    made: Story = StoryFactory.create(workspace=sprint.workspace, sprint=sprint)
    return made


def test_every_time_a_story_was_blocked_is_kept_with_its_length(
    sprint: Sprint, story: Story, lead: Member, marketer: Member
) -> None:
    first = block_story(story=story, reason="No feed", owner=marketer, by=lead, now=MONDAY)
    resolve_blocker(blocker=first, by=lead, now=MONDAY + 5 * HOUR)
    block_story(story=story, reason="No photographs", owner=lead, by=lead, now=MONDAY + 24 * HOUR)

    found = sprint_blockers(sprint)

    assert [(blocker.reason, blocker.owner, blocker.age(MONDAY + 26 * HOUR)) for blocker in found] == [
        ("No feed", marketer, 5 * HOUR), ("No photographs", lead, 2 * HOUR),
    ]  # fmt: skip


def test_another_reason_is_the_same_time_in_the_way(
    sprint: Sprint, story: Story, lead: Member, marketer: Member
) -> None:
    block_story(story=story, reason="No feed", owner=marketer, by=lead, now=MONDAY)
    block_story(story=story, reason="Still no feed", owner=None, by=lead, now=MONDAY + HOUR)

    [found] = sprint_blockers(sprint)

    assert (found.reason, found.owner, found.since, found.resolved_at) == ("Still no feed", marketer, MONDAY, None)


def test_what_was_cleared_before_the_sprint_began_is_not_its_own(sprint: Sprint, story: Story) -> None:
    began = MONDAY - timedelta(days=20)
    BlockerFactory.create(story=story, since=began, resolved_at=began + timedelta(days=1))

    assert list(sprint_blockers(sprint)) == []


def test_what_came_up_after_the_sprint_is_not_its_own(sprint: Sprint, story: Story) -> None:
    sprint.closed_at = MONDAY
    BlockerFactory.create(story=story, since=MONDAY + HOUR)

    assert list(sprint_blockers(sprint)) == []


def test_a_story_that_is_done_or_dropped_is_in_nobodys_way(sprint: Sprint, lead: Member) -> None:
    BlockerFactory.create(story__workspace=lead.workspace, story__sprint=sprint, story__status=StoryStatus.DONE)
    BlockerFactory.create(story__workspace=lead.workspace, story__dropped_at=MONDAY)
    still = BlockerFactory.create(story__workspace=lead.workspace)

    assert list(open_blockers(lead.workspace)) == [still]


def test_what_is_in_the_way_elsewhere_is_not_shown(lead: Member, outsider: Member) -> None:
    BlockerFactory.create(story__workspace=outsider.workspace)

    assert list(open_blockers(lead.workspace)) == []
