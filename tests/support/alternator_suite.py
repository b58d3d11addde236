"""What every gateway to a cluster that offers Alternator promises beside all else."""

import json
import threading
from collections.abc import Callable
from typing import TypeVar

import pytest
from tests.support.alternator_tables import ORDERS
from tests.support.backups import gzipped

from scylla_restore.engine.backup.alternator import read_alternator
from scylla_restore.engine.backup.restorable import statements_to_apply
from scylla_restore.engine.errors import (
    SchemaObjectExists,
    SchemaObjectMissing,
    SchemaRefused,
    SchemaUnavailable,
)
from scylla_restore.engine.schema.port import SchemaGateway
from scylla_restore.events.model.schema import RecordedView, SchemaObject, ViewKind

T = TypeVar("T")

KEYSPACE = "alternator_orders"
TABLE = SchemaObject(keyspace=KEYSPACE, kind="table", name="orders")
WITHIN_TRIES = 600


def eventually(call: Callable[[], T]) -> T:
    """Call until it is not told to come back later: a table has but one index made or dropped at a time."""
    pause = threading.Event()
    for _ in range(WITHIN_TRIES):
        try:
            return call()
        except SchemaUnavailable:
            pause.wait(0.05)
    return call()


def create_orders(gateway: SchemaGateway) -> None:
    tables = read_alternator(gzipped({"tables": [ORDERS]}), path="p")
    for each in statements_to_apply((), tables).statements:
        eventually(lambda statement=each.statement: gateway.apply(statement))  # type: ignore[misc]  # it takes nothing


def views(gateway: SchemaGateway) -> dict[str, RecordedView]:
    return {view.name: view for view in gateway.views(frozenset({KEYSPACE}))}


class AlternatorSuite:
    """Subclasses give a fixture ``gateway`` to a cluster without any table."""

    def test_tables_are_created_with_their_indexes(self, gateway: SchemaGateway) -> None:
        assert gateway.offers_alternator()
        assert views(gateway) == {}
        create_orders(gateway)
        told = {name: (view.kind, view.base_table, view.build_name) for name, view in views(gateway).items()}
        assert told == {
            "by_day": (ViewKind.ALTERNATOR_GSI, "orders", "orders:by_day"),
            "of_day": (ViewKind.ALTERNATOR_LSI, "orders", "orders!:of_day"),
        }
        assert {view.keyspace for view in views(gateway).values()} == {KEYSPACE}

    def test_a_global_index_comes_back_as_it_was(self, gateway: SchemaGateway) -> None:
        create_orders(gateway)
        before = views(gateway)
        for _ in range(2):
            eventually(lambda: gateway.drop_view(before["by_day"]))
        assert views(gateway).keys() == {"of_day"}
        for _ in range(2):
            eventually(lambda: gateway.create_view(before["by_day"]))
        assert views(gateway) == before

    def test_a_local_index_stays_with_its_table(self, gateway: SchemaGateway) -> None:
        create_orders(gateway)
        local = views(gateway)["of_day"]
        with pytest.raises(SchemaRefused, match="local"):
            gateway.drop_view(local)
        gateway.create_view(local)
        assert views(gateway)["of_day"] == local

    def test_indexes_of_a_table_that_is_gone_are_gone(self, gateway: SchemaGateway) -> None:
        create_orders(gateway)
        before = views(gateway)
        for _ in range(2):
            eventually(lambda: gateway.drop(TABLE))
        assert views(gateway) == {}
        gateway.drop_view(before["by_day"])
        with pytest.raises(SchemaObjectMissing, match="orders"):
            gateway.create_view(before["by_day"])

    def test_a_table_is_dropped_under_the_name_of_its_keyspace_too(self, gateway: SchemaGateway) -> None:
        create_orders(gateway)
        eventually(lambda: gateway.drop(SchemaObject(keyspace=KEYSPACE, kind="keyspace", name=KEYSPACE)))
        assert views(gateway) == {}

    def test_a_table_that_is_there_is_not_created_again(self, gateway: SchemaGateway) -> None:
        create_orders(gateway)
        with pytest.raises(SchemaObjectExists, match="orders"):
            gateway.apply(
                json.dumps(
                    {
                        "TableName": "orders",
                        "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
                        "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
                        "BillingMode": "PAY_PER_REQUEST",
                    }
                )
            )

    @pytest.mark.parametrize("statement", ["{not json", '{"TableName": "orders", "KeySchema": 1}'])
    def test_a_call_that_makes_no_sense_is_refused(self, gateway: SchemaGateway, statement: str) -> None:
        with pytest.raises(SchemaRefused):
            gateway.apply(statement)

    def test_what_is_cqls_goes_to_cql(self, gateway: SchemaGateway) -> None:
        create_orders(gateway)
        gateway.apply("CREATE KEYSPACE ks")
        gateway.apply("CREATE TABLE ks.t (k int, v int, PRIMARY KEY (k))")
        gateway.apply("CREATE MATERIALIZED VIEW ks.v AS SELECT * FROM ks.t PRIMARY KEY (v, k)")
        found = gateway.views(frozenset({KEYSPACE, "ks"}))
        assert {view.name for view in found} == {"by_day", "of_day", "v"}
        view = next(view for view in found if view.name == "v")
        gateway.drop_view(view)
        gateway.create_view(view)
        assert not gateway.has_rows("ks", "t")
        gateway.drop(SchemaObject(keyspace="ks", kind="keyspace", name="ks"))
        assert {each.name for each in gateway.views(frozenset({KEYSPACE, "ks"}))} == {"by_day", "of_day"}
