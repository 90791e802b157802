"""The relaxed forms, held to the RFC's own examples and to another implementation."""

import pytest
from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st

from delivery.dkim.canonical import relaxed_body, relaxed_fields, unstuffed

PIECES = st.sampled_from(
    [b" ", b"  ", b"\t", b"\r\n", b"\r\n\r\n", b" \r\n", b"\t \r\n", b"a", b".", b"..", b"\xc3\xa9"]
)
BODIES = st.lists(PIECES, max_size=30).map(b"".join)


def test_the_example_of_the_rfc() -> None:
    """RFC 6376 section 3.4.5."""
    head = b"A: X\r\nB : Y\t\r\n\tZ  "

    assert [line for _name, line in relaxed_fields(head)] == [b"a:X", b"b:Y Z"]
    assert relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"


@pytest.mark.parametrize("nothing", [b"", b"\r\n", b"\r\n\r\n\r\n", b" \r\n\t\r\n"])
def test_a_body_of_empty_lines_is_empty(nothing: bytes) -> None:
    assert relaxed_body(nothing) == b""


@given(BODIES)
def test_every_body_becomes_what_dkimpy_makes_of_it(body: bytes) -> None:
    body += b"\r\n"  # as every message on the wire ends; of others no two implementations think alike

    ours = relaxed_body(body)

    assert ours == Relaxed.canonicalize_body(body)


@given(BODIES)
def test_the_dots_for_the_wire_are_taken_away_again(body: bytes) -> None:
    lines = b"\r\n" + body

    assert unstuffed(lines.replace(b"\r\n.", b"\r\n..")) == lines
