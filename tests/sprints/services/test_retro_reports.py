"""The report that goes to the owner, the answer that comes back, and opening a retrospective again."""

from datetime import datetime, timedelta

import pytest
from django.core import mail as outbox
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from sprints.models import Retro, RetroHabit, RetroPhase, RetroReportMail, Sprint
from sprints.retro_room import worth_of
from sprints.services.retro_access import RetroRefused
from sprints.services.retro_reports import answer_report, mail_report, reopen_retro, report_token
from sprints.services.retro_rooms import begin_retro, close_retro, rate_worth
from sprints.services.retros import add_note
from tests.factories.retros import begun, retro_in
from tests.factories.sprints import SprintFactory
from workspaces import systemmail
from workspaces.models import AuditEntry, Member, SystemMail, Workspace

pytestmark = pytest.mark.django_db
WEEK = timedelta(weeks=1)


@pytest.fixture
def closed(workspace: Workspace, lead: Member, now: datetime) -> Sprint:
    sprint = begun(workspace, lead, now, RetroPhase.CLOSE)
    close_retro(sprint=sprint, by=lead, now=now, mails_report=False)
    return sprint


def _letter() -> EmailMultiAlternatives:
    [letter] = outbox.outbox
    assert isinstance(letter, EmailMultiAlternatives)
    return letter


def test_the_owner_gets_the_report_with_the_file_and_five_answers(
    closed: Sprint, owner: Member, lead: Member, now: datetime
) -> None:
    told = mail_report(sprint=closed, by=lead, now=now)
    systemmail.send_due(now)

    assert told == [owner]
    letter = _letter()
    assert letter.to == [owner.user.email]
    [(name, content, media_type)] = letter.attachments
    assert (name, media_type) == (f"retrospective-{closed.number}.pdf", "application/pdf")
    assert bytes(content).startswith(b"%PDF-")
    html = str(letter.alternatives[0][0])
    token = report_token(RetroReportMail.objects.get())
    assert all(f"/retro-answer/{token}/?stars={stars}" in html for stars in range(1, 6))


def test_a_second_press_of_the_button_mails_nobody_twice(
    closed: Sprint, owner: Member, lead: Member, now: datetime
) -> None:
    mail_report(sprint=closed, by=lead, now=now)

    again = mail_report(sprint=closed, by=lead, now=now + timedelta(seconds=20))
    later = mail_report(sprint=closed, by=lead, now=now + timedelta(hours=1))

    assert (again, later) == ([], [owner])
    assert SystemMail.objects.filter(kind="sprints.retro_report").count() == 2


def test_nothing_is_mailed_before_it_is_closed(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now)

    with pytest.raises(RetroRefused, match="Close the retrospective first"):
        mail_report(sprint=sprint, by=lead, now=now)


def test_without_an_owner_the_button_says_what_to_do(closed: Sprint, lead: Member, now: datetime) -> None:
    with pytest.raises(RetroRefused, match="no business owner"):
        mail_report(sprint=closed, by=lead, now=now)


def test_closing_mails_it_by_itself_once_that_was_wished(
    workspace: Workspace, owner: Member, lead: Member, now: datetime
) -> None:
    first, second = begun(workspace, lead, now), begun(workspace, lead, now)

    close_retro(sprint=first, by=lead, now=now, mails_report=True)
    close_retro(sprint=second, by=lead, now=now)

    assert RetroHabit.objects.get(workspace=workspace).mails_report
    assert {mail.retro.sprint_id for mail in RetroReportMail.objects.select_related("retro")} == {first.pk, second.pk}


def test_a_report_of_one_that_was_opened_again_is_not_sent(
    closed: Sprint, owner: Member, lead: Member, now: datetime
) -> None:
    mail_report(sprint=closed, by=lead, now=now)
    reopen_retro(sprint=closed, by=lead, now=now)

    systemmail.send_due(now)

    assert outbox.outbox == []


def _link(closed: Sprint, lead: Member, now: datetime) -> str:
    mail_report(sprint=closed, by=lead, now=now)
    return f"/retro-answer/{report_token(RetroReportMail.objects.get())}/"


