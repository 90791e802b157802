"""Forms of contacts, attributes, changes to many and merges."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from audience.asking import attribute_field, typed
from audience.models import AttributeDefinition, AttributeKind, Contact
from audience.places import time_zones
from audience.services import AttributeDetails
from workspaces.countries import countries
from workspaces.forms import StyledForm, offer, style
from workspaces.models import Language, Member
from workspaces.permissions import Can

EMPTY_CHOICES = 4  # lines that wait for a new choice
OWN_FIELDS = (
    "first_name", "last_name", "phone", "external_id", "language", "country", "city", "time_zone", "tags", "seller",
)  # fmt: skip


class ContactForm(StyledForm):
    """A contact's own fields and the workspace's attributes. A seller does not choose who looks after the person."""

    email = forms.CharField(label=_("E-mail address"), max_length=254, widget=forms.EmailInput())
    first_name = forms.CharField(label=_("First name"), max_length=100, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=100, required=False)
    phone = forms.CharField(
        label=_("Phone"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
        help_text=_("With the country code, as in +359 888 123 456."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=[("", "—"), *Language.choices], required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)
    city = forms.CharField(label=_("City"), max_length=100, required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    tags = forms.CharField(
        label=_("Tags"),
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"list": "tags-in-use", "autocomplete": "off"}),
        help_text=_("Separated by commas."),
    )
    external_id = forms.CharField(label=_("Id in your CRM"), max_length=100, required=False)
    seller = forms.ModelChoiceField(
        label=_("Looked after by"), queryset=Member.objects.none(), required=False, empty_label=_("Nobody")
    )

    def __init__(
        self,
        *args: Any,
        attributes: Mapping[str, AttributeDefinition],
        member: Member,
        contact: Contact | None = None,
        **kwargs: Any,
    ) -> None:
        self.attributes = attributes
        if contact is not None:
            kwargs["initial"] = _initial(contact)
        super().__init__(*args, **kwargs)
        _set_choices(self, "country", [("", "—"), *countries(get_language() or "en").items()])
        zones = sorted({*time_zones(), *([contact.time_zone] if contact and contact.time_zone else [])})
        _set_choices(self, "time_zone", [("", "—"), *((zone, zone.replace("_", " ")) for zone in zones)])
        offer(self, "seller", Member.objects.for_workspace(member.workspace).active().select_related("user"))
        if not member.may(Can.EDIT_AUDIENCE):
            del self.fields["seller"]
        for key, definition in attributes.items():
            self.fields[f"attribute_{key}"] = _question(definition)
        style(self)

    @property
    def own_values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in OWN_FIELDS if name in self.fields}

    @property
    def attribute_values(self) -> dict[str, Any]:
        return {key: self.cleaned_data[f"attribute_{key}"] for key in self.attributes}

    def add_error(self, field: Any, error: Any) -> None:
        """Services name attributes as they are stored; the form has a field for each."""
        name = field.replace("attributes.", "attribute_", 1) if isinstance(field, str) else field
        super().add_error(name, error)


def _set_choices(form: forms.BaseForm, name: str, choices: list[tuple[str, Any]]) -> None:
    form.fields[name].choices = choices  # type: ignore[attr-defined]  # a choice


def _initial(contact: Contact) -> dict[str, Any]:
    own = {name: getattr(contact, name) for name in ("email", *OWN_FIELDS)}
    own["tags"] = ", ".join(contact.tags)
    return own | {f"attribute_{key}": typed(value) for key, value in contact.attributes.items()}


def _question(definition: AttributeDefinition) -> forms.Field:
    """The control for one attribute, with what it means."""
    control = attribute_field(definition, get_language() or "")
    control.help_text = " · ".join(filter(None, (definition.description, str(control.help_text))))
    return control


class NoteForm(StyledForm):
    """Something a colleague should know."""

    text = forms.CharField(label=_("New note"), max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))


class AttributeForm(StyledForm):
    """An attribute: what it is called, what it means, and what one can choose from, one a line."""

    label = forms.CharField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=AttributeKind.choices)
    description = forms.CharField(label=_("What it means"), max_length=200, required=False)
    choices = forms.CharField(
        label=_("Choices"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For “One of a list” and “Several of a list”: one a line."),
    )

    @property
    def details(self) -> AttributeDetails:
        lines = [line.strip() for line in self.cleaned_data["choices"].splitlines() if line.strip()]
        return AttributeDetails(
            description=self.cleaned_data["description"], choices=[{"label": line} for line in lines]
        )


class AttributeEditForm(StyledForm):
    """An attribute with its labels and choices in every language. An empty choice goes."""

    label = forms.CharField(label=_("Name"), max_length=80)
    description = forms.CharField(label=_("What it means"), max_length=200, required=False)

    def __init__(self, *args: Any, definition: AttributeDefinition, has_choices: bool, **kwargs: Any) -> None:
        self.definition = definition
        self.lines = _lines(definition, args[0] if args else None) if has_choices else []
        kwargs["initial"] = {"label": definition.label, "description": definition.description} | {
            f"label_{code}": definition.labels.get(code, "") for code in Language.values
        }
        super().__init__(*args, **kwargs)
        for code, name in Language.choices:
            label = _("Name in %(language)s") % {"language": name}
            self.fields[f"label_{code}"] = forms.CharField(label=label, max_length=80, required=False)
        style(self)

    @property
    def details(self) -> AttributeDetails:
        labels = {code: self.cleaned_data[f"label_{code}"] for code in Language.values}
        kept = [line for line in self.lines if line["label"].strip()]
        kept.sort(key=lambda line: line["place"])
        return AttributeDetails(labels, self.cleaned_data["description"], kept)


def _lines(definition: AttributeDefinition, sent: Any) -> list[dict[str, Any]]:
    """The choices as they are, or as they were sent, and empty lines for new ones. `place` is what they sort by."""
    if sent is not None:
        count = min(sum(1 for name in sent if name.startswith("choice-") and name.endswith("-label")), 200)
        return [_sent_line(sent, number) for number in range(count)]
    rows = [{**choice, "labels": choice.get("labels", {})} for choice in definition.choices]
    rows += [{"key": "", "label": "", "labels": {}}] * EMPTY_CHOICES
    return [{**row, "place": number, "cells": _cells(row["labels"])} for number, row in enumerate(rows, 1)]


def _sent_line(sent: Any, number: int) -> dict[str, Any]:
    labels = {code: sent.get(f"choice-{number}-{code}", "") for code in Language.values}
    place = sent.get(f"choice-{number}-place", "")
    return {
        "key": sent.get(f"choice-{number}-key", ""),
        "label": sent.get(f"choice-{number}-label", "").replace("\0", ""),
        "labels": {code: text.replace("\0", "") for code, text in labels.items()},
        "place": int(place) if place.isdecimal() and len(place) <= len("1000") else 1000 + number,
        "cells": _cells(labels),
    }


def _cells(labels: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    return [(code, name, labels.get(code, "")) for code, name in Language.choices]
