"""Stacked areas and scattered points as SVG, beside the lines and bars of `charts`: `{% load plots %}`."""

from collections.abc import Sequence
from itertools import cycle

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from workspaces.charts import Chart, Scatter, Series
from workspaces.templatetags.charts import WIDTH
from workspaces.templatetags.charts import _grid as gridlines
from workspaces.templatetags.charts import _n as coordinate

register = template.Library()
PLACES = (
    {"x": "0", "anchor": "start"},
    {"x": "50%", "anchor": "middle"},
    {"x": "100%", "anchor": "end"},
)
"""Where the words of lines across stand in turn, so that lines close to each other stay readable."""


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
    """Points over time with lines across; the page has the table, with a link for each point."""
    chart = scatter.frame
    low, high = chart.ticks[0], chart.ticks[-1]
    points = (
        (point.tone, coordinate(point.x * 100), _height(point.y, low, high), point.name) for point in scatter.points
    )
    lines = [
        {"y": _height(value, low, high), "text": text, **place}
        for (value, text), place in zip(scatter.lines, cycle(PLACES), strict=False)
    ]
    return {
        "chart": chart,
        "ticks": chart.tick_labels[::-1],
        "grid": gridlines(chart.ticks),
        "points": format_html_join(
            "", '<circle class="dot dot--{}" cx="{}%" cy="{}%" r="5"><title>{}</title></circle>', points
        ),
        "lines": lines,
        "labels": chart.labels,
    }


def _height(value: float, low: float, high: float) -> str:
    return coordinate(100 - (value - low) / ((high - low) or 1.0) * 100)
