"""What a person fills in about a mail server. Secrets are never shown again; left empty, they stay."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from delivery.models import Transport
from delivery.transports.catalogue import Provider
from delivery.transports.rules import SECRETS
from workspaces.forms import StyledForm, StyledModelForm

WEIGHT_HELP = _("Its share beside the others, from 0 to 100. With 0 it is used only while no other one works.")
TOKEN_URLS = (
    "https://oauth2.googleapis.com/token",
    "https://login.microsoftonline.com/common/oauth2/v2.0/token",
)
"""Where the two that no longer take passwords give tokens, offered for choosing."""


def _secret(label: "str | Any", help_text: "str | Any" = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=10_000, strip=False, widget=widget
    )


class SmtpForm(StyledModelForm):
    """A server that is spoken to by SMTP."""

    password = _secret(_("Password"), _("Google and Microsoft want a password made for programs, or a token."))
    access_token = _secret(_("Access token"), _("One that does not end; else leave it empty and fill in the rest."))
    client_secret = _secret(_("Client secret"))
    refresh_token = _secret(_("Refresh token"))

    class Meta:
        model = Transport
        fields = (
            "name", "host", "port", "security", "sign_in", "username", "token_url", "client_id", "weight",
            "connections", "signs_itself",
        )  # fmt: skip
        widgets = {"token_url": forms.URLInput(attrs={"list": "token-urls", "placeholder": "https://"})}
        help_texts = {
            "name": _("What you call it, as in: Our relay."),
            "host": _("As your provider writes it, for example smtp.example.com."),
            "username": _("Often the whole e-mail address. Needed, as the password is, unless nobody signs in."),
            "weight": WEIGHT_HELP,
            "connections": _("At once, from one sending worker. Left empty: as many as the installation is set to."),
            "signs_itself": _("Then we do not sign as well. Most providers do; a relay of your own seldom does."),
        }

    first = ("name", "host", "port", "security")
    signing_in = ("sign_in", "username", "password")
    by_token = ("access_token", "token_url", "client_id", "client_secret", "refresh_token")
    sharing = ("weight", "connections", "signs_itself")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["host"].required = True
        for name in SECRETS:
            if getattr(self.instance, name):
                _mark_kept(self.fields[name])

    @property
    def token_urls(self) -> tuple[str, ...]:
        return TOKEN_URLS

    @property
    def shows_tokens(self) -> bool:
        """Whether the part about tokens is open from the start."""
        chosen = self.data.get("sign_in") or self.instance.sign_in
        return chosen == "xoauth2" or bool(set(self.errors) & set(self.by_token))

    def clean_host(self) -> str:
        return str(self.cleaned_data["host"]).strip()

    def wanted(self) -> dict[str, Any]:
        """What the service takes."""
        return dict(self.cleaned_data)


class ProviderForm(StyledForm):
    """A provider: a name, what its API wants to know, and the share."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What you call it, as in: Our newsletters."))
    weight = forms.IntegerField(label=_("Weight"), min_value=0, max_value=100, initial=100, help_text=WEIGHT_HELP)

    def __init__(self, provider: Provider, *args: Any, kept: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.provider = provider
        known = kept or {}
        for setting in provider.settings:
            field = _secret(setting.label) if setting.is_secret else _plain(setting.label, setting.default)
            field.required = setting.is_required and setting.name not in known
            field.initial = "" if setting.is_secret else known.get(setting.name, "")
            if setting.is_secret and setting.name in known:
                _mark_kept(field)
            field.widget.attrs["class"] = "input"
            self.fields[setting.name] = field
        self.order_fields(["name", *(setting.name for setting in provider.settings), "weight"])

    def wanted(self) -> dict[str, Any]:
        """What the service takes."""
        options = {setting.name: self.cleaned_data[setting.name] for setting in self.provider.settings}
        plain = {name: self.cleaned_data[name] for name in ("name", "weight")}
        return {**plain, "provider": self.provider.name, "provider_settings": options}


def _plain(label: "str | Any", default: str) -> forms.CharField:
    help_text = _("Left empty: %(default)s") % {"default": default} if default else ""
    return forms.CharField(label=label, required=False, max_length=500, help_text=help_text)


def _mark_kept(field: forms.Field) -> None:
    field.widget.attrs["placeholder"] = _("Kept as it is")
    field.help_text = _("Left empty, the one that is kept stays.")


class TrialForm(StyledForm):
    """How far a trial goes."""

    with_mail = forms.BooleanField(label=_("Also send me a test mail"), required=False)
