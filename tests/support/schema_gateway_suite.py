"""What every gateway to a cluster's schema promises. One is done when its subclass of the suite passes, nothing left out."""

from abc import ABC, abstractmethod

import pytest

from scylla_restore.engine.core.cql import quoted
from scylla_restore.engine.errors import (
    SchemaDenied,
    SchemaObjectExists,
    SchemaObjectMissing,
    SchemaRefused,
    SchemaUnavailable,
)
from scylla_restore.engine.schema.port import SchemaGateway
from scylla_restore.events.model.schema import RecordedTable, RecordedView, SchemaObject, ViewKind

REPLICATION = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"


class SchemaUnderTest(ABC):
    """A cluster with an empty keyspace of the test's own, whose name has to be quoted."""

    gateway: SchemaGateway
    keyspace: str
    knows_tombstone_gc: bool

    @abstractmethod
    def execute(self, statement: str) -> None:
        """Carry out a statement beside the gateway, as somebody who may do everything."""

    @abstractmethod
    def gateway_with(self, *rights: str) -> SchemaGateway:
        """Return a gateway for a role that has only these rights (CREATE, ALTER, DROP, SELECT) on the keyspace."""

    @abstractmethod
    def gateway_to_nobody(self) -> SchemaGateway:
        """Return a gateway to a cluster that does not answer."""

    def name(self, name: str) -> str:
        """Return a full name for a statement."""
        return f"{quoted(self.keyspace)}.{quoted(name)}"

    def make_table(self, name: str = "T") -> None:
        """Create a table."""
        self.execute(
            f'CREATE TABLE {self.name(name)} (k int, c int, v text, m map<text, int>, "Odd ""Column" text,'
            f" PRIMARY KEY (k, c)) WITH comment = 'it''s; 100%s a /* comment'"
        )

    def make_view(self, name: str, *, base: str = "T", comment: str = "") -> None:
        """Create a view."""
        self.execute(
            f"CREATE MATERIALIZED VIEW {self.name(name)} AS SELECT * FROM {self.name(base)}"  # noqa: S608 - quoted names
            " WHERE v IS NOT NULL AND k IS NOT NULL AND c IS NOT NULL PRIMARY KEY (v, k, c)"
            f" WITH comment = '{comment}'"
        )

    def views(self) -> dict[str, RecordedView]:
        """Return what stands over the keyspace's tables."""
        return {view.name: view for view in self.gateway.views(frozenset({self.keyspace}))}

    def tables(self) -> dict[str, RecordedTable]:
        """Return the keyspace's tables."""
        return {table.table: table for table in self.gateway.tables(frozenset({self.keyspace}))}

    def objects(self) -> frozenset[SchemaObject]:
        """Return what is there of the keyspace: others may have theirs on the same server, which come and go."""
        return frozenset(each for each in self.gateway.objects() if each.keyspace == self.keyspace)

    def object(self, kind: str, name: str) -> SchemaObject:
        """Return an object of the keyspace."""
        return SchemaObject(keyspace=self.keyspace, kind=kind, name=name)


