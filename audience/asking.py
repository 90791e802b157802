"""Form fields by which people tell about themselves, in their own language."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from audience.attributes import LONGEST_VALUE, AttributeRefused, stored_value
from audience.models import AttributeDefinition, AttributeKind
from audience.places import PlaceRefused, read_phone
from workspaces.countries import countries
from workspaces.forms import DateInput
from workspaces.models import Language, validate_time_zone

LONGEST_PHONE = 40  # characters as typed, with spaces and brackets
EMPTY: tuple[Any, ...] = (None, "", [])


class _Reading(forms.Field):
    """Gives what is stored of an attribute, read as everywhere else; what is refused says why beside the control."""

    def __init__(self, *, definition: AttributeDefinition, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._definition = definition

    def clean(self, value: Any) -> Any:
        given = super().clean(value)
        if given in EMPTY:
            return given
        try:
            return stored_value(self._definition, given)
        except AttributeRefused as refusal:
            raise ValidationError(str(refusal)) from refusal


class _Typed(_Reading, forms.CharField):
    """One value, as a person types it."""


class _OneOfList(_Reading, forms.ChoiceField):
    """The key of a choice."""


class _SeveralOfList(_Reading, forms.MultipleChoiceField):
    """Keys of choices."""


def attribute_label(definition: AttributeDefinition, language: str) -> str:
    """What people of this language call an attribute."""
    return str(definition.labels.get(language) or definition.label)


def _options(definition: AttributeDefinition, language: str) -> list[tuple[str, str]]:
    return [
        (str(choice["key"]), str(choice.get("labels", {}).get(language) or choice.get("label", choice["key"])))
        for choice in definition.choices
    ]


def attribute_field(definition: AttributeDefinition, language: str, *, required: bool = False) -> forms.Field:
    """The control for an attribute. It gives what is stored, or an empty value, which removes what was."""
    given: dict[str, Any] = {"definition": definition, "label": attribute_label(definition, language)}
    given["required"] = required
    if definition.kind == AttributeKind.CHOICE:
        return _OneOfList(choices=[("", "—"), *_options(definition, language)], **given)
    if definition.kind == AttributeKind.LIST:
        options = _options(definition, language)
        return _SeveralOfList(choices=options, widget=forms.CheckboxSelectMultiple, **given)
    if definition.kind == AttributeKind.MONEY:
        given["help_text"] = definition.workspace.currency
    widget = _WIDGETS[AttributeKind(definition.kind)]()
    most = LONGEST_VALUE if definition.kind == AttributeKind.TEXT else None  # days and choices have none in HTML
    return _Typed(max_length=most, widget=widget, **given)


class _Phone(forms.CharField):
    """A number in E.164, however it is typed; `code` is that of a number without one."""

    def __init__(self, *, code: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._code = code

    def clean(self, value: Any) -> str:
        try:
            return read_phone(super().clean(value), self._code)
        except PlaceRefused as refusal:
            raise ValidationError(str(refusal)) from refusal


def own_field(name: str, *, required: bool = False, code: str = "") -> forms.Field:
    """The control for a field that every contact has; `code`, as in +359, begins phone numbers without one."""
    if name == "country":
        options = [("", "—"), *countries(get_language() or "en").items()]
        select = forms.Select(attrs={"autocomplete": AUTOCOMPLETE[name]})
        return forms.ChoiceField(label=OWN_FIELDS[name][0], choices=options, required=required, widget=select)
    if name == "language":
        return forms.ChoiceField(label=_("Language"), choices=[("", "—"), *Language.choices], required=required)
    if name == "time_zone":
        return forms.CharField(label=_("Time zone"), required=required, validators=[validate_time_zone])
    label, length = OWN_FIELDS[name]
    attrs = {"autocomplete": AUTOCOMPLETE[name]}
    if name == "phone":
        control = forms.TextInput(attrs={**attrs, "type": "tel"})
        return _Phone(label=label, max_length=LONGEST_PHONE, required=required, widget=control, code=code)
    return forms.CharField(label=label, max_length=length, required=required, widget=forms.TextInput(attrs=attrs))


def typed(value: Any) -> Any:
    """A stored value as a person would type it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


_WIDGETS: dict[AttributeKind, Callable[[], forms.Widget]] = {
    AttributeKind.TEXT: forms.TextInput,
    AttributeKind.NUMBER: lambda: forms.TextInput(attrs={"inputmode": "decimal"}),
    AttributeKind.MONEY: lambda: forms.TextInput(attrs={"inputmode": "decimal"}),
    AttributeKind.DATE: DateInput,
    AttributeKind.BOOLEAN: lambda: forms.Select(choices=[("", "—"), ("yes", _("Yes")), ("no", _("No"))]),
}
OWN_FIELDS = {
    "first_name": (_("First name"), 100),
    "last_name": (_("Last name"), 100),
    "city": (_("City"), 100),
    "country": (_("Country"), 2),
    "phone": (_("Phone"), 20),
}
AUTOCOMPLETE = {
    "first_name": "given-name",
    "last_name": "family-name",
    "city": "address-level2",
    "country": "country",
    "phone": "tel",
}
