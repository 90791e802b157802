"""Tokens for mail servers that take no password: fetched over TLS, kept, and replaced in time."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import parse_qs

import pytest
from django.core.mail import EmailMessage, get_connection
from pytest_django import Settings

from delivery.fates import RelayTrouble
from delivery.models import SignIn, Transport
from delivery.transports.choice import NoWayOut, choose, note_trouble
from delivery.transports.tokens import with_token
from emailops.lib import oauth
from emailops.lib.mailurl import SMTP_BACKEND, MailSettings, mail_settings
from emailops.lib.oauth import Grant
from emailops.lib.vault import secret_of
from tests.certificates import Authority
from tests.delivery.transports.http_server import Server, running
from tests.factories.transports import TransportFactory
from tests.smtp_sink import Phase, running_sink
from workspaces.models import Workspace

GOOD = {"access_token": "fresh-token", "token_type": "Bearer", "expires_in": 3600}


@pytest.fixture
def endpoint(believed: Authority) -> Iterator[Server]:
    with running(Server(lambda _asked: (200, GOOD)), believed.server("localhost")) as server:
        yield server


def mail(endpoint: Server, refresh: str = "refresh") -> MailSettings:
    grant = Grant(f"{endpoint.url}token", "client", "hidden-secret", refresh)
    return MailSettings(SMTP_BACKEND, host="mail.example", port=587, user="elena", grant=grant)


def test_a_refresh_token_fetches_an_access_token(endpoint: Server) -> None:
    ready = with_token(mail(endpoint))

    assert ready.token == "fresh-token"
    asked = endpoint.asked[0]
    assert asked.path == "/token"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["refresh"],
        "client_id": ["client"],
        "client_secret": ["hidden-secret"],
    }
    assert not {"fresh-token", "hidden-secret", "refresh"} & set(repr(ready).split("'"))


def test_a_token_is_kept_until_shortly_before_its_end(endpoint: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    start = 1000.0
    for second in (0, 3400, 3479, 3481):
        monkeypatch.setattr("time.monotonic", lambda second=second: start + second)
        with_token(mail(endpoint))

    assert len(endpoint.asked) == 2


def test_each_grant_has_a_token_of_its_own(endpoint: Server) -> None:
    for refresh in ("one", "two", "one"):
        with_token(mail(endpoint, refresh))

    assert len(endpoint.asked) == 2


@pytest.mark.parametrize("expires_in", [None, "soon", -5, 0, 10**30])
def test_a_lifetime_that_makes_no_sense_is_taken_for_a_short_one(endpoint: Server, expires_in: object) -> None:
    endpoint.answer = lambda _asked: (200, {**GOOD, "expires_in": expires_in})

    assert with_token(mail(endpoint)).token == "fresh-token"


@pytest.mark.parametrize(
    ("status", "body", "is_lasting", "says"),
    [
        (400, {"error": "invalid_grant", "error_description": "Token has been revoked."}, True, "has been revoked"),
        (401, {"error": "invalid_client"}, True, "invalid_client"),
        (429, {}, False, "HTTP 429"),
        (500, b"<html>", False, "HTTP 500"),
        (302, {}, False, "HTTP 302"),
        (200, {"token_type": "Bearer"}, False, "HTTP 200"),
        (200, [1, 2], False, "HTTP 200"),
        (200, {"access_token": "line\r\nbreak"}, False, "HTTP 200"),
        (200, {"access_token": 5}, False, "HTTP 200"),
    ],
)
def test_no_token_is_trouble_with_the_words_of_the_endpoint(
    endpoint: Server, status: int, body: object, says: str, *, is_lasting: bool
) -> None:
    endpoint.answer = lambda _asked: (status, body, {"Location": "https://localhost/"})

    with pytest.raises(RelayTrouble, match=says) as trouble:
        with_token(mail(endpoint))

    assert trouble.value.is_lasting is is_lasting
    assert len(endpoint.asked) == 1


def test_an_endpoint_with_a_certificate_for_another_gets_nothing(believed: Authority) -> None:
    with running(Server(), believed.server("elsewhere.example")) as impostor:
        impostor.host = "localhost"
        with pytest.raises(RelayTrouble, match="certificate") as trouble:
            with_token(mail(impostor))

    assert trouble.value.is_lasting
    assert impostor.asked == []


def test_an_endpoint_inside_the_network_is_never_called(endpoint: Server, settings: Settings) -> None:
    settings.PRIVATE_ENDPOINTS = []

    with pytest.raises(RelayTrouble, match="private network") as trouble:
        with_token(mail(endpoint))

    assert trouble.value.is_lasting
    assert endpoint.asked == []


def transport_of(workspace: Workspace, endpoint: Server) -> Transport:
    made: Transport = TransportFactory.create(
        workspace=workspace,
        sign_in=SignIn.TOKEN,
        username="elena",
        token_url=f"{endpoint.url}token",
        client_id="client",
        client_secret="hidden-secret",
        refresh_token="refresh",
    )
    return made


def test_a_new_refresh_token_takes_the_place_of_the_old(
    workspace: Workspace, endpoint: Server, now: datetime, settings: Settings
) -> None:
    settings.MAIL_SANDBOX = False
    transport = transport_of(workspace, endpoint)
    endpoint.answer = lambda _asked: (200, {**GOOD, "refresh_token": "rotated"})

    first, second = choose(workspace, now), choose(workspace, now)

    transport.refresh_from_db()
    assert secret_of(transport, "refresh_token") == "rotated"
    assert (first.mail.token, second.mail.token) == ("fresh-token", "fresh-token")
    assert len(endpoint.asked) == 1, "the token that came with it is good under the new name too"


def test_a_token_that_the_mail_server_refuses_is_not_used_again(
    workspace: Workspace, endpoint: Server, now: datetime, settings: Settings
) -> None:
    settings.MAIL_SANDBOX = False
    transport_of(workspace, endpoint)
    way = choose(workspace, now)

    note_trouble(way, RelayTrouble("535 5.7.8 Token expired", is_lasting=True), now)

    assert oauth._kept == {}


def test_an_endpoint_that_refuses_puts_the_way_to_rest(
    workspace: Workspace, endpoint: Server, now: datetime, settings: Settings
) -> None:
    settings.MAIL_SANDBOX = False
    transport_of(workspace, endpoint)
    endpoint.answer = lambda _asked: (400, {"error": "invalid_grant"})

    with pytest.raises(NoWayOut, match="invalid_grant") as nothing:
        choose(workspace, now)

    assert nothing.value.retry_at is None


def test_the_installations_server_can_take_a_token_too(
    workspace: Workspace, endpoint: Server, now: datetime, settings: Settings
) -> None:
    settings.MAIL_SANDBOX = False
    url = f"submission://elena:refresh@mail.example?auth=xoauth2&client_id=client&token_url={endpoint.url}token"
    settings.MAIL = mail_settings(url)

    assert choose(workspace, now).mail.token == "fresh-token"
    endpoint.answer = lambda _asked: (503, {})
    oauth._kept.clear()
    with pytest.raises(NoWayOut) as nothing:
        choose(workspace, now)
    assert nothing.value.retry_at is not None


def test_invitations_go_out_by_token_as_well(endpoint: Server, settings: Settings) -> None:
    with running_sink() as sink:
        sink.extensions = ["AUTH XOAUTH2"]
        settings.MAIL = mail_settings(f"smtp://elena:token@127.0.0.1:{sink.port}?auth=xoauth2")
        message = EmailMessage("Welcome", "Hello", "us@marenmoss.example", ["Ann <ann@example.org>"])

        sent = get_connection(settings.MAIL.backend).send_messages([message])

    assert sent == 1
    assert sink.recipients == ["ann@example.org"]
    assert any(command.startswith("AUTH XOAUTH2 ") for command in sink.commands)


def test_an_invitation_that_is_refused_is_an_error(settings: Settings) -> None:
    with running_sink() as sink:
        sink.says(Phase.RCPT, "550 5.1.1 Nobody")
        settings.MAIL = sink.mail_settings
        message = EmailMessage("Welcome", "Hello", "us@marenmoss.example", ["ann@example.org"])

        with pytest.raises(OSError, match=r"550 5\.1\.1"):
            get_connection("delivery.transports.backend.EmailBackend").send_messages([message])


def test_a_token_that_is_given_is_used_as_it_is() -> None:
    given = MailSettings(SMTP_BACKEND, host="mail.example", user="elena", token="given")

    assert with_token(given) is given
