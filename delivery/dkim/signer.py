"""Puts DKIM-Signature headers before a message (RFC 6376 section 5), one for each key."""

import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from delivery.dkim.canonical import END_OF_HEAD, relaxed_body, relaxed_fields, unstuffed
from delivery.dkim.keypairs import Algorithm, Keypair

# A message has each of these once at most (RFC 5322 section 3.6, RFC 2045). Naming them once more than they occur
# makes the signature false when somebody adds another, which a mail program might show instead of ours.
SEALED = (b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Reply-To", b"MIME-Version", b"Content-Type")
# To these a relay may add one of its own, as Amazon's does with Feedback-ID; ours stay signed (RFC 8058 section 4).
SIGNED = (b"List-Unsubscribe", b"List-Unsubscribe-Post", b"List-ID", b"Feedback-ID")
LINE = 72  # octets of a folded line: with the space before it within the 78 of RFC 5322 section 2.1.1
SHAPES = 64  # kinds of message that are kept in mind: with and without Reply-To, campaign or test


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """A key pair, and where receivers look up its public half: `selector._domainkey.domain`."""

    domain: str
    selector: str
    pair: Keypair


class Signer:
    """Signs messages with every one of its keys."""

    def __init__(self, identities: Sequence[SigningIdentity]) -> None:
        """Raises ValueError without a key: a signer that does not sign would let mail go out unsigned in silence."""
        if not identities:
            raise ValueError("a signer needs a key")
        self._keys = [(_opening(identity), identity.pair) for identity in identities]

    @property
    def algorithms(self) -> set[Algorithm]:
        """What its signatures are made with."""
        return {pair.algorithm for _opening, pair in self._keys}

    def sign(self, wire: bytes) -> bytes:
        """The message as it came, in the form `wire_bytes` gives it, with its signatures in front.

        The hashes are over what the receiver has in hand: without the dots that were doubled for the wire.
        """
        head, _end, body = wire.partition(END_OF_HEAD)
        names, signed = _chosen(head)
        claims = b" t=%d;\r\n h=%s;\r\n bh=%s;\r\n b=" % (int(time.time()), _named(names), body_hash(body))
        return b"".join([_header(opening + claims, pair, signed) for opening, pair in self._keys]) + wire


def body_hash(body: bytes) -> bytes:
    """The `bh=` tag of a body as it stands on the wire."""
    plain = unstuffed(b"\r\n" + body)[2:]
    return b64encode(sha256(relaxed_body(plain)).digest())


def _header(unsigned: bytes, pair: Keypair, signed: bytes) -> bytes:
    ((_name, canonical),) = relaxed_fields(unsigned)
    signature = b64encode(pair.sign(signed + canonical))
    lines = [signature[start : start + LINE] for start in range(0, len(signature), LINE)]
    return unsigned + b"\r\n ".join(lines) + b"\r\n"


def _chosen(head: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """The names for `h=`, and the canonical fields they stand for: of several, the last first (section 5.4.2)."""
    fields: dict[bytes, list[bytes]] = {}
    for name, canonical in relaxed_fields(head.removesuffix(b"\r\n")):
        fields.setdefault(name, []).insert(0, canonical + b"\r\n")
    names: list[bytes] = []
    signed: list[bytes] = []
    for name in SEALED + SIGNED:
        found = fields.get(name.lower(), [])
        names += [name] * (len(found) + (name in SEALED))
        signed += found
    return tuple(names), b"".join(signed)


@lru_cache(maxsize=SHAPES)
def _named(names: tuple[bytes, ...]) -> bytes:
    lines = [b""]
    for name in names:
        if len(lines[-1]) + len(name) >= LINE:
            lines.append(b"")
        lines[-1] += name + b":"
    return b"\r\n ".join(lines).removesuffix(b":")


def _opening(identity: SigningIdentity) -> bytes:
    algorithm = identity.pair.algorithm.value
    written = (
        f"DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={identity.domain};\r\n s={identity.selector};"
    )
    return written.encode()
