"""Forms of the workspace pages, and the base that gives every form the product's look."""

from copy import copy
from typing import Any

from babel.numbers import list_currencies
from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.forms.renderers import TemplatesSetting
from django.forms.widgets import Input
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from workspaces.countries import countries
from workspaces.models import Workspace, validate_time_zone
from workspaces.permissions import SCOPES, Role

CSS_CLASSES: list[tuple[type[forms.Widget], str]] = [
    (forms.CheckboxSelectMultiple, "check"),
    (forms.RadioSelect, "check check--radio"),
    (forms.CheckboxInput, "check"),
    (forms.Select, "select"),
    (forms.Textarea, "textarea"),
    (Input, "input"),
]


class Renderer(TemplatesSetting):
    """Draws each field with our own template: label, control, help, error."""

    field_template_name = "components/_field.html"


class StyledForm(forms.Form):
    """Base of all plain forms."""

    required_css_class = "is-required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        style(self)


class StyledModelForm(forms.ModelForm[Any]):
    """Base of forms that read a model's fields. They validate only: services write."""

    required_css_class = "is-required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Django writes what was typed onto the row while it validates; the page around the form and the service that
        # compares old with new both need the row as it is.
        kwargs["instance"] = copy(kwargs.get("instance"))
        super().__init__(*args, **kwargs)
        style(self)

    def save(self, commit: bool = True) -> Any:
        raise NotImplementedError("Services write; forms only validate.")


def style(form: forms.BaseForm) -> None:
    """Give every control its class. Repeating it changes nothing."""
    for field in form.fields.values():
        css = next((css for kind, css in CSS_CLASSES if isinstance(field.widget, kind)), "")
        classes = [*field.widget.attrs.get("class", "").split(), *css.split()]
        field.widget.attrs["class"] = " ".join(dict.fromkeys(classes))


def offer(form: forms.BaseForm, name: str, rows: "QuerySet[Any]") -> None:
    """Let a field choose among rows, such as those of one workspace."""
    form.fields[name].queryset = rows  # type: ignore[attr-defined]  # a choice of rows


class DateInput(forms.DateInput):
    """The browser's own date picker, which speaks ISO 8601 whatever the language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """The browser's own date and time picker."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class WorkspaceForm(StyledModelForm):
    """The workspace's own settings."""

    class Meta:
        model = Workspace
        fields = ("name", "language", "time_zone", "country", "currency", "postal_address")
        widgets = {"postal_address": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.fields["country"]
        choices = [("", _("None in particular")), *countries(get_language() or "en").items()]
        label, words = known.label, known.help_text
        self.fields["country"] = forms.ChoiceField(choices=choices, label=label, help_text=words, required=False)
        style(self)

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].upper()
        if currency not in list_currencies():
            raise forms.ValidationError(_("A currency has three letters, as in EUR."))
        return currency


class NewWorkspaceForm(StyledForm):
    """Opening a workspace."""

    name = forms.CharField(label=_("Name of the business"), max_length=120)
    time_zone = forms.CharField(label=_("Time zone"), initial="Europe/Sofia", validators=[validate_time_zone])
    postal_address = forms.CharField(
        label=_("Postal address"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands in every campaign. You can add it later, but before the first send."),
    )


class ProfileForm(StyledForm):
    """What a person sets for himself or herself."""

    name = forms.CharField(label=_("Name"), max_length=120)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.CharField(label=_("Time zone"), validators=[validate_time_zone])


class InviteForm(StyledForm):
    """A new member by mail."""

    email = forms.EmailField(label=_("E-mail address"))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.MARKETER)


class RoleForm(StyledForm):
    """Another role for a member."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class JoinForm(StyledForm):
    """The account of a person who was invited and has none yet."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))


class ApiKeyForm(StyledForm):
    """A key for a program."""

    name = forms.CharField(label=_("What will use it"), max_length=80, help_text=_("For example: CRM"))
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=[(scope, scope) for scope in SCOPES], widget=forms.CheckboxSelectMultiple
    )
    expires_at = forms.DateField(label=_("Expires"), required=False, widget=DateInput())
