"""What a server's word means depends on when it says it: each answer and each silence, at each moment."""

from collections.abc import Iterator

import pytest
from django.core.mail import EmailMultiAlternatives

from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.transports import SmtpSession, wire_bytes
from emailops.lib.mailurl import SMTP_BACKEND, MailSettings
from tests.smtp_sink import DROP, DROP_KEPT, Phase, Sink, running_sink

SENDER = "elena@marenmoss.example"
READER = "ann@example.org"
ABOUT_THE_RELAY = (Phase.BANNER, Phase.EHLO, Phase.MAIL)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with running_sink() as sink:
        yield sink


@pytest.fixture
def session(sink: Sink) -> SmtpSession:
    return SmtpSession(sink.mail_settings)


def letter(body: str = "Hello", to: str = READER) -> EmailMultiAlternatives:
    return EmailMultiAlternatives("Glow", body, f"Elena <{SENDER}>", [to])


def send(session: SmtpSession, body: str = "Hello", to: str = READER) -> Outcome:
    return session.send(letter(body, to), sender=SENDER, recipient=to)


def test_what_the_server_takes_is_accepted_with_its_words(session: SmtpSession, sink: Sink) -> None:
    outcome = send(session)

    assert outcome == Outcome(Fate.ACCEPTED, 250, "250 2.0.0 Taken")
    assert sink.recipients == [READER]


@pytest.mark.parametrize("phase", ABOUT_THE_RELAY)
@pytest.mark.parametrize(("answer", "is_lasting"), [("451 4.3.0 Later", False), ("554 5.7.1 No", True)])
def test_an_error_before_rcpt_is_the_relays_fault(
    session: SmtpSession, sink: Sink, phase: Phase, answer: str, is_lasting: bool
) -> None:
    sink.says(phase, answer)

    with pytest.raises(RelayTrouble) as trouble:
        send(session)

    assert trouble.value.is_lasting is is_lasting
    assert answer[:3] in str(trouble.value)


@pytest.mark.parametrize("phase", ABOUT_THE_RELAY)
def test_hanging_up_before_rcpt_is_trouble_that_passes(session: SmtpSession, sink: Sink, phase: Phase) -> None:
    sink.says(phase, DROP)

    with pytest.raises(RelayTrouble) as trouble:
        send(session)

    assert not trouble.value.is_lasting
    assert sink.taken == []


@pytest.mark.parametrize(
    ("phase", "answer", "fate"),
    [
        (Phase.RCPT, "450 4.2.0 Greylisted", Fate.LATER),
        (Phase.RCPT, "421 4.3.2 Closing", Fate.LATER),
        (Phase.RCPT, "550 5.1.1 Nobody here", Fate.ADDRESS_REFUSED),
        (Phase.DATA, "452 4.3.1 Full", Fate.LATER),
        (Phase.DATA, "554 5.7.1 Not this", Fate.CONTENT_REFUSED),
        (Phase.DOT, "451 4.7.0 Later", Fate.LATER),
        (Phase.DOT, "421 4.3.2 Closing", Fate.LATER),
        (Phase.DOT, "552 5.3.4 Too big", Fate.TOO_BIG),
        (Phase.DOT, "nonsense", Fate.UNKNOWN),
        (Phase.DOT, "354 What", Fate.UNKNOWN),
        (Phase.RCPT, DROP, Fate.LATER),
        (Phase.DATA, DROP, Fate.LATER),
        (Phase.DOT, DROP, Fate.UNKNOWN),
        (Phase.DOT, DROP_KEPT, Fate.UNKNOWN),
    ],
)
def test_what_an_answer_means_for_the_message(
    session: SmtpSession, sink: Sink, phase: Phase, answer: str, fate: Fate
) -> None:
    twice = answer == DROP and phase != Phase.DOT  # nothing was delivered, so once is as if it had not been
    sink.says(phase, answer, times=2 if twice else 1)

    outcome = send(session)

    assert outcome.fate == fate
    assert send(session).fate == Fate.ACCEPTED, "the next message goes out all the same"


@pytest.mark.parametrize("other_success", ["251 2.1.5 Forwarded", "252 2.1.5 Probably"])
def test_any_success_to_rcpt_lets_the_message_go_on(session: SmtpSession, sink: Sink, other_success: str) -> None:
    sink.says(Phase.RCPT, other_success)

    assert send(session).fate == Fate.ACCEPTED


def test_a_success_other_than_250_to_the_dot_is_a_success(session: SmtpSession, sink: Sink) -> None:
    sink.says(Phase.DOT, "251 2.0.0 Taken for somebody else")

    assert send(session).fate == Fate.ACCEPTED


