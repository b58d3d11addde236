from pathlib import Path

import pytest
from tests.support.certificates import make_identity

from scylla_restore.engine.config import AlternatorSettings, CqlSettings
from scylla_restore.engine.core.client_services import ClientServices, Served
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.schema.both import BothSchemas
from scylla_restore.engine.schema.cql_gateway import CqlSchema
from scylla_restore.engine.schema.opening import SchemaOpening
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered
from scylla_restore.engine.secrets import SecretReference

PLAIN = ClientServices(address="10.0.0.1", native_transport_port="9042")
OTHER = ClientServices(address="10.0.0.2", native_transport_port="9043")
SECURE = ClientServices(address="10.0.0.3", native_transport_port="9044", client_encryption_enabled=True)
WITHOUT = ClientServices(address="10.0.0.4", native_transport_port="0")


def opened(
    *services: ClientServices,
    cql: CqlSettings | None = None,
    alternator: AlternatorSettings | None = None,
    environment: dict[str, str] | None = None,
) -> SchemaGateway | SchemaNotOffered:
    opening = SchemaOpening(
        cluster="prod",
        cql=cql or CqlSettings(),
        alternator=alternator or AlternatorSettings(),
        environment=environment or {},
    )
    return opening.open(services, reached_at=lambda address: address.replace("10.0.0.1", "localhost"))


def nodes(gateway: SchemaGateway | SchemaNotOffered) -> tuple[Served, ...]:
    assert isinstance(gateway, CqlSchema)
    return gateway._connection._access.nodes


def test_nodes_are_where_they_say_and_reached_as_it_is_configured() -> None:
    assert nodes(opened(PLAIN, WITHOUT, OTHER)) == (
        Served("localhost", 9042, tls=False),
        Served("10.0.0.2", 9043, tls=False),
    )


def test_configured_hosts_and_ports_win() -> None:
    assert nodes(opened(PLAIN, cql=CqlSettings(port=19042))) == (Served("localhost", 19042, tls=False),)
    assert nodes(opened(WITHOUT, cql=CqlSettings(hosts=("lb",)))) == (Served("lb", 9042, tls=False),)
    assert nodes(opened(SECURE, cql=CqlSettings(hosts=("lb",)))) == (Served("lb", 9042, tls=True),)


def test_where_no_node_has_a_port_for_cql_there_is_none() -> None:
    gateway = opened(WITHOUT)
    assert isinstance(gateway, SchemaNotOffered)
    assert "10.0.0.4" in gateway.reason
    assert isinstance(opened(), SchemaNotOffered)


def test_nodes_that_encrypt_are_believed_as_it_is_configured(tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_bytes(make_identity("10.0.0.3", authority=True).pem)
    gateway = opened(SECURE, cql=CqlSettings(tls_ca=authority, tls_names=False))
    assert isinstance(gateway, CqlSchema)
    tls = gateway._connection._access.tls
    assert tls is not None
    assert not tls.check_hostname
    assert len(tls.get_ca_certs()) == 1
    by_system = opened(SECURE)
    assert isinstance(by_system, CqlSchema)
    assert by_system._connection._access.tls is not None
    assert by_system._connection._access.tls.check_hostname
    assert nodes(opened(PLAIN, cql=CqlSettings(tls_ca=authority)))[0].tls


def test_who_pins_a_certificate_wants_tls() -> None:
    assert nodes(opened(PLAIN, cql=CqlSettings(tls_fingerprint="ab" * 32)))[0].tls
    assert not nodes(opened(PLAIN, cql=CqlSettings(insecure=True)))[0].tls


def test_nothing_is_encrypted_where_nobody_said_so() -> None:
    gateway = opened(PLAIN)
    assert isinstance(gateway, CqlSchema)
    assert gateway._connection._access.tls is None


@pytest.mark.parametrize(
    ("cql", "words"),
    [
        (CqlSettings(tls_ca=Path("nowhere.pem")), "cql.tls_ca: nowhere.pem"),
        (CqlSettings(tls_cert=Path("nowhere.pem")), "cql.tls_cert or cql.tls_key: nowhere.pem"),
        (CqlSettings(password=SecretReference("env:NOT_SET")), "cql.password of cluster prod"),
    ],
)
def test_what_cannot_be_read_is_told_before_anything_is_asked(cql: CqlSettings, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        opened(PLAIN, cql=cql)


def test_a_certificate_of_the_clients_own_needs_its_key(tmp_path: Path) -> None:
    identity = make_identity("client")
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    certificate.write_bytes(identity.pem)
    key.write_bytes(identity.key_pem)
    assert isinstance(opened(SECURE, cql=CqlSettings(tls_cert=certificate, tls_key=key)), CqlSchema)
    with pytest.raises(ConfigurationError, match="tls_cert"):
        opened(SECURE, cql=CqlSettings(tls_cert=certificate))


def test_alternator_is_spoken_where_a_node_offers_it() -> None:
    offering = ClientServices(address="10.0.0.1", native_transport_port="9042", alternator_port="8000")
    gateway = opened(
        offering,
        alternator=AlternatorSettings(
            access_key_id=SecretReference("role"), secret_access_key=SecretReference("env:HASH")
        ),
        environment={"HASH": "hash"},
    )
    assert isinstance(gateway, BothSchemas)
    assert gateway.offers_alternator()
    access = gateway._alternator._client._access
    assert access.nodes == (Served("localhost", 8000, tls=False),)
    assert access.secret_access_key is not None
    assert access.secret_access_key.reveal() == "hash"
    gateway.close()


@pytest.mark.parametrize(
    ("url", "served"),
    [
        ("https://alternator.example:443/", Served("alternator.example", 443, tls=True)),
        ("https://alternator.example", Served("alternator.example", 8043, tls=True)),
        ("http://[::1]", Served("::1", 8000, tls=False)),
    ],
)
def test_alternator_is_spoken_where_it_is_configured(url: str, served: Served) -> None:
    gateway = opened(PLAIN, alternator=AlternatorSettings(endpoint=url))
    assert isinstance(gateway, BothSchemas)
    assert gateway._alternator._client._access.nodes == (served,)
    gateway.close()


@pytest.mark.parametrize(
    "url", ["alternator.example:8000", "ftp://x", "https://", "http://x:port", "http://x/y"]
)
def test_what_is_no_address_of_alternator_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"alternator\.endpoint of cluster prod is not an address"):
        opened(PLAIN, alternator=AlternatorSettings(endpoint=url))
