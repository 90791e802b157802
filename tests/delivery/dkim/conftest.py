"""Keys as receivers find them in DNS, and a message as it goes over the wire."""

import re

from delivery.dkim import Keypair, Signer, SigningIdentity
from delivery.dkim.keypairs import Algorithm, record_text

DOMAIN = "marenmoss.example"
RSA = SigningIdentity(DOMAIN, "rsa1", Keypair.new(Algorithm.RSA))
ED25519 = SigningIdentity(DOMAIN, "ed1", Keypair.new(Algorithm.ED25519))
BOTH = Signer([RSA, ED25519])
SELECTORS = {RSA.selector, ED25519.selector}
HEAD = (
    b"From: Elena <elena@marenmoss.example>\r\n"
    b"To: ann@example.org\r\n"
    b"Subject: Glow in three steps,\r\n and more\r\n"
    b"Date: Mon, 02 Feb 2026 10:00:00 -0000\r\n"
    b"Message-ID: <4711@marenmoss.example>\r\n"
    b"List-Unsubscribe: <https://letters.example/t/u/4711>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"List-ID: <maren-moss.marenmoss.example>\r\n"
    b"Feedback-ID: 7:maren-moss:campaign:emailops\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: text/plain; charset="utf-8"\r\n'
)
LETTER = HEAD + b"\r\nHello Ann,\r\n..a dot begins this line.\r\nElena\r\n"


def records_of(*identities: SigningIdentity) -> dict[str, str]:
    """DNS with the records of these keys."""
    return {
        f"{at.selector}._domainkey.{at.domain}": record_text(at.pair.algorithm, at.pair.public) for at in identities
    }


RECORDS = records_of(RSA, ED25519)


def received(wire: bytes) -> bytes:
    """What a server keeps of it (RFC 5321 section 4.5.2)."""
    return re.sub(rb"(?m)^\.", b"", wire)


def tags_of(signed: bytes) -> list[dict[str, str]]:
    """The tags of each signature, read from the bytes on the wire."""
    found = re.findall(rb"(?m)^DKIM-Signature: ((?:[^\r\n]+\r\n[ \t])*[^\r\n]+)\r\n", signed)
    return [
        {
            name.strip(): "".join(value.split())
            for name, _equals, value in (tag.partition("=") for tag in header.decode().split(";"))
        }
        for header in found
    ]
