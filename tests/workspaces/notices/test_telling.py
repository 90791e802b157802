"""Who is told, and who is not."""

from datetime import datetime, timedelta

import pytest

from sprints.models import Story
from sprints.telling import COMMENTED, MENTIONED, MOVED
from tests.conftest import Bell
from tests.factories.sprints import StoryFactory
from workspaces.models import DigestPace, Member, Notice, NoticeMute, NoticeSettings, Workspace
from workspaces.notices.telling import notify


@pytest.fixture
def story(workspace: Workspace) -> Story:
    made: Story = StoryFactory.create(workspace=workspace)
    return made


def test_nobody_is_told_of_his_or_her_own_act(story: Story, lead: Member, marketer: Member, now: datetime) -> None:
    told = notify(MOVED, story, to=[lead, marketer], by=lead, now=now, column="done")

    assert told == [marketer]
    assert Notice.objects.get().member == marketer


def test_each_is_told_once(story: Story, lead: Member, marketer: Member, now: datetime) -> None:
    notify(MOVED, story, to=[marketer, marketer], by=lead, now=now, column="done")

    assert Notice.objects.count() == 1


def test_whoever_has_left_is_told_nothing(story: Story, lead: Member, marketer: Member, now: datetime) -> None:
    marketer.left_at = now
    marketer.save()

    assert notify(MOVED, story, to=[marketer], by=lead, now=now, column="done") == []


def test_a_muted_object_is_silent_and_others_speak(
    story: Story, workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    other = StoryFactory.create(workspace=workspace)
    NoticeMute.objects.create(workspace=workspace, member=marketer, about_type="story", about_id=story.pk)

    notify(MOVED, story, to=[marketer], by=lead, now=now, column="done")
    notify(MOVED, other, to=[marketer], by=lead, now=now, column="done")

    assert Notice.objects.get().about_id == other.pk


def test_a_muted_kind_is_silent_and_others_speak(
    story: Story, workspace: Workspace, lead: Member, marketer: Member, now: datetime
) -> None:
    NoticeMute.objects.create(workspace=workspace, member=marketer, kind=MOVED)

    notify(MOVED, story, to=[marketer], by=lead, now=now, column="done")
    notify(COMMENTED, story, to=[marketer], by=lead, now=now, comment=1)

    assert Notice.objects.get().kind == COMMENTED


def test_what_is_for_the_team_is_told_to_the_team_alone(
    story: Story, lead: Member, marketer: Member, owner: Member, guest: Member, now: datetime
) -> None:
    told = notify(COMMENTED, story, to=[marketer, owner, guest], by=lead, now=now, is_team_only=True, comment=1)

    assert told == [marketer]


def test_news_wait_for_the_next_morning_of_the_person(
    story: Story, lead: Member, marketer: Member, now: datetime
) -> None:
    notify(MOVED, story, to=[marketer], by=lead, now=now, column="done")

    mail_at = Notice.objects.get().mail_at
    assert mail_at is not None
    assert now < mail_at <= now + timedelta(hours=25)
    assert mail_at.astimezone(lead.workspace.zone).hour == 8


def test_urgent_news_ring_at_once_when_that_was_chosen(
    story: Story,
    lead: Member,
    marketer: Member,
    now: datetime,
    bells: list[Bell],
    django_capture_on_commit_callbacks: object,
) -> None:
    NoticeSettings.objects.create(workspace=marketer.workspace, member=marketer, at_once=[MENTIONED])

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # a fixture of pytest-django
        notify(MENTIONED, story, to=[marketer], by=lead, now=now, comment=1)

    assert Notice.objects.get().mail_at == now
    assert ("workspaces.mail_notices", {}) in bells


def test_whoever_wants_no_mail_is_told_in_the_app_alone(
    story: Story, lead: Member, marketer: Member, now: datetime
) -> None:
    NoticeSettings.objects.create(workspace=marketer.workspace, member=marketer, digest=DigestPace.NEVER)

    notify(MOVED, story, to=[marketer], by=lead, now=now, column="done")

    assert Notice.objects.get().mail_at is None


def test_telling_takes_the_same_queries_however_many_are_told(
    story: Story, workspace: Workspace, lead: Member, now: datetime, django_assert_num_queries: object
) -> None:
    from tests.factories.workspaces import MemberFactory

    crowd = MemberFactory.create_batch(12, workspace=workspace)

    with django_assert_num_queries(4):  # type: ignore[operator]  # a fixture of pytest-django
        notify(MOVED, story, to=crowd, by=lead, now=now, column="done")
