"""Quoted-printable in pieces: every decoder reads it, and every server lets it pass."""

import quopri
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.mime.quoted import ATOM, ATOMS, TOKEN_LENGTH, quoted_piece, quoted_value

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200) | st.text("ab .=\n\r\té", max_size=200)


def on_the_wire(text: str) -> bytes:
    return re.sub(r"\r\n|\r|\n", "\r\n", text).encode()


def assert_fit(raw: bytes) -> None:
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert raw.isascii()
    assert not any(line.startswith(b".") or line.endswith((b" ", b"\t")) for line in lines[:-1])
    assert not lines[-1].startswith(b".")


@given(text=texts)
def test_a_text_comes_out_as_it_went_in(text: str) -> None:
    made = quoted_piece([text], opens=True, closes=True)

    assert_fit(made)
    assert quopri.decodestring(made) == on_the_wire(text)


@given(pieces=st.lists(texts.filter(lambda text: not text.endswith("\r")), min_size=2, max_size=4), value=texts)
def test_values_between_pieces_break_no_line(pieces: list[str], value: str) -> None:
    last = len(pieces) - 1
    made = [quoted_piece([text], opens=n == 0, closes=n == last) for n, text in enumerate(pieces)]

    whole = quoted_value(value).join(made)

    assert_fit(whole)
    assert quopri.decodestring(whole) == on_the_wire(value).join(map(on_the_wire, pieces))


@given(before=texts, after=texts)
def test_a_token_is_never_broken(before: str, after: str) -> None:
    token = b"A" * TOKEN_LENGTH

    made = quoted_piece([before, 1, after, 0, 2], opens=True, closes=True)

    assert len(ATOM.findall(made)) == 3
    filled = ATOM.sub(token, made)
    assert_fit(filled)
    assert quopri.decodestring(filled).count(token) >= 3


def test_a_character_that_looks_like_a_tokens_place_is_a_character() -> None:
    text = "".join(atom.decode() for atom in ATOMS) + "\0" * 40

    made = quoted_piece([text], opens=True, closes=True)

    assert not ATOM.search(made)
    assert quopri.decodestring(made) == text.encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", b""),
        ("Ann", b"Ann"),
        (".x", b"=2Ex"),
        ("a=b", b"a=3Db"),
        ("é", b"=C3=A9"),
        ("a \nb", b"a=20\r\nb"),
        ("a ", b"a "),
    ],
)
def test_how_values_are_written(value: str, expected: bytes) -> None:
    assert quoted_value(value) == expected


def test_half_a_character_cannot_be_written() -> None:
    with pytest.raises(UnicodeEncodeError):
        quoted_value("\ud800")
