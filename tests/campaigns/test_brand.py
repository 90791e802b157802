"""The look of mails: readable in light and in dark."""

import pytest

from campaigns.brand import MOSS, Palette, element_styles

READABLE = 4.5  # WCAG 2.2, success criterion 1.4.3


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [MOSS.light, MOSS.dark], ids=["light", "dark"])
def test_every_text_can_be_read(palette: Palette) -> None:
    pairs = [
        (palette.ink, palette.sheet),
        (palette.soft, palette.sheet),
        (palette.accent, palette.sheet),
        (palette.note, palette.ground),
        (palette.on_accent, palette.accent),
    ]

    assert min(_contrast(text, ground) for text, ground in pairs) >= READABLE


def test_styles_are_fit_for_an_attribute_in_double_quotes() -> None:
    assert not any('"' in style for style in element_styles(MOSS).values())
