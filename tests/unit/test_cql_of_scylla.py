"""What only ScyllaDB has, and no other server can be made to say."""

from uuid import UUID

import pytest
from tests.support.scripted_cql import Rows, ScriptedCql

from scylla_restore.engine.errors import SchemaRefused
from scylla_restore.engine.schema.cql_gateway import CqlSchema
from scylla_restore.engine.schema.cql_session import CqlAccess
from scylla_restore.engine.schema.tombstone_gc import encode_tombstone_gc
from scylla_restore.events.model.schema import RecordedTable, RecordedView, SchemaObject, ViewKind

IS_SCYLLA: dict[str, Rows] = {"SELECT table_name FROM system_schema.tables": [("scylla_tables",)]}
TABLES = "SELECT table_name, id, extensions"
INDEXES = "SELECT index_name, table_name"
VIEWS = "SELECT view_name, base_table_name"
TABLE_ID = UUID("0ab1c2d0-e690-11f1-84a7-af38a15d5dbc")


def gateway(connection: ScriptedCql) -> CqlSchema:
    made = CqlSchema(CqlAccess(nodes=()))
    made._connection = connection
    return made


def test_tombstone_gc_is_read_from_the_tables_extensions() -> None:
    options = (("mode", "repair"), ("propagation_delay_in_seconds", "1234"))
    rows = [("a", TABLE_ID, {"tombstone_gc": encode_tombstone_gc(options)}), ("b", TABLE_ID, None)]
    found = gateway(ScriptedCql(IS_SCYLLA | {TABLES: rows})).tables(frozenset({"ks"}))
    assert found == (
        RecordedTable(keyspace="ks", table="a", id=TABLE_ID.hex, tombstone_gc=options),
        RecordedTable(keyspace="ks", table="b", id=TABLE_ID.hex, tombstone_gc=()),
    )


def test_tombstone_gc_as_scylla_writes_it() -> None:
    stored = b"\x01\0\0\0" + b"\x04\0\0\0mode" + b"\x06\0\0\0repair"
    found = gateway(ScriptedCql(IS_SCYLLA | {TABLES: [("a", TABLE_ID, {"tombstone_gc": stored})]}))
    assert found.tables(frozenset({"ks"}))[0].tombstone_gc == (("mode", "repair"),)
    assert encode_tombstone_gc((("mode", "repair"),)) == stored


@pytest.mark.parametrize(
    "stored", [b"", b"\x01\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\0\0", b"\x01\0\0\0\x01\0\0\0\xff\0\0\0\0"]
)
def test_tombstone_gc_that_cannot_be_read_could_not_be_put_back(stored: bytes) -> None:
    answers: dict[str, Rows] = IS_SCYLLA | {TABLES: [("a", TABLE_ID, {"tombstone_gc": stored})]}
    with pytest.raises(SchemaRefused, match=r"tombstone_gc of ks\.a"):
        gateway(ScriptedCql(answers)).tables(frozenset({"ks"}))


def test_tombstone_gc_is_set_with_quoted_names_and_texts() -> None:
    connection = ScriptedCql({})
    gateway(connection).set_tombstone_gc("Ks", 'my"table', (("mode", "it's"), ("x", "1")))
    assert connection.executed == [
        """ALTER TABLE "Ks"."my""table" WITH tombstone_gc = {'mode': 'it''s', 'x': '1'}"""
    ]


def test_the_view_behind_an_index_is_no_view_of_its_own() -> None:
    answers: dict[str, Rows] = IS_SCYLLA | {
        INDEXES: [("by_v", "t")],
        VIEWS: [("by_v_index", "t"), ("mv", "t"), ("by_v_index", "other")],
        "DESCRIBE INDEX": [("ks", "index", "by_v", "CREATE INDEX by_v ON ks.t((k), v);")],
        "DESCRIBE MATERIALIZED VIEW": [("ks", "view", "mv", "CREATE MATERIALIZED VIEW ks.mv AS SELECT;")],
    }
    found = gateway(ScriptedCql(answers)).views(frozenset({"ks"}))
    assert [(view.name, view.base_table, view.kind) for view in found] == [
        ("by_v_index", "other", ViewKind.MATERIALIZED_VIEW),
        ("mv", "t", ViewKind.MATERIALIZED_VIEW),
        ("by_v", "t", ViewKind.SECONDARY_INDEX),
    ]
    assert found[2].statement == "CREATE INDEX IF NOT EXISTS by_v ON ks.t((k), v);"
    assert found[2].build_name == "by_v_index"


def test_a_view_that_is_called_like_one_behind_an_index_is_somebodys_own_on_cassandra() -> None:
    answers: dict[str, Rows] = {
        INDEXES: [("by_v", "t")],
        VIEWS: [("by_v_index", "t")],
        "DESCRIBE INDEX": [("ks", "index", "by_v", "CREATE INDEX by_v ON ks.t (v);")],
        "DESCRIBE MATERIALIZED VIEW": [
            ("ks", "view", "v", "CREATE MATERIALIZED VIEW ks.by_v_index AS SELECT;")
        ],
    }
    found = gateway(ScriptedCql(answers)).views(frozenset({"ks"}))
    assert [view.name for view in found] == ["by_v_index", "by_v"]


