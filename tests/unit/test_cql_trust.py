"""Whose certificates are believed where CQL is served, tried with a server that shows one."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.certificates import Identity, make_identity

from scylla_restore.engine.config import CqlSettings
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.schema.cql_trust import cql_trust

HOST = "127.0.0.1"
OTHER = "ab" * 32


@pytest.fixture
def identity() -> Identity:
    return make_identity("10.0.0.3", authority=True)


@pytest.fixture
def port(identity: Identity) -> Iterator[int]:
    """Serve TLS, and close each connection after its handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    identity.serve_with(context)
    with socket.create_server((HOST, 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, context))
        thread.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:  # the test is over
            return
        with connection:
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:  # the other side does not believe
                continue


def connect(cql: CqlSettings, port: int) -> str | None:
    """Connect as the driver does, the socket wrapped first; return what was agreed on."""
    context = cql_trust(cql)
    name = HOST if context.check_hostname else None
    with context.wrap_socket(socket.socket(), server_hostname=name) as secured:
        secured.connect((HOST, port))
        return secured.version()


def test_a_pinned_certificate_is_believed_whatever_it_names(port: int, identity: Identity) -> None:
    assert connect(CqlSettings(tls_fingerprint=(OTHER, identity.fingerprint)), port)


def test_another_certificate_than_the_pinned_one_is_named(port: int, identity: Identity) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=f"not configured; it is {identity.fingerprint}"):
        connect(CqlSettings(tls_fingerprint=OTHER), port)


def test_a_certificate_that_nobody_vouches_for_is_named(port: int, identity: Identity) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=f"self-signed .*; it is {identity.fingerprint}"):
        connect(CqlSettings(), port)


def test_a_certificate_in_the_file_has_to_name_the_host_unless_names_do_not_matter(
    port: int, identity: Identity, tmp_path: Path
) -> None:
    authority = tmp_path / "nodes.pem"
    authority.write_bytes(identity.pem)
    assert connect(CqlSettings(tls_ca=authority, tls_names=False), port)
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        connect(CqlSettings(tls_ca=authority), port)


def test_any_certificate_will_do_where_that_is_said(port: int) -> None:
    assert connect(CqlSettings(insecure=True), port)


def test_what_is_no_fingerprint_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="not the SHA-256 fingerprint"):
        cql_trust(CqlSettings(tls_fingerprint="ab:cd"))
