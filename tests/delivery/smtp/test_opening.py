"""Before the first message: greeting, EHLO, encryption, signing in. Whatever goes wrong here blames no contact."""

import ssl
from base64 import b64decode

import pytest

from delivery.fates import Fate
from delivery.smtp.opening import is_on_this_machine
from tests.certificates import Authority
from tests.delivery.smtp.scene import IMPATIENT, Scene, timeouts_for
from tests.delivery.smtp.sink import Act, Answer, At, Sink

SIGNED_IN = {"user": "elena", "password": "rosehip"}


def starttls(scene: Scene, authority: Authority, host: str = "localhost", *, days: int = 1) -> None:
    scene.sink.certificate = authority.server(host, days=days)
    scene.sink.extensions.append("STARTTLS")
    scene.settings |= {"starttls": True}
    scene.trust = authority.trust


def implicit(scene: Scene, authority: Authority, host: str = "localhost", *, days: int = 1) -> None:
    scene.sink.certificate, scene.sink.is_implicit = authority.server(host, days=days), True
    scene.trust = authority.trust


def assert_trouble(scene: Scene, *, is_lasting: bool, says: str = "") -> None:
    assert scene.trouble is not None
    assert scene.trouble.is_lasting is is_lasting
    assert says in str(scene.trouble)
    assert scene.log.outcomes == {}
    assert scene.log.back == [0], "the parcel was not started and comes back"
    assert "MAIL" not in scene.sink.verbs


@pytest.mark.parametrize("at", [At.BANNER, At.EHLO])
@pytest.mark.parametrize(
    ("answer", "is_lasting", "says"),
    [
        ("421 4.3.2 Not now", False, "421 4.3.2 Not now"),
        ("451 4.3.0 Later", False, "451"),
        (Act.DROP, False, "closed"),
        (Act.HANG, False, "within 0.2 seconds"),
        (b"nonsense\r\n", False, "not a reply"),
        (b"220 " + b"x" * 5000, False, "without an end"),
        (b"220-x\r\n" * 500, False, "without an end"),
    ],
)
def test_a_server_that_does_not_welcome_us_is_in_trouble(
    scene: Scene, at: At, answer: Answer, *, is_lasting: bool, says: str
) -> None:
    scene.timeouts = timeouts_for(answer)
    scene.sink.says(at, answer)

    scene.deliver()

    assert_trouble(scene, is_lasting=is_lasting, says=says)
    assert scene.sink.connections == 1, "one attempt is enough to know"


def test_a_server_that_wants_no_mail_at_all_is_in_lasting_trouble(scene: Scene) -> None:
    scene.sink.says(At.BANNER, "554 5.3.2 No mail here")

    scene.deliver()

    assert_trouble(scene, is_lasting=True, says="554 5.3.2 No mail here")


def test_a_server_that_is_not_there_is_trouble_that_passes(scene: Scene) -> None:
    scene.settings = {"port": 1}

    scene.deliver()

    assert_trouble(scene, is_lasting=False)


def test_a_server_that_knows_no_ehlo_is_spoken_to_as_in_1982(scene: Scene) -> None:
    scene.sink.says(At.EHLO, "502 5.5.1 What")

    scene.deliver(2)

    assert scene.log.fates() == [Fate.ACCEPTED] * 2
    assert scene.sink.verbs == ["EHLO", "HELO", *["MAIL", "RCPT", "DATA"] * 2, "QUIT"]


def test_a_server_that_knows_neither_greeting_is_in_lasting_trouble(scene: Scene) -> None:
    scene.sink.says(At.EHLO, "502 5.5.1 What")
    scene.sink.says(At.HELO, "550 5.7.1 Not you")

    scene.deliver()

    assert_trouble(scene, is_lasting=True, says="550 5.7.1")


def test_what_is_said_before_we_asked_ends_the_conversation(scene: Scene) -> None:
    scene.sink.says(At.BANNER, b"220 sink\r\n250 and more\r\n")

    scene.deliver()

    assert_trouble(scene, is_lasting=False, says="out of turn")


