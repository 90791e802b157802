"""Access tokens for mail servers that take no password: fetched with a refresh token (RFC 6749 section 6), and kept.

A token is kept in the process until shortly before it ends, so that a worker asks once an hour and not once a task.
"""

import json
import ssl
import time
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from typing import Any

from django.utils.translation import gettext as _

from emailops.lib.outside import Answer, EndpointRefused, EndpointSilent, post_form

EARLY = 120.0  # seconds before its end at which a token is fetched anew: a worker's round is shorter
UNSAID = 300.0  # seconds for which a token holds whose lifetime was not said
LONGEST_WORDS = 200  # characters kept of what the other side says
_kept: dict[str, "Token"] = {}
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is fetched with. `client_secret` is empty for a public client."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @property
    def key(self) -> str:
        """The name of its token among those kept."""
        parts = (self.token_url, self.client_id, self.client_secret, self.refresh_token)
        return sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and the refresh token that takes the place of the former one if the other side gave one.

    `good_until` is a reading of the process's monotonic clock.
    """

    access: str = field(repr=False)
    good_until: float
    refresh_token: str = field(default="", repr=False)


class TokenRefused(Exception):
    """There is no token. `is_lasting` means that waiting does not help."""

    def __init__(self, words: str, *, is_lasting: bool) -> None:
        super().__init__(words)
        self.is_lasting = is_lasting


def token_for(grant: Grant) -> Token:
    """A token that holds for a while. Raises `TokenRefused`."""
    with _lock:
        token = _kept.get(grant.key)
        if token is None or token.good_until <= time.monotonic():
            token = _kept[grant.key] = _fetch(grant)
        return token


def forget(grant: Grant) -> None:
    """The mail server did not take the token that is kept: the next is fetched anew."""
    with _lock:
        _kept.pop(grant.key, None)


def succeed(grant: Grant, token: Token) -> Grant:
    """The grant to use from now on: with the refresh token that came along, if one did. Its token stays kept."""
    if not token.refresh_token or token.refresh_token == grant.refresh_token:
        return grant
    later = Grant(grant.token_url, grant.client_id, grant.client_secret, token.refresh_token)
    with _lock:
        _kept[later.key] = token
    return later


def _fetch(grant: Grant) -> Token:
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": grant.refresh_token,
        "client_id": grant.client_id,
        "client_secret": grant.client_secret,
    }
    try:
        answer = post_form(grant.token_url, {name: value for name, value in fields.items() if value})
    except EndpointRefused as refused:
        raise TokenRefused(str(refused), is_lasting=True) from refused
    except ssl.SSLCertVerificationError as error:
        words = _("The certificate of the token endpoint cannot be trusted: %(words)s")
        raise TokenRefused(words % {"words": error.verify_message}, is_lasting=True) from error
    except EndpointSilent as silent:
        words = _("The token endpoint does not answer: %(words)s")
        raise TokenRefused(words % {"words": silent}, is_lasting=False) from silent
    return _read(answer)


def _read(answer: Answer) -> Token:
    """RFC 6749 section 5.1 for a token, section 5.2 for a refusal."""
    said = _object(answer.body)
    access = said.get("access_token")
    if answer.status == 200 and isinstance(access, str) and access.isascii() and access.isprintable():
        lifetime = said.get("expires_in")
        seconds = float(lifetime) if isinstance(lifetime, int | float) and 0 < lifetime < 10**8 else UNSAID
        refresh_token = said.get("refresh_token")
        kept = refresh_token if isinstance(refresh_token, str) else ""
        return Token(access, time.monotonic() + max(seconds - EARLY, seconds / 2), kept)
    reason = said.get("error_description") or said.get("error") or f"HTTP {answer.status}"
    words = _("The token endpoint gives no token: %(words)s") % {"words": str(reason)[:LONGEST_WORDS]}
    raise TokenRefused(words, is_lasting=400 <= answer.status < 500 and answer.status not in {408, 425, 429})


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
