"""EMAIL_URL: one line that says how mail leaves this installation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from emailops.lib.oauth import Grant

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
TOKEN_BACKEND = "delivery.transports.backend.EmailBackend"  # noqa: S105  a module: Django's own knows no tokens
PORTS = {"smtp": 25, "submission": 587, "smtps": 465}
OAUTH_SETTINGS = {"auth", "token_url", "client_id", "client_secret"}


@dataclass(frozen=True, slots=True)
class MailSettings:
    """What Django's and our own SMTP client need to know; `provider` is an anymail backend's name or empty.

    `token` is an access token, which goes before the password; `grant` fetches one. `options` are what a provider's
    backend is made with. `is_private_only` refuses to speak in clear text to a server on the internet.
    """

    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    implicit_tls: bool = False
    provider: str = ""
    token: str = field(default="", repr=False)
    grant: Grant | None = None
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_private_only: bool = False

    @property
    def is_encrypted(self) -> bool:
        return bool(self.provider) or self.starttls or self.implicit_tls

    @property
    def where(self) -> str:
        """The provider, or host and port, as shown to people."""
        return self.provider or f"{self.host}:{self.port}"

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the server is said to listen on loopback."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False


def mail_settings(url: str) -> MailSettings:
    """Read EMAIL_URL.

    `smtp://[user:password@]host[:25]` clear text, the password to loopback only; `submission://…[:587]` STARTTLS;
    `smtps://…[:465]` TLS from the first byte. With `?auth=xoauth2` what stands in the place of the password is an
    access token or, with `&token_url=…&client_id=…[&client_secret=…]`, the refresh token that fetches one.
    `anymail://postmark` any django-anymail backend, whose own settings come from `ANYMAIL_…` variables. Raises
    ImproperlyConfigured for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme == "anymail" and parts.hostname:
        return _provider(parts.hostname)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ImproperlyConfigured(
            "EMAIL_URL must be smtp://, submission:// or smtps:// with a host, or anymail://provider."
        )
    secret = unquote(parts.password or "")
    token, grant = _oauth(parts, secret)
    by_token = bool(token or grant)
    return MailSettings(
        TOKEN_BACKEND if by_token else SMTP_BACKEND,
        host=parts.hostname,
        port=_port(parts),
        user=unquote(parts.username or ""),
        password="" if by_token else secret,
        starttls=parts.scheme == "submission",
        implicit_tls=parts.scheme == "smtps",
        token=token,
        grant=grant,
    )


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or PORTS[parts.scheme]
    except ValueError as error:
        raise ImproperlyConfigured("The port in EMAIL_URL must be a number from 1 to 65535.") from error


def _oauth(parts: SplitResult, secret: str) -> tuple[str, Grant | None]:
    """The access token, or what fetches one; neither where a password is meant."""
    said = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if not said:
        return "", None
    if set(said) - OAUTH_SETTINGS or said.get("auth") != "xoauth2" or not (parts.username and secret):
        raise ImproperlyConfigured(
            "EMAIL_URL takes ?auth=xoauth2 with token_url, client_id and client_secret, for a user with a token."
        )
    if "token_url" not in said:
        return secret, None
    if not said["token_url"].startswith("https://") or "client_id" not in said:
        raise ImproperlyConfigured("EMAIL_URL needs a token_url that begins with https:// and a client_id.")
    return "", Grant(said["token_url"], said["client_id"], said.get("client_secret", ""), secret)


def _provider(name: str) -> MailSettings:
    if not name.isidentifier() or find_spec(f"anymail.backends.{name}") is None:
        raise ImproperlyConfigured(f"EMAIL_URL names “{name}”, which django-anymail does not know.")
    return MailSettings(f"anymail.backends.{name}.EmailBackend", provider=name)
