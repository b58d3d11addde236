import json

import msgspec
import pytest
from tests.support.alternator_tables import ORDERS
from tests.support.backups import gzipped

from scylla_restore.engine.backup.alternator import BackedUpTable, read_alternator
from scylla_restore.engine.backup.restorable import statements_to_apply
from scylla_restore.engine.backup.schema import SchemaRow
from scylla_restore.engine.errors import BackupError
from scylla_restore.events.model.schema import SchemaObject


def row(kind: str, name: str, statement: str = "CREATE it;", keyspace: str | None = "ks") -> SchemaRow:
    return SchemaRow(keyspace=keyspace, type=kind, name=name, cql_stmt=statement)


def tables(*described: dict[str, object]) -> tuple[BackedUpTable, ...]:
    return read_alternator(gzipped({"tables": described}), path="p")


def test_statements_keep_their_order_and_know_their_object() -> None:
    rows = [
        row("keyspace", '"Ks"', "CREATE KEYSPACE x;", '"Ks"'),
        row("table", "t", "CREATE TABLE t WITH comment = 'a;b'; ALTER TABLE t;", '"Ks"'),
        row("materialized_view", '"V"'),
        row("function", '"f(x"(int, text)'),
        row("aggregate", "sum(int)"),
    ]
    found = statements_to_apply(rows, ())
    assert [
        (each.object.keyspace, each.object.kind, each.object.name, each.statement)
        for each in found.statements
    ] == [
        ("Ks", "keyspace", "Ks", "CREATE KEYSPACE x"),
        ("Ks", "table", "t", "CREATE TABLE t WITH comment = 'a;b'"),
        ("Ks", "table", "t", "ALTER TABLE t"),
        ("ks", "view", "V", "CREATE it"),
        ("ks", "function", "f(x", "CREATE it"),
        ("ks", "aggregate", "sum", "CREATE it"),
    ]
    assert found.skipped == ()


@pytest.mark.parametrize(
    ("left_out", "reason"),
    [
        (row("role", "admin", keyspace=""), "roles"),
        (row("service_level", "sl", keyspace=None), "roles"),
        (row("table", "encrypted_keys", keyspace="system_replicated_keys"), "system's own"),
        (row("table", "audit_log", keyspace='"audit"'), "audit"),
        (row("table", '"t$paxos"'), "conditional writes"),
        (row("table", "t", " -- nothing\n"), "does not say"),
        (row("table", "orders", keyspace="alternator_orders"), "Alternator"),
        (row("view", '"orders:by_day"', keyspace='"alternator_orders"'), "Alternator"),
    ],
)
def test_what_is_not_restored_is_told_with_its_reason(left_out: SchemaRow, reason: str) -> None:
    found = statements_to_apply([left_out, row("table", "t")], tables(ORDERS))
    assert [each.object.name for each in found.statements if each.object.keyspace == "ks"] == ["t"]
    (skipped,) = found.skipped
    assert reason in skipped.reason


def test_what_is_named_like_the_exceptions_is_restored() -> None:
    rows = [
        row("view", '"v$paxos"'),
        row("table", "audit"),
        row("table", "t", keyspace="alternator_others"),
        row("table", "t", keyspace='"AUDIT"'),
    ]
    assert statements_to_apply(rows, tables(ORDERS)).skipped == ()


def test_tables_of_alternator_come_first_with_what_they_were_created_with() -> None:
    found = statements_to_apply([row("keyspace", "ks")], tables(ORDERS))
    assert [each.object.kind for each in found.statements] == ["table", "table", "keyspace"]
    made, expiring, _ = found.statements
    assert made.object == SchemaObject(keyspace="alternator_orders", kind="table", name="orders")
    assert json.loads(made.statement) == {
        "TableName": "orders",
        "AttributeDefinitions": [
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
            {"AttributeName": "day", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by_day",
                "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        "LocalSecondaryIndexes": [
            {
                "IndexName": "of_day",
                "KeySchema": [
                    {"AttributeName": "id", "KeyType": "HASH"},
                    {"AttributeName": "day", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total"]},
            }
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        "Tags": [{"Key": "system:write_isolation", "Value": "always"}, {"Key": "team", "Value": "sales"}],
    }
    assert json.loads(expiring.statement) == {
        "TableName": "orders",
        "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires"},
    }
    assert (made.required, expiring.required) == (True, False)


def test_what_is_provisioned_encrypted_and_protected_is_so_again() -> None:
    described = {
        **ORDERS["describe"],
        "BillingModeSummary": None,
        "ProvisionedThroughput": {
            "ReadCapacityUnits": 5,
            "WriteCapacityUnits": 6,
            "NumberOfDecreasesToday": 0,
        },
        "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "arn:key"},
        "TableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
        "DeletionProtectionEnabled": True,
        "OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 7},
        "WarmThroughput": {"ReadUnitsPerSecond": 8, "WriteUnitsPerSecond": 9, "Status": "ACTIVE"},
    }
    made = statements_to_apply([], tables({"describe": described})).statements[0]
    created = json.loads(made.statement)
    assert created["BillingMode"] == "PROVISIONED"
    assert created["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    assert created["SSESpecification"] == {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "arn:key"}
    assert created["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert created["DeletionProtectionEnabled"] is True
    assert created["OnDemandThroughput"] == {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 7}
    assert created["WarmThroughput"] == {"ReadUnitsPerSecond": 8, "WriteUnitsPerSecond": 9}
    assert "Tags" not in created


def test_a_file_without_tables_is_empty() -> None:
    assert read_alternator(gzipped({}), path="p") == ()
    assert read_alternator(gzipped({"tables": None}), path="p") == ()
    assert statements_to_apply((), read_alternator(gzipped({"tables": [{}]}), path="p")).statements == ()


def test_a_file_of_another_shape_is_refused_with_its_path() -> None:
    with pytest.raises(BackupError, match="alternator schema p cannot be read"):
        read_alternator(gzipped([1]), path="p")


def test_a_table_whose_expiry_is_off_gets_none() -> None:
    off = msgspec.json.decode(msgspec.json.encode({**ORDERS, "ttl": {"TimeToLiveStatus": "DISABLED"}}))
    assert len(statements_to_apply((), tables(off)).statements) == 1
