"""Which settings of a node a restore wants otherwise."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from scylla_restore.engine.core.limits import USER_TTL_S
from scylla_restore.engine.core.native import works_natively
from scylla_restore.engine.core.rate_limit import rate_limit_for
from scylla_restore.engine.core.state import Entry, NodeState, RunState
from scylla_restore.events.model.alterations import (
    Alteration,
    AutoCompactionDisabled,
    BandwidthSet,
    CpuUnpinned,
    NodeAlteration,
    TransfersSet,
    UserTtlSet,
)

A = TypeVar("A", AutoCompactionDisabled, TransfersSet, BandwidthSet, CpuUnpinned, UserTtlSet)

UNLIMITED = "off"
"""How the agent names the absence of a bandwidth limit."""


def wanted_transfers(state: RunState, node: NodeState) -> int:
    """Return the number of parallel transfers for a node: as asked for, or twice its shards; -1 is the agent's own."""
    return state.target.tuning.transfers or 2 * node.shards


def wanted_rate(state: RunState, node: NodeState) -> str:
    """Return a node's bandwidth limit in the agent's text: its DC's, else the one without a DC, else none."""
    mib_per_second = rate_limit_for(state.target.tuning.rate_limit, node.dc)
    return f"{mib_per_second}M" if mib_per_second else UNLIMITED


def wanted_alterations(state: RunState, node: NodeState) -> Iterator[tuple[str, NodeAlteration]]:
    """Yield (kind, alteration) for each setting that is not as it is wanted.

    Where the ledger knows the setting, it knows the true original and what was made of it: the node itself may show
    what an earlier engine left.
    """
    settings, tuning = node.settings, state.target.tuning
    if settings is None:
        return
    known = [entry.alteration for entry in state.ledger.settings_of(node.address)]
    compacted = tuple(sorted(table for table, on in settings.compaction.items() if on))
    if compacted and not tuning.allow_compaction and not _newest(known, AutoCompactionDisabled):
        yield "auto_compaction", AutoCompactionDisabled(node=node.address, tables=compacted)
    as_it_is = settings.transfers
    transfers = _newest(known, TransfersSet) or TransfersSet(
        node=node.address, before=as_it_is, after=as_it_is
    )
    if (number := wanted_transfers(state, node)) != transfers.after:
        yield "transfers", msgspec.structs.replace(transfers, after=number)
    rate_now = settings.bandwidth_rate
    bandwidth = _newest(known, BandwidthSet) or BandwidthSet(
        node=node.address, before=rate_now, after=rate_now
    )
    if (rate := wanted_rate(state, node)) != bandwidth.after:
        yield "bandwidth", msgspec.structs.replace(bandwidth, after=rate)
    if tuning.unpin_agent_cpu and not _newest(known, CpuUnpinned):
        yield "cpu_pinning", CpuUnpinned(node=node.address)
    ttl = settings.user_ttl
    is_short = ttl is not None and ttl < USER_TTL_S and works_natively(state, node)
    if ttl is not None and is_short and not _newest(known, UserTtlSet):
        yield "user_ttl", UserTtlSet(node=node.address, before=ttl, after=USER_TTL_S)


def _newest(known: list[Alteration], kind: type[A]) -> A | None:
    return next((made for made in reversed(known) if isinstance(made, kind)), None)


def unwanted_alterations(state: RunState, node: NodeState) -> list[Entry]:
    """Return what an engine before altered and whoever resumed the run does not want any more, newest first."""
    tuning = state.target.tuning
    unwanted: list[type[Alteration]] = [AutoCompactionDisabled] if tuning.allow_compaction else []
    unwanted += [] if tuning.unpin_agent_cpu else [CpuUnpinned]
    unwanted += [] if works_natively(state, node) or node.load is not None else [UserTtlSet]
    entries = state.ledger.settings_of(node.address)
    return [entry for entry in reversed(entries) if type(entry.alteration) in unwanted]
