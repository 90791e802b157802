"""The form that matches the columns of a file with orders or events."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audience.imports import SKIP, ImportChoices
from audience.imports.facts import COLUMNS
from audience.models import ContactImport, ImportWhat
from workspaces.forms import StyledForm, style

FACT_LABELS = {
    "email": _("E-mail address"),
    "external_id": _("Id in your CRM"),
    "order_id": _("Number of the order"),
    "placed_at": _("When it was placed"),
    "status": _("Status"),
    "total": _("Total of the order"),
    "currency": _("Currency"),
    "product": _("Product"),
    "sku": _("Product number"),
    "category": _("Category"),
    "quantity": _("Pieces"),
    "price": _("Price of one piece"),
    "name": _("Name of the event"),
    "occurred_at": _("When it happened"),
    "value": _("Value in money"),
    "event_id": _("Id of the event"),
    "property": _("Property of the event"),
}


class FactMappingForm(StyledForm):
    """What each column of orders or events becomes, and what happens to strangers."""

    adds_people = forms.BooleanField(
        label=_("Add people we do not know yet"),
        required=False,
        help_text=_("They are kept without consent, so nobody writes to them. Otherwise their rows are not taken."),
    )

    def __init__(self, *args: Any, found: ContactImport, **kwargs: Any) -> None:
        super().__init__(*args, initial={"adds_people": found.adds_people}, **kwargs)
        choices = [(SKIP, _("Leave out"))]
        choices += [(name, FACT_LABELS[name]) for name in COLUMNS[ImportWhat(found.what)]]
        self.column_names = [f"column_{index}" for index in range(len(found.header))]
        for index, name in enumerate(found.header):
            self.fields[f"column_{index}"] = forms.ChoiceField(
                label=name or _("Column %(number)d") % {"number": index + 1},
                choices=choices,
                required=False,
                initial=found.mapping.get(str(index), SKIP),
            )
        style(self)

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self[name] for name in self.column_names]

    def choices_of(self, _column: forms.BoundField) -> None:
        """No column of orders or events becomes an attribute."""

    @property
    def choices(self) -> ImportChoices:
        data = self.cleaned_data
        mapping = {name.removeprefix("column_"): data[name] for name in self.column_names}
        return ImportChoices(mapping=mapping, adds_people=data["adds_people"])
