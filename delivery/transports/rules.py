"""What a mail server's settings must be, and when its secrets have to be given again."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from delivery.models import Security, SignIn, Transport, TransportKind
from delivery.transports.catalogue import providers
from delivery.transports.refusals import TransportRefused

HARMLESS = {"name", "weight", "connections", "signs_itself"}
"""What may change without forgetting what is known of the server's health."""

OF_SMTP = {"host", "port", "security", "sign_in", "username", "token_url", "client_id"}
PLAIN = HARMLESS | OF_SMTP | {"provider"}
SECRETS = ("password", "access_token", "refresh_token", "client_secret")
PROTECTION = {Security.NONE: 0, Security.STARTTLS: 1, Security.TLS: 1}
HOST = re.compile(r"(?=.{1,253}\Z)[\w-]{1,63}(\.[\w-]{1,63})*\.?", re.ASCII)


def fields_of(transport: Transport) -> set[str]:
    """The fields that are no secrets and that a server of its kind has."""
    return HARMLESS | (OF_SMTP if transport.kind == TransportKind.SMTP else {"provider"})


def secrets_used(transport: Transport) -> set[str]:
    """The secrets that its way of signing in needs; the rest is dropped."""
    if transport.kind != TransportKind.SMTP or transport.sign_in == SignIn.NONE:
        return set()
    if transport.sign_in == SignIn.PASSWORD:
        return {"password"}
    return {"refresh_token", "client_secret"} if transport.token_url else {"access_token"}


def check(transport: Transport) -> None:
    """Raise `TransportRefused` with what is missing or cannot be, by field."""
    found: dict[str, str] = {}
    if not transport.name.strip():
        found["name"] = _("Give it a name.")
    if transport.kind == TransportKind.SMTP:
        found |= _smtp_faults(transport)
    if found:
        raise TransportRefused(_("Some settings do not fit."), fields={name: [words] for name, words in found.items()})


def _smtp_faults(transport: Transport) -> dict[str, str]:
    found: dict[str, str] = {}
    if fault := _host_fault(transport.host):
        found["host"] = fault
    if not 1 <= transport.port <= 65535:
        found["port"] = _("A port is a number from 1 to 65535.")
    if transport.sign_in != SignIn.NONE:
        found |= _sign_in_faults(transport)
    return found


def _host_fault(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return "" if HOST.fullmatch(host) else _("Enter the name of the server alone, as in smtp.example.com.")
    # Cloud machines are given their secrets at link-local addresses.
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return _("No mail server can be at this address.")
    return ""


def _sign_in_faults(transport: Transport) -> dict[str, str]:
    found: dict[str, str] = {}
    if not transport.username:
        found["username"] = _("Who is to sign in?")
    if transport.security == Security.NONE and not _is_this_machine(transport.host):
        found["security"] = _("A password is never sent in clear text over a network. Choose STARTTLS or TLS.")
    if transport.sign_in == SignIn.PASSWORD and not transport.password:
        found["password"] = _("Enter the password.")
    if transport.sign_in == SignIn.TOKEN:
        found |= _token_faults(transport)
    return found


def _token_faults(transport: Transport) -> dict[str, str]:
    if not transport.token_url:
        words = _("Enter an access token, or a token endpoint with a refresh token.")
        return {} if transport.access_token else {"access_token": words}
    found: dict[str, str] = {}
    if not (transport.token_url.startswith("https://") and is_safe_address(transport.token_url)):
        found["token_url"] = _("The token endpoint must be an https:// address.")
    if not transport.client_id:
        found["client_id"] = _("Which client may use the refresh token?")
    if not transport.refresh_token:
        found["refresh_token"] = _("Enter the refresh token.")
    return found


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def is_safe_address(url: str) -> bool:
    """Whether secrets may be sent there, as far as the address itself tells."""
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return False
    is_allowed = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in settings.PRIVATE_ENDPOINTS)
    return is_allowed and bool(parts.hostname) and parts.username is None


def merged_options(provider: str, before: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """A provider's settings: an empty secret stays, anything else empty goes. Raises `TransportRefused`."""
    known = providers().get(provider)
    if known is None:
        raise TransportRefused(_("There is no such provider."), fields={"provider": [_("There is no such provider.")]})
    faults: dict[str, list[str]] = {}
    merged: dict[str, str] = {}
    for setting in known.settings:
        kept = before.get(setting.name, "") if setting.is_secret or setting.name not in given else ""
        value = str(given.get(setting.name) or "").strip() or kept
        if value:
            merged[setting.name] = value
        elif setting.is_required:
            faults[setting.name] = [_("%(label)s is needed.") % {"label": setting.label}]
    if unknown := set(given) - {setting.name for setting in known.settings}:
        faults["provider_settings"] = [_("Unknown: %(names)s.") % {"names": ", ".join(sorted(unknown))}]
    if "api_url" in merged and not is_safe_address(merged["api_url"]):
        faults["api_url"] = [_("The API address must begin with https://.")]
    if faults:
        raise TransportRefused(_("Some settings of the provider do not fit."), fields=faults)
    return merged


def seen(transport: Transport) -> dict[str, Any]:
    """The fields that are no secrets, as they are now."""
    return {name: getattr(transport, name) for name in PLAIN}


def changed(before: Mapping[str, Any], transport: Transport) -> set[str]:
    return {name for name in PLAIN if before[name] != getattr(transport, name)}


def changed_options(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def check_retyped(
    transport: Transport,
    before: Mapping[str, Any],
    given: set[str],
    options: Mapping[str, str],
    given_options: Mapping[str, str],
) -> None:
    """Raise `TransportRefused` where a secret would be sent elsewhere and was not given anew.

    `before` and `options` are the former settings.
    """
    if transport.kind == TransportKind.SMTP:
        needed = _secrets_to_retype(transport, before) - given
    else:
        needed = _options_to_retype(transport.provider, options, given_options)
    if needed:
        words = _("It would be sent to another server now, so enter it again.")
        raise TransportRefused(
            _("The secrets would be sent to another server, or less protected. Enter them again."),
            fields={name: [words] for name in needed},
        )


def _secrets_to_retype(transport: Transport, before: Mapping[str, Any]) -> set[str]:
    kept = {name for name in secrets_used(transport) if getattr(transport, name)}
    leads_elsewhere = any(before[name] != getattr(transport, name) for name in ("host", "port"))
    is_weaker = PROTECTION[Security(transport.security)] < PROTECTION[Security(before["security"])]
    is_fetched_elsewhere = before["token_url"] != transport.token_url
    needed = kept - {"client_secret"} if leads_elsewhere or is_weaker else set()
    return needed | (kept & {"refresh_token", "client_secret"} if is_fetched_elsewhere else set())


def _options_to_retype(provider: str, before: Mapping[str, str], given: Mapping[str, str]) -> set[str]:
    if "api_url" not in given or (given.get("api_url") or "") == before.get("api_url", ""):
        return set()
    return {name for name in providers()[provider].secrets if before.get(name) and not given.get(name)}
