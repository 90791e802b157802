"""The way through a provider: django-anymail's test backend, and Postmark's API with somebody else at its other end."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from anymail.exceptions import AnymailAPIError, AnymailInvalidAddress, AnymailRecipientsRefused
from anymail.message import AnymailRecipientStatus
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from pytest_django import Settings
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from delivery import sending
from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.models import DeliveryState, Reason, RunState
from delivery.transports import open_session
from emailops.lib.mailurl import mail_settings
from tests.delivery.conftest import Clock
from tests.factories.delivery import run_to
from workspaces.models import Workspace

READER = "ann@example.org"
Answer = Callable[..., requests.Response]


@pytest.fixture
def test_backend(settings: Settings) -> None:
    settings.MAIL_SANDBOX = False
    settings.MAIL = mail_settings("anymail://test")
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"


@pytest.fixture
def postmark(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], None]:
    """Postmark's own backend; only the wire to Postmark is ours."""
    settings.MAIL = mail_settings("anymail://postmark")
    settings.EMAIL_BACKEND = settings.MAIL.backend
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "secret"}

    def says(answer: Answer) -> None:
        monkeypatch.setattr(requests.Session, "request", lambda _session, **_params: answer())

    return says


def response(status: int, body: Any) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made._content = json.dumps(body).encode()
    return made


def letter() -> EmailMultiAlternatives:
    return EmailMultiAlternatives("Glow", "Hello", "Elena <elena@marenmoss.example>", [READER])


def send(message: EmailMultiAlternatives | None = None) -> Outcome:
    with open_session() as session:
        session.ready()
        return session.send(message or letter(), sender="elena@marenmoss.example", recipient=READER)


@pytest.mark.usefixtures("test_backend")
def test_what_the_provider_takes_is_accepted() -> None:
    assert send().fate == Fate.ACCEPTED
    assert [message.to for message in mail.outbox] == [[READER]]


@pytest.mark.usefixtures("test_backend")
@pytest.mark.parametrize("status", ["rejected", "invalid"])
def test_a_refused_recipient_is_the_address_fault(status: str) -> None:
    message = letter()
    refused = AnymailRecipientStatus(message_id=None, status=status)
    message.anymail_test_response = {"recipient_status": {READER: refused}}  # type: ignore[attr-defined]  # anymail's

    assert send(message).fate == Fate.ADDRESS_REFUSED


@pytest.mark.usefixtures("test_backend")
@pytest.mark.parametrize("error", [AnymailRecipientsRefused("no"), AnymailInvalidAddress("no")])
def test_an_address_the_provider_cannot_read_is_refused(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise error

    monkeypatch.setattr("anymail.backends.test.EmailBackend.post_to_esp", refuse)

    assert send().fate == Fate.ADDRESS_REFUSED


@pytest.mark.usefixtures("test_backend")
def test_an_error_of_the_account_is_trouble_that_lasts() -> None:
    message = letter()
    message.anymail_test_response = AnymailAPIError("no such account")  # type: ignore[attr-defined]  # anymail's

    with pytest.raises(RelayTrouble) as trouble:
        send(message)

    assert trouble.value.is_lasting


def test_a_missing_key_is_said_when_the_session_opens(settings: Settings) -> None:
    settings.MAIL = mail_settings("anymail://postmark")
    settings.EMAIL_BACKEND = settings.MAIL.backend
    settings.ANYMAIL = {}

    with pytest.raises(RelayTrouble) as trouble:
        send()

    assert trouble.value.is_lasting
    assert "POSTMARK_SERVER_TOKEN" in str(trouble.value)


TAKEN = {"To": READER, "MessageID": "abc", "ErrorCode": 0, "Message": "OK", "SubmittedAt": "2026-05-18T10:00:00Z"}


def test_postmarks_yes_is_a_yes(postmark: Callable[[Answer], None]) -> None:
    postmark(lambda: response(200, TAKEN))

    assert send().fate == Fate.ACCEPTED


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (400, Fate.CONTENT_REFUSED),
        (413, Fate.TOO_BIG),
        (408, Fate.LATER),
        (429, Fate.LATER),
        (503, Fate.LATER),
        (500, Fate.UNKNOWN),
        (502, Fate.UNKNOWN),
        (504, Fate.UNKNOWN),
    ],
)
def test_what_a_status_means(postmark: Callable[[Answer], None], status: int, fate: Fate) -> None:
    postmark(lambda: response(status, {"ErrorCode": 1, "Message": "The words of the provider"}))

    outcome = send()

    assert (outcome.fate, outcome.code) == (fate, status)
    assert "The words of the provider" in outcome.text


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_a_status_about_our_account_touches_no_recipient(postmark: Callable[[Answer], None], status: int) -> None:
    postmark(lambda: response(status, {"ErrorCode": 10, "Message": "Bad token"}))

    with pytest.raises(RelayTrouble) as trouble:
        send()

    assert trouble.value.is_lasting


