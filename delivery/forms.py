"""Forms of the delivery pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from delivery.dkim import Algorithm
from workspaces.forms import StyledForm

EXPLAINED = [
    (Algorithm.RSA, _("RSA, 2048 bits: everybody reads it, so begin with this one")),
    (Algorithm.ED25519, _("Ed25519: short and fast, as a second one beside RSA")),
]


class NewKeyForm(StyledForm):
    """A key for one of the domains that the workspace sends from."""

    domain = forms.ChoiceField(label=_("Domain"))
    algorithm = forms.ChoiceField(label=_("Kind"), choices=EXPLAINED, initial=Algorithm.RSA, widget=forms.RadioSelect)

    def __init__(self, *args: Any, domains: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["domain"].choices = [(name, name) for name in domains]  # type: ignore[attr-defined]  # a choice field

    @property
    def algorithm_chosen(self) -> Algorithm:
        return Algorithm(self.cleaned_data["algorithm"])


class RetireKeyForm(StyledForm):
    """Asked twice where it would leave mail unsigned."""

    leave_unsigned = forms.BooleanField(
        label=_("Yes, send without our signature from now on"),
        required=False,
        help_text=_(
            "Right where your mail server signs by itself. Otherwise Gmail, Yahoo and Microsoft refuse the mail."
        ),
    )
