"""What stands in a signature, and what it holds to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.dkim import Signer
from delivery.dkim.canonical import END_OF_HEAD
from tests.delivery.dkim.conftest import BOTH, DOMAIN, ED25519, HEAD, LETTER, RECORDS, RSA, SELECTORS, received, tags_of
from tools.verifiers import dkimpy_accepts

ONCE_MORE = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
AS_OFTEN = ["List-Unsubscribe", "List-Unsubscribe-Post", "List-ID", "Feedback-ID"]


def held(wire: bytes) -> set[str]:
    return dkimpy_accepts(received(wire), RECORDS)


def test_both_signatures_hold() -> None:
    assert held(BOTH.sign(LETTER)) == SELECTORS


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_signing_changes_nothing_but_what_stands_in_front(head: bytes, body: bytes) -> None:
    wire = head + END_OF_HEAD + body

    signed = BOTH.sign(wire)

    assert signed.endswith(wire)
    assert len(tags_of(signed[: -len(wire)])) == 2


def test_a_signature_says_what_it_was_made_of() -> None:
    rsa, ed25519 = tags_of(BOTH.sign(LETTER))

    assert (rsa["a"], rsa["d"], rsa["s"], rsa["c"]) == ("rsa-sha256", DOMAIN, "rsa1", "relaxed/relaxed")
    assert (ed25519["a"], ed25519["s"]) == ("ed25519-sha256", "ed1")
    assert rsa["bh"] == ed25519["bh"]
    assert "l" not in rsa, "text could be added after what a length covers"


def test_the_headers_that_receivers_ask_for_are_signed() -> None:
    """RFC 8058 section 4, and Gmail's and Yahoo's rules for senders."""
    (tags,) = tags_of(Signer([RSA]).sign(LETTER))

    named = tags["h"].split(":")
    for name in ONCE_MORE:
        assert named.count(name) == 2, name
    for name in AS_OFTEN:
        assert named.count(name) == 1, name
    assert named.count("Reply-To") == 1, "there is none, and none may be added"


def test_headers_that_the_message_does_not_have_are_not_named_but_where_none_may_be_added() -> None:
    letter = b"From: a@marenmoss.example\r\nReply-To: b@marenmoss.example\r\n\r\nHello\r\n"

    (tags,) = tags_of(Signer([ED25519]).sign(letter))

    named = tags["h"].split(":")
    assert (named.count("Reply-To"), named.count("Subject")) == (2, 1)
    assert not set(AS_OFTEN) & set(named)


def test_every_line_of_the_header_is_short() -> None:
    signed = BOTH.sign(LETTER)

    front = signed.removesuffix(LETTER)
    assert max(map(len, front.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("name", [*ONCE_MORE, *AS_OFTEN, "Reply-To"])
def test_a_changed_or_added_header_makes_it_false(name: str) -> None:
    signed = BOTH.sign(LETTER)
    other = f"{name}: something else\r\n".encode()

    if name != "Reply-To":
        assert held(signed.replace(f"\r\n{name}: ".encode(), f"\r\n{name}: x".encode(), 1)) == set()
    if name not in AS_OFTEN:
        assert held(other + signed) == set(), "a second one might be shown instead of ours"


@pytest.mark.parametrize("position", [0, 5, 14, -3])
def test_a_changed_byte_of_the_body_makes_it_false(position: int) -> None:
    signed = bytearray(BOTH.sign(LETTER))
    body = len(signed) - len(LETTER) + len(HEAD) + 2

    signed[body + position if position >= 0 else position] ^= 1

    assert held(bytes(signed)) == set()


def test_text_that_is_added_makes_it_false() -> None:
    assert held(BOTH.sign(LETTER) + b"PS\r\n") == set()


@pytest.mark.parametrize(
    "letter",
    [
        HEAD,
        HEAD + b"\r\n",
        HEAD + b"\r\n\r\n\r\n",
        HEAD + b"\r\n.." + b"\r\n",
        HEAD + b"\r\n...\r\n..\r\n..a\r\nb..\r\n",
        HEAD + b"\r\n" + b"word \t " * 2000 + b"\r\n\r\n \r\n",
        HEAD + b"\r\nno end of line",
        "To: Жана <жана@пример.example>\r\nFrom: a@marenmoss.example\r\n\r\nHello\r\n".encode(),
        HEAD.replace(b"Subject: ", b"Subject:\t  ") + b"\r\nHello\r\n",
        HEAD.replace(b"Subject: ", b"Subject:\r\n ") + b"\r\nHello\r\n",
        HEAD.replace(b"Subject: ", b"SUBJECT:") + b"\r\nHello\r\n",
        b"Subject: one\r\nSubject: two\r\n" + HEAD + b"\r\nHello\r\n",
    ],
)
def test_odd_messages_verify(letter: bytes) -> None:
    assert held(BOTH.sign(letter)) == SELECTORS


def test_a_key_that_is_not_in_dns_signs_for_nobody() -> None:
    assert dkimpy_accepts(received(BOTH.sign(LETTER)), {}) == set()


def test_a_signer_without_a_key_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a key"):
        Signer([])
