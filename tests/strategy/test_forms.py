"""Forms: percentages are typed as people read them, and only what belongs to the workspace is offered."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django import forms

from strategy.forms import FigureField, GoalForm, KpiForm, NewKpiForm, PrincipleForm, ReadingForm
from strategy.models import Kpi, Unit
from tests.factories.strategy import GoalFactory, KpiFactory, PrincipleFactory
from tests.factories.workspaces import MemberFactory, WorkspaceFactory
from workspaces.models import Member, Workspace


def _field(unit: Unit) -> FigureField:
    return FigureField(label="Value", unit=unit, currency="EUR")


@pytest.mark.parametrize(
    ("unit", "typed", "stored"),
    [
        (Unit.RATE, "3.4", "0.034"),
        (Unit.RATE, "0.06", "0.0006"),
        (Unit.RATE, "-2", "-0.02"),
        (Unit.RATE, "31.4452", "0.314452"),
        (Unit.MONEY, "41286.50", "41286.50"),
        (Unit.COUNT, "4.25", "4.25"),
    ],
)
def test_a_figure_is_typed_in_its_unit(unit: Unit, typed: str, stored: str) -> None:
    assert _field(unit).clean(typed) == Decimal(stored)


@pytest.mark.parametrize(
    ("unit", "stored", "shown"),
    [
        (Unit.RATE, "0.034000", "3.4"),
        (Unit.RATE, "0.000600", "0.06"),
        (Unit.RATE, "1.000000", "100"),
        (Unit.MONEY, "41286.000000", "41286"),
        (Unit.COUNT, "0.000000", "0"),
    ],
)
def test_a_stored_figure_comes_back_as_it_is_typed(unit: Unit, stored: str, shown: str) -> None:
    field = _field(unit)

    assert field.prepare_value(Decimal(stored)) == shown
    assert field.clean(shown) == Decimal(stored)


@pytest.mark.parametrize("typed", ["", "many", "NaN", "Infinity", "3.12345", "1" * 15])
def test_what_is_no_percentage_is_refused(typed: str) -> None:
    with pytest.raises(forms.ValidationError):
        _field(Unit.RATE).clean(typed)


def test_what_was_typed_is_shown_again_beside_the_mistake() -> None:
    assert _field(Unit.RATE).prepare_value("3,4x") == "3,4x"


def test_labels_say_the_unit() -> None:
    labels = [str(_field(unit).label) for unit in (Unit.RATE, Unit.MONEY, Unit.COUNT)]

    assert labels == ["Value, %", "Value, EUR", "Value"]


def _goal_data(kpi: Kpi, champion: Member, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Customers come back",
        "baseline": "28.1",
        "target": "34",
        "start_date": "2026-04-01",
        "due_date": "2026-06-30",
        "kind": "commercial",
        "champion": champion.pk,
        **changes,
    }


def test_a_goals_figures_are_fractions_once_they_are_read(lead: Member) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace)

    form = GoalForm(_goal_data(kpi, lead), workspace=lead.workspace, kpi=kpi)

    assert form.is_valid(), form.errors
    assert (form.cleaned_data["baseline"], form.cleaned_data["target"]) == (Decimal("0.281"), Decimal("0.34"))
    assert form.cleaned_data["due_date"] == date(2026, 6, 30)


def test_a_goal_of_elsewhere_and_a_stranger_are_no_choices(lead: Member) -> None:
    kpi = KpiFactory.create(workspace=lead.workspace)
    theirs = GoalFactory.create(workspace=WorkspaceFactory.create())

    data = _goal_data(kpi, theirs.champion, parent=theirs.pk)
    form = GoalForm(data, workspace=lead.workspace, kpi=kpi)

    assert set(form.errors) == {"parent", "champion"}


def test_a_goal_offers_open_goals_besides_itself_and_the_one_it_serves(lead: Member, now: datetime) -> None:
    workspace = lead.workspace
    over, other = GoalFactory.create(workspace=workspace, closed=True), GoalFactory.create(workspace=workspace)
    GoalFactory.create(workspace=workspace, closed=True)
    goal = GoalFactory.create(workspace=workspace, parent=over)

    form = GoalForm(workspace=workspace, kpi=goal.kpi, goal=goal)

    assert set(form.fields["parent"].queryset) == {over, other}  # type: ignore[attr-defined]  # a choice field


def test_an_edited_goal_is_shown_in_percent(lead: Member) -> None:
    goal = GoalFactory.create(workspace=lead.workspace)

    form = GoalForm(workspace=lead.workspace, kpi=goal.kpi, goal=goal)

    assert (form["baseline"].value(), form["target"].value()) == ("28", "34")
    assert list(form.fields) == list(GoalForm.ORDER)


def test_a_champion_who_left_stays_a_choice_where_named_already(workspace: Workspace, now: datetime) -> None:
    gone, elsewhere = MemberFactory.create(workspace=workspace, left_at=now), MemberFactory.create()
    kpi = KpiFactory.create(workspace=workspace, champion=gone)
    principle = PrincipleFactory.create(workspace=workspace, owner=gone)

    for form, name in (
        (KpiForm(workspace=workspace, kpi=kpi), "champion"),
        (PrincipleForm(workspace=workspace, principle=principle), "owner"),
        (NewKpiForm(workspace=workspace), "champion"),
    ):
        offered = set(form.fields[name].queryset)  # type: ignore[attr-defined]  # a choice field
        assert (gone in offered) == (not isinstance(form, NewKpiForm))
        assert elsewhere not in offered


def _kpi_data(champion: Member, **changes: Any) -> dict[str, Any]:
    return {"name": "Refunds", "window_days": 30, "direction": "down", "champion": champion.pk, **changes}


@pytest.mark.parametrize(
    ("given", "source", "unit"),
    [
        ({"source": "entered", "unit": "money"}, "", "money"),
        ({"source": "test.agreed", "unit": ""}, "test.agreed", ""),
    ],
)
def test_a_new_kpi_is_entered_or_measured(lead: Member, given: dict[str, str], source: str, unit: str) -> None:
    form = NewKpiForm(_kpi_data(lead, **given), workspace=lead.workspace)

    assert form.is_valid(), form.errors
    assert (form.cleaned_data["source"], form.cleaned_data["unit"]) == (source, unit)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"source": "nobody.knows"}, "source"),
        ({"source": "entered", "unit": "bushels"}, "unit"),
        ({"source": "entered", "unit": "money", "window_days": "0"}, "window_days"),
        ({"source": "entered", "unit": "money", "window_days": "731"}, "window_days"),
        ({"source": "entered", "unit": "money", "name": " "}, "name"),
        ({"source": "entered", "unit": "money", "direction": "sideways"}, "direction"),
    ],
)
def test_a_new_kpi_with_nonsense_is_refused(lead: Member, given: dict[str, str], field: str) -> None:
    form = NewKpiForm(_kpi_data(lead, **given), workspace=lead.workspace)

    assert set(form.errors) == {field}


def test_every_measure_is_offered_with_what_it_counts(lead: Member) -> None:
    shown = NewKpiForm(workspace=lead.workspace).as_p()

    assert "People who joined" in shown
    assert "New contacts" in shown
    assert "test.agreed" in shown


def test_a_reading_has_a_day_and_a_figure(workspace: Workspace) -> None:
    kpi = KpiFactory.create(workspace=workspace)

    good, bad = (ReadingForm({"day": day, "value": "3.4"}, kpi=kpi) for day in ("2026-05-18", "yesterday"))

    assert good.is_valid()
    assert good.cleaned_data == {"day": date(2026, 5, 18), "value": Decimal("0.034")}
    assert set(bad.errors) == {"day"}
