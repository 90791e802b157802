"""The providers that the installed django-anymail speaks to, and what each wants to know, read from its own source.

Only what a person types is of interest: settings that must be given, and those whose default is empty or a text.
"""

import ast
import inspect
import textwrap
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import anymail.backends
from anymail.exceptions import AnymailImproperlyInstalled
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from delivery.transports.batches import BATCHES

NOT_PROVIDERS = {"base", "base_requests", "console", "test", "sendinblue"}  # the last is Brevo's former name
NOT_TYPED = {
    "username", "password", "merge_field_format", "batch_send_mode", "idna_encoder", "sandbox_id",
}  # fmt: skip
"""What else has an empty default: what is there to be refused, for templates, or for code."""

SECRET_WORDS = ("key", "token", "secret")
LABELS: dict[str, "str | Promise"] = {
    "api_key": _("API key"),
    "api_token": _("API token"),
    "api_url": _("API address"),
    "message_stream": _("Message stream"),
    "project_id": _("Project ID"),
    "region": _("Region"),
    "secret_key": _("Secret key"),
    "sender_domain": _("Sender domain"),
    "server_token": _("Server token"),
    "subaccount": _("Subaccount"),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a provider's backend is made with. `default` is shown as an example."""

    name: str
    is_required: bool
    default: str = ""

    @property
    def is_secret(self) -> bool:
        return any(word in self.name for word in SECRET_WORDS)

    @property
    def label(self) -> "str | Promise":
        return LABELS.get(self.name, self.name.replace("_", " ").capitalize())


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider: `name` is the backend's module, `label` what it calls itself."""

    name: str
    label: str
    settings: tuple[Setting, ...]

    @property
    def is_batched(self) -> bool:
        """Whether one call carries many messages."""
        return self.name in BATCHES

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(setting.name for setting in self.settings if setting.is_secret)


@cache
def providers() -> dict[str, Provider]:
    """By name, in the order of their labels. Those whose own library is not installed are left out."""
    found = [made for part in iter_modules(anymail.backends.__path__) if (made := _provider(part.name))]
    return {made.name: made for made in sorted(found, key=lambda made: made.label.lower())}


def _provider(name: str) -> Provider | None:
    if name in NOT_PROVIDERS:
        return None
    try:
        module = import_module(f"anymail.backends.{name}")
    except AnymailImproperlyInstalled:
        return None
    return Provider(name, module.EmailBackend.esp_name, tuple(_settings(module)))


def _settings(module: ModuleType) -> list[Setting]:
    """What `EmailBackend.__init__` asks for: required first, as people look for keys before regions."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(module.EmailBackend.__init__)))
    asked = [_setting(call) for call in ast.walk(tree) if isinstance(call, ast.Call) and _asks(call)]
    return sorted((one for one in asked if one is not None), key=lambda one: not one.is_required)


def _asks(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "get_anymail_setting"


def _setting(call: ast.Call) -> Setting | None:
    name = str(_constant(call.args[0]))
    default = next((word.value for word in call.keywords if word.arg == "default"), None)
    if default is None:
        return Setting(name, is_required=True)
    value = _constant(default)
    is_typed = name == "api_url" or (isinstance(default, ast.Constant) and isinstance(value, str | None))
    if name in NOT_TYPED or not is_typed:
        return None
    return Setting(name, is_required=False, default=value or "")


def _constant(node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else None
