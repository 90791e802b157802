"""Whatever colour is chosen, words can be read in it and on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspaces.brand.colours import (
    DARK_GROUNDS,
    HOUSE_COLOUR,
    LIGHT_GROUNDS,
    READABLE,
    contrast,
    is_kept,
    shades,
)

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(colour=COLOURS, is_dark=st.booleans())
def test_every_colour_can_be_read_in_both_themes(colour: str, is_dark: bool) -> None:
    made = shades(colour, is_dark=is_dark)

    grounds = (*(DARK_GROUNDS if is_dark else LIGHT_GROUNDS), made.soft)
    assert all(contrast(made.ink, ground) >= READABLE for ground in grounds)
    assert contrast(made.on_solid, made.solid) >= READABLE
    assert contrast(made.on_solid, made.hover) >= READABLE


@pytest.mark.parametrize("colour", [HOUSE_COLOUR, "#2f4a3a", "#7a1020", "#000000"])
def test_a_dark_colour_stays_as_it_is(colour: str) -> None:
    assert is_kept(colour)


@pytest.mark.parametrize("colour", ["#ffd500", "#ffffff", "#7fd3de"])
def test_a_pale_colour_is_darkened(colour: str) -> None:
    assert not is_kept(colour)


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