def test_a_yes_that_cannot_be_read_is_not_taken_for_a_no(postmark: Callable[[Answer], None]) -> None:
    garbled = requests.Response()
    garbled.status_code = 200
    garbled._content = b"<html>"
    postmark(lambda: garbled)

    assert send().fate == Fate.UNKNOWN


def raising(error: Exception) -> Answer:
    def answer() -> requests.Response:
        raise error

    return answer


@pytest.mark.parametrize(
    "error", [requests.ReadTimeout("slow"), requests.ConnectionError(ProtocolError("closed without an answer"))]
)
def test_silence_after_the_request_means_that_nobody_knows(
    postmark: Callable[[Answer], None], error: Exception
) -> None:
    postmark(raising(error))

    assert send().fate == Fate.UNKNOWN


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectTimeout("slow"),
        requests.exceptions.SSLError("handshake"),
        requests.exceptions.ProxyError("proxy"),
        requests.ConnectionError(
            MaxRetryError(None, "/", NewConnectionError(None, "Name or service not known"))  # type: ignore[arg-type]
        ),
    ],
)
def test_without_a_connection_nothing_was_delivered(postmark: Callable[[Answer], None], error: Exception) -> None:
    postmark(raising(error))

    with pytest.raises(RelayTrouble) as trouble:
        send()

    assert not trouble.value.is_lasting


def test_a_run_goes_through_the_provider(workspace: Workspace, test_backend: None, clock: Clock) -> None:
    run, rows = run_to(workspace, 3)

    sending.work(run.pk, clock)

    run.refresh_from_db()
    assert run.state == RunState.DONE
    assert sorted(message.to[0].partition("<")[2].strip(">") for message in mail.outbox) == sorted(
        row.address for row in rows
    )
    assert mail.outbox[0].extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_wrong_key_pauses_the_run_with_the_providers_words(
    workspace: Workspace, postmark: Callable[[Answer], None], clock: Clock
) -> None:
    run, (row,) = run_to(workspace, 1)
    postmark(lambda: response(401, {"ErrorCode": 10, "Message": "Bad or missing Server token"}))

    sending.work(run.pk, clock)

    run.refresh_from_db()
    row.refresh_from_db()
    assert run.state == RunState.PAUSED
    assert "Bad or missing Server token" in run.trouble
    assert (row.state, row.attempt) == (DeliveryState.QUEUED, 0)


def test_a_refusal_of_the_message_is_written_to_its_row(
    workspace: Workspace, postmark: Callable[[Answer], None], clock: Clock
) -> None:
    run, (row,) = run_to(workspace, 1)
    postmark(lambda: response(422, {"ErrorCode": 300, "Message": "Invalid 'Subject'"}))

    sending.work(run.pk, clock)

    row.refresh_from_db()
    assert (row.state, row.reason, row.reply_code) == (DeliveryState.FAILED, Reason.CONTENT_REFUSED, 422)
