"""Forms of the privacy area."""

from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from audience.models import Contact, Handling, PrivacySettings
from audience.retention import Keeping
from workspaces.forms import StyledForm, StyledModelForm, style


class EraseForm(StyledForm):
    """The address, typed once more: an erasure cannot be taken back."""

    typed = forms.CharField(
        label=_("Type the e-mail address to confirm"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, contact: Contact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._contact = contact
        self.fields["typed"].help_text = contact.email

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"]).strip()
        if typed.lower() not in {self._contact.email.lower(), self._contact.address}:
            raise forms.ValidationError(_t("This is not the address of this contact."))
        return typed


class DeclineForm(StyledForm):
    """Why a request is declined."""

    note = forms.CharField(label=_("Why not"), max_length=300)


class PrivacySettingsForm(StyledModelForm):
    """What a workspace says about its data."""

    class Meta:
        model = PrivacySettings
        fields = ("controller", "officer", "purposes", "processors", "transfers", "measures", "keeps_books")
        widgets = dict.fromkeys(fields[:-1], forms.Textarea(attrs={"rows": 3}))


class RetentionForm(StyledForm):
    """One rule: how many days, and what happens then. It goes on only for the age whose preview was on the page."""

    days = forms.IntegerField(label=_("Keep for so many days"), min_value=1, max_value=36_500)
    is_on = forms.BooleanField(label=_("The rule is on"), required=False)
    seen_days = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, keeping: Keeping, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"].validators.append(MinValueValidator(keeping.least_days))
        self.fields["days"].widget.attrs["min"] = keeping.least_days
        self.fields["handling"] = forms.ChoiceField(
            label=_("Then"), choices=[(way.value, way.label) for way in Handling if way in keeping.handlings]
        )
        style(self)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        days = said.get("days")
        if days and said.get("is_on") and days != said.get("seen_days"):
            self.add_error(None, _t("Here is what would go at this age. If that is right, save once more."))
        return said