def test_an_index_that_no_view_is_kept_for_is_not_built() -> None:
    statement = "CREATE CUSTOM INDEX ann ON ks.t (v) USING 'vector_index';"
    answers: dict[str, Rows] = IS_SCYLLA | {
        INDEXES: [("ann", "t")],
        "DESCRIBE INDEX": [("ks", "index", "ann", statement)],
    }
    (view,) = gateway(ScriptedCql(answers)).views(frozenset({"ks"}))
    assert view.build_name == ""


def test_several_statements_of_one_description_are_kept_and_carried_out_one_by_one() -> None:
    described = (
        "/* made by the server; */ CREATE MATERIALIZED VIEW ks.mv AS SELECT * FROM ks.t WITH comment = 'a;b';\n"
        "ALTER MATERIALIZED VIEW ks.mv WITH x = 1;\n-- the end;"
    )
    connection = ScriptedCql({VIEWS: [("mv", "t")], "DESCRIBE": [("ks", "view", "mv", described)]})
    (view,) = gateway(connection).views(frozenset({"ks"}))
    connection.executed.clear()
    gateway(connection).create_view(view)
    assert connection.executed == [
        (
            "/* made by the server; */ CREATE MATERIALIZED VIEW IF NOT EXISTS ks.mv AS SELECT * FROM ks.t"
            " WITH comment = 'a;b'"
        ),
        "ALTER MATERIALIZED VIEW ks.mv WITH x = 1",
    ]


def test_a_view_that_vanishes_meanwhile_is_not_there() -> None:
    assert gateway(ScriptedCql({VIEWS: [("mv", "t")], "DESCRIBE": None})).views(frozenset({"ks"})) == ()


def test_a_view_that_the_server_does_not_describe_is_not_taken_for_one_that_can_come_back() -> None:
    with pytest.raises(SchemaRefused, match=r"ks\.mv"):
        gateway(ScriptedCql({VIEWS: [("mv", "t")]})).views(frozenset({"ks"}))


def test_an_index_of_alternator_is_refused_where_alternator_is_off() -> None:
    answers: dict[str, Rows] = IS_SCYLLA | {
        VIEWS: [("t:by_day", "t")],
        "DESCRIBE": [("alternator_t", "view", '"t:by_day"', "CREATE MATERIALIZED VIEW x;")],
    }
    with pytest.raises(SchemaRefused, match=r"alternator_t\.t:by_day") as raised:
        gateway(ScriptedCql(answers)).views(frozenset({"alternator_t"}))
    assert raised.value.hint is not None


@pytest.mark.parametrize("kind", [ViewKind.ALTERNATOR_GSI, ViewKind.ALTERNATOR_LSI])
def test_cql_touches_no_index_of_alternator(kind: ViewKind) -> None:
    connection = ScriptedCql({})
    view = RecordedView(
        keyspace="alternator_t", name="i", base_table="t", kind=kind, statement="{}", build_name="t:i"
    )
    for touch in (gateway(connection).drop_view, gateway(connection).create_view):
        with pytest.raises(SchemaRefused, match="Alternator"):
            touch(view)
    assert connection.executed == []


def test_views_behind_indexes_are_no_objects_and_go_with_their_table() -> None:
    answers: dict[str, Rows] = IS_SCYLLA | {
        "SELECT keyspace_name FROM": [("ks",), ("system_auth",)],
        "SELECT keyspace_name, index_name": [("ks", "by_v")],
        "SELECT keyspace_name, view_name": [("ks", "by_v_index"), ("ks", "mv")],
        INDEXES: [("by_v", "t")],
        VIEWS: [("by_v_index", "t"), ("mv", "t")],
    }
    connection = ScriptedCql(answers)
    schema = gateway(connection)
    assert {(each.kind, each.name) for each in schema.objects()} == {
        ("keyspace", "ks"),
        ("index", "by_v"),
        ("view", "mv"),
    }
    schema.drop(SchemaObject(keyspace="ks", kind="table", name="t"))
    assert [statement for statement in connection.executed if statement.startswith("DROP")] == [
        'DROP MATERIALIZED VIEW IF EXISTS "ks"."mv"',
        'DROP TABLE IF EXISTS "ks"."t"',
    ]


def test_nothing_is_dropped_that_there_is_no_way_to_drop() -> None:
    with pytest.raises(SchemaRefused, match="nothing drops a role"):
        gateway(ScriptedCql({})).drop(SchemaObject(keyspace="ks", kind="role", name="r"))


def test_dropping_in_a_keyspace_that_the_server_says_is_missing_is_no_error() -> None:
    connection = ScriptedCql({"DROP": None})
    gateway(connection).drop(SchemaObject(keyspace="ks", kind="type", name="t"))
    assert connection.executed[-1] == 'DROP TYPE IF EXISTS "ks"."t"'


def test_rows_are_looked_for_on_most_replicas() -> None:
    connection = ScriptedCql({"SELECT position": [(1, "C"), (0, "k")], "SELECT token": [(5,)]})
    assert gateway(connection).has_rows("Ks", "t")
    assert connection.asked_of_a_quorum == ['SELECT token("k", "C") FROM "Ks"."t" LIMIT 1']


def test_older_servers_know_their_peers_in_the_older_table() -> None:
    version = UUID(int=1)
    answers = {"SELECT schema_version": [(version,), (None,)]}
    connection = ScriptedCql(answers)
    assert gateway(connection).schema_versions() == {str(version)}
    assert connection.executed[-1] == "SELECT schema_version FROM system.peers"
