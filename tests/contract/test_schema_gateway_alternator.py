"""Alternator's part of a schema: in memory, and through the API of a real DynamoDB beside CQL in memory."""

import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
from tests.support.alternator_suite import TABLE, AlternatorSuite, create_orders, eventually, views
from tests.support.dynamodb_server import DynamoDBServer
from tests.support.ports import HOST, reserved_ports
from tests.support.schema_fake import FakeSchema
from tests.support.schema_world import SchemaWorld

from scylla_restore.engine.core.client_services import Served
from scylla_restore.engine.errors import SchemaUnavailable
from scylla_restore.engine.schema.alternator import AlternatorSchema
from scylla_restore.engine.schema.alternator_client import AlternatorAccess
from scylla_restore.engine.schema.both import BothSchemas
from scylla_restore.engine.secrets import Secret


def alternator(*ports: int, access_key_id: str) -> AlternatorSchema:
    return AlternatorSchema(
        AlternatorAccess(
            nodes=tuple(Served(HOST, port, tls=False) for port in ports),
            access_key_id=Secret(access_key_id),
            secret_access_key=Secret("secret"),
        )
    )


@pytest.fixture
def access_key_id() -> str:
    return f"key{uuid4().hex[:12]}"


class TestInMemory(AlternatorSuite):
    @pytest.fixture
    def gateway(self) -> FakeSchema:
        return FakeSchema(SchemaWorld(offers_alternator=True))


@pytest.mark.real
class TestOnDynamoDB(AlternatorSuite):
    @pytest.fixture
    def gateway(self, dynamodb_server: DynamoDBServer, access_key_id: str) -> Iterator[BothSchemas]:
        both = BothSchemas(
            FakeSchema(SchemaWorld()), alternator(dynamodb_server.port, access_key_id=access_key_id)
        )
        yield both
        both.close()

    def test_items_expire_as_they_did(
        self, gateway: BothSchemas, dynamodb_server: DynamoDBServer, access_key_id: str
    ) -> None:
        create_orders(gateway)
        client = dynamodb_server.client(access_key_id)
        told = client.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]
        client.close()
        assert told["AttributeName"] == "expires"
        gateway.apply(
            '{"TableName": "orders", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "expires"}}'
        )

    def test_a_table_that_is_protected_is_dropped_all_the_same(
        self, gateway: BothSchemas, dynamodb_server: DynamoDBServer, access_key_id: str
    ) -> None:
        create_orders(gateway)
        client = dynamodb_server.client(access_key_id)
        client.update_table(TableName="orders", DeletionProtectionEnabled=True)
        client.close()
        eventually(lambda: gateway.drop(TABLE))
        assert views(gateway) == {}

    def test_another_node_is_asked_where_one_does_not_answer(
        self, dynamodb_server: DynamoDBServer, access_key_id: str
    ) -> None:
        opened = alternator(reserved_ports(1)[0], dynamodb_server.port, access_key_id=access_key_id)
        with pytest.raises(SchemaUnavailable) as raised:
            opened.table_names()
        assert raised.value.retryable
        assert opened.table_names() == frozenset()
        opened.close()

    def test_a_closed_gateway_answers_nothing_and_leaves_no_thread(
        self, dynamodb_server: DynamoDBServer, access_key_id: str
    ) -> None:
        before = set(threading.enumerate())
        opened = alternator(dynamodb_server.port, access_key_id=access_key_id)
        assert opened.table_names() == frozenset()
        opened.close()
        assert set(threading.enumerate()) <= before
        with pytest.raises(SchemaUnavailable):
            opened.table_names()
