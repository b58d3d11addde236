"""Which certificates are believed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.certificates import Identity, make_identity
from tests.support.scripted_agent import ScriptedAgent, said

from scylla_restore.engine.cluster.access import AccessSettings, ClusterAccess
from scylla_restore.engine.cluster.tls import TlsSettings
from scylla_restore.engine.errors import CertificateRejected, ConfigurationError
from scylla_restore.engine.secrets import Secret


def cluster_name(identity: Identity, tls: TlsSettings, *, node: str = "127.0.0.1") -> str:
    """Ask a server with that certificate for the cluster's name; ``node`` is its address in the cluster."""
    with ScriptedAgent(lambda _: said("prod"), identity) as agent:
        settings = AccessSettings(
            contact_points=(node,),
            token=Secret("token"),
            port=agent.port,
            translate={} if node == agent.host else {node: agent.host},
            tls=tls,
        )
        access = ClusterAccess(settings)
        try:
            return access.gateway(node).cluster_name()
        finally:
            access.close()


def ca_file(directory: Path, *identities: Identity) -> str:
    path = directory / "authorities.pem"
    path.write_bytes(b"".join(identity.pem for identity in identities))
    return str(path)


@pytest.fixture(scope="module")
def agent() -> Identity:
    """As an agent makes it for itself: it names nothing."""
    return make_identity()


def test_a_self_signed_certificate_is_rejected_with_the_three_ways_out(
    agent: Identity,
) -> None:
    with pytest.raises(CertificateRejected) as caught:
        cluster_name(agent, TlsSettings())

    assert "self-signed" in caught.value.message
    assert caught.value.fingerprint == agent.fingerprint
    hint = caught.value.hint or ""
    assert "--tls-ca" in hint
    assert f"--tls-fingerprint {agent.fingerprint}" in hint
    assert "--insecure" in hint
    assert caught.value.exit_code == 2


def test_nothing_is_sent_to_a_node_that_is_not_trusted(agent: Identity) -> None:
    with ScriptedAgent(lambda _: said("prod"), agent) as server:
        settings = AccessSettings(
            contact_points=("127.0.0.1",), token=Secret("token"), port=server.port, tls=TlsSettings()
        )
        with pytest.raises(CertificateRejected):
            ClusterAccess(settings).first_answering()
    assert server.requests == []


@pytest.mark.parametrize("form", [str.lower, str.upper, lambda text: text.replace(":", "")])
def test_a_pinned_certificate_is_trusted_whatever_it_names(
    agent: Identity, form: Callable[[str], str]
) -> None:
    pinned = TlsSettings(fingerprints=("00" * 32, form(agent.fingerprint)))
    assert cluster_name(agent, pinned) == "prod"


def test_another_certificate_than_the_pinned_one_is_rejected(agent: Identity) -> None:
    with pytest.raises(CertificateRejected, match="fingerprint is not among") as caught:
        cluster_name(agent, TlsSettings(fingerprints=("ab" * 32,)))
    assert caught.value.fingerprint == agent.fingerprint


def test_an_agents_own_certificate_in_the_file_is_trusted_whatever_it_names(tmp_path: Path) -> None:
    agent = make_identity("some.other.name")
    tls = TlsSettings(ca_file=ca_file(tmp_path, make_identity(), agent))
    assert cluster_name(agent, tls) == "prod"


def test_a_certificate_that_names_nothing_is_trusted_by_its_authority_alone(tmp_path: Path) -> None:
    authority = make_identity(authority=True)
    tls = TlsSettings(ca_file=ca_file(tmp_path, authority))
    assert cluster_name(make_identity(issuer=authority), tls) == "prod"


def test_a_certificate_of_the_authority_for_another_node_is_rejected(tmp_path: Path) -> None:
    authority = make_identity(authority=True)
    tls = TlsSettings(ca_file=ca_file(tmp_path, authority))
    with pytest.raises(CertificateRejected, match=r"does not name 127\.0\.0\.1"):
        cluster_name(make_identity("127.0.0.9", issuer=authority), tls)


def test_behind_a_tunnel_a_certificate_may_name_the_node_itself(tmp_path: Path) -> None:
    authority = make_identity(authority=True)
    tls = TlsSettings(ca_file=ca_file(tmp_path, authority))
    agent = make_identity("10.0.0.5", issuer=authority)
    assert cluster_name(agent, tls, node="10.0.0.5") == "prod"


def test_a_certificate_of_an_unknown_authority_is_rejected(tmp_path: Path) -> None:
    tls = TlsSettings(ca_file=ca_file(tmp_path, make_identity(authority=True)))
    with pytest.raises(CertificateRejected):
        cluster_name(make_identity("127.0.0.1"), tls)


def test_an_expired_certificate_is_rejected_even_from_the_file(tmp_path: Path) -> None:
    agent = make_identity(expired=True)
    with pytest.raises(CertificateRejected, match="expired"):
        cluster_name(agent, TlsSettings(ca_file=ca_file(tmp_path, agent)))


def test_insecure_takes_any_certificate() -> None:
    assert cluster_name(make_identity(expired=True), TlsSettings(insecure=True)) == "prod"


def test_ways_to_trust_exclude_each_other() -> None:
    settings = AccessSettings(
        contact_points=("n",), token=Secret("t"), tls=TlsSettings(insecure=True, fingerprints=("ab" * 32,))
    )
    with pytest.raises(ConfigurationError, match="exclude each other"):
        ClusterAccess(settings)


@pytest.mark.parametrize(
    ("content", "words"), [(b"no certificate", "no certificate"), (None, "cannot be read")]
)
def test_a_file_without_certificates_is_an_error_of_the_configuration(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    settings = AccessSettings(contact_points=("n",), token=Secret("t"), tls=TlsSettings(ca_file=str(path)))
    with pytest.raises(ConfigurationError, match=words):
        ClusterAccess(settings)


def test_a_fingerprint_has_to_be_a_sha256() -> None:
    settings = AccessSettings(
        contact_points=("n",), token=Secret("t"), tls=TlsSettings(fingerprints=("ab:cd",))
    )
    with pytest.raises(ConfigurationError, match="not the SHA-256"):
        ClusterAccess(settings)
