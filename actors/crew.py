"""Whoever carries commands out: node actors, location actors, and the cluster lane, each made when it is first needed."""

from collections.abc import Callable
from typing import Any, Protocol

from scylla_restore.actors.letters import Reported
from scylla_restore.actors.location import OpenStore, spawn_location
from scylla_restore.actors.node import node_name, spawn_node
from scylla_restore.actors.procedures.asking import Node, failure_of
from scylla_restore.actors.procedures.discover import discover, resolve_tables
from scylla_restore.actors.procedures.repair_plan import plan_repair
from scylla_restore.actors.runtime import Address, Call, Runtime
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.core.commands import (
    ClusterCommand,
    Command,
    DiscoverCluster,
    LocationCommand,
    NodeCommand,
    PlanRepair,
    ReplaceActor,
    ResolveTables,
)
from scylla_restore.engine.errors import NodeError
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.nodes import DiscoveryFailed
from scylla_restore.events.model.repairs import RepairPlanFailed

Crash = Callable[[str, BaseException], None]


class Cluster(Protocol):
    """The way to a cluster's nodes."""

    def contact(self) -> NodeGateway:
        """Return a gateway to a contact point that answers.

        Raises:
            NodeError: none does.
        """
        ...

    def gateway(self, address: str) -> NodeGateway:
        """Return a new gateway to the node at ``address``; no call is made."""
        ...


class ActorCrew:
    """Actors by name. All of them report through ``report``, and die through ``on_crash``.

    ``on_lane_crash`` hears of a defect in the cluster lane, which is the supervisor's own.
    """

    def __init__(
        self,
        *,
        runtime: Runtime,
        cluster: Cluster,
        open_store: OpenStore,
        report: Callable[[Reported], None],
        on_crash: Crash,
        on_lane_crash: Crash,
    ) -> None:
        self._runtime = runtime
        self._cluster = cluster
        self._open_store = open_store
        self._report = report
        self._on_crash = on_crash
        self._actors: dict[str, Address[Any]] = {}
        self._cluster_lane = runtime.lane("supervisor cluster", on_lane_crash)

    def send(self, command: Command) -> None:
        """Pass a command on, and return at once."""
        match command:
            case NodeCommand():
                self._node(command.node).tell(command)
            case LocationCommand():
                self._location(command).tell(command)
            case ReplaceActor():
                self._actors.pop(command.actor, None)
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
