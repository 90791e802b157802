"""Who follows a story, who works on it, and what they are told of it."""

from datetime import datetime

import pytest

from sprints.models import Sprint, Story, StoryStatus, StoryWatch
from sprints.services.stories import move_story, rewrite_story, write_story
from sprints.services.story_parts import StoryClosed
from sprints.services.watching import MOST_HELPERS, HelpersRefused, follow, is_watching, set_helpers, watch
from sprints.telling import ASSIGNED, BLOCKED, CHANGED, MOVED, watchers
from tests.factories.sprints import StoryFactory
from tests.factories.talk import WatchFactory
from tests.factories.workspaces import MemberFactory
from workspaces.models import Member, Notice, Workspace
from workspaces.notices.wishes import is_muted, mute_object


@pytest.fixture
def story(workspace: Workspace) -> Story:
    made: Story = StoryFactory.create(workspace=workspace)
    return made


def _told() -> list[tuple[str, int]]:
    return sorted(Notice.objects.values_list("kind", "member_id"))


def test_writer_and_assignee_follow_a_new_story(
    workspace: Workspace, marketer: Member, lead: Member, now: datetime
) -> None:
    story = write_story(workspace=workspace, title="Serum", assignee=lead, by=marketer, now=now)

    assert watchers(story) == [marketer, lead]
    assert _told() == [(ASSIGNED, lead.pk)]


def test_whoever_stopped_following_stays_away(story: Story, marketer: Member, now: datetime) -> None:
    watch(story=story, member=marketer, is_watching=False, now=now)

    follow(story, [marketer])

    assert not is_watching(story, marketer)


def test_following_again_ends_the_mute(story: Story, marketer: Member, now: datetime) -> None:
    mute_object(member=marketer, about_type="story", about_id=story.pk, is_muted=True, now=now)

    watch(story=story, member=marketer, is_watching=True, now=now)

    assert not is_muted(marketer, "story", story.pk)
    assert is_watching(story, marketer)


def test_helpers_are_told_and_follow(
    story: Story, marketer: Member, lead: Member, seller: Member, now: datetime
) -> None:
    for _time in range(2):
        set_helpers(story=story, members=[lead, seller], by=marketer, now=now)

    assert {helper.member for helper in story.helpers.all()} == {lead, seller}
    assert _told() == sorted([(ASSIGNED, lead.pk), (ASSIGNED, seller.pk)])
    assert set(watchers(story)) == {lead, seller}


def test_the_lead_of_a_story_is_no_helper_of_it(
    workspace: Workspace, marketer: Member, lead: Member, now: datetime
) -> None:
    story = StoryFactory.create(workspace=workspace, assignee=lead)

    set_helpers(story=story, members=[lead, marketer], by=marketer, now=now)

    assert [helper.member for helper in story.helpers.all()] == [marketer]


def test_strangers_and_crowds_are_refused(story: Story, marketer: Member, outsider: Member, now: datetime) -> None:
    with pytest.raises(HelpersRefused):
        set_helpers(story=story, members=[outsider], by=marketer, now=now)
    crowd = MemberFactory.create_batch(MOST_HELPERS + 1, workspace=story.workspace)
    with pytest.raises(HelpersRefused):
        set_helpers(story=story, members=crowd, by=marketer, now=now)


def test_helpers_of_a_closed_sprint_stay(closed: Sprint, workspace: Workspace, marketer: Member, now: datetime) -> None:
    story = StoryFactory.create(workspace=workspace, sprint=closed)

    with pytest.raises(StoryClosed):
        set_helpers(story=story, members=[marketer], by=marketer, now=now)


def test_followers_hear_of_moves_blocks_and_changes_that_others_make(
    running: Sprint, workspace: Workspace, marketer: Member, lead: Member, now: datetime
) -> None:
    story = StoryFactory.create(workspace=workspace, sprint=running)
    for member in (marketer, lead):
        WatchFactory.create(story=story, member=member)

    move_story(story=story, status=StoryStatus.DOING, by=lead, now=now)
    rewrite_story(story=story, blocked_by="No photographs", by=lead, now=now)
    rewrite_story(story=story, points=8, by=lead, now=now)
    rewrite_story(story=story, points=8, by=lead, now=now)

    assert _told() == sorted([(kind, marketer.pk) for kind in (MOVED, BLOCKED, CHANGED)])


def test_a_new_assignee_is_told_that_and_follows(story: Story, marketer: Member, lead: Member, now: datetime) -> None:
    rewrite_story(story=story, assignee=marketer, by=lead, now=now)

    assert _told() == [(ASSIGNED, marketer.pk)]
    assert StoryWatch.objects.get().member == marketer
