"""Which certificates of nodes that serve CQL are believed: four ways, as with agents.

* nothing said: the system's authorities sign it, and it names the address
* ``tls_ca``: it stands in that file itself, or one that stands there has signed it, and it names the address
* ``tls_fingerprint``: its SHA-256 is one of these; nothing else is looked at
* ``insecure``: any certificate will do

With ``tls_names`` off the first two do not ask for names.
"""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from scylla_restore.engine.config import CqlSettings
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.fingerprints import fingerprint_of, parse_fingerprint

_LOOK_S: Final = 5.0


class _CheckedSocket(ssl.SSLSocket):
    """Holds a certificate against what is pinned, and names in an error the one that was shown."""

    _address: tuple[str, int] | None = None

    def connect(self, addr: "socket._Address") -> None:  # the type is the standard library's own
        """Connect, and remember where to: a peer that has hung up cannot be asked."""
        self._address = addr if isinstance(addr, tuple) else None
        super().connect(addr)

    def do_handshake(self, block: bool = False) -> None:
        context = self.context
        pinned = context.pinned if isinstance(context, _Trust) else frozenset()
        try:
            super().do_handshake(block)
        except ssl.SSLCertVerificationError as error:
            shown = None if self._address is None else _shown_by(self._address)
            if shown is None:
                raise
            raise ssl.SSLCertVerificationError(error.errno, f"{error.strerror}; it is {shown}") from error
        shown = fingerprint_of(self.getpeercert(binary_form=True) or b"")
        if pinned and parse_fingerprint(shown) not in pinned:
            raise ssl.SSLCertVerificationError(
                ssl.SSL_ERROR_SSL,
                f"[SSL: CERTIFICATE_VERIFY_FAILED] its fingerprint is not configured; it is {shown}",
            )


class _Trust(ssl.SSLContext):
    """``pinned`` are the fingerprints that are believed, if it goes by them."""

    sslsocket_class = _CheckedSocket
    pinned: frozenset[str] = frozenset()


def cql_trust(cql: CqlSettings) -> ssl.SSLContext:
    """Return what is believed of CQL's certificates, and a client's own certificate where one is configured.

    An error of verification ends in the fingerprint of what was shown, if it could be had.

    Raises:
        ConfigurationError: a file cannot be read, or a fingerprint is none.
    """
    context = _Trust(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.pinned = frozenset(parse_fingerprint(text) for text in cql.fingerprints)
    if context.pinned or cql.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif cql.tls_ca is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        context.check_hostname = cql.tls_names
    else:
        _read(cql.tls_ca, lambda: context.load_verify_locations(cafile=str(cql.tls_ca)), "cql.tls_ca")
        # A node's own certificate will do as well as that of who signed it.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.check_hostname = cql.tls_names
    if cql.tls_cert is not None:
        certificate, key = cql.tls_cert, cql.tls_key
        # A password for the key would be asked for on the terminal: whoever has one has to take it off.
        _read(
            certificate,
            lambda: context.load_cert_chain(certificate, key, password=lambda: ""),
            "cql.tls_cert or cql.tls_key",
        )
    return context


def _shown_by(address: tuple[str, int]) -> str | None:
    """Return the fingerprint of whatever certificate is shown at an address; nothing is sent there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection(address[:2], timeout=_LOOK_S) as connection,
            context.wrap_socket(connection) as secured,
        ):
            return fingerprint_of(secured.getpeercert(binary_form=True) or b"")
    except OSError:
        return None


def _read(path: Path, load: Callable[[], object], what: str) -> None:
    try:
        load()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{what}: {path} cannot be read: {error}") from error
