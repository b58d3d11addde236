"""A gateway to a cluster's schema that is in memory, with whatever goes wrong between the two."""

import fnmatch
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from tests.support.schema_world import AlternatorTable, SchemaWorld, Table, digest

from scylla_restore.engine.core.cql import presentable, quoted
from scylla_restore.engine.errors import (
    SchemaDenied,
    SchemaError,
    SchemaObjectExists,
    SchemaObjectMissing,
    SchemaRefused,
    SchemaUnavailable,
)
from scylla_restore.engine.schema.tombstone_gc import tombstone_gc_literal
from scylla_restore.events.model.schema import (
    RecordedTable,
    RecordedView,
    SchemaObject,
    TombstoneGc,
    ViewKind,
)

_DROPPED = {ViewKind.MATERIALIZED_VIEW: "MATERIALIZED VIEW", ViewKind.SECONDARY_INDEX: "INDEX"}


class Fault(msgspec.Struct, kw_only=True):
    """Something that goes wrong in calls whose ``method`` and first words (``drop_view ks.v``) match ``on``, a glob.

    ``done`` says whether the call has its effect all the same: the answer is lost then.
    """

    on: str
    error: type[SchemaError] = SchemaUnavailable
    done: bool = False
    times: int = 1
    after: int = 0


class FakeSchema:
    """The port. ``rights`` are the verbs that its role may use; ``calls`` is what was asked, in order."""

    def __init__(
        self,
        world: SchemaWorld,
        *,
        rights: frozenset[str] = frozenset({"ALTER", "CREATE", "DROP", "SELECT"}),
        before_call: Callable[[str], None] = lambda _: None,
        after_call: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.world = world
        self.rights = rights
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self._before, self._after = before_call, after_call
        self._closed = False

    def offers_alternator(self) -> bool:
        """See the port."""
        return self.world.offers_alternator

    def tables(self, keyspaces: frozenset[str]) -> tuple[RecordedTable, ...]:
        """See the port."""
        with self._call("tables"):
            knows = self.world.knows_tombstone_gc
            return tuple(
                RecordedTable(
                    keyspace=keyspace,
                    table=name,
                    id=table.id,
                    tombstone_gc=table.tombstone_gc if knows else None,
                )
                for (keyspace, name), table in sorted(self.world.tables.items())
                if keyspace in keyspaces
            )

    def views(self, keyspaces: frozenset[str]) -> tuple[RecordedView, ...]:
        """See the port."""
        with self._call("views"):
            return tuple(view for view in self._views() if view.keyspace in keyspaces)

    def has_rows(self, keyspace: str, table: str) -> bool:
        """See the port."""
        with self._call(f"has_rows {keyspace}.{table}", "SELECT"):
            if (keyspace, table) not in self.world.tables:
                raise SchemaObjectMissing(f"there is no table {keyspace}.{table}", statement="SELECT")
            return self.world.tables[keyspace, table].rows > 0

    def schema_versions(self) -> frozenset[str]:
        """See the port."""
        with self._call("schema_versions"):
            return frozenset({self.world.version, *self.world.lagging})

    def set_tombstone_gc(self, keyspace: str, table: str, options: TombstoneGc) -> None:
        """See the port."""
        name = f"{quoted(keyspace)}.{quoted(table)}"
        with self._call(f"set_tombstone_gc {keyspace}.{table}", "ALTER"):
            self.world.execute(f"ALTER TABLE {name} WITH tombstone_gc = {tombstone_gc_literal(options)}")

    def drop_view(self, view: RecordedView) -> None:
        """See the port."""
        with self._call(f"drop_view {view.keyspace}.{view.name}", "DROP"):
            if view.kind in _DROPPED:
                name = f"{quoted(view.keyspace)}.{quoted(view.name)}"
                self.world.execute(f"DROP {_DROPPED[view.kind]} IF EXISTS {name}")
            elif view.kind is ViewKind.ALTERNATOR_GSI:
                table = self._alternator().get(view.base_table, AlternatorTable())
                table.gsis = {name: each for name, each in table.gsis.items() if name != view.name}
            else:
                raise SchemaRefused("local indexes of Alternator cannot be dropped", statement=view.name)

    def create_view(self, view: RecordedView) -> None:
        """See the port."""
        with self._call(f"create_view {view.keyspace}.{view.name}", "CREATE"):
            if view.kind in _DROPPED:
                self.world.execute(view.statement)
                return
            table = self._alternator().get(view.base_table)
            if table is None:
                raise SchemaObjectMissing(f"no table {view.base_table}", statement=view.statement)
            if view.kind is ViewKind.ALTERNATOR_GSI:
                table.gsis = {view.name: view.statement} | table.gsis
            elif view.name not in table.lsis:
                raise SchemaRefused("local indexes come with their table", statement=view.name)

    def objects(self) -> frozenset[SchemaObject]:
        """See the port."""
        with self._call("objects"):
            return frozenset(self.world.objects())

    def apply(self, statement: str) -> None:
        """See the port."""
        with self._call(f"apply {statement[:200]}", statement.split(maxsplit=1)[0].upper()):
            if statement.startswith("{"):
                self._create_table(statement)
            else:
                self.world.execute(statement)

    def drop(self, schema_object: SchemaObject) -> None:
        """See the port."""
        keyspace, kind, name = schema_object.keyspace, schema_object.kind, schema_object.name
        with self._call(f"drop {kind} {keyspace}.{name}", "DROP"):
            if keyspace.removeprefix("alternator_") in self.world.alternator:
                del self.world.alternator[keyspace.removeprefix("alternator_")]
                self.world.drop_keyspace(keyspace)
                return
            full = quoted(keyspace) if kind == "keyspace" else f"{quoted(keyspace)}.{quoted(name)}"
            what = "MATERIALIZED VIEW" if kind == "view" else kind.upper()
            if kind == "table":
                above = [
                    each
                    for each, view in self.world.views.items()
                    if (each[0], view.base) == (keyspace, name)
                ]
                for view in above:
                    del self.world.views[view]
            self.world.execute(f"DROP {what} IF EXISTS {full}")

    def close(self) -> None:
        """See the port."""
        self._closed = True

    def _views(self) -> Iterator[RecordedView]:
        by_kind = (
            (ViewKind.MATERIALIZED_VIEW, self.world.views),
            (ViewKind.SECONDARY_INDEX, self.world.indexes),
        )
        for kind, those in by_kind:
            for (keyspace, name), view in sorted(those.items()):
                yield RecordedView(
                    keyspace=keyspace,
                    name=name,
                    base_table=view.base,
                    kind=kind,
                    statement=view.statement,
                    build_name=f"{name}_index" if kind is ViewKind.SECONDARY_INDEX else name,
                )
        for table, described in sorted(self.world.alternator.items()):
            for kind, names, mark in (
                (ViewKind.ALTERNATOR_GSI, described.gsis, ":"),
                (ViewKind.ALTERNATOR_LSI, dict.fromkeys(described.lsis, ""), "!:"),
            ):
                for name, statement in sorted(names.items()):
                    yield RecordedView(
                        keyspace=f"alternator_{table}",
                        name=name,
                        base_table=table,
                        kind=kind,
                        statement=statement,
                        build_name=f"{table}{mark}{name}",
                    )

    def _alternator(self) -> dict[str, AlternatorTable]:
        if not self.world.offers_alternator:
            raise SchemaRefused("the cluster does not offer Alternator", statement="")
        return self.world.alternator

    def _create_table(self, statement: str) -> None:
        tables = self._alternator()
        try:
            asked = json.loads(statement)
        except ValueError as error:
            raise SchemaRefused(f"no JSON: {error}", statement=presentable(statement)) from error
        name: str = asked["TableName"]
        if "TimeToLiveSpecification" in asked:
            if name not in tables:
                raise SchemaObjectMissing(f"no table {name}", statement=presentable(statement))
            return
        if not isinstance(asked.get("KeySchema"), list):
            raise SchemaRefused("a table needs a key", statement=presentable(statement))
        if name in tables:
            raise SchemaObjectExists(f"table {name} already exists", statement=presentable(statement))
        tables[name] = AlternatorTable(
            gsis={
                each["IndexName"]: json.dumps(
                    {"TableName": name, "GlobalSecondaryIndexUpdates": [{"Create": each}]}
                )
                for each in asked.get("GlobalSecondaryIndexes") or ()
            },
            lsis=tuple(each["IndexName"] for each in asked.get("LocalSecondaryIndexes") or ()),
        )
        keyspace = f"alternator_{name}"
        self.world.keyspaces[keyspace] = None
        self.world.tables[keyspace, name] = Table(id=digest(keyspace, self.world.changes))
        self.world.changes += 1

    @contextmanager
    def _call(self, what: str, verb: str = "") -> Iterator[None]:
        if self._closed:
            raise SchemaUnavailable("the gateway has been closed", statement=what)
        self._before(what)
        self.calls.append(what)
        fault = self._fault(what)
        if fault is not None and not fault.done:
            raise fault.error(f"{what} fails as arranged", statement=what)
        if verb in {"ALTER", "CREATE", "DROP", "SELECT"} - self.rights:
            raise SchemaDenied(f"the role has no right to {verb}", statement=what)
        yield
        self._after(what)
        if fault is not None:
            raise fault.error(f"the answer to {what} is lost as arranged", statement=what)

    def _fault(self, what: str) -> Fault | None:
        for fault in self.faults:
            if fault.times and fnmatch.fnmatchcase(what, fault.on):
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault
        return None
