"""Forms: they look like ours, validate, and write nothing."""

from datetime import date, datetime
from typing import Any

import pytest
from django import forms
from django.http import QueryDict

from workspaces.forms import (
    ApiKeyForm,
    DateInput,
    DateTimeInput,
    InviteForm,
    NewWorkspaceForm,
    ProfileForm,
    StyledForm,
    WorkspaceForm,
)
from workspaces.models import Workspace

SETTINGS = {"name": "Moss", "language": "en", "time_zone": "Europe/Sofia", "currency": "EUR", "postal_address": ""}


class _Everything(StyledForm):
    """One control of each kind."""

    text = forms.CharField(help_text="<b>Bold</b> help.")
    note = forms.CharField(widget=forms.Textarea(attrs={"class": "tall"}), required=False)
    one = forms.ChoiceField(choices=[("a", "A & B")])
    many = forms.MultipleChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.CheckboxSelectMultiple)
    pick = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)
    yes = forms.BooleanField(required=False)
    day = forms.DateField(widget=DateInput())


@pytest.mark.parametrize(
    ("field", "css"),
    [
        ("text", "input"),
        ("note", "tall textarea"),
        ("one", "select"),
        ("many", "check"),
        ("pick", "check check--radio"),
        ("yes", "check"),
        ("day", "input"),
    ],
)
def test_every_control_gets_its_class(field: str, css: str) -> None:
    assert _Everything().fields[field].widget.attrs["class"] == css


def test_making_a_form_twice_does_not_pile_up_classes() -> None:
    _Everything()

    assert _Everything().fields["text"].widget.attrs["class"] == "input"


def _drawn(form: forms.Form, name: str) -> str:
    return str(form[name].as_field_group())


def test_a_field_has_a_label_help_and_control_that_belong_together() -> None:
    drawn = _drawn(_Everything(), "text")

    assert '<label class="field__label" for="id_text">' in drawn
    assert 'aria-describedby="id_text_helptext"' in drawn
    assert 'id="id_text_helptext"' in drawn


def test_a_field_with_an_error_points_to_it() -> None:
    drawn = _drawn(_Everything({}), "text")

    assert 'aria-invalid="true"' in drawn
    assert "id_text_error" in drawn.split('aria-describedby="')[1].split('"')[0]
    assert 'id="id_text_error"' in drawn


@pytest.mark.parametrize("name", ["many", "pick"])
def test_a_group_of_boxes_has_a_legend_and_a_label_each(name: str) -> None:
    drawn = _drawn(_Everything(), name)

    assert "<legend" in drawn
    assert drawn.count('<label class="choice"') == drawn.count("<input")


def test_a_single_box_stands_before_its_words() -> None:
    drawn = _drawn(_Everything(), "yes")

    assert drawn.index("<input") < drawn.index("<span>Yes</span>")


def test_optional_fields_say_so() -> None:
    assert "optional" in _drawn(_Everything(), "note")
    assert "optional" not in _drawn(_Everything(), "text")


def test_choices_are_escaped() -> None:
    assert "A &amp; B" in _drawn(_Everything(), "one")


def test_dates_are_written_as_the_browsers_picker_reads_them() -> None:
    assert 'type="date"' in str(DateInput().render("d", date(2026, 5, 18)))
    assert 'value="2026-05-18"' in str(DateInput().render("d", date(2026, 5, 18)))
    assert 'value="2026-05-18T09:30"' in str(DateTimeInput().render("d", datetime(2026, 5, 18, 9, 30)))  # noqa: DTZ001  the picker knows no zone


def test_a_form_leaves_the_row_it_reads_as_it_was(workspace: Workspace) -> None:
    form = WorkspaceForm({**SETTINGS, "currency": "euros"}, instance=workspace)

    assert not form.is_valid()
    assert (workspace.name, form.cleaned_data["name"]) == ("Maren & Moss", "Moss")


def test_a_form_does_not_write(workspace: Workspace) -> None:
    form = WorkspaceForm(SETTINGS, instance=workspace)
    assert form.is_valid()

    with pytest.raises(NotImplementedError, match="Services write"):
        form.save()


@pytest.mark.parametrize(("typed", "read"), [("eur", "EUR"), ("BGN", "BGN")])
def test_a_currency_has_three_letters(workspace: Workspace, typed: str, read: str) -> None:
    form = WorkspaceForm({**SETTINGS, "currency": typed}, instance=workspace)

    assert form.is_valid()
    assert form.cleaned_data["currency"] == read


@pytest.mark.parametrize("typed", ["", "EU", "E1R", "€€€", "EURO", "<b>", "ЕВР", "QQQ"])
def test_what_is_no_currency_is_refused(workspace: Workspace, typed: str) -> None:
    assert "currency" in WorkspaceForm({**SETTINGS, "currency": typed}, instance=workspace).errors


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "UTC+2", "../../etc/passwd"])
def test_what_is_no_time_zone_is_refused(workspace: Workspace, zone: str) -> None:
    for form in (
        WorkspaceForm({**SETTINGS, "time_zone": zone}, instance=workspace),
        NewWorkspaceForm({"name": "Moss", "time_zone": zone}),
        ProfileForm({"name": "Ann", "language": "en", "time_zone": zone}),
    ):
        assert "time_zone" in form.errors


@pytest.mark.parametrize(
    ("form", "data", "field"),
    [
        (InviteForm, {"email": "ann", "role": "guest"}, "email"),
        (InviteForm, {"email": "ann@example.org", "role": "boss"}, "role"),
        (InviteForm, {"email": "ann@example.org"}, "role"),
        (ApiKeyForm, {"name": "CRM"}, "scopes"),
        (ApiKeyForm, {"name": "", "scopes": ["audience:read"]}, "name"),
        (ApiKeyForm, {"name": "CRM", "scopes": ["everything"]}, "scopes"),
        (ApiKeyForm, {"name": "CRM", "scopes": ["audience:read"], "expires_at": "tomorrow"}, "expires_at"),
        (NewWorkspaceForm, {"name": "   ", "time_zone": "UTC"}, "name"),
        (NewWorkspaceForm, {"name": "x" * 121, "time_zone": "UTC"}, "name"),
        (NewWorkspaceForm, {"name": "Ma\0ren", "time_zone": "UTC"}, "name"),
    ],
)
def test_nonsense_is_refused_under_its_field(form: type[forms.Form], data: dict[str, Any], field: str) -> None:
    query = QueryDict(mutable=True)
    for name, value in data.items():
        query.setlist(name, value if isinstance(value, list) else [value])

    assert list(form(query).errors) == [field]
