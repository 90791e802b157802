"""Secrets at rest: what is written to the database can be read only with the installation's key.

AES-256-GCM (NIST SP 800-38D) under a key derived from `SECRET_KEY` by HKDF (RFC 5869). A secret is bound to the field
and the workspace it belongs to: copied to another, it cannot be read. Keys rotate through `SECRET_KEY_FALLBACKS`;
`manage.py reseal` writes everything anew under the first.
"""

import os
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

VERSION = b"\x01"
NONCE_BYTES = 12
PURPOSE = b"emailops.vault"


class Unreadable(Exception):
    """Sealed under a key that is gone, for another place, or not by us."""


class SealedField(models.BinaryField):  # type: ignore[type-arg]  # generic in the stubs only
    """Holds what `seal_for` returns. Empty means: no secret."""


def seal(secret: str, *, about: str) -> bytes:
    """Encrypt a secret for one place; `about` names the place and must be given again to read it."""
    nonce = os.urandom(NONCE_BYTES)
    key = _key(settings.SECRET_KEY)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, secret.encode(), about.encode())


def unseal(sealed: bytes, *, about: str) -> str:
    """The secret again. Raises `Unreadable`."""
    sealed = bytes(sealed)
    nonce, text = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    if sealed[:1] != VERSION or len(nonce) < NONCE_BYTES:
        raise Unreadable(about)
    for key in _keys():
        try:
            return AESGCM(key).decrypt(nonce, text, about.encode()).decode()
        except InvalidTag:
            continue
    raise Unreadable(about)


def place_of(row: models.Model, field: str) -> str:
    """The place of a row's secret: model, field and workspace."""
    return f"{row._meta.label_lower}.{field}/{row.workspace_id}"  # type: ignore[attr-defined]  # every Owned row has it


def seal_for(row: models.Model, field: str, secret: str) -> None:
    """Put a secret into a `SealedField` of a row that belongs to a workspace. The row is not saved."""
    setattr(row, field, seal(secret, about=place_of(row, field)) if secret else b"")


def secret_of(row: models.Model, field: str) -> str:
    """What `seal_for` put there; empty when there is none. Raises `Unreadable`."""
    sealed = getattr(row, field)
    return unseal(sealed, about=place_of(row, field)) if sealed else ""


def _keys() -> Iterator[bytes]:
    return (_key(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def _key(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
