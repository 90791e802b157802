"""DKIM: our signatures against those of dkimpy in one run; then messages of many kinds, under two verifiers."""

import argparse
import re
from collections.abc import Iterator
from random import Random
from typing import Any

from benchmarks.ground import Spent, measured, run
from benchmarks.newsletter import SUBJECT, newsletter_html, reader_context

DOMAIN = "letters.example"
FEW = 40  # signatures of the slow way
TEMPLATE_READERS = 50  # of each generated mail
PIECES = (
    "<p>Hello {{ contact.first_name }}</p>", "<p>\n.\n..\n</p>", "<pre>  two  \t spaces  </pre>", "x" * 1200, "\n\n\n",
    "<p>Жана, crème 🌿</p>", "a\u00a0b  \n", "=20 =3D", "{{ contact.attributes.city }}", "<br>.\n", "\t\n",
    '<p><a href="https://shop.example/?a=1&amp;b={{ contact.first_name }}">Shop</a></p>', "<textarea>",
)  # fmt: skip
SUBJECTS = ("Glow", "", "Für {{ contact.full_name }} 🌿", "{{ contact.first_name }}", "long words " * 20)
SENDERS = ("Maren", "Елена", "Moss, Maren & 'Co'", "M" * 90)
NAMES = ("Ann", "", "  Ann ", "O'Brien & <Co>", "Жана", ".", "..dot", "=?utf-8?q?x?=", "x" * 90, "🌿 leaf", "a\u200bb")


def bench(options: argparse.Namespace) -> dict[str, Any]:
    """Microseconds of CPU a signed newsletter, and how many generated messages each verifier accepts."""
    from delivery.dkim import Algorithm, Keypair, Signer, SigningIdentity

    rsa = SigningIdentity(DOMAIN, "rsa", Keypair.new(Algorithm.RSA))
    ed25519 = SigningIdentity(DOMAIN, "ed", Keypair.new(Algorithm.ED25519))
    wire = _newsletter()
    ours = {
        "rsa": _signing(Signer([rsa]), wire, options.signatures),
        "ed25519": _signing(Signer([ed25519]), wire, options.signatures),
        "both": _signing(Signer([rsa, ed25519]), wire, options.signatures),
    }
    usual = _usual(rsa, wire)
    return {
        "message_bytes": len(wire),
        **{f"{name}_us_per_message": spent.cpu / options.signatures * 1e6 for name, spent in ours.items()},
        **{f"{name}_per_second_and_core": options.signatures / spent.cpu for name, spent in ours.items()},
        "baseline_us_per_message": usual.cpu / FEW * 1e6,
        "ratio": (usual.cpu / FEW) / (ours["rsa"].cpu / options.signatures),
        **_verified(Signer([rsa, ed25519]), [rsa, ed25519], options.messages),
    }


def _signing(signer: Any, wire: bytes, count: int) -> Spent:
    with measured() as spent:
        for _number in range(count):
            signer.sign(wire)
    return spent


def _usual(identity: Any, wire: bytes) -> Spent:
    """dkimpy, told to sign what we sign: its own choice of headers leaves out List-Unsubscribe-Post."""
    import dkim
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from delivery.dkim.signer import SEALED, SIGNED

    key = identity.pair.private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    message, names = _received(wire), [*SEALED, *SIGNED]
    chosen = identity.selector.encode(), identity.domain.encode(), key
    with measured() as spent:
        for _number in range(FEW):
            dkim.sign(message, *chosen, canonicalize=(b"relaxed", b"relaxed"), include_headers=names)
    return spent


def _verified(signer: Any, identities: list[Any], wanted: int) -> dict[str, int]:
    from delivery.dkim.keypairs import record_text
    from tools.verifiers import dkimpy_accepts, opendkim_accepts

    records = {
        f"{at.selector}._domainkey.{at.domain}": record_text(at.pair.algorithm, at.pair.public) for at in identities
    }
    selectors = {at.selector for at in identities}
    messages = [_received(wire) for wire in _letters(signer, wanted)]
    under_dkimpy = sum(dkimpy_accepts(message, records) == selectors for message in messages)
    under_opendkim = sum(held == selectors for held in opendkim_accepts(messages, records))
    assert under_dkimpy == under_opendkim == len(messages) == wanted
    return {
        "messages": len(messages),
        "verified_by_dkimpy": under_dkimpy,
        "verified_by_opendkim": under_opendkim,
        "failures": 2 * len(messages) - under_dkimpy - under_opendkim,
    }


def _letters(signer: Any, count: int) -> Iterator[bytes]:
    """Signed messages of random mails, senders and readers, the same in each run but for dates and boundaries."""
    from campaigns.models import Campaign, ContentVersion, Sender
    from delivery.mime import compile_mail
    from workspaces.models import Workspace

    random = Random(6376)  # noqa: S311  invented mails, no secrets
    workspace = Workspace(name="Maren & Moss", slug="maren-moss", postal_address="12 Oborishte Street\n1504 Sofia")
    for number in range(count):
        if number % TEMPLATE_READERS == 0:
            html = "".join(random.choices(PIECES, k=random.randint(1, 9)))
            reply_to = random.choice(("", "hello@letters.example"))
            sender = Sender(name=random.choice(SENDERS), email=f"maren@{DOMAIN}", reply_to=reply_to)
            version = ContentVersion(subject=random.choice(SUBJECTS), html=html)
            mail = compile_mail(version, sender, Campaign(pk=7, workspace=workspace), signer)
        context = reader_context(number)
        name = random.choice(NAMES)
        context["contact"] |= {"first_name": name, "full_name": name.strip()}
        yield mail.wire(number, context["contact"]["email"], context)


def _newsletter() -> bytes:
    from campaigns.models import Campaign, ContentVersion, Sender
    from delivery.mime import compile_mail
    from workspaces.models import Workspace

    workspace = Workspace(name="Maren & Moss", slug="maren-moss", postal_address="12 Oborishte Street, Sofia")
    sender = Sender(name="Maren", email=f"maren@{DOMAIN}", reply_to="hello@letters.example")
    context = reader_context(1)
    mail = compile_mail(
        ContentVersion(subject=SUBJECT, html=newsletter_html()), sender, Campaign(pk=7, workspace=workspace)
    )
    return mail.wire(1, context["contact"]["email"], context)


def _received(wire: bytes) -> bytes:
    return re.sub(rb"(?m)^\.", b"", wire)


if __name__ == "__main__":
    run("dkim", __doc__, bench, messages=10_000, signatures=2_000)