def test_opening_the_link_a_hundred_times_answers_nothing(
    closed: Sprint, owner: Member, lead: Member, now: datetime, client: Client
) -> None:
    link = _link(closed, lead, now)

    statuses = {client.get(f"{link}?stars=5").status_code for _time in range(100)}

    assert statuses == {200}
    assert RetroReportMail.objects.get().stars is None


def test_the_owner_answers_without_signing_in_and_may_change_it(
    closed: Sprint, owner: Member, lead: Member, now: datetime, client: Client
) -> None:
    link = _link(closed, lead, now)

    for stars in (2, 4):
        assert client.post(link, {"stars": stars}).status_code == 302

    [answer] = worth_of(retro_in(closed), 0).owners
    assert (answer.member, answer.stars) == (owner, 4)
    assert AuditEntry.objects.filter(action="retro.report_answered", member=owner).count() == 2


def test_the_same_answer_twice_is_one(closed: Sprint, owner: Member, lead: Member, now: datetime) -> None:
    mail_report(sprint=closed, by=lead, now=now)
    mail = RetroReportMail.objects.select_related("retro__sprint__workspace", "member").get()

    for _time in range(2):
        answer_report(mail=mail, stars=3, now=now)

    assert AuditEntry.objects.filter(action="retro.report_answered").count() == 1


@pytest.mark.parametrize("stars", ["0", "6", "many", ""])
def test_other_answers_are_refused(
    closed: Sprint, owner: Member, lead: Member, now: datetime, client: Client, stars: str
) -> None:
    answer = client.post(_link(closed, lead, now), {"stars": stars})

    assert answer.status_code == 422
    assert RetroReportMail.objects.get().stars is None


def test_a_link_of_somebody_who_is_no_owner_any_more_says_so(
    closed: Sprint, owner: Member, lead: Member, now: datetime, client: Client
) -> None:
    link = _link(closed, lead, now)
    Member.objects.filter(pk=owner.pk).update(left_at=now)

    assert client.get(link).status_code == 410
    assert client.get(link[:-3] + "xx/").status_code == 410


def test_a_closed_one_is_opened_again_and_takes_notes(closed: Sprint, lead: Member, now: datetime) -> None:
    reopen_retro(sprint=closed, by=lead, now=now)
    reopen_retro(sprint=closed, by=lead, now=now)
    add_note(sprint=closed, kind="well", text="One thing more", by=lead, now=now)

    retro = retro_in(closed)
    assert (retro.closed_at, retro.reopened_at, retro.facilitator) == (None, now, lead)
    assert AuditEntry.objects.filter(action="retro.reopened").count() == 1


def test_after_two_weeks_it_stays_closed(closed: Sprint, lead: Member, now: datetime) -> None:
    with pytest.raises(RetroRefused, match="two weeks"):
        reopen_retro(sprint=closed, by=lead, now=now + 2 * WEEK + timedelta(minutes=1))


def test_once_the_next_one_looks_back_on_it_it_stays_closed(closed: Sprint, lead: Member, now: datetime) -> None:
    later = SprintFactory.create(workspace=closed.workspace, number=closed.number + 1, running=True)
    begin_retro(sprint=later, by=lead, now=now)

    with pytest.raises(RetroRefused, match="next retrospective"):
        reopen_retro(sprint=closed, by=lead, now=now)


def test_only_who_led_it_or_plans_sprints_opens_it_again(closed: Sprint, analyst: Member, now: datetime) -> None:
    with pytest.raises(RetroRefused, match="can open it again"):
        reopen_retro(sprint=closed, by=analyst, now=now)

    assert Retro.objects.get(sprint=closed).closed_at is not None


def test_answers_that_were_shown_take_no_other_after_it_is_opened_again(
    workspace: Workspace, lead: Member, marketer: Member, analyst: Member, owner: Member, now: datetime
) -> None:
    sprint = begun(workspace, lead, now, RetroPhase.CLOSE)
    for member in (lead, marketer, analyst):
        rate_worth(sprint=sprint, stars=4, by=member, now=now)
    close_retro(sprint=sprint, by=lead, now=now)
    reopen_retro(sprint=sprint, by=lead, now=now)

    with pytest.raises(RetroRefused, match="would not stay unknown"):
        rate_worth(sprint=sprint, stars=1, by=owner, now=now)
    assert worth_of(retro_in(sprint), 4).is_shown
