"""What an audit remembers of a log.

Its size does not grow with the number of batches: batches under way are kept one by one, finished ones are counts, and
of actions and failures the first ones are told and the others counted.
"""

from datetime import datetime
from typing import Final

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.locations import SkippedTable
from scylla_restore.events.model.target import RestoreTarget
from scylla_restore.events.projections.attempts import Attempt
from scylla_restore.events.projections.catalogue import Catalogue, Extent, TableKey
from scylla_restore.events.projections.progress_state import RunState
from scylla_restore.events.projections.words import in_words

MOST_ACTIONS: Final = 1000
MOST_FAILURES: Final = 200


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person or an engine decided about the run as a whole."""

    seq: int
    at: datetime
    what: str
    by: str | None = None


class FailureRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A failure as it was reported."""

    seq: int
    at: datetime
    node: str | None
    batch: int | None
    attempt: int | None
    cause: str
    message: str


class OpenAlteration(msgspec.Struct, frozen=True, kw_only=True):
    """Something in the cluster that is not as it was before; ``made`` is false where only the intent is recorded."""

    id: str
    kind: str
    node: str
    what: str
    made: bool


class ManifestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest that was restored from; ``sha256`` is that of the object's bytes."""

    path: str
    sha256: str
    cluster_id: str
    cluster_name: str
    dc: str
    node_id: str
    tables: int
    size: int


class NodeRecord(msgspec.Struct, kw_only=True):
    """A node, and what was restored through it; sizes are bytes. Scylla itself fetched ``native_sstables`` of the SSTables."""

    node: str
    host_id: str = ""
    dc: str = ""
    rack: str = ""
    scylla_version: str = ""
    agent_version: str = ""
    batches: int = 0
    sstables: int = 0
    native_sstables: int = 0
    size: int = 0
    failures: int = 0


class TableRecord(msgspec.Struct, kw_only=True):
    """What was restored into a table; sizes are bytes."""

    batches: int = 0
    sstables: int = 0
    size: int = 0
    failures: int = 0


class AuditState(msgspec.Struct, kw_only=True):
    """The fold."""

    run: str = ""
    cluster: str = ""
    cluster_id: str = ""
    target_cluster: str = ""
    target: RestoreTarget | None = None
    started_by: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    state: RunState = RunState.RUNNING
    engine_versions: list[str] = msgspec.field(default_factory=list)
    actions: list[Action] = msgspec.field(default_factory=list)
    actions_untold: int = 0

    catalogue: Catalogue = msgspec.field(default_factory=Catalogue)
    manifests: dict[str, dict[str, ManifestRecord]] = msgspec.field(default_factory=dict)
    skipped: dict[str, tuple[SkippedTable, ...]] = msgspec.field(default_factory=dict)
    nodes: dict[str, NodeRecord] = msgspec.field(default_factory=dict)
    tables: dict[TableKey, TableRecord] = msgspec.field(default_factory=dict)
    open: dict[int, Attempt] = msgspec.field(default_factory=dict)
    batches: int = 0
    restored: Extent = Extent()

    failures: list[FailureRecord] = msgspec.field(default_factory=list)
    failures_untold: int = 0
    alterations: dict[str, OpenAlteration] = msgspec.field(default_factory=dict)
    alterations_made: int = 0
    alterations_undone: int = 0

    def node(self, address: str) -> NodeRecord:
        """Return what is known of a node, from now on if it was not known before."""
        return self.nodes.setdefault(address, NodeRecord(node=address))

    def table_of(self, directory: str) -> TableRecord:
        """Return what is known of the table that a remote directory belongs to."""
        return self.tables.setdefault(self.catalogue.table_of(directory), TableRecord())

    def note_action(self, envelope: Envelope, what: str, *, by: str | None = None) -> None:
        """Take note of an action, or count it where there are very many."""
        if len(self.actions) < MOST_ACTIONS:
            self.actions.append(Action(seq=envelope.seq, at=envelope.at, what=what, by=by))
        else:
            self.actions_untold += 1

    def note_failure(
        self,
        envelope: Envelope,
        failure: Failure,
        *,
        node: str | None = None,
        batch: int | None = None,
        attempt: int | None = None,
    ) -> None:
        """Take note of a failure, or count it where there are very many."""
        if len(self.failures) >= MOST_FAILURES:
            self.failures_untold += 1
            return
        self.failures.append(
            FailureRecord(
                seq=envelope.seq,
                at=envelope.at,
                node=node or failure.node,
                batch=batch,
                attempt=attempt,
                cause=failure.cause.value,
                message=in_words(failure),
            )
        )

    def enter(self, alteration: OpenAlteration) -> None:
        """Enter an alteration into the ledger, or that it was made."""
        self.alterations[alteration.id] = alteration
        if alteration.made:
            self.alterations_made += 1

    def strike_out(self, alteration: str) -> None:
        """Strike an alteration out of the ledger: what it altered is as it was before."""
        undone = self.alterations.pop(alteration, None)
        if undone is not None and undone.made:
            self.alterations_undone += 1
