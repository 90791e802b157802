"""Stacked areas and scattered points."""

from django.template import Context, Template

from workspaces.charts import Chart, Point, Scatter, Series


def drawn(tag: str, chart: object) -> str:
    return Template("{% load plots %}{% " + tag + " chart %}").render(Context({"chart": chart}))


def test_areas_stand_on_each_other_up_to_the_sum() -> None:
    chart = Chart(
        label="Flow", labels=["1", "2"], series=[Series("Done", "accent", [0, 2]), Series("To do", "grey", [4, 2])]
    )

    page = drawn("stackchart", chart)

    assert 'class="band band--accent" d="M0 100 L1000 50 L1000 100 L0 100 Z"' in page
    assert 'class="band band--grey" d="M0 0 L1000 0 L1000 50 L0 100 Z"' in page


def test_one_day_is_as_wide_as_the_plot() -> None:
    page = drawn("stackchart", Chart(label="Flow", labels=["1"], series=[Series("Done", "accent", [4])]))

    assert "M0 0 L1000 0 L1000 100 L0 100 Z" in page


def test_the_table_has_each_areas_own_figures() -> None:
    chart = Chart(label="Flow", labels=["1"], series=[Series("Done", "accent", [4]), Series("To do", "grey", [3])])

    page = drawn("stackchart", chart)

    assert '<td class="num">4</td><td class="num">3</td>' in page


def test_points_lie_where_their_figures_are_and_say_their_name() -> None:
    scatter = Scatter(
        "Cycle time",
        [Point(0.5, 5, "A <b>story"), Point(1, 10, "Last", href="/last/")],
        [(5.0, "50%")],
        ["May", "June"],
    )

    page = drawn("scatterchart", scatter)

    assert '<title>A &lt;b&gt;story</title><circle class="dot dot--accent" cx="50%" cy="50%" r="5"/>' in page
    assert 'href="/last/" aria-label="Last"><circle class="dot dot--accent" cx="100%" cy="0%" r="5"/>' in page
    assert 'y1="50%" y2="50%"' in page
