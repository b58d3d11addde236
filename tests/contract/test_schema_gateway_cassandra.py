"""The schema of a real Apache Cassandra, through CQL."""

import re
import ssl
from collections.abc import Iterator
from contextlib import nullcontext
from uuid import uuid4

import pytest
from tests.support.cassandra import PASSWORD, USER, Cluster
from tests.support.cassandra_logs import Execute
from tests.support.ports import HOST, reserved_ports
from tests.support.schema_gateway_suite import REPLICATION, SchemaGatewaySuite, SchemaUnderTest

from scylla_restore.engine.config import CqlSettings
from scylla_restore.engine.core.client_services import Served
from scylla_restore.engine.core.cql import quoted
from scylla_restore.engine.errors import SchemaDenied
from scylla_restore.engine.schema.cql_gateway import CqlSchema
from scylla_restore.engine.schema.cql_session import CqlAccess
from scylla_restore.engine.schema.cql_trust import cql_trust
from scylla_restore.engine.schema.port import SchemaGateway
from scylla_restore.engine.secrets import Secret

pytestmark = pytest.mark.real

ROLE_PASSWORD = "it's secret"


def gateway(cluster: Cluster, *, user: str = USER, password: str = PASSWORD, port: int = 0) -> CqlSchema:
    nodes = tuple(Served(address, port or cluster.port, tls=False) for address in cluster.addresses)
    return CqlSchema(CqlAccess(nodes=nodes, user=user, password=Secret(password)))


class OnCassandra(SchemaUnderTest):
    knows_tombstone_gc = False

    def __init__(self, cluster: Cluster, execute: Execute, gateway: CqlSchema) -> None:
        self._cluster = cluster
        self._execute = execute
        self._opened: list[CqlSchema] = []
        self._roles: list[str] = []
        self.gateway = gateway
        self.keyspace = f"Schema_{uuid4().hex[:12]}"
        self.execute(f"CREATE KEYSPACE {quoted(self.keyspace)} {REPLICATION}")

    def execute(self, statement: str) -> None:
        self._execute(statement)

    def gateway_with(self, *rights: str) -> SchemaGateway:
        role = f"role_{uuid4().hex[:12]}"
        self._roles.append(role)
        self.execute(
            f"CREATE ROLE {role} WITH LOGIN = true AND PASSWORD = '{ROLE_PASSWORD.replace(chr(39), 2 * chr(39))}'"
        )
        for right in rights:
            self.execute(f"GRANT {right} ON KEYSPACE {quoted(self.keyspace)} TO {role}")
        return self._remember(gateway(self._cluster, user=role, password=ROLE_PASSWORD))

    def gateway_to_nobody(self) -> SchemaGateway:
        return self._remember(gateway(self._cluster, port=reserved_ports(1)[0]))

    def _remember(self, opened: CqlSchema) -> CqlSchema:
        self._opened.append(opened)
        return opened

    def clear(self) -> None:
        for opened in self._opened:
            opened.close()
        self.execute(f"DROP KEYSPACE IF EXISTS {quoted(self.keyspace)}")
        for role in self._roles:
            self.execute(f"DROP ROLE {role}")


@pytest.fixture(scope="module")
def administrator(cassandra: Cluster) -> Iterator[CqlSchema]:
    opened = gateway(cassandra)
    yield opened
    opened.close()


@pytest.fixture
def schema(cassandra: Cluster, cassandra_execute: Execute, administrator: CqlSchema) -> Iterator[OnCassandra]:
    made = OnCassandra(cassandra, cassandra_execute, administrator)
    yield made
    made.clear()


class TestSchemaOfCassandra(SchemaGatewaySuite):
    pass


def test_an_index_of_a_class_of_its_own_comes_back_with_its_options(schema: OnCassandra) -> None:
    schema.make_table()
    schema.execute(
        f'CREATE CUSTOM INDEX "Sasi" ON {schema.name("T")} (v)'
        " USING 'org.apache.cassandra.index.sasi.SASIIndex' WITH OPTIONS = {'mode': 'CONTAINS', 'is_literal': 'true'}"
    )
    before = schema.views()
    assert "'CONTAINS'" in before["Sasi"].statement
    schema.gateway.drop_view(before["Sasi"])
    schema.gateway.create_view(before["Sasi"])
    assert schema.views() == before


def test_a_view_that_bears_the_name_of_an_indexs_view_is_a_view(schema: OnCassandra) -> None:
    schema.make_table()
    schema.execute(f"CREATE INDEX by_v ON {schema.name('T')} (v)")
    schema.make_view("by_v_index")
    assert schema.views().keys() == {"by_v", "by_v_index"}


def test_a_wrong_password_is_told(cassandra: Cluster) -> None:
    opened = gateway(cassandra, password="wrong")
    with pytest.raises(SchemaDenied, match=f"user {USER}") as raised:
        opened.schema_versions()
    assert "[cluster.NAME.cql]" in (raised.value.hint or "")
    opened.close()


def test_who_gives_no_user_is_told(cassandra: Cluster) -> None:
    nodes = tuple(Served(address, cassandra.port, tls=False) for address in cassandra.addresses)
    opened = CqlSchema(CqlAccess(nodes=nodes))
    with pytest.raises(SchemaDenied, match="anybody without a user") as raised:
        opened.schema_versions()
    assert "[cluster.NAME.cql]" in (raised.value.hint or "")
    opened.close()


def test_another_node_is_asked_where_one_does_not_answer(cassandra: Cluster) -> None:
    nodes = (
        Served(HOST, reserved_ports(1)[0], tls=False),
        Served(cassandra.addresses[0], cassandra.port, tls=False),
    )
    opened = CqlSchema(CqlAccess(nodes=nodes, user=USER, password=Secret(PASSWORD)))
    assert len(opened.schema_versions()) == 1
    opened.close()


def test_whom_tls_is_asked_of_has_to_be_trusted(cassandra: Cluster) -> None:
    node = Served(cassandra.addresses[0], cassandra.port, tls=True)
    trusting = ssl.create_default_context(cafile=cassandra.authority)
    for context, expected in ((trusting, None), (ssl.create_default_context(), SchemaDenied)):
        opened = CqlSchema(CqlAccess(nodes=(node,), user=USER, password=Secret(PASSWORD), tls=context))
        with pytest.raises(expected) if expected else nullcontext():
            assert len(opened.schema_versions()) == 1
        opened.close()


def test_the_fingerprint_that_an_error_names_will_do_for_trust(cassandra: Cluster) -> None:
    node = Served(cassandra.addresses[0], cassandra.port, tls=True)

    def versions(cql: CqlSettings) -> int:
        access = CqlAccess(nodes=(node,), user=USER, password=Secret(PASSWORD), tls=cql_trust(cql))
        opened = CqlSchema(access)
        try:
            return len(opened.schema_versions())
        finally:
            opened.close()

    with pytest.raises(SchemaDenied) as refused:
        versions(CqlSettings(tls_names=False))
    named = re.search(r'tls_fingerprint = "([0-9A-F:]{95})"', refused.value.hint or "")
    assert named is not None, refused.value.hint
    assert versions(CqlSettings(tls_fingerprint=named[1])) == 1
    assert versions(CqlSettings(insecure=True)) == 1
    with pytest.raises(SchemaDenied, match=f"it is {named[1]}"):
        versions(CqlSettings(tls_fingerprint="ab" * 32))
