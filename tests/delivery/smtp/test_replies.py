"""What a server says, however it arrives, and what it means at which moment."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.smtp.replies import LONGEST_LINE, MOST_LINES, Phase, ReplyReader, enhanced_code, judge, words

ABOUT_THE_RELAY = (Phase.GREETING, Phase.EHLO, Phase.STARTTLS, Phase.AUTH, Phase.MAIL)


def read(*pieces: bytes) -> tuple[list[bytes], str]:
    reader = ReplyReader()
    return [reply for piece in pieces for reply in reader.feed(piece)], reader.fault


def said(*pieces: bytes) -> list[str]:
    return [words(reply) for reply in read(*pieces)[0]]


def test_a_reply_of_one_line_is_read() -> None:
    assert said(b"250 2.1.0 Ok\r\n") == ["250 2.1.0 Ok"]


def test_replies_that_come_together_are_told_apart() -> None:
    assert said(b"250 one\r\n250 two\r\n354 three\r\n") == ["250 one", "250 two", "354 three"]


def test_a_reply_of_many_lines_is_one_reply_with_its_codes_once() -> None:
    stream = b"550-5.1.1 The user you want\r\n550-5.1.1 does not live\r\n550 5.1.1 here\r\n250 Next\r\n"

    assert said(stream) == ["550 5.1.1 The user you want does not live here", "250 Next"]


@pytest.mark.parametrize("line", [b"250\r\n", b"250 \r\n", b"250 Ok\n", b"250-first\n250\n"])
def test_a_reply_without_text_or_with_a_bare_line_feed_is_understood(line: bytes) -> None:
    assert said(line)[0].startswith("250")


@pytest.mark.parametrize(
    "stream",
    [
        b"nonsense\r\n",
        b"\r\n",
        b"25\r\n",
        b"999 x\r\n",
        b"100 x\r\n",
        b"250x\r\n",
        b"250-a\r\n550 b\r\n",
        b"\xff\xfe\r\n",
    ],
)
def test_what_is_not_a_reply_ends_the_reading(stream: bytes) -> None:
    replies, fault = read(b"220 hello\r\n" + stream + b"250 later\r\n")

    assert [words(reply) for reply in replies] == ["220 hello"]
    assert fault


@pytest.mark.parametrize(
    "stream",
    [b"250 " + b"x" * LONGEST_LINE, b"250 " + b"x" * LONGEST_LINE + b"\r\n", b"250-x\r\n" * (MOST_LINES + 1)],
)
def test_a_reply_without_an_end_is_refused(stream: bytes) -> None:
    assert read(stream) == ([], "a reply without an end")


def test_bytes_that_are_not_utf8_and_signs_that_do_not_print_do_no_harm() -> None:
    assert said(b"550 5.1.1 No\0body \xe4 \x1b[31m\r\n") == ["550 5.1.1 Nobody \ufffd [31m"]


def test_only_so_many_words_are_kept() -> None:
    assert len(said(b"550 " + b"x" * 1000 + b"\r\n")[0]) == 300


LINES = st.one_of(
    st.sampled_from([b"250 Ok\r\n", b"250-PIPELINING\r\n", b"354 Go\r\n", b"550 5.1.1 No\n", b"250\r\n", b"what\r\n"]),
    st.binary(max_size=8),
)


@given(stream=st.lists(LINES, max_size=12).map(b"".join), cuts=st.lists(st.integers(0, 120), max_size=12))
def test_where_the_network_cuts_the_stream_changes_nothing(stream: bytes, cuts: list[int]) -> None:
    places = sorted({cut for cut in cuts if cut <= len(stream)} | {0, len(stream)})
    pieces = [stream[start:end] for start, end in pairwise(places)]
    each_byte = [stream[at : at + 1] for at in range(len(stream))]

    assert read(*pieces) == read(stream)
    assert read(*each_byte) == read(stream)


@pytest.mark.parametrize(
    ("reply", "status"),
    [(b"550 5.1.1 No", "5.1.1"), (b"550-5.7.26 No\n550 5.7.26 x", "5.7.26"), (b"550 4.1.1 No", ""), (b"550 No", "")],
)
def test_an_enhanced_code_is_found_where_it_fits_the_code(reply: bytes, status: str) -> None:
    assert enhanced_code(reply) == status


@pytest.mark.parametrize("phase", ABOUT_THE_RELAY)
@pytest.mark.parametrize(("reply", "is_lasting"), [(b"451 4.3.0 Later", False), (b"554 5.7.1 No", True)])
def test_before_rcpt_the_relay_is_to_blame(phase: Phase, reply: bytes, is_lasting: bool) -> None:
    verdict = judge(phase, reply)

    assert isinstance(verdict, RelayTrouble)
    assert verdict.is_lasting is is_lasting
    assert str(verdict) == reply.decode()


@pytest.mark.parametrize("code", [530, 534, 535, 538])
@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA])
def test_being_asked_to_sign_in_blames_nobody_else(phase: Phase, code: int) -> None:
    verdict = judge(phase, f"{code} 5.7.0 Authentication required".encode())

    assert isinstance(verdict, RelayTrouble)
    assert verdict.is_lasting


@pytest.mark.parametrize(
    ("phase", "reply", "fate"),
    [
        (Phase.MAIL, b"552 5.3.4 Too big", Fate.TOO_BIG),
        (Phase.MAIL, b"550 5.6.7 ASCII only", Fate.NEEDS_SMTPUTF8),
        (Phase.RCPT, b"450 4.2.0 Greylisted", Fate.LATER),
        (Phase.RCPT, b"421 4.3.2 Closing", Fate.LATER),
        (Phase.RCPT, b"452 4.5.3 Too many recipients", Fate.LATER),
        (Phase.RCPT, b"552 Too many recipients", Fate.LATER),
        (Phase.RCPT, b"552 5.2.2 Mailbox full", Fate.ADDRESS_REFUSED),
        (Phase.RCPT, b"550 5.5.3 Too many recipients", Fate.LATER),
        (Phase.RCPT, b"553 5.6.7 ASCII only", Fate.NEEDS_SMTPUTF8),
        (Phase.RCPT, b"550 5.1.1 Nobody here", Fate.ADDRESS_REFUSED),
        (Phase.DATA, b"452 4.3.1 Full", Fate.LATER),
        (Phase.DATA, b"554 5.7.1 Not this", Fate.CONTENT_REFUSED),
        (Phase.DOT, b"250 2.0.0 Taken", Fate.ACCEPTED),
        (Phase.DOT, b"251 Taken for somebody else", Fate.ACCEPTED),
        (Phase.DOT, b"451 4.7.0 Later", Fate.LATER),
        (Phase.DOT, b"552 5.3.4 Too big", Fate.TOO_BIG),
        (Phase.DATA, b"552 5.3.4 Too big", Fate.TOO_BIG),
        (Phase.RCPT, b"552 5.3.4 Too big for this mailbox", Fate.TOO_BIG),
        (Phase.DOT, b"552 5.2.2 Mailbox full", Fate.CONTENT_REFUSED),
        (Phase.DOT, b"530 5.7.0 Authentication required", Fate.LATER),
        (Phase.DOT, b"354 What", Fate.UNKNOWN),
    ],
)
def test_what_a_reply_means_for_the_message(phase: Phase, reply: bytes, fate: Fate) -> None:
    assert judge(phase, reply) == Outcome(fate, int(reply[:3]), reply.decode())
