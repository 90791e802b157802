"""Trying a mail server: each thing that can be wrong with it is found at its step and given its name."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from django.core.mail import EmailMultiAlternatives

from delivery.smtp.timeouts import Timeouts
from delivery.transports.advice import ADVICE, STAGE_WORDS
from delivery.transports.explain import RULES, Mishap, Stage, cause_of
from delivery.transports.trial import Trial
from emailops.lib.mailurl import SMTP_BACKEND, MailSettings
from tests.certificates import Authority
from tests.delivery.smtp.sink import Act, At, Sink
from tests.delivery.transports.conftest import serving
from tests.delivery.transports.http_server import Server, running

ELENA, SHOP, ANN = "elena@marenmoss.example", "shop@marenmoss.example", "ann@example.org"
SIGNED_IN = {"user": "elena", "password": "rosehip"}
QUICK = Timeouts(connect=0.5, tls=0.5, command=0.5, data=0.5, body=0.5, dot=0.5)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with serving(Sink()) as sink:
        yield sink


def tried(
    mail: MailSettings, *senders: str, trust: ssl.SSLContext | None = None, letter: EmailMultiAlternatives | None = None
) -> Trial:
    trial = Trial(mail, senders or (ELENA,), ANN, QUICK)
    if trust is not None:
        trial.trust = trust
    trial.go(letter)
    return trial


def told(trial: Trial) -> list[tuple[Stage, str]]:
    return [(step.stage, step.cause) for step in trial.steps]


def test_a_server_that_takes_our_mail_passes_every_step_and_gets_no_mail(sink: Sink, authority: Authority) -> None:
    sink.certificate = authority.server("localhost")
    sink.extensions += ["STARTTLS", "AUTH PLAIN"]

    trial = tried(sink.mail_settings(starttls=True, **SIGNED_IN), trust=authority.trust)

    assert told(trial) == [
        (Stage.RESOLVE, ""),
        (Stage.CONNECT, ""),
        (Stage.GREET, ""),
        (Stage.ENCRYPT, ""),
        (Stage.SIGN_IN, ""),
        (Stage.SENDER, ""),
        (Stage.RECIPIENT, ""),
    ]
    assert trial.trouble is None
    assert sink.verbs == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "RSET", "QUIT"]
    assert sink.taken == []


def test_a_name_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    trial = tried(MailSettings(SMTP_BACKEND, host="smpt.example.com", port=587, starttls=True))

    assert told(trial) == [(Stage.RESOLVE, "name_unknown")]
    assert trial.steps[0].words == "Name or service not known"
    assert trial.trouble is not None
    assert not trial.trouble.is_lasting


def test_a_port_at_which_nobody_listens() -> None:
    trial = tried(MailSettings(SMTP_BACKEND, host="127.0.0.1", port=1))

    assert told(trial)[-1] == (Stage.CONNECT, "port_refused")
    assert trial.steps[-1].words == "Connection refused"


def test_a_server_that_does_not_take_the_connection() -> None:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as deaf:
        address = deaf.getsockname()
        fillers = [socket.socket() for _count in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        trial = tried(MailSettings(SMTP_BACKEND, host="127.0.0.1", port=address[1]))
        for filler in fillers:
            filler.close()

    assert told(trial)[-1] == (Stage.CONNECT, "no_connection")
    assert trial.steps[-1].words == "No answer in time."


def _expired(authority: Authority) -> ssl.SSLContext:
    return authority.server("localhost", days=-1)


def _early(authority: Authority) -> ssl.SSLContext:
    return authority.server("localhost", begins=1, days=2)


def _elsewhere(authority: Authority) -> ssl.SSLContext:
    return authority.server("elsewhere.example")


def _self_signed(authority: Authority) -> ssl.SSLContext:
    return authority.self_signed("localhost")


@pytest.mark.parametrize("is_implicit", [True, False])
@pytest.mark.parametrize(
    ("certificate", "cause"),
    [
        (_expired, "certificate_expired"),
        (_early, "certificate_early"),
        (_elsewhere, "certificate_other_name"),
        (_self_signed, "certificate_self_signed"),
    ],
)
def test_a_certificate_that_proves_nothing_is_told_by_its_fault(
    authority: Authority, certificate: Callable[[Authority], ssl.SSLContext], cause: str, *, is_implicit: bool
) -> None:
    sink = Sink(certificate=certificate(authority), is_implicit=is_implicit)
    sink.extensions += ["STARTTLS", "AUTH PLAIN"]

    with serving(sink):
        trial = tried(sink.mail_settings(starttls=not is_implicit, **SIGNED_IN), trust=authority.trust)

    assert told(trial)[-1] == (Stage.ENCRYPT, cause)
    assert trial.trouble is not None
    assert trial.trouble.is_lasting
    assert sink.credentials == []


def test_a_certificate_that_nobody_we_know_has_signed(authority: Authority) -> None:
    sink = Sink(certificate=authority.server("localhost"), is_implicit=True)

    with serving(sink):
        trial = tried(sink.mail_settings(), trust=ssl.create_default_context())

    assert told(trial)[-1] == (Stage.ENCRYPT, "certificate_unknown")


def test_a_server_without_starttls_gets_no_password(sink: Sink) -> None:
    sink.extensions.append("AUTH PLAIN")

    trial = tried(sink.mail_settings(starttls=True, **SIGNED_IN))

    assert told(trial)[-1] == (Stage.ENCRYPT, "starttls_missing")
    assert sink.credentials == []


def test_a_server_that_offers_starttls_and_refuses_it(sink: Sink) -> None:
    sink.extensions.append("STARTTLS")
    sink.says(At.STARTTLS, "454 4.7.0 TLS not available")

    assert told(tried(sink.mail_settings(starttls=True)))[-1] == (Stage.ENCRYPT, "starttls_refused")


def test_tls_at_a_port_that_begins_in_clear_text(sink: Sink) -> None:
    trial = tried(sink.mail_settings(implicit_tls=True))

    assert told(trial)[-1] == (Stage.ENCRYPT, "no_tls_at_this_port")


def test_clear_text_at_a_port_that_waits_for_tls(authority: Authority) -> None:
    with serving(Sink(certificate=authority.server("localhost"), is_implicit=True)) as sink:
        trial = tried(sink.mail_settings(implicit_tls=False))

    assert told(trial)[-1][1] in {"silent", "hung_up"}
    assert cause_of(Mishap(Stage.GREET, "No answer to the connection", port=465)) == "tls_expected"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ("554 5.7.1 You are on a list", "we_are_blocked"),
        ("421 4.3.2 Too many connections", "busy"),
        (Act.HANG, "silent"),
        (Act.DROP, "hung_up"),
        (b"HTTP/1.1 400 Bad Request\r\n", "not_smtp"),
    ],
)
def test_a_server_that_does_not_welcome_us(sink: Sink, answer: str | bytes | Act, cause: str) -> None:
    sink.says(At.BANNER, answer)

    assert told(tried(sink.mail_settings()))[-1] == (Stage.GREET, cause)


@pytest.mark.parametrize(
    ("answer", "cause", "is_lasting"),
    [
        ("535 5.7.8 Authentication credentials invalid", "sign_in_refused", True),
        ("534 5.7.9 Application-specific password required", "google_app_password", True),
        ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled", "microsoft_no_passwords", True),
        ("535 5.7.0 Account temporarily locked", "account_locked", True),
        ("454 4.7.0 Temporary authentication failure", "sign_in_later", False),
    ],
)
def test_a_sign_in_that_is_refused(sink: Sink, answer: str, cause: str, *, is_lasting: bool) -> None:
    sink.extensions.append("AUTH PLAIN")
    sink.says(At.AUTH, answer)

    trial = tried(sink.mail_settings(**SIGNED_IN))

    assert told(trial)[-1] == (Stage.SIGN_IN, cause)
    assert trial.trouble is not None
    assert trial.trouble.is_lasting is is_lasting
    assert len(sink.credentials) == 1, "one attempt: each may count towards a lock"


@pytest.mark.parametrize("host", ["smtp.gmail.com", "smtp-relay.google.com"])
def test_googles_refusal_tells_of_app_passwords(host: str) -> None:
    words = "535 5.7.8 Username and Password not accepted."

    assert cause_of(Mishap(Stage.SIGN_IN, words, host, 587, 535, "5.7.8")) == "google_app_password"
    assert cause_of(Mishap(Stage.SIGN_IN, words, f"{host}.evil.example", 587, 535, "5.7.8")) == "sign_in_refused"


def test_microsofts_refusal_tells_of_authenticated_smtp() -> None:
    mishap = Mishap(Stage.SIGN_IN, "535 5.7.3 Authentication unsuccessful", "smtp.office365.com", 587, 535, "5.7.3")

    assert cause_of(mishap) == "microsoft_sign_in"


def test_a_way_to_sign_in_that_the_server_does_not_know(sink: Sink) -> None:
    assert told(tried(sink.mail_settings(**SIGNED_IN)))[-1] == (Stage.SIGN_IN, "no_way_to_sign_in")


def test_each_sender_is_asked_and_one_that_is_refused_stops_no_other(sink: Sink) -> None:
    def only_the_shop(at: At, recipient: str = "") -> object:
        return "553 5.7.1 Sender not owned by user" if at == At.MAIL and "elena" in sink.commands[-1] else usual(at)

    usual = sink.answer
    sink.answer = only_the_shop  # type: ignore[assignment, method-assign]  # a server with an opinion

    trial = tried(sink.mail_settings(), ELENA, SHOP)

    assert [(step.about, step.cause) for step in trial.steps[-3:]] == [
        (ELENA, "sender_not_ours"),
        (SHOP, ""),
        (ANN, ""),
    ]
    assert trial.trouble is None, "the server works; it is the sender that does not fit"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ("550 5.7.1 Unable to relay", "relay_denied"),
        ("554 5.7.1 Relay access denied", "relay_denied"),
        ("550 5.1.1 No such user", "recipient_unknown"),
        ("451 4.7.1 Greylisted", "recipient_later"),
        ("530 5.7.0 Authentication required", "sign_in_needed"),
        ("530 5.7.0 Must issue a STARTTLS command first", "encryption_required"),
        ("550 Nothing said", "recipient_refused"),
    ],
)
def test_an_address_that_the_server_does_not_take(sink: Sink, answer: str, cause: str) -> None:
    sink.says(At.RCPT, answer)

    trial = tried(sink.mail_settings())

    assert told(trial)[-1] == (Stage.RECIPIENT, cause)
    assert trial.trouble is None
    assert sink.verbs[-2:] == ["RSET", "QUIT"]


def test_hanging_up_in_the_middle_ends_the_trial(sink: Sink) -> None:
    sink.says(At.MAIL, Act.DROP)

    assert told(tried(sink.mail_settings(), ELENA, SHOP))[-1] == (Stage.SENDER, "hung_up")


def letter() -> EmailMultiAlternatives:
    return EmailMultiAlternatives("Test", "Hello", ELENA, [ANN])


def test_a_test_mail_is_handed_over_when_all_else_went_well(sink: Sink) -> None:
    trial = tried(sink.mail_settings(), letter=letter())

    assert told(trial)[-1] == (Stage.MESSAGE, "")
    assert sink.recipients == [ANN]


def test_no_test_mail_goes_to_a_server_that_refused_something(sink: Sink) -> None:
    sink.says(At.RCPT, "550 5.7.1 Unable to relay")

    assert Stage.MESSAGE not in {step.stage for step in tried(sink.mail_settings(), letter=letter()).steps}
    assert sink.taken == []


@pytest.mark.parametrize(
    ("answer", "cause"),
    [("552 5.3.4 Too big", "message_refused"), ("451 4.3.0 Later", "message_later"), (Act.DROP, "message_unknown")],
)
def test_a_test_mail_that_is_not_taken(sink: Sink, answer: str | Act, cause: str) -> None:
    sink.says(At.DOT, answer)

    assert told(tried(sink.mail_settings(), letter=letter()))[-1] == (Stage.MESSAGE, cause)


def provider(server: Server, name: str = "resend") -> MailSettings:
    options = {"api_key": "secret", "api_url": server.url}
    return MailSettings(f"anymail.backends.{name}.EmailBackend", provider=name, options=options)


def test_a_provider_is_reached_without_a_mail() -> None:
    with running(Server()) as server:
        trial = tried(provider(server))

    assert told(trial) == [(Stage.SETTINGS, ""), (Stage.RESOLVE, ""), (Stage.CONNECT, "")]
    assert server.asked == []


def test_a_providers_certificate_is_looked_at(authority: Authority) -> None:
    with running(Server(), authority.server("localhost")) as server:
        good, bad = tried(provider(server), trust=authority.trust), tried(provider(server))

    assert told(good)[-1] == (Stage.ENCRYPT, "")
    assert told(bad)[-1] == (Stage.ENCRYPT, "certificate_unknown")


def test_a_provider_without_its_key_is_incomplete() -> None:
    mail = MailSettings("anymail.backends.resend.EmailBackend", provider="resend")

    assert told(tried(mail)) == [(Stage.SETTINGS, "settings_incomplete")]


@pytest.mark.parametrize(
    ("status", "cause", "is_in_trouble"),
    [(200, "", False), (401, "key_refused", True), (422, "message_refused", False), (429, "message_later", False)],
)
def test_a_test_mail_shows_whether_a_providers_key_is_right(status: int, cause: str, *, is_in_trouble: bool) -> None:
    with running(Server(lambda _asked: (status, {"id": "1"}))) as server:
        trial = tried(provider(server), letter=letter())

    assert told(trial)[-1] == (Stage.MESSAGE, cause)
    assert (trial.trouble is not None) is is_in_trouble


def test_every_cause_and_stage_has_its_words() -> None:
    assert {rule.cause for rule in RULES} | {"other"} == set(ADVICE)
    assert set(STAGE_WORDS) == set(Stage)


def test_what_nobody_foresaw_is_told_by_its_own_words() -> None:
    assert cause_of(Mishap(Stage.GREET, "250 What is this", code=250)) == "other"
