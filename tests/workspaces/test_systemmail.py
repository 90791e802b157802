"""The product's own mails: decided with the write, sent once, tried again, given up in the end."""

import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection as database
from django.db import transaction

from workspaces import systemmail
from workspaces.models import Invitation, Member, SystemMail, SystemMailState, Workspace
from workspaces.permissions import Role
from workspaces.services import invite, revoke_invitation
from workspaces.systemmail import BACKOFF, LEASE, MOST_ATTEMPTS, Letter, post, send_due

pytestmark = pytest.mark.django_db
SMTP = "django.core.mail.backends.smtp.EmailBackend"


class Sink:
    """A mail server on loopback that keeps what it takes and turns away whom it is told to."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], Message]] = []
        self.unwelcome: set[str] = set()

    async def handle_RCPT(  # noqa: N802  the name is aiosmtpd's
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.unwelcome:
            return "450 4.2.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  as above
        self.taken.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return "250 OK"

    @property
    def recipients(self) -> list[str]:
        return [address for addresses, _message in self.taken for address in addresses]


class Door:
    """The way to a sink."""

    def __init__(self, sink: Sink, port: int) -> None:
        self.sink, self.port = sink, port

    def open(self) -> BaseEmailBackend:
        connection: BaseEmailBackend = get_connection(SMTP, host="127.0.0.1", port=self.port)
        return connection


@pytest.fixture
def door() -> Iterator[Door]:
    sink, port = Sink(), _free_port()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    yield Door(sink, port)
    controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def closed_door() -> BaseEmailBackend:
    """A port on which nobody listens."""
    return Door(Sink(), _free_port()).open()


def _invite(workspace: Workspace, by: Member, now: datetime, name: str = "nora") -> SystemMail:
    invited = invite(workspace=workspace, email=f"{name}@marenmoss.example", role=Role.GUEST, by=by, now=now)
    return SystemMail.objects.get(object_id=invited.pk)


def test_a_mail_goes_out_once_in_two_forms(workspace: Workspace, lead: Member, now: datetime, door: Door) -> None:
    mail = _invite(workspace, lead, now)

    assert send_due(now, connection=door.open()) == 1
    assert send_due(now + timedelta(days=1), connection=door.open()) == 0

    [(recipients, message)] = door.sink.taken
    assert recipients == ["nora@marenmoss.example"]
    assert message["Subject"] == "Elena Petrova invites you to Maren & Moss"
    assert message["Auto-Submitted"] == "auto-generated"
    assert f"system-{mail.pk}" in message["Message-ID"]
    assert [part.get_content_type() for part in message.walk()][1:] == ["text/plain", "text/html"]
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.sent_at) == (SystemMailState.SENT, 1, now)


def test_what_is_rolled_back_sends_no_mail(workspace: Workspace, lead: Member, now: datetime, door: Door) -> None:
    with transaction.atomic():
        _invite(workspace, lead, now)
        transaction.set_rollback(True)

    assert send_due(now, connection=door.open()) == 0
    assert not SystemMail.objects.exists()


def test_the_bell_is_rung_after_the_commit(
    workspace: Workspace,
    lead: Member,
    now: datetime,
    bells: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        post("workspaces.invitation", workspace=workspace, object_id=1, to="a@example.org", now=now)
        assert bells == []

    assert bells == [("workspaces.send_system_mail", {})]


def test_a_server_that_is_away_is_tried_again_later_and_later(
    workspace: Workspace, lead: Member, now: datetime, closed_door: BaseEmailBackend
) -> None:
    mail = _invite(workspace, lead, now)
    at = now
    for wait in BACKOFF:
        assert send_due(at, connection=closed_door) == 1
        mail.refresh_from_db()
        assert (mail.state, mail.next_attempt_at) == (SystemMailState.WAITING, at + wait)
        assert mail.error
        assert send_due(at + wait - timedelta(seconds=1), connection=closed_door) == 0
        at += wait

    assert send_due(at, connection=closed_door) == 1

    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.sent_at) == (SystemMailState.FAILED, MOST_ATTEMPTS, None)
    assert send_due(at + timedelta(days=1), connection=closed_door) == 0


def test_a_server_that_is_back_gets_the_mail(
    workspace: Workspace, lead: Member, now: datetime, door: Door, closed_door: BaseEmailBackend
) -> None:
    mail = _invite(workspace, lead, now)
    send_due(now, connection=closed_door)

    send_due(now + BACKOFF[0], connection=door.open())

    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error) == (SystemMailState.SENT, 2, "")
    assert door.sink.recipients == [mail.to]


def test_one_address_that_is_turned_away_holds_up_nobody(
    workspace: Workspace, lead: Member, now: datetime, door: Door
) -> None:
    first, second = _invite(workspace, lead, now, "away"), _invite(workspace, lead, now, "here")
    door.sink.unwelcome.add(first.to)

    assert send_due(now, connection=door.open()) == 2

    first.refresh_from_db()
    assert (first.state, "4.2.1" in first.error) == (SystemMailState.WAITING, True)
    assert door.sink.recipients == [second.to]


def test_a_mail_that_has_become_pointless_is_not_sent(
    workspace: Workspace, lead: Member, now: datetime, door: Door
) -> None:
    mail = _invite(workspace, lead, now)
    revoke_invitation(invitation=Invitation.objects.get(), by=lead, now=now)

    send_due(now, connection=door.open())

    mail.refresh_from_db()
    assert (mail.state, mail.error) == (SystemMailState.FAILED, "no longer needed")
    assert door.sink.taken == []


class Killed(BaseException):
    """What a process feels of SIGKILL: no handler runs."""


class DiesAfterwards(BaseEmailBackend):
    """A worker that is killed after the server has taken the mail and before anything is written down."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self.door = door

    def send_messages(self, email_messages: Any) -> int:
        self.door.open().send_messages(email_messages)
        raise Killed


