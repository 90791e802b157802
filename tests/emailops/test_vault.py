import pytest
from pytest_django import Settings

from emailops.lib.vault import Unreadable, seal, unseal

PLACE = "delivery.transport.password/7"


def test_a_sealed_secret_can_be_read_in_its_place_alone() -> None:
    sealed = seal("hunter2 ünï", about=PLACE)

    assert unseal(sealed, about=PLACE) == "hunter2 ünï"
    with pytest.raises(Unreadable):
        unseal(sealed, about="delivery.transport.password/8")


def test_the_secret_does_not_show_and_no_two_seals_are_alike() -> None:
    first, second = seal("hunter2", about=PLACE), seal("hunter2", about=PLACE)

    assert b"hunter2" not in first
    assert first != second


@pytest.mark.parametrize("position", [0, 1, 13, -1])
def test_a_changed_byte_makes_it_unreadable(position: int) -> None:
    sealed = bytearray(seal("hunter2", about=PLACE))
    sealed[position] ^= 1

    with pytest.raises(Unreadable):
        unseal(bytes(sealed), about=PLACE)


@pytest.mark.parametrize("rubbish", [b"", b"\x01", b"\x01short", b"plain text that was never sealed by anybody"])
def test_what_we_never_sealed_is_unreadable(rubbish: bytes) -> None:
    with pytest.raises(Unreadable):
        unseal(rubbish, about=PLACE)


def test_an_old_key_opens_until_it_is_removed(settings: Settings) -> None:
    settings.SECRET_KEY = "the old one"
    sealed = seal("hunter2", about=PLACE)

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the new one", ["the old one"]
    assert unseal(sealed, about=PLACE) == "hunter2"

    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Unreadable):
        unseal(sealed, about=PLACE)
