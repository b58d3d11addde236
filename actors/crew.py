"""Whoever carries commands out: node actors, location actors, and the cluster lane, each made when it is first needed."""

from collections.abc import Callable
from typing import Any

from scylla_restore.actors.cluster import Cluster
from scylla_restore.actors.letters import Reported
from scylla_restore.actors.location import OpenStore, spawn_location
from scylla_restore.actors.node import node_name, spawn_node
from scylla_restore.actors.procedures.asking import Node, failure_of
from scylla_restore.actors.procedures.discover import discover, resolve_tables
from scylla_restore.actors.procedures.other_runs import seek_other_runs
from scylla_restore.actors.procedures.repair_plan import plan_repair
from scylla_restore.actors.procedures.schema import (
    Schema,
    alter_schema,
    await_agreement,
    locate_tables,
    read_schema,
    undo_schema,
)
from scylla_restore.actors.procedures.statements import apply_statement, compare_objects
from scylla_restore.actors.procedures.views import await_views
from scylla_restore.actors.runtime import Address, Call, Procedure, Runtime
from scylla_restore.engine.core.commands import (
    AlterSchema,
    ApplyStatement,
    AwaitAgreement,
    AwaitViews,
    ClusterCommand,
    Command,
    CompareObjects,
    DiscoverCluster,
    LocateTables,
    LocationCommand,
    NodeCommand,
    PlanRepair,
    ReadSchema,
    ReplaceActor,
    ResolveTables,
    SchemaCommand,
    SeekOtherRuns,
    UndoSchema,
)
from scylla_restore.engine.errors import NodeError
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.nodes import DiscoveryFailed
from scylla_restore.events.model.repairs import RepairPlanFailed
from scylla_restore.events.tables.port import ProjectionTables

Crash = Callable[[str, BaseException], None]


class ActorCrew:
    """Actors by name. All of them report through ``report``, and die through ``on_crash``.

    ``on_lane_crash`` hears of a defect in the lanes for the cluster and its schema, which are the supervisor's own. ``tables`` spare the ``log`` a search through runs that are over.
    """

    def __init__(
        self,
        *,
        runtime: Runtime,
        cluster: Cluster,
        log: EventLog,
        tables: ProjectionTables | None = None,
        open_store: OpenStore,
        report: Callable[[Reported], None],
        on_crash: Crash,
        on_lane_crash: Crash,
    ) -> None:
        self._runtime = runtime
        self._cluster = cluster
        self._log = log
        self._tables = tables
        self._open_store = open_store
        self._report = report
        self._on_crash = on_crash
        self._actors: dict[str, Address[Any]] = {}
        self._log_lane = runtime.lane("supervisor search", on_lane_crash)
        self._cluster_lane = runtime.lane("supervisor cluster", on_lane_crash)
        self._schema_lane = runtime.lane("supervisor schema", on_lane_crash)
        self._views_lane = runtime.lane("supervisor views", on_lane_crash)
        self._is_altering = False

    def send(self, command: Command) -> None:
        """Pass a command on, and return at once."""
        match command:
            case NodeCommand():
                self._node(command.node).tell(command)
            case LocationCommand():
                self._location(command).tell(command)
            case ReplaceActor():
                self._actors.pop(command.actor, None)
            case SeekOtherRuns():
                report = self._reporter("supervisor")
                self._log_lane.start(seek_other_runs(self._log, self._tables, command, report))
            case SchemaCommand():
                self._ask_schema(command)
            case AwaitViews():
                self._views_lane.start(await_views(self._cluster, self._schema(), command))
            case ClusterCommand():
                self._cluster_lane.start(self._ask_cluster(command))
            case _:
                raise TypeError(f"nobody carries out {type(command).__name__}")

    def _node(self, address: str) -> Address[Any]:
        name = node_name(address)
        if name not in self._actors:
            self._actors[name] = spawn_node(
                self._runtime,
                address=address,
                gateway=self._cluster.gateway(address),
                report=self._reporter(name),
                on_crash=self._on_crash,
            )
        return self._actors[name]

    def _location(self, command: LocationCommand) -> Address[Any]:
        name = f"location/{command.location}"
        if name not in self._actors:
            self._actors[name] = spawn_location(
                self._runtime,
                location=command.location,
                open_store=self._open_store,
                report=self._reporter(name),
                on_crash=self._on_crash,
            )
        return self._actors[name]

    def _ask_schema(self, command: SchemaCommand) -> None:
        """Start a command about the schema. What is to be undone is not altered any further before."""
        if isinstance(command, UndoSchema):
            if self._is_altering:
                self._schema_lane.stop()
            self._is_altering = False
        elif isinstance(command, AlterSchema | AwaitAgreement | ApplyStatement):
            self._is_altering = True
        self._schema_lane.start(self._about_schema(command))

    def _about_schema(self, command: SchemaCommand) -> Procedure:  # noqa: PLR0911 - one return a command
        schema = self._schema()
        match command:
            case ReadSchema():
                return read_schema(schema, command)
            case LocateTables():
                return locate_tables(schema, command)
            case AwaitAgreement():
                return await_agreement(schema, command)
            case AlterSchema():
                return alter_schema(schema, command)
            case UndoSchema():
                return undo_schema(schema, command)
            case CompareObjects():
                return compare_objects(schema, command)
            case ApplyStatement():
                return apply_statement(schema, command)
            case _:
                raise TypeError(f"nobody carries out {type(command).__name__}")

    def _schema(self) -> Schema:
        return Schema(self._cluster, now=self._runtime.now, report=self._reporter("supervisor"))

    async def _ask_cluster(self, command: ClusterCommand) -> None:
        report = self._reporter("supervisor")
        try:
            gateway = await Call(self._cluster, lambda cluster: cluster.contact())
        except NodeError as error:
            failure = failure_of(error)
            is_plan = isinstance(command, PlanRepair)
            report(
                RepairPlanFailed(failure=failure)
                if is_plan
                else DiscoveryFailed(failure=failure, exit_code=error.exit_code)
            )
            return
        node = Node(gateway, address="contact point", now=self._runtime.now, report=report)
        match command:
            case DiscoverCluster():
                await discover(node)
            case ResolveTables():
                await resolve_tables(node, command)
            case PlanRepair():
                await plan_repair(node, command)
            case _:
                raise TypeError(f"nobody carries out {type(command).__name__}")

    def _reporter(self, name: str) -> Callable[[AnyEvent], None]:
        return lambda event: self._report(Reported(name, event))
