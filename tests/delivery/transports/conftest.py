"""What the tests of mail servers share: an authority that is believed, and servers that may be called."""

import pytest
from pytest_django import Settings

from emailops.lib import oauth
from tests.certificates import Authority, new_authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def believed(authority: Authority, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Authority:
    """The authority, as one of those that this machine believes; and localhost may be called."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    settings.PRIVATE_ENDPOINTS = ["localhost", "127.0.0.1"]
    return authority


@pytest.fixture(autouse=True)
def _no_tokens_kept() -> None:
    oauth._kept.clear()
