"""The mails about sends: to each in his or her own language of words and clock, and only while they matter."""

from datetime import datetime, timedelta

import pytest
from django.core import mail as outbox

from delivery import services
from delivery.breakers import look_at
from delivery.models import DeliveryState, Doubt, Feedback, FeedbackKind, Reason, RestoreHold, Run
from delivery.notices import tell, tell_leads
from tests.factories.delivery import RunFactory, settled
from workspaces.models import Member, SystemMail, SystemMailState, Workspace
from workspaces.systemmail import send_due


@pytest.fixture
def run(workspace: Workspace, lead: Member) -> Run:
    made: Run = RunFactory.create(workspace=workspace, campaign__name="Spring Glow", campaign__created_by=lead)
    return made


def sent(now: datetime) -> list[tuple[str, str]]:
    send_due(now)
    return [(str(message.subject), str(message.body)) for message in outbox.outbox]


def test_a_stop_says_what_was_measured_what_to_do_and_where(run: Run, now: datetime) -> None:
    settled(run, 200, DeliveryState.FAILED, now, reason=Reason.REFUSED)
    look_at(run, now)

    [(subject, body)] = sent(now)

    assert subject == "“Spring Glow” was stopped: Too many addresses were refused"
    assert "200 of 200 addresses were refused or do not exist, 100%; the limit is 5%." in body
    assert "Find out where the addresses come from" in body
    assert f"/w/maren-moss/campaigns/{run.campaign_id}/" in body


def test_mail_that_cannot_be_sent_is_told_with_the_words_of_the_server(run: Run, lead: Member, now: datetime) -> None:
    services.pause(run=run, by=None, now=now, reason="Mail cannot be sent: 535 5.7.8 No. Mend that, then resume.")
    tell("delivery.stopped", run.campaign, now)

    [(subject, body)] = sent(now)

    assert subject == "“Spring Glow” was stopped: mail cannot be sent"
    assert "535 5.7.8 No. Mend that, then resume." in body


def test_once_it_goes_on_it_is_not(run: Run, lead: Member, now: datetime) -> None:
    services.pause(run=run, by=None, now=now, reason="Mail cannot be sent.")
    tell("delivery.stopped", run.campaign, now)
    services.resume(run=run, by=lead, now=now)

    assert sent(now) == []


def test_a_stop_that_somebody_has_decided_about_is_not_told_of(run: Run, lead: Member, now: datetime) -> None:
    settled(run, 200, DeliveryState.FAILED, now, reason=Reason.REFUSED)
    look_at(run, now)
    services.resume(run=run, by=lead, now=now)

    assert sent(now) == []
    assert SystemMail.objects.get().state == SystemMailState.FAILED


def test_complaints_are_told_with_their_share(run: Run, now: datetime) -> None:
    rows = settled(run, 1000, DeliveryState.SENT, now)
    Feedback.objects.create(
        workspace=run.workspace, run=run, delivery=rows[0], kind=FeedbackKind.COMPLAINT, at=now, reported_at=now
    )
    look_at(run, now)

    [(subject, body)] = sent(now)

    assert subject == "People complain about “Spring Glow”"
    assert "1 of 1,000 people called the mail spam: 0.1%." in body


def test_a_run_in_which_nothing_moves_is_told_with_the_reason(run: Run, now: datetime) -> None:
    settled(run, 1, DeliveryState.QUEUED, now, decided_at=None, attempt=0)
    tell("delivery.stuck", run.campaign, now)

    [(subject, body)] = sent(now)

    assert subject == "“Spring Glow” does not get on"
    assert "beat or the default worker does not run" in body


def test_one_that_moves_again_is_not(run: Run, now: datetime) -> None:
    settled(run, 1, DeliveryState.SENT, now)
    tell("delivery.stuck", run.campaign, now)

    assert sent(now) == []


def test_a_doubt_leads_to_where_it_is_confirmed(workspace: Workspace, lead: Member, now: datetime) -> None:
    hold = RestoreHold.objects.create(
        workspace=workspace, doubt=Doubt.OLDER, known_until=now - timedelta(hours=2), seen_at=now, since=now
    )
    tell_leads("delivery.restored", workspace, hold.pk, now)

    [(subject, body)] = sent(now)

    assert subject == "Sends of Maren & Moss are held back"
    assert "The database is older than what this machine has done." in body
    assert "/w/maren-moss/settings/safety/" in body


def test_whoever_left_is_not_written_to(run: Run, lead: Member, now: datetime) -> None:
    lead.left_at = now
    lead.save()

    tell("delivery.stuck", run.campaign, now)

    assert not SystemMail.objects.exists()
