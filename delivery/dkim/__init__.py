"""DKIM signatures (RFC 6376) under messages as they go over the wire: RSA and Ed25519 (RFC 8463), relaxed/relaxed."""

from delivery.dkim.keypairs import Algorithm, Keypair
from delivery.dkim.signer import Signer, SigningIdentity

__all__ = ["Algorithm", "Keypair", "Signer", "SigningIdentity"]
