"""How allauth meets our people: addresses instead of user names, sign-up only where it is wanted."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from workspaces.models import User


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


class SignupForm(AllauthSignupForm):  # type: ignore[misc]  # allauth carries no types
    """Asks for the name as well."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    field_order = ("name", "email", "password1")
