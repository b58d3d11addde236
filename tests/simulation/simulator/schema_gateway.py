"""How an engine reaches the simulated cluster's schema: the schema port, with every effect noted."""

from tests.simulation.simulator.cluster import SimCluster
from tests.simulation.simulator.dice import dice
from tests.simulation.simulator.effects import Effect, EffectKind
from tests.simulation.simulator.network import Odds, SimPort
from tests.simulation.simulator.process import Process
from tests.simulation.simulator.schema import SimSchema, statement_of

from scylla_restore.engine.errors import (
    SchemaDenied,
    SchemaObjectExists,
    SchemaObjectMissing,
    SchemaRefused,
    SchemaUnavailable,
)
from scylla_restore.events.model.schema import RecordedTable, RecordedView, SchemaObject, TombstoneGc


class SimSchemaGateway(SimPort):
    """``SchemaGateway`` of the cluster, as one engine uses it."""

    def __init__(
        self, cluster: SimCluster, schema: SimSchema, process: Process, odds: Odds, seed: str
    ) -> None:
        super().__init__(process, odds, dice(f"{seed}/cql/{process.name}"))
        self._cluster = cluster
        self._schema = schema
        self._statement = ""

    def lost(self) -> Exception:
        return SchemaUnavailable("no node answers", statement=self._statement)

    def performed(self) -> None:
        self._cluster.points.reached("after call", self.process)

    def offers_alternator(self) -> bool:
        self._arrive("ListTables")
        return False

    def tables(self, keyspaces: frozenset[str]) -> tuple[RecordedTable, ...]:
        self._arrive("SELECT tables")
        return tuple(table for table in self._schema.tables().values() if table.keyspace in keyspaces)

    def views(self, keyspaces: frozenset[str]) -> tuple[RecordedView, ...]:
        self._arrive("SELECT views")
        return tuple(view for view in self._schema.views.values() if view.keyspace in keyspaces)

    def has_rows(self, keyspace: str, table: str) -> bool:
        self._arrive(f"SELECT {keyspace}.{table}")
        return False

    def schema_versions(self) -> frozenset[str]:
        self._arrive("SELECT schema_version")
        return frozenset({"one", "another"} if self._schema.within("disagree") else {"one"})

    def set_tombstone_gc(self, keyspace: str, table: str, options: TombstoneGc) -> None:
        self._change(f"ALTER {keyspace}.{table}", f"{keyspace}:{table}")
        self._note(EffectKind.TOMBSTONE_GC, f"{keyspace}:{table}")
        self._schema.tombstone_gc[f"{keyspace}:{table}"] = options

    def drop_view(self, view: RecordedView) -> None:
        self._change(f"DROP {view.keyspace}.{view.name}", None)
        self._note(EffectKind.VIEW, f"{view.keyspace}.{view.name}")
        self._schema.drop((view.keyspace, view.name))

    def create_view(self, view: RecordedView) -> None:
        self._change(view.statement, f"{view.keyspace}:{view.base_table}")
        self._note(EffectKind.VIEW, f"{view.keyspace}.{view.name}")
        self._schema.create(view)

    def objects(self) -> frozenset[SchemaObject]:
        self._arrive("DESCRIBE SCHEMA")
        return frozenset(self._schema.made)

    def apply(self, statement: str) -> None:
        self._change(statement, None)
        self._note(EffectKind.STATEMENT, statement)
        if not self._schema.apply(statement):
            raise SchemaObjectExists("it exists already", statement=statement)

    def drop(self, schema_object: SchemaObject) -> None:
        self._change(f"DROP {schema_object.name}", None)
        self._note(EffectKind.DROP, statement_of(schema_object))
        self._schema.drop_object(schema_object)

    def close(self) -> None:
        """Nothing is kept open."""

    def _arrive(self, statement: str) -> None:
        self._statement = statement
        if self._schema.within("away"):
            raise self.lost()

    def _change(self, statement: str, table: str | None) -> None:
        """A change reaches the cluster, is refused, or names a table that is not there."""
        self._arrive(statement)
        if self.random.random() < self._schema.refusals:
            refusal = self.random.choice((SchemaRefused, SchemaDenied))
            raise refusal("it is not to be", statement=statement)
        if table is not None and self._schema.is_dropped(table):
            raise SchemaObjectMissing(f"unconfigured table {table}", statement=statement)

    def _note(self, kind: EffectKind, detail: str) -> None:
        request = self.request
        self._cluster.effects.append(
            Effect(
                kind=kind,
                node="",
                detail=detail,
                process=self.process,
                known_seq=self.process.known_seq if request is None else request.known_seq,
                fenced=self.process.fenced if request is None else request.fenced,
            )
        )
