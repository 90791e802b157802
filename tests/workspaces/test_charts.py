"""Charts: the axis holds the data, the drawing is well-formed, the figures are in the reader's notation."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from django.template import Context, Template
from django.utils import translation
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from workspaces.charts import Chart, Mark, Series
from workspaces.templatetags import charts

VALUES = st.floats(-1e9, 1e9, allow_subnormal=False).map(lambda value: value if abs(value) > 1e-6 else 0.0)
SOME = st.lists(VALUES, max_size=40)
NUMBER = re.compile(r'\b(?:x|y|x1|x2|y1|y2|cx|cy|width|height|d)="([^"]*)"')


def _chart(*values: list[float], **options: Any) -> Chart:
    labels = [f"W{number}" for number in range(max((len(v) for v in values), default=0))]
    series = [Series(f"S{number}", "accent", v) for number, v in enumerate(values)]
    return Chart("Opens by week", labels, series, **options)


def _drawn(tag: str, chart: Chart) -> str:
    return Template("{% " + tag + " chart %}").render(Context({"chart": chart}))


def _require_well_formed(svg: str) -> None:
    ElementTree.fromstring(f"<root>{svg}</root>")  # noqa: S314  our own drawing
    for numbers in NUMBER.findall(svg):
        assert not re.search(r"nan|inf|e[+-]?\d|,\d*,", numbers, re.IGNORECASE), numbers


@given(SOME, st.booleans())
def test_the_ticks_hold_all_the_data(values: list[float], starts_at_zero: bool) -> None:
    chart = _chart(values, starts_at_zero=starts_at_zero)

    ticks = chart.ticks

    slack = 1e-9 * max(1.0, *map(abs, ticks))
    assert 2 <= len(ticks) <= 8
    assert ticks == sorted(set(ticks))
    assert all(ticks[0] - slack <= value <= ticks[-1] + slack for value in values)
    if starts_at_zero:
        assert ticks[0] <= 0 <= ticks[-1]


@given(SOME)
def test_ticks_stand_at_even_friendly_distances(values: list[float]) -> None:
    ticks = _chart(values).ticks

    steps = [high - low for low, high in pairwise(ticks)]
    assert steps == pytest.approx([steps[0]] * len(steps))
    assert re.match(r"(1|2|2\.5|5)0*e", f"{steps[0]:.3e}".replace(".000", "").replace("00e", "e"))


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0, 7, 10], [0, 2.5, 5, 7.5, 10]),
        ([12, 90], [0, 25, 50, 75, 100]),
        ([0.01, 0.031], [0, 0.01, 0.02, 0.03, 0.04]),
        ([-4, 8], [-5, 0, 5, 10]),
        ([0, 0], [0, 1]),
        ([], [0, 1]),
    ],
)
def test_ticks_are_round(values: list[float], ticks: list[float]) -> None:
    assert _chart(values).ticks == pytest.approx(ticks)


def test_an_axis_need_not_start_at_zero() -> None:
    assert _chart([0.42, 0.44], starts_at_zero=False).ticks[0] == pytest.approx(0.42)


@pytest.mark.parametrize(
    ("value", "language", "shown"),
    [
        (1234.5, "en", "1,234.5"),
        (1234.5, "ru", "1\u00a0234,5"),
        (1234.5, "bg", "1\u00a0234,5"),
        (12.0, "en", "12"),
        (12, "en", "12"),
        (0.126, "en", "0.13"),
        (-3.5, "ru", "-3,5"),
        (0, "en", "0"),
    ],
)
def test_numbers_are_shown_in_the_readers_notation(value: float, language: str, shown: str) -> None:
    with translation.override(language):
        assert _chart([value]).shown(value) == shown


@pytest.mark.parametrize(
    ("value", "language", "shown"),
    [
        (0.174, "en", "17.4%"),
        (0.174, "ru", "17,4%"),
        (0.29, "en", "29%"),
        (0.1, "en", "10%"),
        (1, "en", "100%"),
        (1.0, "en", "100%"),
        (10, "bg", "1000%"),
        (0.00567, "en", "0.57%"),
        (0, "en", "0%"),
        (-0.05, "en", "-5%"),
    ],
)
def test_rates_are_shown_as_percentages(value: float, language: str, shown: str) -> None:
    with translation.override(language):
        assert _chart([value], unit="percent").shown(value).replace("\u00a0", "") == shown


def test_amounts_are_shown_as_money() -> None:
    with translation.override("ru"):
        assert _chart([12.5], currency="EUR").shown(12.5) == "12,50\u00a0€"


def test_ticks_close_together_get_the_digits_they_need() -> None:
    labels = _chart([0.0001, 0.0003], unit="percent").tick_labels

    assert len(set(labels)) == len(labels)


def test_a_chart_is_a_table_too() -> None:
    chart = Chart(
        "Opens", ["W1", "W2"], [Series("Plan", "soft", [0.1, 0.2]), Series("Fact", "accent", [0.15])], unit="percent"
    )

    assert chart.rows == [("W1", ["10%", "15%"]), ("W2", ["20%", "–"])]


@pytest.mark.parametrize("language", ["en", "ru", "bg"])
@pytest.mark.parametrize("tag", ["linechart", "barchart"])
@given(st.lists(SOME, max_size=3))
def test_every_chart_is_well_formed(tag: str, language: str, values: list[list[float]]) -> None:
    with translation.override(language):
        _require_well_formed(_drawn(tag, _chart(*values)).replace("data-", "data"))


@given(st.lists(SOME.filter(bool), min_size=1, max_size=3))
def test_no_bar_is_drawn_outside_the_plot_or_inside_out(values: list[list[float]]) -> None:
    drawn = _drawn("barchart", _chart(*values))

    bars = [
        {name: float(number) for name, number in re.findall(r'(x|y|width|height)="([-\d.]+)%"', rect)}
        for rect in re.findall(r'<rect class="bar-rect[^>]*>', drawn)
    ]
    assert len(bars) == max(map(len, values)) * len(values)
    for bar in bars:
        assert bar["width"] > 0
        assert 0 <= bar["height"] <= 100.01
        assert bar["y"] >= -0.01
        assert bar["y"] + bar["height"] <= 100.02
        assert bar["x"] >= 0
        assert bar["x"] + bar["width"] <= 100.01


def test_a_loss_hangs_below_zero() -> None:
    drawn = _drawn("barchart", _chart([10, -5]))

    heights = re.findall(r'y="([-\d.]+)%" width="[\d.]+%" height="([-\d.]+)%"', drawn)
    assert heights == [("0", "66.67"), ("66.67", "33.33")]


def test_two_hundred_bars_are_still_bars() -> None:
    _require_well_formed(_drawn("barchart", _chart([1.0] * 200)))

    assert 'width="-' not in _drawn("barchart", _chart([1.0] * 200))


def test_a_line_ends_where_the_future_begins() -> None:
    drawn = _drawn("linechart", _chart([1, 2, 3, 4], [1, 2]))

    ends = re.findall(r'<circle class="dot[^>]*cx="([\d.]+)%"', drawn)
    assert ends == ["100", "33.33"]


def test_labels_and_names_are_escaped() -> None:
    chart = Chart("<Opens>", ["<W1>", "b"], [Series("<Plan>", "soft", [1, 2])], marks=[Mark(1, "<sent>")])

    for tag in ("linechart", "barchart"):
        drawn = _drawn(tag, chart)
        assert not re.search(r"<(Opens|W1|Plan|sent)", drawn)
        _require_well_formed(drawn)


def test_a_mark_near_the_right_edge_is_written_to_its_left() -> None:
    chart = Chart("Opens", list("abcdefghij"), [Series("S", "soft", [1] * 10)], marks=[Mark(1, "sent"), Mark(9, "end")])

    assert re.findall(r'text-anchor="(\w+)"', _drawn("linechart", chart)) == ["start", "end"]


def test_only_first_middle_and_last_are_written_below_a_line() -> None:
    drawn = _drawn("linechart", _chart([1] * 9)).split('class="chart__x"')[1].split("</div>")[0]

    assert re.findall(r"<span>(\w+)</span>", drawn) == ["W0", "W4", "W8"]


@given(SOME)
def test_a_smooth_line_never_overshoots_its_data(values: list[float]) -> None:
    """Every control point lies between the two values it joins."""
    drawn = charts.spark(values)
    path = re.search(r'spark__line" d="([^"]*)"', drawn)
    if path is None:
        assert len(values) < 2
        return

    heights = [float(y) for _x, y in re.findall(r"([-\d.]+) ([-\d.]+)", path[1])]
    if "C" in path[1]:
        for start, first, second, end in zip(heights[::3], heights[1::3], heights[2::3], heights[3::3], strict=False):
            low, high = min(start, end) - 0.02, max(start, end) + 0.02
            assert low <= first <= high
            assert low <= second <= high


FINITE = st.floats(-1e6, 1e6)
TAGS: list[tuple[str, Callable[..., SafeString], st.SearchStrategy[tuple[Any, ...]]]] = [
    ("spark", charts.spark, st.tuples(SOME)),
    ("rangeplot", charts.rangeplot, st.tuples(FINITE, FINITE, st.none() | FINITE, FINITE, FINITE)),
    ("hbar", charts.hbar, st.tuples(st.integers(0, 10**9), st.integers(0, 10**9))),
    (
        "donut",
        charts.donut,
        st.tuples(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(["ok", "bad"])), max_size=6)),
    ),
    ("funnel", charts.funnel, st.tuples(st.lists(st.integers(0, 10**9), min_size=1, max_size=6))),
]


@pytest.mark.parametrize(
    ("tag", "arguments"), [(tag, arguments) for _n, tag, arguments in TAGS], ids=[t[0] for t in TAGS]
)
@given(st.data())
def test_every_small_chart_is_well_formed(
    tag: Callable[..., SafeString], arguments: st.SearchStrategy[tuple[Any, ...]], data: st.DataObject
) -> None:
    drawn = tag(*data.draw(arguments))

    if drawn:
        _require_well_formed(drawn)


def test_a_promised_range_without_an_outcome_has_no_dot() -> None:
    assert "circle" not in charts.rangeplot(0.1, 0.2, None, 0, 1)
    assert 'cx="15%"' in charts.rangeplot(0.1, 0.2, 0.15, 0, 1)
    assert 'cx="100%"' in charts.rangeplot(0.1, 0.2, 7.0, 0, 1)


def test_a_bar_beside_nothing_is_empty_and_a_little_is_visible() -> None:
    widths = [
        re.findall(r'fg--accent" width="([\d.]+)%"', charts.hbar(*pair))[0]
        for pair in ((0, 10), (1, 10_000), (5, 0), (10, 10))
    ]

    assert widths == ["0", "0.8", "0", "100"]


def test_the_shares_of_a_donut_make_a_whole() -> None:
    drawn = charts.donut([(1, "ok"), (1, "bad"), (2, "grey")])

    assert [float(dash.split()[0]) for dash in re.findall(r'stroke-dasharray="([^"]+)"', drawn)] == [23.8, 23.8, 48.8]


def test_a_chart_that_says_nothing_new_is_hidden_from_screen_readers() -> None:
    assert 'aria-hidden="true"' in charts.donut([(1, "ok")])
    assert 'role="img" aria-label="Half &amp; half"' in charts.donut([(1, "ok"), (1, "bad")], "Half & half")
