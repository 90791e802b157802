"""Calls to addresses that somebody typed: they leave for the public internet, encrypted, or not at all.

Without this a workspace could have the installation ask its own neighbours (OWASP ASVS 5.0, V1.3.6). Every address of
the name is looked at, the connection goes to the very address that was looked at, and no redirect is followed.
`PRIVATE_ENDPOINTS` names the hosts for which an operator allows it.
"""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

PATIENCE = 10.0  # seconds for each step of a call; a token endpoint answers in one
LONGEST_ANSWER = 64 * 1024  # bytes; a token is a few thousand
IpAddress = IPv4Address | IPv6Address


class EndpointRefused(Exception):
    """We do not call this address; the sentence says why."""


class EndpointSilent(Exception):
    """The address was called and did not answer; nobody knows what it did."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host that may be called, the addresses it had when it was looked at, and what to ask there."""

    host: str
    port: int
    target: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


def endpoint_of(url: str) -> Endpoint:
    """Look at an `https` address. Raises `EndpointRefused` for any other, and for one inside a private network."""
    parts = urlsplit(url)
    is_allowed = parts.hostname in settings.PRIVATE_ENDPOINTS
    if parts.scheme not in ({"https", "http"} if is_allowed else {"https"}) or not parts.hostname or parts.username:
        raise EndpointRefused(_("“%(url)s” must be an https:// address without a password in it.") % {"url": url[:200]})
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:  # a UnicodeError, for a name that cannot be one, is a ValueError
        raise EndpointRefused(_("There is no server with the name %(host)s.") % {"host": parts.hostname}) from error
    addresses = tuple(dict.fromkeys(str(info[4][0]) for info in found))
    if not is_allowed and not all(map(is_public, addresses)):
        words = _("%(host)s lies in a private network. An operator can allow it with PRIVATE_ENDPOINTS.")
        raise EndpointRefused(words % {"host": parts.hostname})
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return Endpoint(parts.hostname, port, target, addresses)


def is_public(text: str) -> bool:
    """Whether an IP address, as text, is reached over the internet; one that hides another is judged by that."""
    address: IpAddress = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or _behind_nat64(address) or address
    return address.is_global and not address.is_multicast


def _behind_nat64(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address inside 64:ff9b::/96 (RFC 6052 section 2.1)."""
    return IPv4Address(address.packed[12:]) if address.packed[:12] == b"\x00\x64\xff\x9b" + bytes(8) else None


def post_form(url: str, fields: Mapping[str, str]) -> Answer:
    """POST fields as `application/x-www-form-urlencoded`, always over TLS.

    Raises `EndpointRefused`, `EndpointSilent` or `SSLCertVerificationError`.
    """
    if not url.startswith("https://"):
        raise EndpointRefused(_("“%(url)s” must be an https:// address without a password in it.") % {"url": url[:200]})
    endpoint = endpoint_of(url)
    connection = _Pinned(endpoint)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    try:
        connection.request("POST", endpoint.target, urlencode(fields), headers)
        response = connection.getresponse()
        return Answer(response.status, response.read(LONGEST_ANSWER))
    except ssl.SSLCertVerificationError:
        raise
    except (OSError, HTTPException) as error:
        raise EndpointSilent(str(error) or type(error).__name__) from error
    finally:
        connection.close()


class _Pinned(HTTPSConnection):
    """Connects to the addresses that were looked at and asks for the certificate of the name."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint.host, endpoint.port, timeout=PATIENCE)
        self._addresses = endpoint.addresses
        self._trust = ssl.create_default_context()

    def connect(self) -> None:
        plain = self._reach()
        try:
            self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise

    def _reach(self) -> socket.socket:
        for address in self._addresses[:-1]:
            try:
                return socket.create_connection((address, self.port), PATIENCE)
            except OSError:
                continue
        return socket.create_connection((self._addresses[-1], self.port), PATIENCE)
