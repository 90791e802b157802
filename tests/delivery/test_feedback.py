"""Complaints and bounces that others report."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from audience.models import Suppression, SuppressionReason
from delivery.feedback import Reported, UnknownMessage, is_final, report_reaction
from delivery.messages import message_id
from delivery.models import Delivery, DeliveryState, Feedback, FeedbackKind, Reason, RunState
from emailops.lib.addresses import InvalidAddress
from tests.factories.audience import ContactFactory
from tests.factories.delivery import DeliveryFactory, RunFactory, settled
from tests.together import together
from workspaces.models import AuditEntry, Member, SystemMail, Workspace

COMPLAINT, BOUNCE = FeedbackKind.COMPLAINT, FeedbackKind.BOUNCE


@pytest.fixture
def sent(workspace: Workspace) -> Delivery:
    made: Delivery = DeliveryFactory.create(run__workspace=workspace, state=DeliveryState.SENT, attempt=1)
    return made


def report(row: Delivery, now: datetime, kind: FeedbackKind = COMPLAINT, **fields: Any) -> Feedback | None:
    given = {"message_id": id_of(row)} | fields
    return report_reaction(workspace=row.workspace, reported=Reported(kind=kind, at=now, **given), by=None, now=now)


def id_of(row: Delivery) -> str:
    sender = row.run.campaign.sender
    assert sender is not None
    return message_id(row, sender)


def suppression_of(row: Delivery) -> str:
    assert row.contact is not None
    row.contact.refresh_from_db()
    return row.contact.suppression


def test_a_complaint_suppresses_at_once_and_is_in_the_log(sent: Delivery, now: datetime) -> None:
    report(sent, now, words="abuse")

    assert suppression_of(sent) == SuppressionReason.COMPLAINED
    assert AuditEntry.objects.filter(action="message.reported").count() == 1


def test_the_same_message_a_second_time_changes_nothing(sent: Delivery, now: datetime) -> None:
    first = report(sent, now)

    second = report(sent, now + timedelta(hours=1), words="again")

    assert first == second
    assert (Feedback.objects.get().words, AuditEntry.objects.filter(action="message.reported").count()) == ("", 1)


def test_an_address_means_its_newest_message(sent: Delivery, workspace: Workspace, now: datetime) -> None:
    newer = DeliveryFactory.create(
        run=RunFactory.create(workspace=workspace), contact=sent.contact, state=DeliveryState.SENT, attempt=1
    )

    feedback = report(sent, now, message_id="", address=sent.address.upper())

    assert feedback is not None
    assert feedback.delivery == newer


def test_an_address_without_a_message_is_suppressed_all_the_same(workspace: Workspace, now: datetime) -> None:
    reported = Reported(kind=COMPLAINT, at=now, address="gone@example.org")

    assert report_reaction(workspace=workspace, reported=reported, by=None, now=now) is None

    assert Suppression.objects.for_workspace(workspace).of("gone@example.org").exists()


@pytest.mark.parametrize(
    ("fields", "suppression"),
    [
        ({"status": "5.1.1"}, SuppressionReason.BOUNCED),
        ({"words": "550 5.1.10 no such address"}, SuppressionReason.BOUNCED),
        ({"status": "5.2.2", "words": "mailbox full"}, ""),
        ({"status": "5.7.26", "words": "550 5.7.26 unauthenticated"}, ""),
        ({"status": "5.1.1", "words": "550 5.7.515 sending domain refused"}, ""),
        ({"status": "4.4.7"}, ""),
        ({}, ""),
    ],
)
def test_only_a_bounce_that_proves_there_is_nobody_suppresses(
    sent: Delivery, now: datetime, fields: dict[str, str], suppression: str
) -> None:
    report(sent, now, BOUNCE, **fields)

    assert suppression_of(sent) == suppression
    sent.refresh_from_db()
    assert sent.state == DeliveryState.SENT, "our server took it, whatever became of it"


@pytest.mark.parametrize("kind", [COMPLAINT, BOUNCE])
def test_either_proves_that_a_message_arrived_of_which_nobody_knew(
    workspace: Workspace, now: datetime, kind: FeedbackKind
) -> None:
    row = DeliveryFactory.create(
        run__workspace=workspace, state=DeliveryState.UNKNOWN, reason=Reason.CONNECTION_LOST, attempt=1
    )

    report(row, now, kind)

    row.refresh_from_db()
    assert (row.state, row.reason) == (DeliveryState.SENT, "")


def test_a_message_of_another_workspace_does_not_exist(sent: Delivery, outsider: Member, now: datetime) -> None:
    reported = Reported(kind=COMPLAINT, at=now, message_id=id_of(sent))

    with pytest.raises(UnknownMessage):
        report_reaction(workspace=outsider.workspace, reported=reported, by=outsider, now=now)

    assert suppression_of(sent) == ""


@pytest.mark.parametrize("forged", ["<1@example.org>", "<@>", "x", "<é@example.org>", "<" + "A" * 200 + "@x>"])
def test_a_forged_message_suppresses_nobody(workspace: Workspace, now: datetime, forged: str) -> None:
    reported = Reported(kind=COMPLAINT, at=now, message_id=forged)

    with pytest.raises(UnknownMessage):
        report_reaction(workspace=workspace, reported=reported, by=None, now=now)

    assert not Suppression.objects.exists()


def test_a_message_that_never_went_out_cannot_be_complained_about(workspace: Workspace, now: datetime) -> None:
    waiting = DeliveryFactory.create(run__workspace=workspace, state=DeliveryState.QUEUED)

    with pytest.raises(UnknownMessage):
        report(waiting, now)


def test_nonsense_for_an_address_is_refused(workspace: Workspace, now: datetime) -> None:
    ContactFactory.create(workspace=workspace)

    with pytest.raises(InvalidAddress):
        report_reaction(
            workspace=workspace, reported=Reported(kind=COMPLAINT, at=now, address="nobody"), by=None, now=now
        )


@pytest.mark.parametrize(
    ("status", "words", "final"), [("5.1.1", "", True), ("5.1.1", "5.7.26", False), ("", "", False)]
)
def test_what_is_final(status: str, words: str, final: bool) -> None:
    assert is_final(status, words) is final


def test_complaints_that_come_when_the_send_is_over_are_warned_of(
    workspace: Workspace, lead: Member, now: datetime
) -> None:
    run = RunFactory.create(workspace=workspace, done=True)
    row = settled(run, 1000, DeliveryState.SENT, now)[0]

    report(row, now)

    assert SystemMail.objects.filter(kind="delivery.warned", to=lead.user.email).count() == 1
    run.refresh_from_db()
    assert run.state == RunState.DONE


@pytest.mark.django_db(transaction=True)
def test_the_same_report_from_many_at_once_is_one(workspace: Workspace, now: datetime) -> None:
    row = DeliveryFactory.create(run__workspace=workspace, state=DeliveryState.SENT, attempt=1)

    answers = together(*[lambda: report(row, now)] * 6)

    assert {answer.pk for answer in answers if isinstance(answer, Feedback)} == {Feedback.objects.get().pk}
    assert not any(isinstance(answer, Exception) for answer in answers)
    assert AuditEntry.objects.filter(action="message.reported").count() == 1
