"""A node of the target cluster, as far as the run knows it."""

from datetime import datetime

import msgspec

from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.nodes import DiscoveredNode, NodeJoined, NodeSettingsRead, TablesInspected


class NodeState(msgspec.Struct, kw_only=True):
    """One node.

    ``member`` is whether the cluster had it when it was looked at last. ``joined`` is its answer to this engine (None until then), ``attended`` whether what an engine before us left in
    flight on it was taken up, ``altered`` whether all settings are as the run wants them, ``download`` and ``load`` the batches in its lanes, ``staged`` those between them.
    ``failures`` counts them in a row, ``shortages`` how often in a row its disk was too full, ``native_failures`` how
    many native restores in a row have failed there. ``left`` are the ledger's ids of what ended attempts may have left in
    ``upload`` directories. ``moved_bytes`` and
    ``moved_s`` are what it was seen to load, and how long its lanes took for it.
    """

    address: str
    discovered: DiscoveredNode | None = None
    member: bool = True
    joined: NodeJoined | None = None
    settings: NodeSettingsRead | None = None
    inspected: TablesInspected | None = None
    attended: bool = True
    altered: bool = False
    download: int | None = None
    load: int | None = None
    staged: list[int] = []
    left: list[str] = []
    failures: int = 0
    shortages: int = 0
    native_failures: int = 0
    unsettled: tuple[Failure, int] | None = None
    suspended_until: datetime | None = None
    waits_for_space: bool = False
    moved_bytes: int = 0
    moved_s: float = 0.0

    @property
    def busy(self) -> bool:
        """Whether anything of the run is under way or staged on it."""
        return self.download is not None or self.load is not None or bool(self.staged)

    @property
    def ready(self) -> bool:
        """Whether it can be given work: it takes part, is set up, and does not rest."""
        return self.joined is not None and self.attended and self.altered and self.suspended_until is None

    @property
    def shards(self) -> int:
        """Its shard count; 1 while it is unknown."""
        return max(1, self.joined.shards) if self.joined else 1

    @property
    def dc(self) -> str:
        """Its datacenter."""
        return self.discovered.dc if self.discovered else ""
