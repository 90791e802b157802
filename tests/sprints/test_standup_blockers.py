"""What was in the way, and how long."""

from datetime import UTC, datetime, timedelta

import pytest

from sprints.models import Sprint, StoryStatus
from sprints.services.standups import clear_blocker, raise_blocker
from sprints.services.stories import rewrite_story
from sprints.standup_blockers import open_blockers, sprint_blockers
from tests.factories.sprints import SprintFactory, StoryFactory
from workspaces.models import Member

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 6, 8, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def sprint(lead: Member) -> Sprint:
    made: Sprint = SprintFactory.create(workspace=lead.workspace, running=True, started_at=MONDAY - timedelta(days=7))
    return made


def test_every_time_a_story_was_blocked_is_kept_with_its_length(sprint: Sprint, lead: Member, marketer: Member) -> None:
    story = StoryFactory.create(workspace=lead.workspace, sprint=sprint)
    raise_blocker(story=story, reason="No feed", owner=marketer, by=lead, now=MONDAY)
    clear_blocker(story=story, by=lead, now=MONDAY + 5 * HOUR)
    rewrite_story(story=story, blocked_by="No photographs", by=lead, now=MONDAY + 24 * HOUR)

    found = sprint_blockers(sprint)

    assert [(b.reason, b.owner, b.lasted(MONDAY + 26 * HOUR)) for b in found] == [
        ("No feed", marketer, 5 * HOUR), ("No photographs", None, 2 * HOUR),
    ]  # fmt: skip


def test_another_reason_is_the_same_time_in_the_way(sprint: Sprint, lead: Member, marketer: Member) -> None:
    story = StoryFactory.create(workspace=lead.workspace, sprint=sprint)
    raise_blocker(story=story, reason="No feed", owner=marketer, by=lead, now=MONDAY)
    rewrite_story(story=story, blocked_by="Still no feed", by=lead, now=MONDAY + HOUR)

    [found] = sprint_blockers(sprint)

    assert (found.reason, found.owner, found.since, found.until) == ("Still no feed", marketer, MONDAY, None)


def test_what_was_cleared_before_the_sprint_began_is_not_its_own(sprint: Sprint, lead: Member) -> None:
    story = StoryFactory.create(workspace=lead.workspace, sprint=sprint)
    rewrite_story(story=story, blocked_by="No feed", by=lead, now=MONDAY - timedelta(days=20))
    rewrite_story(story=story, blocked_by="", by=lead, now=MONDAY - timedelta(days=19))

    assert sprint_blockers(sprint) == []


def test_a_story_that_is_done_or_dropped_is_in_nobodys_way(sprint: Sprint, lead: Member) -> None:
    fields = {"workspace": lead.workspace, "blocked_by": "No feed", "blocked_at": MONDAY}
    StoryFactory.create(sprint=sprint, status=StoryStatus.DONE, **fields)
    StoryFactory.create(dropped_at=MONDAY, **fields)
    still = StoryFactory.create(assignee=lead, **fields)

    [found] = open_blockers(lead.workspace)

    assert (found.story, found.owner) == (still, lead)


def test_the_stories_of_another_workspace_are_not_shown(lead: Member, outsider: Member) -> None:
    StoryFactory.create(workspace=outsider.workspace, blocked_by="No feed", blocked_at=MONDAY)

    assert open_blockers(lead.workspace) == []
