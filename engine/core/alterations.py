"""Which settings of a node a restore wants otherwise."""

from collections.abc import Iterator

from scylla_restore.engine.core.state import NodeState, RunState
from scylla_restore.events.model.alterations import (
    Alteration,
    AutoCompactionDisabled,
    BandwidthSet,
    CpuUnpinned,
    TransfersSet,
)
from scylla_restore.events.model.target import RateLimit

UNLIMITED = "off"
"""How the agent names the absence of a bandwidth limit."""


def wanted_transfers(state: RunState, node: NodeState) -> int:
    """Return the number of parallel transfers for a node: as asked for, or twice its shards; -1 is the agent's own."""
    return state.target.tuning.transfers or 2 * node.shards


def wanted_rate(state: RunState, node: NodeState) -> str:
    """Return a node's bandwidth limit in the agent's text: its DC's, else the one without a DC, else none."""
    mib_per_second = _limit(state.target.tuning.rate_limit, node.dc)
    return f"{mib_per_second}M" if mib_per_second else UNLIMITED


def wanted_alterations(state: RunState, node: NodeState) -> Iterator[tuple[str, Alteration]]:
    """Yield (kind, alteration) for each setting that differs and is not in the ledger already.

    What is in the ledger holds the true original: the node itself may show what an earlier engine left.
    """
    settings, tuning = node.settings, state.target.tuning
    if settings is None:
        return
    known = {type(entry.alteration) for entry in state.ledger.settings_of(node.address)}
    compacted = tuple(sorted(table for table, on in settings.compaction.items() if on))
    if compacted and not tuning.allow_compaction and AutoCompactionDisabled not in known:
        yield "auto_compaction", AutoCompactionDisabled(node=node.address, tables=compacted)
    transfers = wanted_transfers(state, node)
    if transfers != settings.transfers and TransfersSet not in known:
        yield (
            "transfers",
            TransfersSet(node=node.address, before=settings.transfers, after=transfers),
        )
    rate = wanted_rate(state, node)
    if rate != settings.bandwidth_rate and BandwidthSet not in known:
        yield "bandwidth", BandwidthSet(node=node.address, before=settings.bandwidth_rate, after=rate)
    if tuning.unpin_agent_cpu and CpuUnpinned not in known:
        yield "cpu_pinning", CpuUnpinned(node=node.address)


def _limit(limits: tuple[RateLimit, ...], dc: str) -> int:
    by_dc = {limit.dc: limit.mib_per_second for limit in limits}
    return by_dc.get(dc, by_dc.get(None, 0))