@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.DATA])
def test_asking_for_authentication_late_blames_no_recipient(session: SmtpSession, sink: Sink, phase: Phase) -> None:
    sink.says(phase, "530 5.7.0 Authentication required")

    with pytest.raises(RelayTrouble) as trouble:
        send(session)

    assert trouble.value.is_lasting


def test_hanging_up_in_the_middle_of_the_body_delivered_nothing(session: SmtpSession, sink: Sink) -> None:
    sink.says(Phase.BODY, DROP, times=1)

    outcome = send(session, body="A line of a long letter.\n" * 800_000)

    assert outcome.fate == Fate.ACCEPTED, "it was surely not delivered, so it is given once more"
    assert len(sink.taken) == 1


def test_a_refusal_in_the_middle_of_the_body_is_read_before_the_dot(session: SmtpSession, sink: Sink) -> None:
    sink.says(Phase.BODY, "552 5.3.4 That is enough", times=1)

    outcome = send(session, body="A line of a long letter.\n" * 800_000)

    assert outcome.fate != Fate.UNKNOWN, "read, or lost with the connection and asked for again"
    assert len(sink.taken) == (outcome.fate == Fate.ACCEPTED)


def test_a_server_that_is_not_there_is_trouble_that_passes() -> None:
    session = SmtpSession(MailSettings(SMTP_BACKEND, host="127.0.0.1", port=1))

    with pytest.raises(RelayTrouble) as trouble:
        send(session)

    assert not trouble.value.is_lasting
    assert str(trouble.value) == "Connection refused"


def test_a_server_without_encryption_is_not_used_where_encryption_is_asked_for(sink: Sink) -> None:
    session = SmtpSession(MailSettings(SMTP_BACKEND, host="127.0.0.1", port=sink.port, starttls=True))

    with pytest.raises(RelayTrouble) as trouble:
        send(session)

    assert trouble.value.is_lasting
    assert "mail" not in " ".join(sink.commands).lower()


@pytest.mark.parametrize(("answer", "is_lasting"), [("535 5.7.8 Wrong password", True), ("454 4.7.0 Later", False)])
def test_a_refused_sign_in_is_the_relays_fault(sink: Sink, answer: str, is_lasting: bool) -> None:
    sink.extensions = ["AUTH PLAIN"]
    sink.says(Phase.AUTH, answer)
    session = SmtpSession(
        MailSettings(SMTP_BACKEND, host="127.0.0.1", port=sink.port, user="elena", password="rosehip")
    )

    with pytest.raises(RelayTrouble) as trouble:
        send(session)

    assert trouble.value.is_lasting is is_lasting


def test_a_message_larger_than_the_server_said_fails_without_being_sent(session: SmtpSession, sink: Sink) -> None:
    sink.extensions = ["SIZE 2000"]

    outcome = send(session, body="Much to say. " * 1000)

    assert outcome.fate == Fate.TOO_BIG
    assert "2000" in outcome.text
    assert not any(command.startswith("mail") for command in sink.commands)


def test_an_address_that_needs_smtputf8_is_never_mangled(session: SmtpSession, sink: Sink) -> None:
    sink.extensions = ["8BITMIME"]

    outcome = send(session, to="жана@example.org")

    assert outcome.fate == Fate.NEEDS_SMTPUTF8
    assert sink.taken == []


def test_an_address_that_needs_smtputf8_stands_as_it_is_in_envelope_and_header(
    session: SmtpSession, sink: Sink
) -> None:
    outcome = session.send(
        letter(to='"Жана \\"J\\" Б" <жана@example.org>'), sender=SENDER, recipient="жана@example.org"
    )

    assert outcome.fate == Fate.ACCEPTED
    assert sink.recipients == ["жана@example.org"]
    assert "<жана@example.org>".encode() in sink.taken[0].raw
    assert sink.taken[0].raw.lower().count(b"\r\nto:") + sink.taken[0].raw.lower().startswith(b"to:") == 1
    assert send(session).fate == Fate.ACCEPTED, "an ordinary address after it"


def test_a_message_that_cannot_be_written_down_costs_only_itself(session: SmtpSession, sink: Sink) -> None:
    broken = letter()
    broken.extra_headers["X-Bad"] = "one\nBcc: everybody@example.org"

    outcome = session.send(broken, sender=SENDER, recipient=READER)

    assert outcome.fate == Fate.UNBUILDABLE
    assert send(session).fate == Fate.ACCEPTED


def test_a_line_too_long_for_smtp_is_refused_here() -> None:
    message = letter()
    message.extra_headers["X-Long"] = "a" * 1200

    with pytest.raises(ValueError, match="998"):
        wire_bytes(message, READER)


def test_a_zero_byte_in_an_answer_does_not_reach_the_database(session: SmtpSession, sink: Sink) -> None:
    sink.says(Phase.RCPT, "550 5.1.1 No\0body")

    assert send(session).text == "550 5.1.1 Nobody"
