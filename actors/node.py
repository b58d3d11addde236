"""The actor of one node: a command comes in, a procedure runs in one of four lanes, events go up."""

from collections.abc import Callable
from typing import assert_never

from scylla_restore.actors.letters import LaneCrashed, NodeLetter
from scylla_restore.actors.outlet import Outlet
from scylla_restore.actors.procedures.alter import alter, undo
from scylla_restore.actors.procedures.asking import Node
from scylla_restore.actors.procedures.download import download
from scylla_restore.actors.procedures.inspect import inspect_tables
from scylla_restore.actors.procedures.join import join, read_settings
from scylla_restore.actors.procedures.load import load_sstables, move_into_upload
from scylla_restore.actors.procedures.native import restore_natively
from scylla_restore.actors.procedures.repair import repair_table, stop_left
from scylla_restore.actors.procedures.upload import look_into_upload
from scylla_restore.actors.runtime import Address, Lane, Procedure, Runtime
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.core.commands import (
    Alter,
    DownloadBatch,
    InspectTables,
    JoinNode,
    LoadSSTables,
    LookIntoUpload,
    MoveIntoUpload,
    ReadNodeSettings,
    RepairTable,
    RestoreNatively,
    StopDownload,
    StopNativeRestore,
    StopRepair,
    Undo,
)
from scylla_restore.events.model import AnyEvent


def node_name(address: str) -> str:
    """Return the name of a node's actor, as it stands in the log."""
    return f"node/{address}"


def spawn_node(
    runtime: Runtime,
    *,
    address: str,
    gateway: NodeGateway,
    report: Callable[[AnyEvent], None],
    on_crash: Callable[[str, BaseException], None],
) -> Address[NodeLetter | LaneCrashed]:
    """Start the actor of the node at ``address``.

    ``report`` is called from several threads, once for each event. A defect, also one in a lane, ends the actor and
    all that it was doing without a further call to the node, and is told once to ``on_crash`` with the actor's name.
    """

    def build() -> NodeActor:
        return NodeActor(
            address=address, gateway=gateway, runtime=runtime, report=report, tell_self=actor.tell
        )

    actor: Address[NodeLetter | LaneCrashed] = runtime.spawn(node_name(address), build, on_crash)
    return actor


class NodeActor:
    """A node takes one download, one load, one repair and one other thing at a time. What it may do is decided elsewhere."""

    def __init__(
        self,
        *,
        address: str,
        gateway: NodeGateway,
        runtime: Runtime,
        report: Callable[[AnyEvent], None],
        tell_self: Callable[[LaneCrashed], None],
    ) -> None:
        def on_crash(lane: str, error: BaseException) -> None:
            tell_self(LaneCrashed(lane, error))

        name = node_name(address)
        self._outlet = Outlet(report)
        self._node = Node(gateway, address=address, now=runtime.now, report=self._outlet)
        self._download_lane: Lane = runtime.lane(f"{name} download", on_crash)
        self._load_lane: Lane = runtime.lane(f"{name} load", on_crash)
        self._control_lane: Lane = runtime.lane(f"{name} control", on_crash)
        self._repair_lane: Lane = runtime.lane(f"{name} repair", on_crash)
        self._downloading: tuple[int, int] | None = None
        self._restoring: tuple[int, int] | None = None
        self._repairing: tuple[int, int] | None = None

    def receive(self, letter: NodeLetter | LaneCrashed) -> None:
        """Start what the command asks for, in its lane."""
        try:
            self._obey(letter)
        except BaseException:
            self._outlet.close()
            for lane in (self._download_lane, self._load_lane, self._control_lane, self._repair_lane):
                lane.close()
            raise

    def _obey(self, letter: NodeLetter | LaneCrashed) -> None:
        match letter:
            case DownloadBatch():
                self._downloading = (letter.batch, letter.attempt)
                self._download_lane.start(download(self._node, letter))
            case LookIntoUpload():
                self._download_lane.start(look_into_upload(self._node, letter))
            case StopDownload():
                self._stop_download(letter)
            case MoveIntoUpload() | LoadSSTables() | RestoreNatively():
                is_native = isinstance(letter, RestoreNatively)
                self._restoring = (letter.batch, letter.attempt) if is_native else None
                self._load_lane.start(self._load(letter))
            case StopNativeRestore():
                self._stop_restore(letter)
            case RepairTable():
                self._repairing = (letter.repair, letter.attempt)
                self._repair_lane.start(repair_table(self._node, letter))
            case StopRepair():
                self._stop_repair(letter)
            case JoinNode() | ReadNodeSettings() | InspectTables() | Alter() | Undo():
                self._control_lane.start(self._control(letter))
            case LaneCrashed(error=error):
                raise error
            case _:
                assert_never(letter)

    def _control(self, letter: JoinNode | ReadNodeSettings | InspectTables | Alter | Undo) -> Procedure:
        match letter:
            case JoinNode():
                return join(self._node, letter)
            case ReadNodeSettings():
                return read_settings(self._node, letter)
            case InspectTables():
                return inspect_tables(self._node, letter)
            case Alter():
                return alter(self._node, letter)
            case Undo():
                return undo(self._node, letter)

    def _load(self, letter: MoveIntoUpload | LoadSSTables | RestoreNatively) -> Procedure:
        match letter:
            case MoveIntoUpload():
                return move_into_upload(self._node, letter)
            case LoadSSTables():
                return load_sstables(self._node, letter)
            case RestoreNatively():
                return restore_natively(self._node, letter)

    def _stop_download(self, letter: StopDownload) -> None:
        """Stop the attempt that is meant, once: it may have ended, and another may have begun."""
        if self._downloading == (letter.batch, letter.attempt):
            self._downloading = None
            self._download_lane.stop()

    def _stop_restore(self, letter: StopNativeRestore) -> None:
        """Stop the attempt that is meant, once; it has the load lane for itself."""
        if self._restoring == (letter.batch, letter.attempt):
            self._restoring = None
            self._load_lane.stop()

    def _stop_repair(self, letter: StopRepair) -> None:
        """Stop the attempt that is meant, or end what an engine before has left of it."""
        if self._repairing == (letter.repair, letter.attempt):
            self._repairing = None
            self._repair_lane.stop()
        else:
            self._repair_lane.start(stop_left(self._node, letter))
