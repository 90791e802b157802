"""Whom we call at an address that somebody typed: nobody inside, nobody else than was looked at."""

import socket
from typing import Any

import pytest
from pytest_django import Settings

from emailops.lib.outside import EndpointRefused, EndpointSilent, endpoint_of, is_public, post_form


@pytest.mark.parametrize(
    ("address", "is_outside"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("127.8.9.10", False),
        ("0.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:7f00:1::", False),
    ],
)
def test_what_is_reached_over_the_internet(address: str, *, is_outside: bool) -> None:
    assert is_public(address) is is_outside


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """A name server's answer."""
    found: Any = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)


def test_a_public_host_may_be_called_at_the_addresses_that_were_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.216.34", "93.184.216.35", "93.184.216.34")

    endpoint = endpoint_of("https://oauth.example.com/token?tenant=1")

    assert (endpoint.host, endpoint.port, endpoint.target) == ("oauth.example.com", 443, "/token?tenant=1")
    assert endpoint.addresses == ("93.184.216.34", "93.184.216.35")


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.216.34", "10.0.0.1")

    with pytest.raises(EndpointRefused, match="PRIVATE_ENDPOINTS"):
        endpoint_of("https://oauth.example.com/token")


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/token",
        "https://2130706433/token",
        "https://0x7f.1/token",
        "https://[::1]/token",
        "https://localhost/token",
        "http://oauth.example.com/token",
        "ftp://oauth.example.com/token",
        "file:///etc/passwd",
        "https://user:password@oauth.example.com/",
        "https://",
        "https://oauth.example.com:99999/",
        "https://" + "a" * 70 + ".example/",
        "",
    ],
)
def test_what_is_not_an_address_on_the_internet_is_refused(url: str) -> None:
    with pytest.raises(EndpointRefused):
        endpoint_of(url)


def test_an_operator_can_allow_a_host_inside(settings: Settings) -> None:
    settings.PRIVATE_ENDPOINTS = ["localhost"]

    assert endpoint_of("https://localhost:8443/token").port == 8443
    with pytest.raises(EndpointRefused):
        endpoint_of("https://127.0.0.1:8443/token")


def test_a_form_never_goes_in_clear_text_even_inside(settings: Settings) -> None:
    settings.PRIVATE_ENDPOINTS = ["localhost"]

    with pytest.raises(EndpointRefused):
        post_form("http://localhost:8080/token", {})


def test_an_endpoint_that_is_away_is_silent(settings: Settings) -> None:
    settings.PRIVATE_ENDPOINTS = ["localhost"]

    with pytest.raises(EndpointSilent):
        post_form("https://localhost:1/token", {})
