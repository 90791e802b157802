"""Short tokens for links in mails: unforgeable, self-contained, and still valid after years.

A token is `base64url(version, kind, numbers…, tag)`. The tag is 12 bytes of BLAKE2b keyed with the secret key and the
kind, so a token made for one purpose never passes for another. Keys rotate through `SECRET_KEY_FALLBACKS`.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Callable, Iterator
from enum import IntEnum

from django.conf import settings

VERSION = 1
URL_SAFE = bytes.maketrans(b"+/", b"-_")
DROPPED = b"=\n"  # of what `binascii` writes; `base64` takes twice as long
TAG_BYTES = 12  # 96 bits: beyond guessing online, and a one-click URL stays short enough to fold


class Kind(IntEnum):
    """What a token is for. Numbers stay for ever: they stand in mails that were sent."""

    OPEN = 1
    CLICK = 2
    UNSUBSCRIBE = 3
    APPROVAL = 4
    INVITATION = 5
    LINK = 6
    MESSAGE = 7
    IDEA = 12
    NOTICES = 20
    POKER = 21
    POKER_SEAT = 22
    RETRO_REPORT = 23
    CONDITION = 26
    PREFERENCES = 30
    OPT_IN = 31
    SIGNUP_FORM = 32
    SIGNUP_SHOWN = 33
    PRIVACY = 38
    BRAND = 40
    SURVEY = 41
    SURVEY_SHOWN = 42
    SITE_PERSON = 43


class BadToken(Exception):
    """The token was not made by us, or not for this purpose."""


def seal(kind: Kind, *numbers: int) -> str:
    """Token that carries these unsigned 64-bit numbers. At most 64 characters for up to three numbers."""
    body = struct.pack(f">BB{len(numbers)}Q", VERSION, kind, *numbers)
    return _encode(body + _tag(kind, body, settings.SECRET_KEY))


def sealer(kind: Kind) -> Callable[[int], bytes]:
    """`seal` of one number under the key of now, for one who needs thousands of them."""
    prepared = _tagger(kind, settings.SECRET_KEY)
    head = struct.pack(">BB", VERSION, kind)

    def sealed(number: int) -> bytes:
        body = head + number.to_bytes(8, "big")
        tagger = prepared.copy()
        tagger.update(body)
        return binascii.b2a_base64(body + tagger.digest()).translate(URL_SAFE, DROPPED)

    return sealed


def unseal(kind: Kind, token: str) -> tuple[int, ...]:
    """The numbers sealed in the token. Raises `BadToken`, for any defect alike."""
    raw = _decode(token)
    body, tag = raw[:-TAG_BYTES], raw[-TAG_BYTES:]
    if len(body) < 2 or (len(body) - 2) % 8 or body[0] != VERSION or body[1] != kind:
        raise BadToken
    if not any(hmac.compare_digest(tag, _tag(kind, body, key)) for key in _keys()):
        raise BadToken
    return struct.unpack(f">{(len(body) - 2) // 8}Q", body[2:])


def sign_text(kind: Kind, text: str) -> str:
    """Detached signature of a text, 16 characters: binds a link's target to us."""
    return _encode(_tag(kind, text.encode(), settings.SECRET_KEY))


def is_signed(kind: Kind, text: str, signature: str) -> bool:
    given = signature.encode()
    return any(hmac.compare_digest(given, _encode(_tag(kind, text.encode(), key)).encode()) for key in _keys())


def _tag(kind: Kind, body: bytes, key: str) -> bytes:
    tagger = _tagger(kind, key)
    tagger.update(body)
    return tagger.digest()


def _tagger(kind: Kind, key: str) -> "hashlib.blake2b":
    # BLAKE2b takes keys of at most 64 bytes, so the secret is hashed first.
    secret = hashlib.sha256(key.encode()).digest()
    return hashlib.blake2b(key=secret, person=b"emailops-%d" % kind, digest_size=TAG_BYTES)


def _keys() -> Iterator[str]:
    yield settings.SECRET_KEY
    yield from settings.SECRET_KEY_FALLBACKS


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str) -> bytes:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadToken from error
    if _encode(raw) != token:  # spare bits allow several spellings; only one is ours
        raise BadToken
    return raw
