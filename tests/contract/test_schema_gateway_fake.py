"""The schema in memory keeps the promises that the real ones keep."""

import pytest
from tests.support.schema_fake import FakeSchema, Fault
from tests.support.schema_gateway_suite import REPLICATION, SchemaGatewaySuite, SchemaUnderTest
from tests.support.schema_world import SchemaWorld

from scylla_restore.engine.schema.port import SchemaGateway


class InMemory(SchemaUnderTest):
    def __init__(self, *, knows_tombstone_gc: bool) -> None:
        self.knows_tombstone_gc = knows_tombstone_gc
        self.world = SchemaWorld(knows_tombstone_gc=knows_tombstone_gc)
        self.keyspace = "Keyspace"
        self.execute(f'CREATE KEYSPACE "Keyspace" {REPLICATION}')
        self.gateway = FakeSchema(self.world)

    def execute(self, statement: str) -> None:
        self.world.execute(statement)

    def gateway_with(self, *rights: str) -> SchemaGateway:
        return FakeSchema(self.world, rights=frozenset(rights))

    def gateway_to_nobody(self) -> SchemaGateway:
        gateway = FakeSchema(self.world)
        gateway.faults.append(Fault(on="*", times=1000))
        return gateway


@pytest.fixture(params=[True, False], ids=["scylla", "cassandra"])
def schema(request: pytest.FixtureRequest) -> InMemory:
    return InMemory(knows_tombstone_gc=request.param)


class TestSchemaInMemory(SchemaGatewaySuite):
    pass
