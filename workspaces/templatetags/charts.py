"""Charts as SVG: they print, need no script, and follow the theme. Positions are percentages of the plot."""

from collections.abc import Sequence
from itertools import pairwise

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from workspaces.charts import Chart, Series

register = template.Library()
Point = tuple[float, float]
WIDTH = 1000.0  # of the inner drawing, which is stretched to the plot
SMALLEST_SHARE = 1.6  # percent of the funnel's height, so that the last steps stay visible
THINNEST_BAND = 0.8  # percent of the plot's height
NOTHING = SafeString("")


@register.simple_tag
def spark(values: Sequence[float], tone: str = "accent", css: str = "") -> SafeString:
    """A line without axes, the last value marked. Needs at least two values."""
    if len(values) < 2:
        return NOTHING
    low, high = min(values), max(values)
    pad = (high - low) * 0.12 or 1
    points = _points(values, low - pad, high + pad, width=100, count=len(values))
    line = _smooth(points)
    return format_html(
        '<svg class="spark spark--{} {}" aria-hidden="true">'
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%">'
        '<path class="spark__area" d="{} L100 100 L0 100 Z"/><path class="spark__line" d="{}"/></svg>'
        '<circle class="spark__dot" cx="{}%" cy="{}%" r="2.5"/></svg>',
        tone,
        css,
        line,
        line,
        _n(points[-1][0]),
        _n(points[-1][1]),
    )


