"""Comments: who writes, who reads, who is told, and what is left of them."""

from datetime import datetime, timedelta

import pytest

from sprints.models import Audience, CommentVersion, Story, StoryComment, StoryWatch
from sprints.services.comments import (
    LONGEST_COMMENT,
    CommentRefused,
    change_comment,
    people_to_mention,
    remove_comment,
    write_comment,
)
from sprints.telling import COMMENTED, MENTIONED
from tests.factories.sprints import StoryFactory
from tests.factories.talk import CommentFactory, WatchFactory
from workspaces.models import AuditEntry, Member, Notice, Workspace

TEAM, EVERYBODY = Audience.TEAM, Audience.EVERYBODY


@pytest.fixture
def story(workspace: Workspace) -> Story:
    made: Story = StoryFactory.create(workspace=workspace)
    return made


def _told() -> set[tuple[str, int]]:
    return set(Notice.objects.values_list("kind", "member_id"))


def test_a_comment_is_kept_and_its_writer_follows_the_story(story: Story, marketer: Member, now: datetime) -> None:
    comment = write_comment(story=story, text="  Ready.\r\nReally. ", audience=TEAM, by=marketer, now=now)

    assert comment.text == "Ready.\nReally."
    assert StoryWatch.objects.get().member == marketer


def test_followers_are_told_and_the_writer_is_not(story: Story, marketer: Member, lead: Member, now: datetime) -> None:
    for member in (marketer, lead):
        WatchFactory.create(story=story, member=member)

    write_comment(story=story, text="Ready.", audience=TEAM, by=marketer, now=now)

    assert _told() == {(COMMENTED, lead.pk)}


def test_whoever_is_mentioned_is_told_that_alone_and_follows(
    story: Story, marketer: Member, lead: Member, now: datetime
) -> None:
    WatchFactory.create(story=story, member=lead)

    comment = write_comment(story=story, text="@Elena Petrova, look", audience=TEAM, by=marketer, now=now)

    assert _told() == {(MENTIONED, lead.pk)}
    assert list(comment.mentioned.all()) == [lead]


def test_whoever_stopped_following_is_mentioned_but_does_not_follow_again(
    story: Story, marketer: Member, lead: Member, now: datetime
) -> None:
    WatchFactory.create(story=story, member=lead, is_watching=False)

    write_comment(story=story, text="@Elena Petrova, look", audience=TEAM, by=marketer, now=now)
    write_comment(story=story, text="And another thing.", audience=TEAM, by=marketer, now=now)

    assert _told() == {(MENTIONED, lead.pk)}


def test_an_owner_who_follows_hears_nothing_of_what_the_team_says(
    story: Story, marketer: Member, owner: Member, now: datetime
) -> None:
    WatchFactory.create(story=story, member=owner)

    write_comment(story=story, text="Between us.", audience=TEAM, by=marketer, now=now)
    heard_of_team = _told()
    write_comment(story=story, text="For all.", audience=EVERYBODY, by=marketer, now=now)

    assert heard_of_team == set()
    assert _told() == {(COMMENTED, owner.pk)}


def test_the_owner_cannot_be_mentioned_where_she_does_not_read(
    story: Story, marketer: Member, owner: Member, now: datetime
) -> None:
    with pytest.raises(CommentRefused, match="Marta Lindqvist"):
        write_comment(story=story, text="@Marta Lindqvist!", audience=TEAM, by=marketer, now=now)

    assert not StoryComment.objects.exists()


def test_the_owner_writes_to_everybody_alone(story: Story, owner: Member, now: datetime) -> None:
    with pytest.raises(CommentRefused):
        write_comment(story=story, text="Hello", audience=TEAM, by=owner, now=now)

    assert write_comment(story=story, text="Hello", audience=EVERYBODY, by=owner, now=now).author == owner


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (LONGEST_COMMENT + 1)])
def test_no_words_or_too_many_are_refused(text: str, story: Story, marketer: Member, now: datetime) -> None:
    with pytest.raises(CommentRefused):
        write_comment(story=story, text=text, audience=TEAM, by=marketer, now=now)


def test_the_words_before_a_change_are_kept(marketer: Member, workspace: Workspace, now: datetime) -> None:
    comment = CommentFactory.create(story__workspace=workspace, author=marketer, text="Friday.")

    change_comment(comment=comment, text="Monday.", by=marketer, now=now)
    change_comment(comment=comment, text="Monday.", by=marketer, now=now + timedelta(hours=1))

    comment.refresh_from_db()
    assert (comment.text, comment.edited_at) == ("Monday.", now)
    assert CommentVersion.objects.get().text == "Friday."


def test_a_change_tells_only_those_who_are_mentioned_anew(
    marketer: Member, lead: Member, seller: Member, story: Story, now: datetime
) -> None:
    comment = write_comment(story=story, text="@Elena Petrova", audience=TEAM, by=marketer, now=now)
    Notice.objects.all().delete()

    change_comment(comment=comment, text="@Elena Petrova and @Tomas Berg", by=marketer, now=now)

    assert _told() == {(MENTIONED, seller.pk)}


def test_only_the_writer_changes_a_comment(marketer: Member, lead: Member, story: Story, now: datetime) -> None:
    comment = CommentFactory.create(story=story, author=marketer)

    with pytest.raises(CommentRefused):
        change_comment(comment=comment, text="Put into the mouth.", by=lead, now=now)


def test_a_removed_comment_leaves_its_place_and_no_words(
    marketer: Member, lead: Member, story: Story, now: datetime
) -> None:
    comment = CommentFactory.create(story=story, author=marketer, text="Wrong room.")
    change_comment(comment=comment, text="Sorry, wrong room.", by=marketer, now=now)

    remove_comment(comment=comment, by=lead, now=now)

    comment.refresh_from_db()
    assert (comment.text, comment.removed_by) == ("", lead)
    assert not CommentVersion.objects.exists()
    with pytest.raises(CommentRefused):
        change_comment(comment=comment, text="Again.", by=marketer, now=now)


def test_a_colleague_cannot_remove_a_comment(marketer: Member, seller: Member, story: Story, now: datetime) -> None:
    comment = CommentFactory.create(story=story, author=marketer)

    with pytest.raises(CommentRefused):
        remove_comment(comment=comment, by=seller, now=now)


def test_the_audit_log_which_the_owner_reads_holds_no_words(story: Story, marketer: Member, now: datetime) -> None:
    comment = write_comment(story=story, text="Secret of the team.", audience=TEAM, by=marketer, now=now)
    change_comment(comment=comment, text="Another secret.", by=marketer, now=now)
    remove_comment(comment=comment, by=marketer, now=now)

    said = [f"{entry.action} {entry.target_label} {entry.detail}" for entry in AuditEntry.objects.all()]
    assert len(said) == 3
    assert not any("secret" in words.lower() for words in said)


def test_only_readers_are_offered_as_mentions(
    workspace: Workspace, marketer: Member, owner: Member, guest: Member
) -> None:
    assert set(people_to_mention(workspace, TEAM).values()) == {marketer}
    assert set(people_to_mention(workspace, EVERYBODY).values()) == {marketer, owner, guest}
