"""The mails of planning poker."""

from datetime import datetime, timedelta

import pytest
from django.core import mail as outbox
from django.core.mail import EmailMultiAlternatives

from sprints.models import PokerSession
from sprints.services.poker.sessions import end_session
from sprints.services.poker.windows import poll
from tests.factories.poker import item_of, session_of, vote, window_until
from workspaces.models import Member, SystemMail
from workspaces.systemmail import send_due

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def session(lead: Member, marketer: Member, now: datetime) -> PokerSession:
    return session_of(lead, now, rules=window_until(now + 72 * HOUR), team=[marketer])


def _bodies() -> list[str]:
    """Text and HTML of every mail."""
    found = []
    for mail in outbox.outbox:
        assert isinstance(mail, EmailMultiAlternatives)
        found += [str(mail.body), *(str(other[0]) for other in mail.alternatives)]
    return found


def test_who_is_asked_learns_what_and_until_when(session: PokerSession, now: datetime) -> None:
    send_due(now)

    [sent] = outbox.outbox
    assert (sent.to, sent.subject) == (["sofia@marenmoss.example"], "2 stories to estimate: Spring backlog")
    for form in _bodies():
        assert "Elena Petrova asks you to estimate 2 stories." in form
        assert f"/w/maren-moss/poker/{session.pk}/" in form
        assert "Vote until" in form


def test_the_reminder_counts_what_is_still_owed(session: PokerSession, marketer: Member, now: datetime) -> None:
    send_due(now)
    outbox.outbox.clear()
    vote(item_of(session), session.seats.get(member=marketer), "5", now)

    poll(now + 48 * HOUR)
    send_due(now + 48 * HOUR)

    mine = next(mail for mail in outbox.outbox if mail.to == ["sofia@marenmoss.example"])
    assert mine.subject == "1 story still waits for your vote: Spring backlog"


def test_a_mail_that_has_become_pointless_is_not_sent(
    session: PokerSession, lead: Member, marketer: Member, now: datetime
) -> None:
    poll(now + 48 * HOUR)
    end_session(session=session, by=lead, now=now + 48 * HOUR)

    send_due(now + 48 * HOUR)

    assert outbox.outbox == []
    assert set(SystemMail.objects.values_list("error", flat=True)) == {"no longer needed"}


def test_who_has_voted_on_everything_hears_nothing_more(session: PokerSession, marketer: Member, now: datetime) -> None:
    for place in (0, 1):
        vote(item_of(session, place), session.seats.get(member=marketer), "5", now)

    poll(now + 48 * HOUR)
    send_due(now + 48 * HOUR)

    assert [mail.to for mail in outbox.outbox] == [["elena@marenmoss.example"]]
