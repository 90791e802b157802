"""Key pairs for signing: made, written down, read back, and as the DNS record that receivers look up."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from django.db import models
from django.utils.translation import gettext_lazy as _

RSA_BITS = 2048  # what every receiver verifies (RFC 8301 section 3.2); 4096 does not fit every DNS answer
RSA_EXPONENT = 65537
LONGEST_STRING = 255  # octets of one string of a TXT record (RFC 1035 section 3.3)


class Algorithm(models.TextChoices):
    """What a signature is made with, as its `a=` tag says it."""

    RSA = "rsa-sha256", _("RSA, 2048 bits")
    ED25519 = "ed25519-sha256", _("Ed25519")

    @property
    def key_type(self) -> str:
        """The `k=` tag of the DNS record (RFC 6376 section 3.6.1, RFC 8463 section 4)."""
        return self.value.removesuffix("-sha256")


@dataclass(frozen=True, slots=True)
class Keypair:
    """A private key, ready to sign."""

    algorithm: Algorithm
    private: RSAPrivateKey | Ed25519PrivateKey

    @classmethod
    def new(cls, algorithm: Algorithm) -> "Keypair":
        if algorithm == Algorithm.RSA:
            return cls(algorithm, generate_private_key(RSA_EXPONENT, RSA_BITS))
        return cls(algorithm, Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, written: str) -> "Keypair":
        """The pair whose `written` form this is. Raises ValueError for anything else."""
        private = load_der_private_key(b64decode(written, validate=True), password=None)
        if isinstance(private, RSAPrivateKey):
            return cls(Algorithm.RSA, private)
        if isinstance(private, Ed25519PrivateKey):
            return cls(Algorithm.ED25519, private)
        raise ValueError("neither an RSA nor an Ed25519 key")

    @property
    def written(self) -> str:
        """The private key in PKCS #8, as base64: for the vault alone."""
        return b64encode(self.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()

    @property
    def public(self) -> str:
        """The public key as the `p=` tag has it: for Ed25519 the bare 32 octets (RFC 8463 section 4)."""
        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        if self.algorithm == Algorithm.ED25519:
            form = Encoding.Raw, PublicFormat.Raw
        return b64encode(self.private.public_key().public_bytes(*form)).decode()

    def sign(self, text: bytes) -> bytes:
        """The signature of a text; Ed25519 signs its SHA-256 (RFC 8463 section 3)."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(text, PKCS1v15(), SHA256())
        return self.private.sign(sha256(text).digest())


def record_text(algorithm: Algorithm, public: str) -> str:
    """The TXT record that lets receivers verify (RFC 6376 section 3.6.1)."""
    return f"v=DKIM1; k={algorithm.key_type}; p={public}"


def record_strings(text: str) -> list[str]:
    """A record in the strings that DNS keeps it in; a receiver puts them together again without a space."""
    return [text[start : start + LONGEST_STRING] for start in range(0, len(text), LONGEST_STRING)]
