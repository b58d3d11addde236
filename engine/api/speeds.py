"""How fast the nodes are likely to be: as earlier runs have seen them, else as nodes usually are."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from scylla_restore.engine.api.loading import seen_progress
from scylla_restore.engine.core.rate_limit import rate_limit_for
from scylla_restore.engine.core.rehearsal import Speed
from scylla_restore.engine.core.state import NodeState, RunState
from scylla_restore.events.errors import LogError
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.model.run import RunStarted
from scylla_restore.events.projections.progress_state import HostSums, ProgressState

MIB: Final = 1 << 20
USUAL_DOWNLOAD: Final = 20 * MIB
"""Bytes per second and shard, for a cluster that no earlier run tells about."""
USUAL_LOAD: Final = 10 * MIB
USUAL_BATCH_S: Final = 0.5
"""Seconds that a batch takes in each lane beside its bytes: requests, listings, renames."""
_RUNS_LOOKED_AT: Final = 10
_STARTS_LOOKED_AT: Final = 200


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What an earlier run has seen of nodes: bytes per second in each lane, by node and per shard."""

    run: str
    at: datetime
    nodes: dict[str, Speed]
    per_shard: Speed


def seen_speeds(log: EventLog, cluster_id: str) -> Seen | None:
    """Return what the log tells of the cluster's nodes: of its newest runs, the one that restored most is heard.

    None if no run has restored anything there, or the log cannot be read.
    """
    try:
        told = list(_newest_of(log, cluster_id))
    except LogError:
        return None
    best = max(told, key=lambda state: state.restored, default=None)
    return None if best is None else _seen(best)


def _newest_of(log: EventLog, cluster_id: str) -> Iterable[ProgressState]:
    looked_at = 0
    for run in list(reversed(log.runs()))[:_STARTS_LOOKED_AT]:
        first = next(log.read(run), None)
        if first is None or not isinstance(first.event, RunStarted) or first.event.cluster_id != cluster_id:
            continue
        state = seen_progress(log, run)
        if state is not None and state.restored:
            yield state
        looked_at += 1
        if looked_at == _RUNS_LOOKED_AT:
            return


def _seen(state: ProgressState) -> Seen | None:
    measured = {address: host for address, host in state.hosts.items() if host.streamed and host.stream_ms}
    if not measured or state.last_at is None:
        return None
    return Seen(
        run=state.run,
        at=state.last_at,
        nodes={address: _speed((host,), shards=1) for address, host in measured.items()},
        per_shard=_speed(measured.values(), shards=sum(max(host.shards, 1) for host in measured.values())),
    )


def _speed(hosts: Iterable[HostSums], *, shards: int) -> Speed:
    """Return the speed of all hosts together, divided by ``shards``."""
    each = [(_download_speed(host), host.streamed * 1000 / host.stream_ms) for host in hosts]
    return Speed(download=sum(d for d, _ in each) / shards, load=sum(ld for _, ld in each) / shards)


def _download_speed(host: HostSums) -> float:
    """Return bytes per second; a node whose Scylla restores by itself downloads as fast as it streams."""
    if host.downloaded and host.download_ms:
        return host.downloaded * 1000 / host.download_ms
    return host.streamed * 1000 / host.stream_ms


def likely_speeds(state: RunState, seen: Seen | None) -> dict[str, Speed]:
    """Return each node's speed, rate limits respected."""
    limits = state.target.tuning.rate_limit
    speeds = {}
    for address, node in state.nodes.items():
        speed = _usual(node) if seen is None else seen.nodes.get(address) or _by_shards(seen, node)
        if limit := rate_limit_for(limits, node.dc):
            speed = msgspec.structs.replace(speed, download=min(speed.download, limit * MIB))
        speeds[address] = speed
    return speeds


def _usual(node: NodeState) -> Speed:
    return Speed(download=USUAL_DOWNLOAD * node.shards, load=USUAL_LOAD * node.shards, batch_s=USUAL_BATCH_S)


def _by_shards(seen: Seen, node: NodeState) -> Speed:
    return Speed(download=seen.per_shard.download * node.shards, load=seen.per_shard.load * node.shards)


def in_words(seen: Seen | None, state: RunState) -> str:
    """Return what an estimate rests on."""
    limited = (
        ", within the rate limits" if any(x.mib_per_second for x in state.target.tuning.rate_limit) else ""
    )
    if seen is None:
        return (
            f"no earlier run tells how fast this cluster is: {USUAL_DOWNLOAD // MIB} MiB/s for downloads and "
            f"{USUAL_LOAD // MIB} MiB/s for loads are assumed per shard, and {USUAL_BATCH_S} s for each batch{limited}"
        )
    return (
        f"as fast as run {seen.run} was seen to be on {seen.at:%Y-%m-%d}: "
        f"{seen.per_shard.download / MIB:.1f} MiB/s for downloads and {seen.per_shard.load / MIB:.1f} MiB/s for loads "
        f"per shard{limited}"
    )