def test_a_mail_whose_worker_died_is_sent_again_rather_than_never(
    workspace: Workspace, lead: Member, now: datetime, door: Door
) -> None:
    mail = _invite(workspace, lead, now)
    with pytest.raises(Killed):
        send_due(now, connection=DiesAfterwards(door))
    mail.refresh_from_db()
    assert mail.state == SystemMailState.WAITING

    assert send_due(now + LEASE - timedelta(seconds=1), connection=door.open()) == 0
    assert send_due(now + LEASE, connection=door.open()) == 1

    assert door.sink.recipients == [mail.to, mail.to]


def test_a_mail_that_kills_every_worker_is_given_up(
    workspace: Workspace, lead: Member, now: datetime, door: Door
) -> None:
    mail = _invite(workspace, lead, now)
    for time in range(MOST_ATTEMPTS):
        with pytest.raises(Killed):
            send_due(now + time * LEASE, connection=DiesAfterwards(door))

    send_due(now + MOST_ATTEMPTS * LEASE, connection=DiesAfterwards(door))

    mail.refresh_from_db()
    assert (mail.state, mail.error) == (SystemMailState.FAILED, "no attempt came to an end")
    assert len(door.sink.taken) == MOST_ATTEMPTS


def test_a_mail_that_cannot_be_built_keeps_none_of_the_others_back(
    workspace: Workspace, lead: Member, now: datetime, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_mail: SystemMail, _now: datetime) -> Letter | None:
        raise LookupError("gone")

    monkeypatch.setitem(systemmail._builders, "tests.broken", broken)
    post("tests.broken", workspace=workspace, object_id=1, to="x@example.org", now=now - timedelta(hours=1))
    mail = _invite(workspace, lead, now)
    with pytest.raises(LookupError):
        send_due(now, connection=door.open())

    send_due(now, connection=door.open())

    assert door.sink.recipients == [mail.to]


def test_no_more_than_the_limit_is_taken_up_at_once(
    workspace: Workspace, lead: Member, now: datetime, door: Door
) -> None:
    for name in ("a", "b", "c"):
        _invite(workspace, lead, now, name)

    assert send_due(now, limit=2, connection=door.open()) == 2
    assert send_due(now, limit=2, connection=door.open()) == 1


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_send_each_mail_once(
    workspace: Workspace, lead: Member, now: datetime, door: Door
) -> None:
    mails = [_invite(workspace, lead, now, f"person{number}") for number in range(8)]
    start, taken = threading.Barrier(3), []

    def work() -> None:
        start.wait()
        try:
            taken.append(send_due(now, connection=door.open()))
        finally:
            database.close()

    threads = [threading.Thread(target=work) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(taken) == len(mails)
    assert sorted(door.sink.recipients) == sorted(mail.to for mail in mails)
