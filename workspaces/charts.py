"""What a chart shows, apart from how it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10
from typing import Literal

from django.utils.formats import number_format

Tone = Literal["accent", "soft", "grey", "warn", "ok", "bad", "teal"]
Unit = Literal["", "percent"]
TICKS = 4  # aimed at; rounding to friendly steps gives 3 to 6
FRIENDLY_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one set of bars. A line may end early: what has not happened yet is not drawn."""

    name: str
    tone: Tone
    values: Sequence[float]
    is_dashed: bool = False
    is_straight: bool = False
    has_area: bool = False
    has_dot: bool = True


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line with a word, at the n-th point."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`labels` name every point; of lines only the first, middle and last are written below the axis."""

    label: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: Unit = ""
    height: Literal["s", "m"] = "m"
    starts_at_zero: bool = True
    marks: Sequence[Mark] = field(default_factory=tuple)

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """The same figures as a table, for those who do not look at pictures."""
        return [
            (label, [self.shown(s.values[i]) if i < len(s.values) else "–" for s in self.series])
            for i, label in enumerate(self.labels)
        ]

    @property
    def ticks(self) -> list[float]:
        """Round values from bottom to top that hold all the data."""
        values = [value for s in self.series for value in s.values] or [0.0]
        low, high = (min(0.0, *values) if self.starts_at_zero else min(values)), max(values)
        step = _friendly((high - low) / TICKS)
        first, last = floor(low / step), max(ceil(high / step), floor(low / step) + 1)
        return [number * step for number in range(first, last + 1)]

    def shown(self, value: float) -> str:
        """A value in the reader's notation."""
        if self.unit == "percent":
            return f"{number_format(round(value * 100, 2)).rstrip('0').rstrip('.,')}%" if value else "0%"
        return number_format(round(value, 2) if value % 1 else int(value))


def _friendly(step: float) -> float:
    """The next of 1, 2, 2.5, 5, 10, … at or above the step."""
    if step <= 0:
        return 1.0
    scale: float = 10.0 ** floor(log10(step))
    return next(nice * scale for nice in FRIENDLY_STEPS if nice * scale >= step * 0.999)
