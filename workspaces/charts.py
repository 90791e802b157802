"""What a chart shows, apart from how it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10
from typing import Literal

from django.utils.formats import number_format

from workspaces.templatetags.ui import money

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
class Band:
    """A range across the plot, with a line in its middle, behind what is drawn."""

    low: float
    high: float
    middle: float


@dataclass(frozen=True, slots=True)
class Chart:
    """`labels` name every point; of lines only the first, middle and last are written below the axis.

    Values are plain numbers, fractions shown as percentages, or amounts of a currency.
    """

    label: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: Unit = ""
    height: Literal["s", "m"] = "m"
    starts_at_zero: bool = True
    marks: Sequence[Mark] = field(default_factory=tuple)
    currency: str = ""
    band: Band | None = None

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
        values += [self.band.low, self.band.high] if self.band else []
        values += [0.0] if self.starts_at_zero else []
        low, high = min(values), max(values)
        step = _friendly((high - low or abs(high)) / TICKS)
        first, last = floor(low / step), max(ceil(high / step), floor(low / step) + 1)
        return [number * step for number in range(first, last + 1)]

    @property
    def tick_labels(self) -> list[str]:
        """The ticks from bottom to top, with as many digits as their distance needs."""
        ticks = self.ticks
        digits = max(2, 1 - floor(log10((ticks[1] - ticks[0]) * 100)))
        return [self.shown(tick, digits) for tick in ticks]

    def shown(self, value: float, digits: int = 2) -> str:
        """A value in the reader's notation; `digits` are the most a percentage gets."""
        if self.currency:
            return money(value, self.currency)
        if self.unit == "percent":
            return f"{number_format(round(value * 100, digits), digits).rstrip('0').rstrip('.,')}%"
        return number_format(round(value, 2) if value % 1 else int(value))


def _friendly(step: float) -> float:
    """The next of 1, 2, 2.5, 5, 10, … at or above the step."""
    if step <= 0:
        return 1.0
    scale: float = 10.0 ** floor(log10(step))
    return next(nice * scale for nice in FRIENDLY_STEPS if nice * scale >= step * 0.999)


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a scatter plot: `x` from 0 to 1 across, `y` in the unit of the chart.

    With `href` it is a link. `name` says all about it, `short` what is shown beside it while it is pointed at.
    """

    x: float
    y: float
    name: str
    tone: Tone = "accent"
    href: str = ""
    short: str = ""


@dataclass(frozen=True, slots=True)
class Scatter:
    """Points, and lines across with a word. `labels` stand below: where it begins and ends."""

    label: str
    points: Sequence[Point]
    lines: Sequence[tuple[float, str]]
    labels: Sequence[str]

    @property
    def frame(self) -> Chart:
        """The axes that hold all points."""
        values = [point.y for point in self.points]
        return Chart(label=self.label, labels=self.labels, series=[Series("", "accent", values)])
