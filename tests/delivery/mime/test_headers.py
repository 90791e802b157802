"""The headers in which readers differ."""

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.compiled import NeedsReference
from campaigns.rendering import header_text
from delivery.mime.headers import display_name, encoded_words, subject_line, to_line

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=150) | st.text("ab ", max_size=150)


def decoded(line: bytes) -> str:
    value = line.decode().partition(": ")[2].removesuffix("\r\n").replace("\r\n", "")
    return str(make_header(decode_header(value)))


@given(subject=texts.filter(lambda text: "=?" not in text))
def test_a_subject_reads_as_it_was_written_in_lines_of_the_right_length(subject: str) -> None:
    line = subject_line(subject)

    assert decoded(line) == header_text(subject)
    assert line.isascii()
    assert line.endswith(b"\r\n")
    lines = line.removesuffix(b"\r\n").split(b"\r\n")
    assert all(folded.startswith(b" ") for folded in lines[1:])
    assert all(len(folded) <= 78 or b" " not in folded.strip() for folded in lines[1:])


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_an_encoded_word_is_of_whole_characters_and_not_too_long(text: str) -> None:
    words = encoded_words(text)

    assert max(map(len, words)) <= 75
    assert "".join(str(make_header(decode_header(word.decode()))) for word in words) == text


@given(name=texts.filter(lambda text: "=?" not in text))
def test_a_reader_has_a_name_and_one_address(name: str) -> None:
    try:
        line = to_line(display_name(name), "ann@example.org")
    except NeedsReference:
        assert len(header_text(name)) > 38
        return

    assert max(map(len, line.split(b"\r\n"))) <= 78
    parsed = message_from_bytes(line + b"\r\n", policy=policy.default)["To"]
    assert [address.addr_spec for address in parsed.addresses] == ["ann@example.org"]


@pytest.mark.parametrize(
    ("name", "address", "expected"),
    [
        ("", "ann@example.org", b"To: ann@example.org\r\n"),
        ("Ann", "ann@example.org", b'To: "Ann" <ann@example.org>\r\n'),
        ('A "B" \\', "ann@example.org", b'To: "A \\"B\\" \\\\" <ann@example.org>\r\n'),
        ("Bö", "ann@example.org", b"To: =?utf-8?b?QsO2?= <ann@example.org>\r\n"),
        ("Ann", "a" * 64 + "@example.org", b'To: "Ann"\r\n <' + b"a" * 64 + b"@example.org>\r\n"),
    ],
)
def test_how_a_reader_is_addressed(name: str, address: str, expected: bytes) -> None:
    assert to_line(display_name(name), address) == expected


@pytest.mark.parametrize(
    "address", ["жана@example.org", "a..b@example.org", "a b@x.example", "x@[::1]", "a\r\n@x.example"]
)
def test_an_unusual_address_is_for_the_reference_path(address: str) -> None:
    with pytest.raises(NeedsReference):
        to_line(b"", address)


def test_what_looks_encoded_is_for_the_reference_path() -> None:
    for make in (subject_line, display_name):
        with pytest.raises(NeedsReference):
            make("=?utf-8?q?x?=")


def test_a_long_subject_is_folded_only_where_one_space_stands() -> None:
    line = subject_line("word  word " * 20)

    assert re.sub(rb"\r\n(?= )", b"", line) == b"Subject: " + (b"word  word " * 20).strip() + b"\r\n"
