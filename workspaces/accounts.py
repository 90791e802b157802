"""How allauth meets our people: addresses instead of user names, sign-up only where it is wanted."""

import logging
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from allauth.account import forms as allauth_forms
from allauth.account.adapter import DefaultAccountAdapter
from anymail.exceptions import AnymailError
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from emailops.lib.errors import DomainError
from workspaces.forms import style
from workspaces.models import User

logger = logging.getLogger(__name__)


class MailAway(DomainError):
    """The mail server does not take the mail that a person waits for."""

    code = "mail_away"
    status = 503


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Sign-up is open on a fresh installation, then closed unless SIGNUP_OPEN says otherwise: people are invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN) or not User.objects.exists()

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.name = form.cleaned_data["name"]
        user.email = form.cleaned_data["email"].lower()
        user.set_password(form.cleaned_data["password1"])
        if commit:
            user.save()
        return user

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the mail leads to BASE_URL, whatever host name the request used."""
        return f"{settings.BASE_URL}{urlsplit(super().get_reset_password_from_key_url(key)).path}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException, AnymailError) as error:
            logger.warning("Account mail was not accepted: %s", type(error).__name__)
            raise MailAway(_("Mail cannot be sent at the moment. Please try again in a few minutes.")) from error


class HouseStyle:
    """Gives a form of allauth the look and the words of ours, and no words inside its fields."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
            if isinstance(field, forms.EmailField):
                field.label = _("E-mail address")
        style(self)  # type: ignore[arg-type]  # mixed into forms


class LoginForm(HouseStyle, allauth_forms.LoginForm):  # type: ignore[misc]  # allauth carries no types
    """Address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


class SignupForm(HouseStyle, allauth_forms.SignupForm):  # type: ignore[misc]  # allauth carries no types
    """Asks for the name as well."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    field_order = ("name", "email", "password1")


class ChangePasswordForm(HouseStyle, allauth_forms.ChangePasswordForm):  # type: ignore[misc]  # allauth carries no types
    """The old and the new one."""


class ResetPasswordForm(HouseStyle, allauth_forms.ResetPasswordForm):  # type: ignore[misc]  # allauth carries no types
    """Where to send the link."""


class ResetPasswordKeyForm(HouseStyle, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]  # allauth carries no types
    """A new password for who followed the link."""
