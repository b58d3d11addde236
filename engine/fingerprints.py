"""SHA-256 of certificates, as people read and paste them."""

import hashlib
import re

from scylla_restore.engine.errors import ConfigurationError

_FINGERPRINT = re.compile(r"[0-9A-F]{64}")


def fingerprint_of(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate (DER) as ``AB:CD:…``."""
    digest = hashlib.sha256(certificate).hexdigest().upper()
    return ":".join(digest[position : position + 2] for position in range(0, len(digest), 2))


def parse_fingerprint(text: str) -> str:
    """Return 64 upper-case hexadecimal digits, given them in any case, with or without colons.

    Raises:
        ConfigurationError: it is not a SHA-256.
    """
    digits = text.strip().replace(":", "").upper()
    if not _FINGERPRINT.fullmatch(digits):
        raise ConfigurationError(
            f"not the SHA-256 fingerprint of a certificate: {text!r}",
            hint="it has 64 hexadecimal digits, with or without colons",
        )
    return digits
