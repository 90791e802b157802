from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_public_key

from delivery.dkim import Keypair
from delivery.dkim.keypairs import Algorithm, record_strings, record_text
from tests.delivery.dkim.conftest import ED25519, RSA


@pytest.mark.parametrize("pair", [RSA.pair, ED25519.pair], ids=lambda pair: pair.algorithm)
def test_a_pair_that_was_written_down_is_read_back(pair: Keypair) -> None:
    again = Keypair.read(pair.written)

    assert (again.algorithm, again.public) == (pair.algorithm, pair.public)


def test_rsa_keys_have_the_size_that_every_receiver_verifies() -> None:
    public = load_der_public_key(b64decode(RSA.pair.public))

    assert isinstance(public, RSAPublicKey)
    assert public.key_size == 2048
    assert public.public_numbers().e == 65537


def test_an_ed25519_record_has_the_bare_key() -> None:
    text = record_text(Algorithm.ED25519, ED25519.pair.public)

    assert text == f"v=DKIM1; k=ed25519; p={ED25519.pair.public}"
    assert Ed25519PublicKey.from_public_bytes(b64decode(ED25519.pair.public))


def test_a_signature_is_made_by_the_private_half() -> None:
    signature = ED25519.pair.sign(b"text")

    assert signature != Keypair.new(Algorithm.ED25519).sign(b"text")
    assert len(RSA.pair.sign(b"text")) == 256


def test_a_record_is_split_for_dns_and_put_together_without_a_space() -> None:
    text = record_text(Algorithm.RSA, RSA.pair.public)

    parts = record_strings(text)

    assert text.startswith("v=DKIM1; k=rsa; p=MII")
    assert [len(part) for part in parts] == [255, len(text) - 255]
    assert "".join(parts) == text


ELLIPTIC = generate_private_key(SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("rubbish", ["", "not base64!", b64encode(b"no key").decode(), b64encode(ELLIPTIC).decode()])
def test_what_is_no_key_of_ours_is_refused(rubbish: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Keypair.read(rubbish)