# Encryption.


@pytest.mark.parametrize("how", [starttls, implicit])
def test_mail_goes_out_encrypted(scene: Scene, authority: Authority, how: type) -> None:
    how(scene, authority)

    scene.deliver(5)

    assert scene.log.fates() == [Fate.ACCEPTED] * 5


@pytest.mark.parametrize("how", [starttls, implicit])
@pytest.mark.parametrize(("host", "days"), [("localhost", -1), ("elsewhere.example", 1)])
def test_a_certificate_that_is_expired_or_anothers_is_lasting_trouble(
    scene: Scene, authority: Authority, how: type, host: str, days: int
) -> None:
    how(scene, authority, host, days=days)

    scene.deliver()

    assert_trouble(scene, is_lasting=True, says="The certificate of localhost cannot be trusted")


@pytest.mark.parametrize("how", [starttls, implicit])
def test_a_certificate_of_an_unknown_authority_is_lasting_trouble(
    scene: Scene, authority: Authority, how: type
) -> None:
    how(scene, authority)
    scene.trust = ssl.create_default_context()

    scene.deliver()

    assert_trouble(scene, is_lasting=True, says="cannot be trusted")


@pytest.mark.parametrize("how", [starttls, implicit])
@pytest.mark.parametrize("answer", [Act.DROP, Act.HANG, b"this is not TLS at all, and long enough\r\n"])
def test_a_handshake_that_fails_is_trouble_that_passes(
    scene: Scene, authority: Authority, how: type, answer: Answer
) -> None:
    how(scene, authority)
    scene.timeouts = timeouts_for(answer)
    scene.sink.says(At.TLS, answer)

    scene.deliver()

    assert_trouble(scene, is_lasting=False)


def test_where_encryption_is_asked_for_nothing_is_said_in_clear_text(scene: Scene) -> None:
    scene.settings = {"starttls": True, **SIGNED_IN}
    scene.sink.extensions.append("AUTH PLAIN")

    scene.deliver()

    assert_trouble(scene, is_lasting=True, says="offers no encryption")
    assert scene.sink.verbs == ["EHLO"]


@pytest.mark.parametrize(
    ("answer", "is_lasting"), [("454 4.7.0 Not available", False), ("501 5.5.4 No", True), (Act.DROP, False)]
)
def test_a_refused_starttls_never_falls_back(
    scene: Scene, authority: Authority, answer: Answer, *, is_lasting: bool
) -> None:
    starttls(scene, authority)
    scene.sink.says(At.STARTTLS, answer)

    scene.deliver()

    assert_trouble(scene, is_lasting=is_lasting)
    assert scene.sink.verbs == ["EHLO", "STARTTLS"]


def test_a_starttls_that_hangs_never_falls_back(scene: Scene, authority: Authority) -> None:
    starttls(scene, authority)
    scene.timeouts = IMPATIENT
    scene.sink.says(At.STARTTLS, Act.HANG)

    scene.deliver()

    assert_trouble(scene, is_lasting=False, says="No answer to STARTTLS within 0.2 seconds")


@pytest.mark.parametrize("injected", [b"250 AUTH PLAIN\r\n", b"250-half a repl", b"250"])
def test_clear_text_put_behind_starttls_is_never_taken_for_the_servers(
    scene: Scene, authority: Authority, injected: bytes
) -> None:
    starttls(scene, authority)
    scene.sink.says(At.STARTTLS, b"220 Go ahead\r\n" + injected)

    scene.deliver()

    assert_trouble(scene, is_lasting=False, says="before it was encrypted")
    assert scene.sink.verbs == ["EHLO", "STARTTLS"]


def test_what_was_offered_before_encryption_is_forgotten(scene: Scene, authority: Authority) -> None:
    starttls(scene, authority)
    scene.settings |= SIGNED_IN
    scene.sink.says(At.EHLO, b"250-sink\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", times=1)

    scene.deliver()

    assert_trouble(scene, is_lasting=True, says="lets nobody sign in")
    assert scene.sink.credentials == []