@register.inclusion_tag("components/_linechart.html")
def linechart(chart: Chart) -> dict[str, object]:
    """Lines over time with an axis, and a crosshair where there is script."""
    ticks = chart.ticks
    low, high, count = ticks[0], ticks[-1], len(chart.labels)
    shapes, dots = [], []
    for series in chart.series:
        points = _points(series.values, low, high, width=WIDTH, count=count)
        if points:
            shapes.append(_line(series, points))
            dots.append(_dot(series, points[-1]))
    return {
        "chart": chart,
        "ticks": chart.tick_labels[::-1],
        "grid": _grid(ticks),
        "shapes": mark_safe("".join(shapes)),  # noqa: S308  joined from format_html
        "dots": mark_safe("".join(dots)),  # noqa: S308  joined from format_html
        "marks": _marks(chart),
        "labels": [chart.labels[i] for i in sorted({0, (count - 1) // 2, count - 1})] if count else [],
        "data": {
            "labels": list(chart.labels),
            "n": count,
            "series": [{"name": s.name, "values": [chart.shown(value) for value in s.values]} for s in chart.series],
        },
    }


@register.inclusion_tag("components/_barchart.html")
def barchart(chart: Chart) -> dict[str, object]:
    """Groups of bars, one group a label."""
    ticks = chart.ticks
    slot = 100 / max(len(chart.labels), 1)
    width = min(slot * 0.62 / max(len(chart.series), 1), 5.5)
    bars = [
        _bar(
            chart,
            series,
            index,
            ticks=ticks,
            x0=index * slot + (slot - width * len(chart.series)) / 2 + order * width,
            width=width,
        )
        for index in range(len(chart.labels))
        for order, series in enumerate(chart.series)
    ]
    return {
        "chart": chart,
        "ticks": chart.tick_labels[::-1],
        "grid": _grid(ticks),
        "band": _range(chart),
        "bars": mark_safe("".join(bars)),  # noqa: S308  joined from format_html
    }


@register.simple_tag
def rangeplot(
    low: float, high: float, actual: float | None, start: float, end: float, tone: str = "accent", label: str = ""
) -> SafeString:
    """A promised range with the outcome as a dot, on a scale from `start` to `end`."""
    span = (end - start) or 1.0
    x = [_n(min(100.0, max(0.0, (value - start) / span * 100))) for value in (low, high, actual or 0.0)]
    dot = NOTHING
    if actual is not None:
        dot = format_html('<circle class="rangeplot__dot rangeplot__dot--{}" cx="{}%" cy="50%" r="6"/>', tone, x[2])
    return format_html(
        '<svg class="rangeplot" role="img" aria-label="{}"><line class="rangeplot__track" x1="0" x2="100%" y1="50%"'
        ' y2="50%"/><line class="rangeplot__range" x1="{}%" x2="{}%" y1="50%" y2="50%"/>{}</svg>',
        label,
        x[0],
        x[1],
        dot,
    )


@register.simple_tag
def hbar(value: float, total: float, tone: str = "accent") -> SafeString:
    """A horizontal bar beside a number that says the same."""
    share = max(value / total * 100, 0.8) if total and value else 0
    return format_html(
        '<svg class="hbar" aria-hidden="true"><rect class="hbar__bg" width="100%" height="100%" rx="3"/>'
        '<rect class="hbar__fg hbar__fg--{}" width="{}%" height="100%" rx="3"/></svg>',
        tone,
        _n(share),
    )


@register.simple_tag
def donut(parts: Sequence[tuple[int, str]], label: str = "") -> SafeString:
    """Shares of a whole; the radius makes the circumference 100."""
    total = sum(value for value, _tone in parts) or 1
    offset, rings = 25.0, []
    for value, tone in parts:
        share = value / total * 100
        if share:
            length = max(share - 1.2, 0.5) if share < 100 else 100
            rings.append((tone, _n(length), _n(100 - length), _n(offset)))
        offset -= share
    circles = format_html_join(
        "",
        '<circle class="donut__seg donut__seg--{}" cx="21" cy="21" r="15.915" stroke-dasharray="{} {}"'
        ' stroke-dashoffset="{}"/>',
        rings,
    )
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="donut" viewBox="0 0 42 42" {}>{}</svg>', spoken, circles)


@register.simple_tag
def funnel(values: Sequence[int]) -> SafeString:
    """One smooth silhouette; heights are proportional to the values, with a minimum that keeps the last visible."""
    top = max(values[0], 1)
    heights = [max(value / top * 100, SMALLEST_SHARE) for value in values]
    width = WIDTH / len(values)
    upper: list[str] = []
    lower: list[str] = []
    for index, height in enumerate(heights):
        following = heights[index + 1] if index + 1 < len(heights) else height
        x0, x1, hold = index * width, (index + 1) * width, index * width + width / 2
        a, b, next_a, next_b = 50 - height / 2, 50 + height / 2, 50 - following / 2, 50 + following / 2
        near, far = x1 - width * 0.22, x1 - width * 0.28
        upper.append(
            f"L{_n(x0)} {_n(a)} L{_n(hold)} {_n(a)} C{_n(near)} {_n(a)} {_n(far)} {_n(next_a)} {_n(x1)} {_n(next_a)}"
        )
        lower.insert(
            0,
            f"L{_n(x1)} {_n(next_b)} C{_n(far)} {_n(next_b)} {_n(near)} {_n(b)} {_n(hold)} {_n(b)} L{_n(x0)} {_n(b)}",
        )
    outline = f"M0 {_n(50 - heights[0] / 2)} {' '.join(upper)} {' '.join(lower)} Z"
    dividers = format_html_join(
        "",
        '<line class="grid" x1="{}%" x2="{}%" y1="0" y2="100%"/>',
        ((_n(i * 100 / len(values)),) * 2 for i in range(1, len(values))),
    )
    return format_html(
        '<svg class="funnel__shape" aria-hidden="true"><svg viewBox="0 0 1000 100" preserveAspectRatio="none"'
        ' width="100%" height="100%"><path class="funnel__path" d="{}"/></svg>{}</svg>',
        outline,
        dividers,
    )


def _n(value: float) -> str:
    """A coordinate: two decimals are a tenth of a pixel, and never a comma, whatever the language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _points(values: Sequence[float], low: float, high: float, *, width: float, count: int) -> list[Point]:
    span = (high - low) or 1.0
    step = width / max(count - 1, 1)
    return [(index * step, 100 - (value - low) / span * 100) for index, value in enumerate(values)]


def _straight(points: Sequence[Point]) -> str:
    return "M" + " L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _smooth(points: Sequence[Point]) -> str:
    """Monotone cubic interpolation: a calm line that never overshoots the data.

    F. N. Fritsch and R. E. Carlson, SIAM J. Numer. Anal. 17 (1980).
    """
    if len(points) < 3:
        return _straight(points)
    tangents = _tangents(points)
    path = f"M{_n(points[0][0])} {_n(points[0][1])}"
    for (x0, y0), (x1, y1), t0, t1 in zip(points, points[1:], tangents, tangents[1:], strict=False):
        third = (x1 - x0) / 3
        path += f" C{_n(x0 + third)} {_n(y0 + t0 * third)} {_n(x1 - third)} {_n(y1 - t1 * third)} {_n(x1)} {_n(y1)}"
    return path


def _tangents(points: Sequence[Point]) -> list[float]:
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(points)]
    inner = [2 * a * b / (a + b) if a * b > 0 else 0.0 for a, b in pairwise(slopes)]
    return [slopes[0], *inner, slopes[-1]]


def _grid(ticks: Sequence[float]) -> SafeString:
    last = len(ticks) - 1
    lines = ((" grid--base" if i == 0 else "", *(_n(100 - i * 100 / last),) * 2) for i in range(len(ticks)))
    return format_html_join("", '<line class="grid{}" x1="0" x2="100%" y1="{}%" y2="{}%"/>', lines)


def _line(series: Series, points: Sequence[Point]) -> SafeString:
    path = _straight(points) if series.is_straight else _smooth(points)
    area = NOTHING
    if series.has_area:
        ends = f"L{_n(points[-1][0])} 100 L{_n(points[0][0])} 100 Z"
        area = format_html('<path class="area area--{}" d="{} {}"/>', series.tone, path, ends)
    dash = " line--dash" if series.is_dashed else ""
    return format_html('{}<path class="line line--{}{}" d="{}"/>', area, series.tone, dash, path)


def _dot(series: Series, point: Point) -> SafeString:
    if not series.has_dot:
        return NOTHING
    return format_html(
        '<circle class="dot dot--{}" cx="{}%" cy="{}%" r="4"/>', series.tone, _n(point[0] / 10), _n(point[1])
    )


def _marks(chart: Chart) -> list[dict[str, str]]:
    found = []
    for mark in chart.marks:
        x = mark.at * 100 / max(len(chart.labels) - 1, 1)
        is_late = x > 75
        found.append(
            {"x": _n(x), "text": mark.text, "anchor": "end" if is_late else "start", "dx": "-6" if is_late else "6"}
        )
    return found


def _range(chart: Chart) -> SafeString:
    """The band of a chart; at least a hair high, so that it shows where both ends are one."""
    if chart.band is None:
        return NOTHING
    low, high = chart.ticks[0], chart.ticks[-1]
    top, middle, bottom = (
        100 - (value - low) / (high - low) * 100 for value in (chart.band.high, chart.band.middle, chart.band.low)
    )
    return format_html(
        '<rect class="range-band" x="0" y="{}%" width="100%" height="{}%"/>'
        '<line class="range-middle" x1="0" x2="100%" y1="{}%" y2="{}%"/>',
        _n(top),
        _n(max(bottom - top, THINNEST_BAND)),
        *(_n(middle),) * 2,
    )


def _bar(chart: Chart, series: Series, index: int, *, ticks: Sequence[float], x0: float, width: float) -> SafeString:
    """A bar from zero up, or down for a value below it."""
    value = series.values[index] if index < len(series.values) else 0.0
    low, high = ticks[0], ticks[-1]
    zero = min(max(0.0, low), high)
    top, bottom = (100 - (edge - low) / (high - low) * 100 for edge in (max(value, zero), min(value, zero)))
    return format_html(
        '<rect class="bar-rect bar-rect--{}" x="{}%" y="{}%" width="{}%" height="{}%" rx="3"><title>{}, {}: {}</title>'
        "</rect>",
        series.tone,
        _n(x0),
        _n(top),
        _n(max(width - 0.5, width * 0.6)),
        _n(bottom - top),
        chart.labels[index],
        series.name,
        chart.shown(value),
    )
