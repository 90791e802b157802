"""Certificates made on the spot."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Authority:
    """Whoever signs the certificates of a test, and a context that believes it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    folder: Path

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def file(self) -> Path:
        """Where the certificate lies, for `SSL_CERT_FILE`."""
        path = self.folder / "authority.pem"
        path.write_bytes(self.pem)
        return path

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.pem.decode())

    def server(self, host: str, *, days: int = 1, begins: int = -9) -> ssl.SSLContext:
        """A server's context with a certificate for this host, from so many days until so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        dates = _dates(begins, days)
        signed = _certificate(host, key, dates, issuer=self.certificate.subject, issuer_key=self.key)
        return self._context(f"{host}{begins}to{days}", key, signed)

    def self_signed(self, host: str) -> ssl.SSLContext:
        """A server's context with a certificate that it signed itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _certificate(host, key, _dates(-9, 1), issuer=_name(host), issuer_key=key)
        return self._context(f"{host}-self", key, signed)

    def _context(self, name: str, key: ec.EllipticCurvePrivateKey, signed: x509.Certificate) -> ssl.SSLContext:
        path = self.folder / f"{name}.pem"
        path.write_bytes(_pem(key) + signed.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def new_authority(folder: Path) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = "Authority of the tests"
    dates = _dates(-9, 2)
    certificate = _certificate(name, key, dates, issuer=_name(name), issuer_key=key, is_authority=True)
    return Authority(key, certificate, folder)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _dates(begins: int, ends: int) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now + timedelta(days=begins), now + timedelta(days=ends)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    dates: tuple[datetime, datetime],
    *,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    is_authority: bool = False,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dates[0])
        .not_valid_after(dates[1])
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if not is_authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