class SchemaGatewaySuite:
    """Subclasses give a fixture ``schema`` that makes a ``SchemaUnderTest``."""

    def test_tables_have_their_ids_and_views_are_none_of_them(self, schema: SchemaUnderTest) -> None:
        table_id = "0ab1c2d0-e690-11f1-84a7-af38a15d5dbc"
        schema.execute(f"CREATE TABLE {schema.name('a')} (k int PRIMARY KEY) WITH id = {table_id}")
        schema.make_table("T")
        schema.make_view("over_T")
        assert schema.tables().keys() == {"a", "T"}
        assert schema.tables()["a"].id == table_id.replace("-", "")
        assert schema.tables()["T"].id != schema.tables()["a"].id

    def test_only_tables_of_the_keyspaces_asked_for_are_told(self, schema: SchemaUnderTest) -> None:
        schema.make_table()
        assert schema.gateway.tables(frozenset()) == ()
        assert schema.gateway.tables(frozenset({schema.keyspace.lower(), "nothing"})) == ()
        assert len(schema.gateway.tables(frozenset({schema.keyspace, "nothing"}))) == 1

    def test_a_table_that_was_made_anew_has_another_id(self, schema: SchemaUnderTest) -> None:
        schema.make_table()
        before = schema.tables()["T"].id
        schema.execute(f"DROP TABLE {schema.name('T')}")
        schema.make_table()
        assert schema.tables()["T"].id != before

    def test_views_and_indexes_are_told_with_their_bases_and_build_names(
        self, schema: SchemaUnderTest
    ) -> None:
        schema.make_table()
        schema.make_view("MyView")
        schema.execute(f'CREATE INDEX "Idx" ON {schema.name("T")} ("Odd ""Column")')
        schema.execute(f"CREATE INDEX by_key ON {schema.name('T')} (keys(m))")
        schema.execute(f"CREATE INDEX ON {schema.name('T')} (v)")
        assert {
            name: (view.kind, view.base_table, view.build_name) for name, view in schema.views().items()
        } == {
            "MyView": (ViewKind.MATERIALIZED_VIEW, "T", "MyView"),
            "Idx": (ViewKind.SECONDARY_INDEX, "T", "Idx_index"),
            "by_key": (ViewKind.SECONDARY_INDEX, "T", "by_key_index"),
            "T_v_idx": (ViewKind.SECONDARY_INDEX, "T", "T_v_idx_index"),
        }

    def test_what_is_dropped_comes_back_as_it_was(self, schema: SchemaUnderTest) -> None:
        schema.make_table()
        schema.make_view("MyView", comment="CREATE INDEX; IF NOT EXISTS -- no 100%s ''comment''")
        schema.execute(f'CREATE INDEX "Idx" ON {schema.name("T")} ("Odd ""Column")')
        schema.execute(f"CREATE INDEX by_key ON {schema.name('T')} (keys(m))")
        before = schema.views()
        for view in before.values():
            schema.gateway.drop_view(view)
        assert schema.views() == {}
        for view in before.values():
            schema.gateway.create_view(view)
        assert schema.views() == before

    def test_dropping_and_creating_can_be_repeated(self, schema: SchemaUnderTest) -> None:
        schema.make_table()
        schema.make_view("MyView")
        schema.execute(f"CREATE INDEX by_v ON {schema.name('T')} (v)")
        before = schema.views()
        for view in before.values():
            schema.gateway.create_view(view)
        assert schema.views() == before
        for view in (*before.values(), *before.values()):
            schema.gateway.drop_view(view)
        assert schema.views() == {}

    def test_dropping_a_view_of_a_keyspace_that_is_gone_is_no_error(self, schema: SchemaUnderTest) -> None:
        schema.make_table()
        schema.make_view("MyView")
        schema.execute(f"CREATE INDEX by_v ON {schema.name('T')} (v)")
        before = schema.views()
        schema.execute(f"DROP KEYSPACE {quoted(schema.keyspace)}")
        for view in before.values():
            schema.gateway.drop_view(view)
        assert schema.views() == {}

    def test_a_view_over_a_table_that_is_gone_cannot_be_created(self, schema: SchemaUnderTest) -> None:
        schema.make_table()
        schema.make_view("MyView")
        schema.execute(f"CREATE INDEX by_v ON {schema.name('T')} (v)")
        before = schema.views()
        schema.gateway.drop(schema.object("table", "T"))
        for view in before.values():
            with pytest.raises(SchemaObjectMissing):
                schema.gateway.create_view(view)

    def test_one_row_makes_a_table_that_holds_rows(self, schema: SchemaUnderTest) -> None:
        schema.make_table("Select")
        assert not schema.gateway.has_rows(schema.keyspace, "Select")
        schema.execute(f"INSERT INTO {schema.name('Select')} (k, c) VALUES (1, 1)")  # noqa: S608 - quoted names
        assert schema.gateway.has_rows(schema.keyspace, "Select")

    def test_a_table_that_is_missing_holds_no_rows_but_is_an_error(self, schema: SchemaUnderTest) -> None:
        with pytest.raises(SchemaObjectMissing, match="nowhere"):
            schema.gateway.has_rows(schema.keyspace, "nowhere")

    def test_the_version_of_the_schema_changes_with_it(self, schema: SchemaUnderTest) -> None:
        before = schema.gateway.schema_versions()
        assert len(before) == 1
        schema.make_table()
        assert schema.gateway.schema_versions() != before

    def test_objects_are_all_there_is_but_the_systems(self, schema: SchemaUnderTest) -> None:
        schema.make_table()
        schema.make_view("MyView")
        schema.execute(f"CREATE INDEX by_v ON {schema.name('T')} (v)")
        schema.execute(f"CREATE TYPE {schema.name('Ty')} (a int)")
        assert schema.objects() == {
            schema.object("keyspace", schema.keyspace),
            schema.object("table", "T"),
            schema.object("view", "MyView"),
            schema.object("index", "by_v"),
            schema.object("type", "Ty"),
        }
        assert not [each for each in schema.gateway.objects() if each.keyspace.startswith("system")]

    @pytest.mark.parametrize(
        "statement",
        [
            'CREATE KEYSPACE "{ks}" ' + REPLICATION,
            'CREATE TABLE "{ks}"."T" (k int PRIMARY KEY)',
            'CREATE TYPE "{ks}"."Ty" (a int)',
            'CREATE INDEX by_v ON "{ks}"."T" (v)',
            (
                'CREATE MATERIALIZED VIEW "{ks}"."MyView" AS SELECT * FROM "{ks}"."T"'
                " WHERE v IS NOT NULL AND k IS NOT NULL AND c IS NOT NULL PRIMARY KEY (v, k, c)"
            ),
        ],
    )
    def test_what_is_there_is_not_created_again(self, schema: SchemaUnderTest, statement: str) -> None:
        schema.make_table()
        schema.make_view("MyView")
        schema.execute(f"CREATE INDEX by_v ON {schema.name('T')} (v)")
        schema.execute(f"CREATE TYPE {schema.name('Ty')} (a int)")
        before = schema.objects()
        with pytest.raises(SchemaObjectExists) as raised:
            schema.gateway.apply(statement.replace("{ks}", schema.keyspace))
        assert raised.value.statement.startswith(statement[:12])
        assert schema.objects() == before

    def test_a_statement_that_makes_no_sense_is_refused(self, schema: SchemaUnderTest) -> None:
        with pytest.raises(SchemaRefused) as raised:
            schema.gateway.apply("CREATE nonsense")
        assert type(raised.value) is SchemaRefused
        assert not raised.value.retryable

    def test_nothing_is_created_in_a_keyspace_that_is_missing(self, schema: SchemaUnderTest) -> None:
        with pytest.raises(SchemaObjectMissing, match="nowhere"):
            schema.gateway.apply("CREATE TABLE nowhere.t (k int PRIMARY KEY)")

    @pytest.mark.parametrize("kind", ["keyspace", "table", "type", "view", "index"])
    def test_each_kind_of_object_is_dropped_and_may_be_missing(
        self, schema: SchemaUnderTest, kind: str
    ) -> None:
        schema.make_table()
        schema.make_view("a_view")
        schema.execute(f"CREATE INDEX an_index ON {schema.name('T')} (v)")
        schema.execute(f"CREATE TYPE {schema.name('a_type')} (a int)")
        names = {"keyspace": schema.keyspace, "table": "T"}
        dropped = schema.object(kind, names.get(kind, f"a{'n' if kind == 'index' else ''}_{kind}"))
        before = schema.objects()
        assert dropped in before
        schema.gateway.drop(dropped)
        after = schema.objects()
        assert dropped not in after
        assert (schema.object("keyspace", schema.keyspace) in after) == (kind != "keyspace")
        schema.gateway.drop(dropped)
        assert schema.objects() == after

    def test_a_table_goes_with_all_that_stands_over_it(self, schema: SchemaUnderTest) -> None:
        for table in ("T", "U"):
            schema.make_table(table)
            schema.make_view(f"over_{table}", base=table)
            schema.execute(f"CREATE INDEX by_v_{table.lower()} ON {schema.name(table)} (v)")
        schema.gateway.drop(schema.object("table", "T"))
        assert schema.tables().keys() == {"U"}
        assert schema.views().keys() == {"over_U", "by_v_u"}

    def test_functions_are_objects_with_or_without_overloads(self, schema: SchemaUnderTest) -> None:
        for argument in ("int", "bigint"):
            schema.execute(
                f"CREATE FUNCTION {schema.name('F')} (a {argument}) CALLED ON NULL INPUT RETURNS int"
                " LANGUAGE java AS $$ int b = 1; return b; $$"
            )
        assert schema.object("function", "F") in schema.objects()
        schema.gateway.drop(schema.object("function", "F"))
        assert schema.object("function", "F") not in schema.objects()

    def test_tombstone_gc_is_read_and_set_with_all_its_options(self, schema: SchemaUnderTest) -> None:
        schema.make_table()
        if not schema.knows_tombstone_gc:
            assert schema.tables()["T"].tombstone_gc is None
            return
        schema.gateway.set_tombstone_gc(schema.keyspace, "T", (("mode", "disabled"),))
        assert schema.tables()["T"].tombstone_gc == (("mode", "disabled"),)
        options = (("mode", "repair"), ("propagation_delay_in_seconds", "1234"))
        schema.gateway.set_tombstone_gc(schema.keyspace, "T", options)
        assert schema.tables()["T"].tombstone_gc == options

    def test_no_options_of_tombstone_gc_are_the_default(self, schema: SchemaUnderTest) -> None:
        schema.make_table()
        if not schema.knows_tombstone_gc:
            with pytest.raises(SchemaRefused):
                schema.gateway.set_tombstone_gc(schema.keyspace, "T", ())
            return
        assert schema.tables()["T"].tombstone_gc == ()
        schema.gateway.set_tombstone_gc(schema.keyspace, "T", ())
        assert schema.tables()["T"].tombstone_gc == (("mode", "timeout"),)

    def test_tombstone_gc_of_a_table_that_is_gone_is_not_set(self, schema: SchemaUnderTest) -> None:
        with pytest.raises(SchemaObjectMissing if schema.knows_tombstone_gc else SchemaRefused):
            schema.gateway.set_tombstone_gc(schema.keyspace, "nowhere", (("mode", "disabled"),))

    def test_a_table_of_alternator_needs_alternator(self, schema: SchemaUnderTest) -> None:
        assert not schema.gateway.offers_alternator()
        with pytest.raises(SchemaRefused, match="Alternator"):
            schema.gateway.apply('{"TableName": "t"}')

    def test_who_may_only_read_alters_nothing(self, schema: SchemaUnderTest) -> None:
        schema.make_table()
        schema.make_view("MyView")
        view = schema.views()["MyView"]
        reader = schema.gateway_with("SELECT")
        assert not reader.has_rows(schema.keyspace, "T")
        with pytest.raises(SchemaDenied) as raised:
            reader.drop_view(view)
        assert raised.value.exit_code == 2
        with pytest.raises(SchemaDenied):
            reader.apply(f"CREATE TABLE {schema.name('U')} (k int PRIMARY KEY)")
        with pytest.raises(SchemaDenied):
            reader.drop(schema.object("keyspace", schema.keyspace))
        assert schema.views() == {"MyView": view}

    def test_who_may_not_read_is_told_so(self, schema: SchemaUnderTest) -> None:
        schema.make_table()
        with pytest.raises(SchemaDenied):
            schema.gateway_with("ALTER").has_rows(schema.keyspace, "T")

    def test_a_cluster_that_does_not_answer_is_asked_again_later(self, schema: SchemaUnderTest) -> None:
        nobody = schema.gateway_to_nobody()
        for _ in range(2):
            with pytest.raises(SchemaUnavailable) as raised:
                nobody.tables(frozenset({schema.keyspace}))
            assert raised.value.retryable

    def test_a_closed_gateway_answers_nothing(self, schema: SchemaUnderTest) -> None:
        gateway = schema.gateway_with("SELECT")
        gateway.schema_versions()
        gateway.close()
        gateway.close()
        with pytest.raises(SchemaUnavailable):
            gateway.schema_versions()
