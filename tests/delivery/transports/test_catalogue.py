"""The providers are read from anymail's own source, so each that is offered can really be made from what is asked."""

import pytest
from django.core.mail import get_connection
from pytest_django import Settings

from delivery.transports.catalogue import providers


def test_what_is_no_provider_or_cannot_be_used_is_not_offered() -> None:
    names = set(providers())

    assert {"postmark", "mailgun", "brevo", "mailjet", "sparkpost"} <= names
    assert not names & {"base", "base_requests", "console", "test", "sendinblue"}


@pytest.mark.parametrize("name", sorted(providers()))
@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
def test_each_is_made_from_its_required_settings_and_from_no_fewer(name: str, settings: Settings) -> None:
    settings.ANYMAIL = {}
    required = {s.name: "https://api.example.com/" for s in providers()[name].settings if s.is_required}
    backend = f"anymail.backends.{name}.EmailBackend"

    made = get_connection(backend, **required)  # type: ignore[arg-type]  # a backend's own settings

    assert made is not None
    for left_out in required:
        fewer = {key: value for key, value in required.items() if key != left_out}
        with pytest.raises(Exception, match=left_out.upper()):
            get_connection(backend, **fewer)  # type: ignore[arg-type]  # as above


def test_keys_and_tokens_are_secrets_and_addresses_are_not() -> None:
    secrets = {name for provider in providers().values() for name in provider.secrets}

    assert secrets == {"api_key", "api_token", "secret_key", "server_token"}
