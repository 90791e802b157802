"""Forms of the audience pages."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audience.models import AttributeDefinition, AttributeKind, Contact, ContactList
from workspaces.forms import DateInput, StyledForm, offer, style
from workspaces.models import Language, Workspace, validate_time_zone


class ContactForm(StyledForm):
    """A contact's own fields and the workspace's attributes."""

    email = forms.CharField(label=_("E-mail address"), max_length=254, widget=forms.EmailInput())
    first_name = forms.CharField(label=_("First name"), max_length=100, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=100, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=[("", "—"), *Language.choices], required=False)
    time_zone = forms.CharField(label=_("Time zone"), required=False, validators=[validate_time_zone])
    external_id = forms.CharField(label=_("Id in your CRM"), max_length=100, required=False)

    OWN = ("first_name", "last_name", "language", "time_zone", "external_id")

    def __init__(
        self, *args: Any, attributes: Mapping[str, AttributeDefinition], contact: Contact | None = None, **kwargs: Any
    ) -> None:
        if contact is not None:
            kwargs["initial"] = {name: getattr(contact, name) for name in ("email", *self.OWN)}
            kwargs["initial"] |= {f"attribute_{key}": _typed(value) for key, value in contact.attributes.items()}
        self.attributes = attributes
        super().__init__(*args, **kwargs)
        for key, definition in attributes.items():
            widget = _WIDGETS[AttributeKind(definition.kind)]()
            self.fields[f"attribute_{key}"] = forms.CharField(label=definition.label, required=False, widget=widget)
        style(self)

    @property
    def own_values(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.OWN}

    @property
    def attribute_values(self) -> dict[str, str]:
        return {key: self.cleaned_data[f"attribute_{key}"] for key in self.attributes}


def _typed(value: Any) -> Any:
    """A stored value as a person would type it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


_WIDGETS: dict[AttributeKind, Callable[[], forms.Widget]] = {
    AttributeKind.TEXT: forms.TextInput,
    AttributeKind.NUMBER: lambda: forms.TextInput(attrs={"inputmode": "decimal"}),
    AttributeKind.DATE: DateInput,
    AttributeKind.BOOLEAN: lambda: forms.Select(choices=[("", "—"), ("yes", _("Yes")), ("no", _("No"))]),
}


class ConsentForm(StyledForm):
    """Evidence that a person agreed."""

    wording = forms.CharField(
        label=_("How did this person agree?"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Where, when, and in which words. This is kept as evidence."),
    )


class ListForm(StyledForm):
    """A new list."""

    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(label=_("What it is for"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


class ChooseListForm(StyledForm):
    """One of the workspace's lists."""

    contact_list = forms.ModelChoiceField(
        label=_("List"), queryset=ContactList.objects.none(), empty_label=_("Choose a list")
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "contact_list", current_lists(workspace))


class AttributeForm(StyledForm):
    """A new attribute."""

    label = forms.CharField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=AttributeKind.choices)


class SegmentForm(StyledForm):
    """What a segment is called; its rules come from the builder."""

    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(label=_("Who they are"), required=False, widget=forms.Textarea(attrs={"rows": 1}))


def current_lists(workspace: Workspace) -> Any:
    return ContactList.objects.for_workspace(workspace).filter(archived_at=None).order_by("name", "pk")
