"""Figures as people read them."""

from decimal import Decimal

import pytest
from django.template import Context, Template

from strategy.figures import change, figure, unit_sign
from strategy.models import Direction, Goal, Kpi, Unit
from workspaces.models import Workspace
from workspaces.templatetags.ui import percent, points


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("0.316", Unit.RATE, "31.6%"),
        ("0.34", Unit.RATE, "34%"),
        ("0.3397", Unit.RATE, "34%"),
        ("0.29", Unit.RATE, "29%"),
        ("0.0547", Unit.RATE, "5.47%"),
        ("0.034", Unit.RATE, "3.4%"),
        ("0.0006", Unit.RATE, "0.06%"),
        ("0", Unit.RATE, "0%"),
        ("-0.02", Unit.RATE, "-2%"),
        ("2.5", Unit.RATE, "250%"),
        ("41286.4", Unit.MONEY, "€41,286"),
        ("9.5", Unit.MONEY, "€9.50"),
        ("32480", Unit.COUNT, "32,480"),
        ("4.25", Unit.COUNT, "4.25"),
        ("4.20", Unit.COUNT, "4.2"),
        ("412.6", Unit.COUNT, "413"),
    ],
)
def test_a_figure_is_shown_in_its_unit(value: str, unit: Unit, shown: str) -> None:
    assert figure(Decimal(value), unit, "EUR") == shown
    assert figure(float(value), unit, "EUR") == shown


@pytest.mark.parametrize("unit", Unit)
def test_what_is_not_there_is_a_dash_and_an_open_end_infinite(unit: Unit) -> None:
    shown = [figure(value, unit, "EUR") for value in (None, float("inf"), float("-inf"))]

    assert shown == ["–", "∞", "−∞"]


@pytest.mark.parametrize(
    ("difference", "before", "unit", "shown"),
    [
        ("0.009", "0.307", Unit.RATE, "0.9 points"),
        ("-0.002", "0.036", Unit.RATE, "0.2 points"),
        ("-0.0001", "0.0007", Unit.RATE, "0.01 points"),
        ("5120", "36160", Unit.MONEY, "14.2%"),
        ("-50", "100", Unit.COUNT, "50.0%"),
        ("50", "0", Unit.COUNT, "from nothing"),
    ],
)
def test_a_change_is_in_points_or_a_share(difference: str, before: str, unit: Unit, shown: str) -> None:
    assert change(Decimal(difference), Decimal(before), unit) == shown


def test_a_box_for_a_figure_says_its_unit() -> None:
    assert [unit_sign(unit, "BGN") for unit in (Unit.RATE, Unit.MONEY, Unit.COUNT)] == ["%", "BGN", ""]


@pytest.mark.parametrize(("rate", "shown"), [(0.29, "29.0%"), (0.0317, "3.2%"), (0.9999, "100.0%"), (None, "–")])
def test_percentages_are_rounded_not_cut_off(rate: float | None, shown: str) -> None:
    assert percent(rate) == shown


def test_points_are_rounded_not_cut_off() -> None:
    assert [points(Decimal("0.0029")), points(-0.0117), points(None)] == ["+0.3 points", "−1.2 points", "–"]


@pytest.mark.parametrize(("direction", "shown"), [(Direction.UP, "8% of 9%"), (Direction.DOWN, "8% of ≤ 9%")])
def test_templates_show_a_target_as_a_limit_where_less_is_better(direction: Direction, shown: str) -> None:
    kpi = Kpi(unit=Unit.RATE, direction=direction, workspace=Workspace(currency="EUR"))
    goal = Goal(kpi=kpi, target=Decimal("0.09"))
    template = Template("{% load figures %}{{ now|figure:goal.kpi }} of {{ goal|target }}")

    assert template.render(Context({"goal": goal, "now": Decimal("0.08")})) == shown


def test_the_way_stays_on_its_line() -> None:
    template = Template("{% load figures %}{% way rate pace label %}")

    drawn = template.render(Context({"rate": 1.94, "pace": -0.2, "label": "Halfway <b>"}))

    assert 'x2="100.0%"' in drawn
    assert 'cx="0.0%"' in drawn
    assert "Halfway &lt;b&gt;" in drawn
