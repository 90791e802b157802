"""Recency, frequency and money of customers in fifths, and the kinds of customer that they make.

A code is three digits from 1 to 5: the days since the last order, the number of orders, the money spent. 5 is best. The
limits are fixed ones, so that nobody's code changes because somebody else bought.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FIFTHS = range(1, 6)
CODES = [int(f"{r}{f}{m}") for r, f, m in product(FIFTHS, repeat=3)]


@dataclass(frozen=True, slots=True)
class Cell:
    """A kind of customer: the fifths of recency and of frequency that make it."""

    label: "str | Promise"
    recency: tuple[int, ...]
    frequency: tuple[int, ...]


CELLS = {
    "champions": Cell(_("Champions: often and lately"), (4, 5), (4, 5)),
    "loyal": Cell(_("Loyal: often or fairly lately"), (3, 4, 5), (3,)),
    "slowing": Cell(_("Slowing down: often, not lately"), (3,), (4, 5)),
    "recent": Cell(_("Recent: lately, once or twice"), (4, 5), (1, 2)),
    "fading": Cell(_("Fading: once or twice, some time ago"), (3,), (1, 2)),
    "at_risk": Cell(_("At risk: often, long ago"), (1, 2), (3, 4, 5)),
    "gone": Cell(_("Gone: once or twice, long ago"), (1, 2), (1, 2)),
}


def codes_of_cells(keys: Sequence[str]) -> list[int]:
    """The codes of these kinds of customer."""
    return [
        code
        for code in CODES
        if any(code // 100 in CELLS[key].recency and code // 10 % 10 in CELLS[key].frequency for key in keys)
    ]


def codes_with(digit: int, fifths: Sequence[int | str]) -> list[int]:
    """The codes whose digit (0: recency, 1: frequency, 2: money) is one of these."""
    return [code for code in CODES if int(str(code)[digit]) in fifths]
