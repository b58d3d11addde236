import msgspec
import pytest

from scylla_restore.engine.core.client_services import ClientServices, Served

ANY = "0.0.0.0"  # noqa: S104 - what nodes say, nothing binds to it


@pytest.mark.parametrize(
    ("told", "served"),
    [
        ({"native_transport_port": "9042", "rpc_address": "10.0.0.2"}, Served("10.0.0.2", 9042, tls=False)),
        (
            {"native_transport_port": "9042", "rpc_address": ANY, "broadcast_rpc_address": "10.0.0.3"},
            Served("10.0.0.3", 9042, tls=False),
        ),
        ({"native_transport_port": "9042", "rpc_address": "::"}, Served("10.0.0.1", 9042, tls=False)),
        (
            {
                "native_transport_port": "9042",
                "native_transport_port_ssl": "9142",
                "client_encryption_enabled": True,
            },
            Served("10.0.0.1", 9142, tls=True),
        ),
        (
            {"native_transport_port": "9042", "native_transport_port_ssl": "9142"},
            Served("10.0.0.1", 9042, tls=False),
        ),
        (
            {"native_transport_port": "9042", "client_encryption_enabled": True},
            Served("10.0.0.1", 9042, tls=True),
        ),
        ({"native_transport_port": "0"}, None),
        ({}, None),
    ],
)
def test_cql_is_where_the_node_says(told: dict[str, object], served: Served | None) -> None:
    assert msgspec.convert({"address": "10.0.0.1"} | told, ClientServices).cql == served


@pytest.mark.parametrize(
    ("told", "served"),
    [
        ({"alternator_port": "8000", "alternator_address": ANY}, Served("10.0.0.1", 8000, tls=False)),
        (
            {"alternator_port": "8000", "alternator_https_port": "8043", "alternator_address": "10.0.0.9"},
            Served("10.0.0.9", 8043, tls=True),
        ),
        ({"alternator_port": "0", "alternator_https_port": "0"}, None),
        ({"alternator_port": ""}, None),
    ],
)
def test_alternator_is_where_the_node_says(told: dict[str, object], served: Served | None) -> None:
    assert msgspec.convert({"address": "10.0.0.1"} | told, ClientServices).alternator == served
