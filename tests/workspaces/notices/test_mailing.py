"""Mails of what happened: one, once, with what its reader may read."""

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.core import mail as outbox
from django.core.mail import EmailMultiAlternatives
from django.db import connection

from sprints.telling import COMMENTED
from tests.factories.sprints import StoryFactory
from tests.factories.talk import CommentFactory, NoticeFactory
from workspaces.models import Member, Notice, SystemMail, SystemMailState, Workspace
from workspaces.notices.mailing import KEPT, forget_old, mail_due
from workspaces.notices.reading import mark_read
from workspaces.permissions import Role
from workspaces.systemmail import send_due


@pytest.fixture
def later(now: datetime) -> datetime:
    return now + timedelta(days=2)


def _body() -> str:
    (message,) = outbox.outbox
    assert isinstance(message, EmailMultiAlternatives)
    html = str(message.alternatives[0][0])
    return f"{message.body}\n{html}"


def test_everything_that_is_due_goes_into_one_mail(workspace: Workspace, marketer: Member, later: datetime) -> None:
    for title in ("Dew Mist launch", "Peony letter"):
        story = StoryFactory.create(workspace=workspace, title=title)
        NoticeFactory.create_batch(2, member=marketer, story=story)

    assert mail_due(later) == 1
    send_due(later)

    (message,) = outbox.outbox
    assert message.to == [marketer.user.email]
    assert "4 pieces of news" in message.subject
    assert all(words in _body() for words in ("Dew Mist launch", "Peony letter", "moved it to “Done”"))


def test_nothing_is_mailed_twice(marketer: Member, later: datetime) -> None:
    NoticeFactory.create(member=marketer)

    assert [mail_due(later), mail_due(later), mail_due(later + timedelta(days=1))] == [1, 0, 0]

    assert SystemMail.objects.count() == 1


def test_what_is_not_due_waits(marketer: Member, now: datetime) -> None:
    NoticeFactory.create(member=marketer)

    assert mail_due(now) == 0


def test_what_was_read_in_the_app_is_not_mailed(marketer: Member, now: datetime, later: datetime) -> None:
    NoticeFactory.create(member=marketer)
    mark_read(member=marketer, now=now)

    assert mail_due(later) == 0


def test_a_mail_of_which_everything_was_read_meanwhile_is_not_sent(marketer: Member, later: datetime) -> None:
    NoticeFactory.create(member=marketer)
    mail_due(later)
    mark_read(member=marketer, now=later)

    send_due(later)

    assert outbox.outbox == []
    assert SystemMail.objects.get().state == SystemMailState.FAILED


def test_whoever_has_left_is_mailed_nothing(marketer: Member, now: datetime, later: datetime) -> None:
    NoticeFactory.create(member=marketer)
    marketer.left_at = now
    marketer.save()

    assert mail_due(later) == 0
    assert Notice.objects.get().mail_at is None


def test_words_of_the_team_are_not_in_the_mail_of_a_member_who_became_owner(
    workspace: Workspace, marketer: Member, later: datetime
) -> None:
    comment = CommentFactory.create(story__workspace=workspace, text="Nobody outside knows this.")
    NoticeFactory.create(
        member=marketer, story=comment.story, kind=COMMENTED, detail={"comment": comment.pk}, is_team_only=True
    )
    NoticeFactory.create(member=marketer, story=comment.story)
    marketer.role = Role.OWNER
    marketer.save()

    mail_due(later)
    send_due(later)

    assert "Nobody outside knows this." not in _body()
    assert "moved it" in _body()


def test_a_mail_can_be_stopped_from_the_mail_program(marketer: Member, later: datetime) -> None:
    NoticeFactory.create(member=marketer)
    mail_due(later)

    send_due(later)

    (message,) = outbox.outbox
    link = message.extra_headers["List-Unsubscribe"].strip("<>")
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in _body()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_one_mail(marketer: Member, later: datetime) -> None:
    NoticeFactory.create_batch(5, member=marketer)
    start = Barrier(2)

    def work() -> None:
        start.wait()
        mail_due(later)
        connection.close()

    workers = [Thread(target=work) for _n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    mail_due(later)

    assert SystemMail.objects.count() == 1
    assert Notice.objects.filter(mail=None).count() == 0


def test_news_of_long_ago_are_forgotten(marketer: Member, now: datetime) -> None:
    NoticeFactory.create(member=marketer, at=now - KEPT - timedelta(days=1))
    kept = NoticeFactory.create(member=marketer, at=now - timedelta(days=1))

    assert forget_old(now) == 1

    assert Notice.objects.get() == kept
