"""What becomes of calls to a real Cassandra whose answers are lost, or which are under way when the gateway is closed.

No other gateway is open meanwhile: its driver could begin a thread at any time.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from tests.support.cassandra import PASSWORD, USER, Cluster
from tests.support.cassandra_logs import Execute
from tests.support.lossy_proxy import LossyProxy
from tests.support.schema_gateway_suite import REPLICATION

from scylla_restore.engine.core.client_services import Served
from scylla_restore.engine.errors import SchemaObjectExists, SchemaUnavailable
from scylla_restore.engine.schema.cql_gateway import CqlSchema
from scylla_restore.engine.schema.cql_session import CqlAccess
from scylla_restore.engine.secrets import Secret
from scylla_restore.events.model.schema import SchemaObject

pytestmark = pytest.mark.real


@pytest.fixture
def proxy(cassandra: Cluster) -> Iterator[LossyProxy]:
    made = LossyProxy(cassandra.addresses[0], cassandra.port)
    yield made
    made.close()


@pytest.fixture
def gateway(cassandra: Cluster, proxy: LossyProxy) -> Iterator[CqlSchema]:
    node = Served(cassandra.addresses[0], proxy.port, tls=False)
    opened = CqlSchema(CqlAccess(nodes=(node,), user=USER, password=Secret(PASSWORD)))
    opened.schema_versions()
    yield opened
    opened.close()


def test_closing_leaves_no_thread(cassandra: Cluster) -> None:
    before = set(threading.enumerate())
    node = Served(cassandra.addresses[0], cassandra.port, tls=False)
    opened = CqlSchema(CqlAccess(nodes=(node,), user=USER, password=Secret(PASSWORD)))
    assert opened.schema_versions()
    opened.close()
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    assert left == []


@pytest.fixture
def keyspace(cassandra_execute: Execute) -> Iterator[str]:
    name = f"schema_{uuid4().hex[:12]}"
    yield name
    cassandra_execute(f"DROP KEYSPACE IF EXISTS {name}")


def test_a_change_whose_answer_is_lost_may_have_been_made(
    gateway: CqlSchema, proxy: LossyProxy, keyspace: str
) -> None:
    create = f"CREATE KEYSPACE {keyspace} {REPLICATION}"
    with proxy.losing_answers(), pytest.raises(SchemaUnavailable) as raised:
        gateway.apply(create)
    assert raised.value.statement == create
    assert SchemaObject(keyspace=keyspace, kind="keyspace", name=keyspace) in gateway.objects()
    with pytest.raises(SchemaObjectExists):
        gateway.apply(create)


def test_a_node_that_is_back_is_asked_again(gateway: CqlSchema, proxy: LossyProxy) -> None:
    with proxy.losing_answers():
        for _ in range(2):
            with pytest.raises(SchemaUnavailable):
                gateway.schema_versions()
    assert proxy.lost
    assert len(gateway.schema_versions()) == 1


def test_a_call_under_way_ends_when_the_gateway_is_closed(gateway: CqlSchema) -> None:
    began = threading.Event()

    def ask_on() -> None:
        while True:
            gateway.schema_versions()
            began.set()

    with ThreadPoolExecutor(1) as other:
        asking = other.submit(ask_on)
        assert began.wait(60)
        gateway.close()
        with pytest.raises(SchemaUnavailable):
            asking.result(timeout=60)