# Signing in.


def signing_in(*ways: str, **settings: object) -> Scene:
    return Scene(Sink(extensions=["PIPELINING", f"AUTH {' '.join(ways)}"]), settings={**SIGNED_IN, **settings})


def test_plain_is_preferred_and_takes_no_extra_round_trip() -> None:
    scene = signing_in("LOGIN", "PLAIN", "XOAUTH2")

    scene.deliver()

    assert scene.log.fates() == [Fate.ACCEPTED]
    way, secret = scene.sink.credentials[0].split()
    assert (way, b64decode(secret)) == ("PLAIN", b"\0elena\0rosehip")


def test_login_is_asked_twice() -> None:
    scene = signing_in("LOGIN", password="Rosé")
    scene.sink.says(At.AUTH, "334 VXNlcm5hbWU6", times=1)
    scene.sink.says(At.AUTH, "334 UGFzc3dvcmQ6", times=1)

    scene.deliver()

    way, user, password = scene.sink.credentials
    assert (way, b64decode(user), b64decode(password).decode()) == ("LOGIN", b"elena", "Rosé")
    assert scene.log.fates() == [Fate.ACCEPTED]


def test_a_token_is_asked_for_at_each_opening_and_sent_by_xoauth2() -> None:
    scene = signing_in("PLAIN", "XOAUTH2", password="")
    tokens = iter(["first", "second"])
    scene.access_token = lambda: next(tokens)
    scene.with_manner(most_on_connection=1)

    scene.deliver(2)

    assert scene.log.fates() == [Fate.ACCEPTED] * 2
    secrets = [b64decode(line.split()[1]).decode() for line in scene.sink.credentials]
    assert secrets == [f"user=elena\x01auth=Bearer {token}\x01\x01" for token in ("first", "second")]


def test_a_refused_token_is_answered_with_an_empty_line() -> None:
    scene = signing_in("XOAUTH2")
    scene.access_token = lambda: "stale"
    scene.sink.says(At.AUTH, "334 eyJzdGF0dXMiOiI0MDEifQ==", times=1)
    scene.sink.says(At.AUTH, "535 5.7.8 Token expired")

    scene.deliver()

    assert_trouble(scene, is_lasting=True, says="535 5.7.8")
    assert scene.sink.credentials[1:] == [""]


@pytest.mark.parametrize(
    ("answer", "is_lasting"),
    [
        ("535 5.7.8 Wrong password", True),
        ("534 5.7.9 Too weak", True),
        ("454 4.7.0 Later", False),
        ("421 4.7.0 Slow down", False),
        ("334 what else", False),
        (Act.DROP, False),
        (Act.HANG, False),
        (b"\r\n", False),
    ],
)
def test_a_refused_sign_in_is_tried_once_and_blames_nobody(answer: Answer, *, is_lasting: bool) -> None:
    scene = signing_in("PLAIN")
    scene.connections, scene.timeouts = 8, timeouts_for(answer)
    scene.sink.says(At.AUTH, answer)

    scene.deliver()

    assert_trouble(scene, is_lasting=is_lasting)
    assert scene.sink.connections == 1


def test_a_way_to_sign_in_that_we_do_not_know_is_lasting_trouble() -> None:
    scene = signing_in("CRAM-MD5")

    scene.deliver()

    assert_trouble(scene, is_lasting=True, says="by PLAIN or LOGIN")


@pytest.mark.parametrize(
    ("peer", "is_here"),
    [
        (("127.0.0.1", 25), True),
        (("127.8.8.8", 25), True),
        (("::1", 25, 0, 0), True),
        (("192.0.2.1", 25), False),
        (("fe80::1%eth0", 25, 0, 2), False),
        (None, False),
    ],
)
def test_a_password_goes_in_clear_text_only_to_this_very_machine(
    peer: tuple[object, ...] | None, *, is_here: bool
) -> None:
    assert is_on_this_machine(peer) is is_here
