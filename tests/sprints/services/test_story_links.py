"""Links between stories, and to segments."""

from datetime import datetime

import pytest

from sprints.models import LinkKind, Story, StoryLink
from sprints.services.story_links import LinkRefused, link_stories, set_segments, unlink_stories
from tests.factories.audience import SegmentFactory
from tests.factories.sprints import StoryFactory
from tests.factories.talk import StoryLinkFactory
from workspaces.models import AuditEntry, Member, Workspace

BLOCKS, RELATES = LinkKind.BLOCKS, LinkKind.RELATES


@pytest.fixture
def stories(workspace: Workspace) -> list[Story]:
    made: list[Story] = StoryFactory.create_batch(4, workspace=workspace)
    return made


def test_both_stories_remember_a_link(stories: list[Story], marketer: Member, now: datetime) -> None:
    one, other, *_rest = stories

    link_stories(source=one, kind=BLOCKS, target=other, by=marketer, now=now)
    link_stories(source=one, kind=BLOCKS, target=other, by=marketer, now=now)

    assert StoryLink.objects.count() == 1
    assert set(AuditEntry.objects.values_list("target_id", "detail__is_inverse")) == {(one.pk, False), (other.pk, True)}


def test_stories_never_wait_for_each_other_in_a_circle(stories: list[Story], marketer: Member, now: datetime) -> None:
    one, two, three, four = stories
    for source, target in ((one, two), (two, three), (two, four)):
        link_stories(source=source, kind=BLOCKS, target=target, by=marketer, now=now)

    with pytest.raises(LinkRefused, match="wait for each other"):
        link_stories(source=three, kind=BLOCKS, target=one, by=marketer, now=now)

    link_stories(source=three, kind=BLOCKS, target=four, by=marketer, now=now)
    link_stories(source=three, kind=RELATES, target=one, by=marketer, now=now)
    assert StoryLink.objects.count() == 5


def test_to_relate_is_the_same_both_ways(stories: list[Story], marketer: Member, now: datetime) -> None:
    one, other, *_rest = stories

    first = link_stories(source=one, kind=RELATES, target=other, by=marketer, now=now)

    assert link_stories(source=other, kind=RELATES, target=one, by=marketer, now=now) == first


def test_a_story_is_not_linked_to_itself(stories: list[Story], marketer: Member, now: datetime) -> None:
    with pytest.raises(LinkRefused):
        link_stories(source=stories[0], kind=RELATES, target=stories[0], by=marketer, now=now)


def test_a_story_of_another_workspace_is_not_linked(stories: list[Story], marketer: Member, now: datetime) -> None:
    with pytest.raises(LinkRefused):
        link_stories(source=stories[0], kind=RELATES, target=StoryFactory.create(), by=marketer, now=now)


def test_taking_a_link_away_twice_is_harmless(marketer: Member, workspace: Workspace, now: datetime) -> None:
    link = StoryLinkFactory.create(source__workspace=workspace)
    pk = link.pk

    unlink_stories(link=link, by=marketer, now=now)
    link.pk = pk
    unlink_stories(link=link, by=marketer, now=now)

    assert AuditEntry.objects.filter(action="story.unlinked").count() == 2  # one for each of the two stories


def test_segments_are_chosen_as_a_whole(
    stories: list[Story], workspace: Workspace, marketer: Member, now: datetime
) -> None:
    story, (one, two) = stories[0], SegmentFactory.create_batch(2, workspace=workspace)

    set_segments(story=story, segments=[one], by=marketer, now=now)
    set_segments(story=story, segments=[two], by=marketer, now=now)
    set_segments(story=story, segments=[two], by=marketer, now=now)

    assert [link.segment for link in story.segment_links.all()] == [two]
    assert AuditEntry.objects.filter(action="story.segments_set").count() == 2


def test_a_segment_of_another_workspace_is_refused(stories: list[Story], marketer: Member, now: datetime) -> None:
    with pytest.raises(LinkRefused):
        set_segments(story=stories[0], segments=[SegmentFactory.create()], by=marketer, now=now)
