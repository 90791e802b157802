"""Notices in groups: what stands there, for whom, and what reading does to it."""

from datetime import datetime, timedelta

from sprints.telling import COMMENTED
from tests.factories.sprints import StoryFactory
from tests.factories.talk import CommentFactory, NoticeFactory
from workspaces.models import Member, Notice, Workspace
from workspaces.notices.reading import LINES_A_GROUP, groups_on, mark_read, pages_of_groups, unread_count
from workspaces.permissions import Role


def _groups(member: Member, *, only_unread: bool = False) -> list[tuple[str, int, int, list[str]]]:
    page = pages_of_groups(member, only_unread=only_unread).get_page(1)
    return [
        (group.place.label, group.total, group.unread, [line.told.words for line in group.lines])
        for group in groups_on(page, member)
    ]


def test_news_of_one_story_are_one_group_with_the_newest_first(
    workspace: Workspace, marketer: Member, now: datetime
) -> None:
    quiet, busy = (
        StoryFactory.create(workspace=workspace, title="Quiet"),
        StoryFactory.create(workspace=workspace, title="Busy"),
    )
    NoticeFactory.create(member=marketer, story=quiet, at=now - timedelta(hours=2))
    NoticeFactory.create(member=marketer, story=busy, at=now - timedelta(hours=3), detail={"column": "doing"})
    NoticeFactory.create(member=marketer, story=busy, at=now, detail={"column": "review"})

    assert _groups(marketer) == [
        ("Busy", 2, 2, ["moved it to “In review”", "moved it to “In production”"]),
        ("Quiet", 1, 1, ["moved it to “Done”"]),
    ]
    assert unread_count(marketer) == 2


def test_of_many_news_the_newest_are_said_and_all_are_counted(workspace: Workspace, marketer: Member) -> None:
    story = StoryFactory.create(workspace=workspace)
    NoticeFactory.create_batch(LINES_A_GROUP + 3, member=marketer, story=story)

    [(_label, total, unread, words)] = _groups(marketer)

    assert (total, unread, len(words)) == (LINES_A_GROUP + 3, LINES_A_GROUP + 3, LINES_A_GROUP)


def test_news_of_others_are_theirs(workspace: Workspace, marketer: Member, lead: Member) -> None:
    NoticeFactory.create(member=lead)

    assert _groups(marketer) == []
    assert unread_count(marketer) == 0


def test_words_for_the_team_vanish_for_a_member_who_became_owner(workspace: Workspace, marketer: Member) -> None:
    comment = CommentFactory.create(story__workspace=workspace, text="The owner must not read this.")
    NoticeFactory.create(
        member=marketer, story=comment.story, kind=COMMENTED, detail={"comment": comment.pk}, is_team_only=True
    )
    seen_before = _groups(marketer)
    marketer.role = Role.OWNER
    marketer.save()

    assert len(seen_before) == 1
    assert _groups(marketer) == []
    assert unread_count(marketer) == 0


def test_a_comment_that_was_taken_back_is_told_no_more(workspace: Workspace, marketer: Member, now: datetime) -> None:
    comment = CommentFactory.create(story__workspace=workspace, text="", removed_at=now)
    NoticeFactory.create(member=marketer, story=comment.story, kind=COMMENTED, detail={"comment": comment.pk})

    assert _groups(marketer) == []


def test_reading_one_object_leaves_the_others_new(workspace: Workspace, marketer: Member, now: datetime) -> None:
    one, other = StoryFactory.create_batch(2, workspace=workspace)
    NoticeFactory.create(member=marketer, story=one)
    NoticeFactory.create(member=marketer, story=other)

    assert mark_read(member=marketer, now=now, about=("story", one.pk)) == 1
    assert mark_read(member=marketer, now=now, about=("story", one.pk)) == 0

    assert unread_count(marketer) == 1
    assert Notice.objects.unread().get().about_id == other.pk


def test_a_page_of_groups_takes_the_same_queries_however_many_there_are(
    workspace: Workspace, marketer: Member, django_assert_max_num_queries: object
) -> None:
    for story in StoryFactory.create_batch(20, workspace=workspace):
        NoticeFactory.create_batch(2, member=marketer, story=story)

    with django_assert_max_num_queries(4):  # type: ignore[operator]  # a fixture of pytest-django
        assert len(_groups(marketer)) == 20
