"""Stacked areas and scattered points as SVG, beside the lines and bars of `charts`: `{% load plots %}`."""

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from workspaces.charts import Chart, Point, Scatter, Series
from workspaces.templatetags.charts import WIDTH
from workspaces.templatetags.charts import _grid as gridlines
from workspaces.templatetags.charts import _n as coordinate

register = template.Library()
WORDS_APART = 7.5
"""So many percent of the plot's height the words of two lines need between them to stay readable."""
PAST_THE_MIDDLE = 0.5
"""Of the plot's width: from there on a point's words stand to its left."""


@register.inclusion_tag("components/_linechart.html")
def stackchart(chart: Chart) -> dict[str, object]:
    """Areas on top of each other, the first series at the bottom; all series are equally long."""
    count = len(chart.labels)
    edges = _edges(chart.series, count)
    whole = Chart(label=chart.label, labels=chart.labels, series=[Series("", "grey", edge) for edge in edges])
    top = whole.ticks[-1] or 1.0
    bands = format_html_join("", "{}", ((band,) for band in _bands(chart.series, edges, top)))
    return {
        "chart": chart,
        "ticks": whole.tick_labels[::-1],
        "grid": gridlines(whole.ticks),
        "shapes": bands,
        "dots": mark_safe(""),
        "marks": [],
        "labels": [chart.labels[i] for i in sorted({0, (count - 1) // 2, count - 1})] if count else [],
        "data": {
            "labels": list(chart.labels),
            "n": count,
            "series": [{"name": s.name, "values": [chart.shown(value) for value in s.values]} for s in chart.series],
        },
    }


def _edges(series: Sequence[Series], count: int) -> list[list[float]]:
    """The upper edge of each area, from the bottom."""
    edges, below = [], [0.0] * count
    for each in series:
        below = [low + value for low, value in zip(below, each.values, strict=True)]
        edges.append(below)
    return edges


def _bands(series: Sequence[Series], edges: Sequence[Sequence[float]], top: float) -> list[SafeString]:
    bottom: Sequence[float] = [0.0] * len(edges[0]) if edges else []
    found = []
    for each, edge in zip(series, edges, strict=True):
        path = f"M{_along(edge, top)} L{_along(bottom, top, backwards=True)} Z"
        found.append(format_html('<path class="band band--{}" d="{}"/>', each.tone, path))
        bottom = edge
    return found


def _along(edge: Sequence[float], top: float, *, backwards: bool = False) -> str:
    """The points of an edge, as a path; a single one is as wide as the plot."""
    values = list(edge) * (2 if len(edge) == 1 else 1)
    step = WIDTH / max(len(values) - 1, 1)
    points = [f"{coordinate(at * step)} {coordinate(100 - value / top * 100)}" for at, value in enumerate(values)]
    return " L".join(points[::-1] if backwards else points)


@register.inclusion_tag("components/_scatterchart.html")
def scatterchart(scatter: Scatter) -> dict[str, object]:
    """Points over time with lines across, whose words stand at the right edge; the page has the table.

    A point with an address is a link, to be reached by keyboard; its words show while it is pointed at or focused.
    """
    chart = scatter.frame
    low, high = chart.ticks[0], chart.ticks[-1]
    heights = [_share(value, low, high) for value, _text in scatter.lines]
    lines = [
        {"y": coordinate(height), "text_y": coordinate(place), "text": text}
        for height, place, (_value, text) in zip(heights, _apart(heights), scatter.lines, strict=True)
    ]
    return {
        "chart": chart,
        "ticks": chart.tick_labels[::-1],
        "grid": gridlines(chart.ticks),
        "points": format_html_join("", "{}", ((_point(point, low, high),) for point in scatter.points)),
        "lines": lines,
        "labels": chart.labels,
    }


def _point(point: Point, low: float, high: float) -> SafeString:
    """A dot; as a link it has its words beside it, on the side where there is room."""
    x, y = coordinate(point.x * 100), coordinate(_share(point.y, low, high))
    dot = format_html('<circle class="dot dot--{}" cx="{}%" cy="{}%" r="5"/>', point.tone, x, y)
    if not point.href:
        return format_html("<g><title>{}</title>{}</g>", point.name, dot)
    is_late = point.x > PAST_THE_MIDDLE
    return format_html(
        '<a class="plot__point" href="{}" aria-label="{}">{}<text x="{}%" y="{}%" dx="{}" dy="-9" text-anchor="{}"'
        ' aria-hidden="true">{}</text></a>',
        point.href,
        point.name,
        dot,
        x,
        y,
        *(("4", "end") if is_late else ("-4", "start")),
        point.short or point.name,
    )


def _apart(heights: Sequence[float]) -> list[float]:
    """Where the words of lines stand: at their line, or as little above it as keeps them off the one below."""
    places: dict[int, float] = {}
    below = 100.0 + WORDS_APART
    for at in sorted(range(len(heights)), key=lambda at: -heights[at]):
        below = places[at] = min(heights[at], below - WORDS_APART)
    return [places[at] for at in range(len(heights))]


def _share(value: float, low: float, high: float) -> float:
    """How far from the top, in percent of the height."""
    return 100 - (value - low) / ((high - low) or 1.0) * 100
