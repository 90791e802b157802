"""EMAIL_URL: one line that says how mail leaves this installation."""

from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


@dataclass(frozen=True, slots=True)
class MailSettings:
    """What Django's and our own SMTP client need to know; `provider` is an anymail backend's name or empty."""

    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starttls: bool = False
    implicit_tls: bool = False
    provider: str = ""

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
    `smtps://…[:465]` TLS from the first byte; `anymail://postmark` any django-anymail backend, whose own settings come
    from `ANYMAIL_…` variables. Raises ImproperlyConfigured for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme == "anymail" and parts.hostname:
        return _provider(parts.hostname)
    ports = {"smtp": 25, "submission": 587, "smtps": 465}
    if parts.scheme not in ports or not parts.hostname:
        raise ImproperlyConfigured(
            "EMAIL_URL must be smtp://, submission:// or smtps:// with a host, or anymail://provider."
        )
    try:
        port = parts.port or ports[parts.scheme]
    except ValueError as error:
        raise ImproperlyConfigured("The port in EMAIL_URL must be a number from 1 to 65535.") from error
    return MailSettings(
        SMTP_BACKEND,
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parts.scheme == "submission",
        implicit_tls=parts.scheme == "smtps",
    )


def _provider(name: str) -> MailSettings:
    if not name.isidentifier() or find_spec(f"anymail.backends.{name}") is None:
        raise ImproperlyConfigured(f"EMAIL_URL names “{name}”, which django-anymail does not know.")
    return MailSettings(f"anymail.backends.{name}.EmailBackend", provider=name)
