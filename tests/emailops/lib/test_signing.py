"""Tokens in mails: ours pass, everything else does not."""

import base64
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from emailops.lib.signing import BadToken, Kind, is_signed, seal, sealer, sign_text, unseal

U64 = st.integers(0, 2**64 - 1)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.sampled_from(Kind), st.lists(U64, max_size=4))
def test_what_was_sealed_comes_out(kind: Kind, numbers: list[int]) -> None:
    assert unseal(kind, seal(kind, *numbers)) == tuple(numbers)


@given(st.sampled_from(Kind), st.tuples(U64, U64, U64))
def test_a_token_of_three_numbers_fits_a_header_line(kind: Kind, numbers: tuple[int, int, int]) -> None:
    token = seal(kind, *numbers)

    assert len(token) <= 64
    assert set(token) <= set(LETTERS)


def test_the_same_numbers_give_the_same_token() -> None:
    assert seal(Kind.OPEN, 1, 2) == seal(Kind.OPEN, 1, 2)


@given(st.sampled_from(Kind), U64)
def test_a_sealer_seals_as_seal_does(kind: Kind, number: int) -> None:
    assert sealer(kind)(number).decode() == seal(kind, number)


def test_a_token_of_one_kind_does_not_pass_for_another() -> None:
    token = seal(Kind.OPEN, 7)

    for kind in set(Kind) - {Kind.OPEN}:
        with pytest.raises(BadToken):
            unseal(kind, token)


@given(st.data())
def test_a_changed_letter_is_a_forgery(data: st.DataObject) -> None:
    token = seal(Kind.UNSUBSCRIBE, 123456789, 42)
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from(LETTERS.replace(token[at], "")))

    with pytest.raises(BadToken):
        unseal(Kind.UNSUBSCRIBE, token[:at] + letter + token[at + 1 :])


def test_every_part_of_a_token_is_too_little() -> None:
    token = seal(Kind.CLICK, 1, 2)

    for length in range(len(token)):
        with pytest.raises(BadToken):
            unseal(Kind.CLICK, token[:length])


@given(st.text(max_size=80))
def test_no_text_is_a_token(text: str) -> None:
    with pytest.raises(BadToken):
        unseal(Kind.APPROVAL, text)


@given(st.binary(max_size=60))
def test_no_bytes_are_a_token(raw: bytes) -> None:
    with pytest.raises(BadToken):
        unseal(Kind.APPROVAL, base64.urlsafe_b64encode(raw).rstrip(b"=").decode())


def test_only_one_spelling_of_a_token_is_ours() -> None:
    """The last letter carries spare bits, so that base64 alone would accept four spellings."""
    token = next(token for number in range(64) if len(token := seal(Kind.OPEN, number)) % 4)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    others = [token[:-1] + letter for letter in LETTERS if letter != token[-1]]
    same_bytes = [other for other in others if base64.urlsafe_b64decode(other + "=" * (-len(other) % 4)) == raw]

    assert same_bytes, "nothing to check"
    for other in [*same_bytes, token + "=", token + "==", f" {token}", f"{token}\n"]:
        with pytest.raises(BadToken):
            unseal(Kind.OPEN, other)


def test_the_alphabet_of_plain_base64_is_not_ours() -> None:
    token = next(t for n in range(500) if {"-", "_"} & set(t := seal(Kind.OPEN, n)))

    with pytest.raises(BadToken):
        unseal(Kind.OPEN, token.replace("-", "+").replace("_", "/"))


def test_another_key_knows_nothing_of_our_tokens(settings: Settings) -> None:
    token, signature = seal(Kind.OPEN, 1), sign_text(Kind.LINK, "https://example.org")

    settings.SECRET_KEY = "another"

    with pytest.raises(BadToken):
        unseal(Kind.OPEN, token)
    assert not is_signed(Kind.LINK, "https://example.org", signature)


def test_a_retired_key_still_opens_what_it_sealed(settings: Settings) -> None:
    token, signature = seal(Kind.OPEN, 1), sign_text(Kind.LINK, "https://example.org")

    settings.SECRET_KEY_FALLBACKS = ["between", settings.SECRET_KEY]
    settings.SECRET_KEY = "new"

    assert unseal(Kind.OPEN, token) == (1,)
    assert is_signed(Kind.LINK, "https://example.org", signature)
    assert seal(Kind.OPEN, 1) != token


def test_a_token_of_another_version_is_refused() -> None:
    raw = bytearray(base64.urlsafe_b64decode(seal(Kind.OPEN, 1) + "=="))
    raw[0] = 2

    with pytest.raises(BadToken):
        unseal(Kind.OPEN, base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode())


def test_a_signature_binds_its_text_and_its_kind() -> None:
    signature = sign_text(Kind.LINK, "https://example.org/?a=1")

    assert len(signature) == 16
    assert is_signed(Kind.LINK, "https://example.org/?a=1", signature)
    assert not is_signed(Kind.LINK, "https://example.org/?a=2", signature)
    assert not is_signed(Kind.CLICK, "https://example.org/?a=1", signature)


@given(st.text(max_size=30))
def test_no_text_is_a_signature(text: str) -> None:
    assert not is_signed(Kind.LINK, "https://example.org/", text)


def test_kinds_have_different_numbers() -> None:
    numbers = sorted(kind.value for kind in Kind)

    assert all(low < high for low, high in pairwise(numbers))
