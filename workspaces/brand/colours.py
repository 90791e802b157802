"""Shades of one colour that can be read in the light and in the dark.

Contrast as in WCAG 2.2, "relative luminance" and success criterion 1.4.3: at least 4.5 to 1 for words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

HOUSE_COLOUR = "#2f4fd6"  # the accent of static/css/app.css
READABLE = 4.5
LIGHT_GROUNDS = ("#ffffff", "#faf9f6", "#f6f4f0")  # surface, paper, surface-2 of static/css/app.css
DARK_GROUNDS = ("#191c25", "#12141b", "#20242f")
WHITE, BLACK = "#ffffff", "#000000"
INK = "#0b1026"
STEPS = 50
SOFT, LINE, HOVER = 0.9, 0.7, 0.14  # how much of the ground, or of the ink, is mixed in
Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Shades:
    """`solid` under `on_solid` (a button), `ink` on the grounds (a link), each as #rrggbb."""

    solid: str
    hover: str
    on_solid: str
    ink: str
    soft: str
    line: str


def shades(colour: str, *, is_dark: bool) -> Shades:
    """What is made of a colour for one theme. Hue stays, lightness gives way until words can be read."""
    grounds, towards = (DARK_GROUNDS, WHITE) if is_dark else (LIGHT_GROUNDS, BLACK)
    solid = _moved(colour, towards, grounds)
    words = max((WHITE, INK), key=lambda candidate: contrast(candidate, solid))
    solid = _moved(solid, BLACK if words == WHITE else WHITE, (words,))
    soft = mixed(solid, grounds[0], SOFT)
    return Shades(
        solid=solid,
        hover=mixed(solid, BLACK if words == WHITE else WHITE, HOVER),
        on_solid=words,
        ink=_moved(solid, towards, (*grounds, soft)),
        soft=soft,
        line=mixed(solid, grounds[0], LINE),
    )


def is_kept(colour: str) -> bool:
    """Whether the light theme shows the colour exactly as it was chosen."""
    return shades(colour, is_dark=False).solid == colour


def _moved(colour: str, towards: str, grounds: Sequence[str]) -> str:
    """The colour nearest to `colour` on the way to black or white that can be read on all the grounds."""
    way = (mixed(colour, towards, step / STEPS) for step in range(STEPS + 1))
    return next((shade for shade in way if all(contrast(shade, ground) >= READABLE for ground in grounds)), towards)


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with a share, from 0 to 1, of `other`."""
    parts = zip(_rgb(colour), _rgb(other), strict=True)
    return "#" + "".join(f"{round(mine + (theirs - mine) * share):02x}" for mine, theirs in parts)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
