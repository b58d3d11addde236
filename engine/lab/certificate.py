"""The self-signed certificate that the nodes of a lab show."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_VALID_FOR = timedelta(days=365)
_RENEW_BEFORE = timedelta(days=30)


def ensure_certificate(directory: Path, names: tuple[str, ...]) -> tuple[Path, Path]:
    """Return certificate and key files in ``directory`` that are good for all ``names`` (host names, addresses).

    A certificate of an earlier start is kept as long as it serves, so that clients that pinned it go on.
    """
    certificate, key = directory / "agents.pem", directory / "agents-key.pem"
    if not (certificate.exists() and key.exists() and _serves(certificate.read_bytes(), names)):
        certificate_pem, key_pem = make_certificate(names)
        key.touch(mode=0o600)
        key.write_bytes(key_pem)
        certificate.write_bytes(certificate_pem)
    return certificate, key


def make_certificate(names: tuple[str, ...]) -> tuple[bytes, bytes]:
    """Make a certificate (EC P-256, its own authority, one year) for ``names``; return it and its key as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "scylla-restore lab")])
    now = datetime.now(UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_USAGE, critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), key_pem


def fingerprint(certificate_pem: bytes) -> str:
    """Return the certificate's SHA-256 as ``AB:CD:…``."""
    digest = x509.load_pem_x509_certificate(certificate_pem).fingerprint(hashes.SHA256())
    return digest.hex(":").upper()


_USAGE = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _serves(pem: bytes, names: tuple[str, ...]) -> bool:
    certificate = x509.load_pem_x509_certificate(pem)
    if certificate.not_valid_after_utc < datetime.now(UTC) + _RENEW_BEFORE:
        return False
    held = set(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    return {_general_name(name) for name in names} <= held
