"""The state of a run: a fold over its log, and nothing beside it."""

from enum import StrEnum

import msgspec

from scylla_restore.engine.core.state.batch import Batch, Phase
from scylla_restore.engine.core.state.ledger import Ledger
from scylla_restore.engine.core.state.location import LocationState
from scylla_restore.engine.core.state.node import NodeState
from scylla_restore.engine.core.state.repair import Repairs
from scylla_restore.engine.core.state.schema import SchemaState
from scylla_restore.engine.core.state.statements import Statements
from scylla_restore.engine.core.state.workload import Workload
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.nodes import ClusterDiscovered
from scylla_restore.events.model.run import AbortedRun, Ask, FailureDeclared, UnfinishedRun
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.model.target import RestoreKind, RestoreTarget, Selection, Staging

CHECKPOINT_NAME = "run-state/15"
"""The number is raised whenever the shape of ``RunState`` changes: older checkpoints are then not found."""


class Status(StrEnum):
    """What a run is, seen from outside."""

    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    ABORTED = "aborted"
    DONE = "done"


class Ending(StrEnum):
    """What a run that is still running is on its way to."""

    PAUSE = "pause"
    FAIL = "fail"
    ABORT = "abort"
    COMPLETE = "complete"


_NOTHING_YET = RestoreTarget(selection=Selection(kind=RestoreKind.TABLES, locations=(), snapshot_tag=""))


class RunState(msgspec.Struct, kw_only=True):
    """Everything ``decide`` goes by. The sets at the end are indexes, kept by the fold so that nothing is searched.

    ``others`` are runs that were in the log beside this one, None until it was searched;
    ``aborted`` is the cluster's run that was given up last.

    ``to_load`` and ``blocked`` are batches of which nobody was asked yet to load them, or to clear ``upload`` for them,
    ``to_download`` those that nothing stands in the way of and that nobody was asked yet to copy, or to look for in their
    location if that comes first, ``to_clear`` nodes where ended attempts
    may have left files in one.
    """

    run: str
    target: RestoreTarget = _NOTHING_YET
    cluster: str = ""
    cluster_id: str = ""
    seed: int = 0
    dry_run: bool = False
    status: Status = Status.RUNNING
    stage: Stage | None = None
    completed: set[Stage] = set()
    ending: Ending | None = None
    ending_reason: str = ""
    puts_all_back: bool = False
    declared: FailureDeclared | None = None
    others: tuple[UnfinishedRun, ...] | None = None
    aborted: AbortedRun | None = None

    discovered: ClusterDiscovered | None = None
    rediscovered: bool = False
    resolved: bool = False
    locations: dict[str, LocationState] = {}
    nodes: dict[str, NodeState] = {}
    directories: dict[str, str] = {}
    workload: Workload = msgspec.field(default_factory=Workload)
    batches: dict[int, Batch] = {}
    last_batch: int = 0
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    repairs: Repairs = msgspec.field(default_factory=Repairs)
    schema: SchemaState = msgspec.field(default_factory=SchemaState)
    statements: Statements = msgspec.field(default_factory=Statements)

    restored_bytes: int = 0
    restored_sstables: int = 0

    asked: set[tuple[str, Ask]] = set()
    crashed: list[str] = []
    crashes: int = 0
    failed: list[int] = []
    returned: list[int] = []
    downloads_idle: set[str] = set()
    loads_idle: set[str] = set()
    natives_idle: set[str] = set()
    to_load: list[int] = []
    blocked: list[int] = []
    to_download: list[int] = []
    to_clear: set[str] = set()
    unsettled_nodes: list[str] = []
    suspended: set[str] = set()
    refusal: tuple[Failure, int] | None = None

    @property
    def over(self) -> bool:
        """Whether this engine has nothing more to do for the run."""
        return self.status is not Status.RUNNING

    @property
    def restores_schema(self) -> bool:
        """Whether it is the schema that is restored, and not tables."""
        return self.target.selection.kind is RestoreKind.SCHEMA

    @property
    def prepared(self) -> bool:
        """Whether this engine has seen that cluster and backup are what the log says."""
        return (
            self.rediscovered and self.resolved and all(place.verified for place in self.locations.values())
        )

    @property
    def data_left(self) -> bool:
        """Whether anything that was selected is not in the cluster yet."""
        return bool(self.workload.left or self.batches)

    def index_node(self, node: NodeState) -> None:
        """Keep the indexes of idle lanes right after anything about the node has changed."""
        address = node.address
        ready = node.ready
        # while somebody may still write into an upload directory, nothing of ours comes near one
        clear = ready and not node.left
        is_free = not node.busy if self.target.tuning.staging is Staging.OFF else node.download is None
        _put(self.downloads_idle, address, member=clear and is_free)
        _put(self.loads_idle, address, member=clear and node.load is None and bool(node.staged))
        native = node.joined is not None and bool(node.joined.native_endpoints)
        _put(self.natives_idle, address, member=ready and native and node.load is None and not node.staged)
        is_here = node.joined is not None and node.attended and node.suspended_until is None
        _put(self.to_clear, address, member=is_here and bool(node.left))
        _put(self.suspended, address, member=node.suspended_until is not None)

    def in_phase(self, *phases: Phase) -> list[Batch]:
        """Return the open batches in one of the phases; only for the ends of a run, where there are few."""
        return [batch for batch in self.batches.values() if batch.phase in phases]


def _put(index: set[str], address: str, *, member: bool) -> None:
    if member:
        index.add(address)
    else:
        index.discard(address)


def encode_checkpoint(state: RunState, seen: bytes) -> bytes:
    """Return the state as a checkpoint keeps it, with what a listener (``seen``) made of the same records."""
    return msgspec.msgpack.encode((state, seen))


def decode_checkpoint(data: bytes) -> tuple[RunState, bytes]:
    """Return what a checkpoint kept.

    Raises:
        ValueError: it cannot be read; the log has to be folded from the start.
    """
    return msgspec.msgpack.decode(data, type=tuple[RunState, bytes])


def seen_of_checkpoint(data: bytes) -> bytes:
    """Return what a listener had made of the records, without the state beside it.

    Raises:
        ValueError: it cannot be read.
    """
    return msgspec.msgpack.decode(data, type=tuple[msgspec.Raw, bytes])[1]
