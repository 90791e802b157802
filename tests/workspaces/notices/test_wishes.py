"""What members choose: mutes, mails, and the way out without signing in."""

from datetime import datetime, timedelta

import pytest

from sprints.telling import MENTIONED, MOVED
from tests.factories.sprints import StoryFactory
from tests.factories.talk import NoticeFactory
from workspaces.models import AuditEntry, DigestPace, Member, Notice, NoticeMute, Workspace
from workspaces.notices.wishes import (
    NoticeLinkInvalid,
    NoticeRefused,
    choose,
    is_muted,
    member_behind,
    mute_object,
    muted_kinds,
    settings_of,
    stop_mails,
    way_out,
)


def _mute(member: Member, pk: int, now: datetime, *, is_muted: bool = True, about_type: str = "story") -> None:
    mute_object(member=member, about_type=about_type, about_id=pk, is_muted=is_muted, now=now)


def test_muting_twice_is_muting_once(workspace: Workspace, marketer: Member, now: datetime) -> None:
    story = StoryFactory.create(workspace=workspace)

    _mute(marketer, story.pk, now)
    _mute(marketer, story.pk, now)

    assert is_muted(marketer, "story", story.pk)
    assert NoticeMute.objects.count() == 1
    assert AuditEntry.objects.filter(action="notices.muted").count() == 1


def test_muting_takes_the_object_out_of_the_next_mail(workspace: Workspace, marketer: Member, now: datetime) -> None:
    story = StoryFactory.create(workspace=workspace)
    NoticeFactory.create(member=marketer, story=story)

    _mute(marketer, story.pk, now)

    assert Notice.objects.get().mail_at is None


def test_a_mute_can_be_ended(workspace: Workspace, marketer: Member, now: datetime) -> None:
    story = StoryFactory.create(workspace=workspace)
    _mute(marketer, story.pk, now)

    _mute(marketer, story.pk, now, is_muted=False)

    assert not is_muted(marketer, "story", story.pk)


@pytest.mark.parametrize("about_type", ["story", "nonsense"])
def test_what_is_not_in_the_workspace_cannot_be_muted(
    about_type: str, marketer: Member, outsider: Member, now: datetime
) -> None:
    theirs = StoryFactory.create(workspace=outsider.workspace)

    with pytest.raises(NoticeRefused):
        _mute(marketer, theirs.pk, now, about_type=about_type)


def test_another_hour_moves_what_waits(marketer: Member, now: datetime) -> None:
    NoticeFactory.create(member=marketer)

    choose(member=marketer, digest=DigestPace.DAILY, hour=17, at_once=[], muted=[], now=now)

    mail_at = Notice.objects.get().mail_at
    assert mail_at is not None
    assert mail_at.astimezone(marketer.workspace.zone).hour == 17


def test_no_mail_ends_also_what_waits(marketer: Member, now: datetime) -> None:
    NoticeFactory.create(member=marketer)

    choose(member=marketer, digest=DigestPace.NEVER, hour=8, at_once=[], muted=[], now=now)

    assert Notice.objects.get().mail_at is None


def test_kinds_are_muted_and_heard_again(marketer: Member, now: datetime) -> None:
    for muted in ([MOVED, MENTIONED], [MENTIONED]):
        choose(member=marketer, digest=DigestPace.DAILY, hour=8, at_once=[MENTIONED], muted=muted, now=now)

    assert muted_kinds(marketer) == {MENTIONED}
    assert settings_of(marketer).at_once == [MENTIONED]


@pytest.mark.parametrize(
    ("wish", "field"),
    [({"hour": 24}, "hour"), ({"at_once": [MOVED]}, "at_once"), ({"muted": ["nonsense"]}, "muted")],
)
def test_a_wish_that_cannot_be_is_refused(wish: dict[str, object], field: str, marketer: Member, now: datetime) -> None:
    usual = {"digest": DigestPace.DAILY, "hour": 8, "at_once": [], "muted": []}

    with pytest.raises(NoticeRefused) as refusal:
        choose(member=marketer, now=now, **{**usual, **wish})  # type: ignore[arg-type]  # nonsense on purpose

    assert field in refusal.value.fields


def test_the_link_of_a_mail_stops_the_mails_of_its_reader_alone(marketer: Member, lead: Member, now: datetime) -> None:
    member = member_behind(way_out(marketer))
    stop_mails(member=member, now=now)
    stop_mails(member=member, now=now + timedelta(minutes=1))

    assert settings_of(marketer).digest == DigestPace.NEVER
    assert settings_of(lead).digest == DigestPace.DAILY


def test_a_link_that_was_made_up_stops_nothing(marketer: Member) -> None:
    token = way_out(marketer)

    with pytest.raises(NoticeLinkInvalid):
        member_behind(token[:-1] + ("A" if token[-1] != "A" else "B"))


def test_the_link_of_somebody_who_left_says_so(marketer: Member, now: datetime) -> None:
    marketer.left_at = now
    marketer.save()

    with pytest.raises(NoticeLinkInvalid):
        member_behind(way_out(marketer))
