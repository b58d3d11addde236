"""Which certificates of agents are believed.

Agents make a certificate of their own when they start, unless they are given one, so there are four ways:

* nothing said: the system's authorities sign it, and it names the address
* ``ca_file``: it stands in that file itself (then its names do not matter: it is that very agent), or one that
  stands there has signed it, and it names the address if it names anything at all
* ``fingerprints``: its SHA-256 is one of these; nothing else is looked at
* ``insecure``: any certificate will do
"""

import hashlib
import hmac
import re
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import certifi
import msgspec
from urllib3.util.ssl_match_hostname import CertificateError, match_hostname

from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.fingerprints import fingerprint_of, parse_fingerprint

if TYPE_CHECKING:
    from urllib3.util.ssl_ import _TYPE_PEER_CERT_RET_DICT

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class TlsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """At most one of the three is given; see the module."""

    ca_file: str | None = None
    fingerprints: tuple[str, ...] = ()
    insecure: bool = False


class Distrusted(Exception):
    """A certificate is not believed. ``fingerprint`` is ``AB:CD:…``, or None if it could not be had."""

    def __init__(self, reason: str, fingerprint: str | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fingerprint = fingerprint


class Trust:
    """The decision for a whole cluster; it may be shared by threads and nodes."""

    def __init__(self, settings: TlsSettings) -> None:
        given = (settings.ca_file is not None, bool(settings.fingerprints), settings.insecure)
        if sum(given) > 1:
            raise ConfigurationError(
                "tls_ca, tls_fingerprint and insecure exclude each other: only one of them can be given"
            )
        self._fingerprints = frozenset(parse_fingerprint(text) for text in settings.fingerprints)
        self._listed: frozenset[bytes] = frozenset()
        self._names_required = settings.ca_file is None
        self._context = _context()
        self._chain_verified = not (settings.insecure or self._fingerprints)
        if not self._chain_verified:
            self._context.verify_mode = ssl.CERT_NONE
        elif settings.ca_file is not None:
            self._listed = _load_authorities(self._context, settings.ca_file)
        else:
            _load_system_authorities(self._context)

    def handshake(
        self,
        connection: socket.socket,
        *,
        names: tuple[str, ...],
        opened: Callable[[ssl.SSLSocket], None],
    ) -> ssl.SSLSocket:
        """Return ``connection`` secured. Any of ``names`` may be the certificate's; the first is asked for.

        ``opened`` is told of the new socket before the first byte is sent. ``connection`` is used up, whatever comes.

        Raises:
            Distrusted: the certificate is not believed; its fingerprint is known unless the chain was at fault.
            OSError: no answer, or no TLS (``ssl.SSLError``).
        """
        secured = self._context.wrap_socket(
            connection, server_hostname=names[0], do_handshake_on_connect=False
        )
        try:
            opened(secured)
            secured.do_handshake()
            self._check(secured, names)
        except ssl.SSLCertVerificationError as error:
            secured.close()
            raise Distrusted(error.verify_message, None) from error
        except BaseException:
            secured.close()
            raise
        return secured

    def _check(self, secured: ssl.SSLSocket, names: tuple[str, ...]) -> None:
        certificate = secured.getpeercert(binary_form=True) or b""
        if self._fingerprints:
            presented = hashlib.sha256(certificate).hexdigest().upper()
            if not any(hmac.compare_digest(presented, known) for known in self._fingerprints):
                raise Distrusted(
                    "its fingerprint is not among the configured ones", fingerprint_of(certificate)
                )
        elif self._chain_verified and certificate not in self._listed:
            reason = self._wrong_name(secured, names)
            if reason is not None:
                raise Distrusted(reason, fingerprint_of(certificate))

    def _wrong_name(self, secured: ssl.SSLSocket, names: tuple[str, ...]) -> str | None:
        facts = cast("_TYPE_PEER_CERT_RET_DICT", secured.getpeercert() or {})
        if not facts.get("subjectAltName") and not self._names_required:
            return None
        for name in names:
            try:
                match_hostname(facts, name)
            except CertificateError:
                continue
            return None
        return f"it does not name {' or '.join(dict.fromkeys(names))}"


def presented_fingerprint(connection: socket.socket, *, opened: Callable[[ssl.SSLSocket], None]) -> str:
    """Return the fingerprint of whatever certificate the other side shows; nothing is sent to it.

    Raises:
        OSError: no answer, or no TLS.
    """
    context = _context()
    context.verify_mode = ssl.CERT_NONE
    with context.wrap_socket(connection, do_handshake_on_connect=False) as secured:
        opened(secured)
        secured.do_handshake()
        return fingerprint_of(secured.getpeercert(binary_form=True) or b"")


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False  # names are checked by Trust, which knows more than one that will do
    return context


def _load_authorities(context: ssl.SSLContext, ca_file: str) -> frozenset[bytes]:
    """Trust the certificates in a file, be they authorities' or the agents' own, and return them."""
    try:
        text = Path(ca_file).read_text(encoding="ascii", errors="replace")
        certificates = frozenset(ssl.PEM_cert_to_DER_cert(block) for block in _PEM.findall(text))
        if not certificates:
            raise ConfigurationError(f"tls_ca: there is no certificate (PEM) in {ca_file}")
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"tls_ca: {ca_file} cannot be read: {error}") from error
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return certificates


def _load_system_authorities(context: ssl.SSLContext) -> None:
    """Trust what the system trusts; the environment has no say, so OpenSSL's variables are not asked."""
    paths = ssl.get_default_verify_paths()
    file, directory = Path(paths.openssl_cafile), Path(paths.openssl_capath)
    found = False
    if file.is_file():
        context.load_verify_locations(cafile=str(file))
        found = True
    if directory.is_dir():
        context.load_verify_locations(capath=str(directory))
        found = found or any(directory.iterdir())
    if not found:
        context.load_verify_locations(cafile=certifi.where())
