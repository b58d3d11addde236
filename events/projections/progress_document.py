"""The progress document: where a run stands, in the keys that scripts and dashboards rely on."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

import msgspec

from scylla_restore.events.model.stages import Stage
from scylla_restore.events.projections.attempts import Attempt, Phase
from scylla_restore.events.projections.catalogue import TableKey
from scylla_restore.events.projections.pace import remaining_s
from scylla_restore.events.projections.progress_state import HostSums, ProgressState, RunState
from scylla_restore.events.projections.repairing import RepairProgress, repair_progress


class TableProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A table; ``tombstone_gc`` is the mode it gets back in the end, None where it is not known."""

    table: str
    size: int
    downloaded: int
    restored: int
    tombstone_gc: str | None
    error: str | None


class KeyspaceProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A keyspace: sums over its tables."""

    keyspace: str
    size: int
    downloaded: int
    restored: int
    tables: tuple[TableProgress, ...]


class HostProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A node. Bytes and milliseconds are those of batches that are restored or under way, not of failed attempts."""

    host: str
    dc: str
    shard_cnt: int
    downloaded_bytes: int
    download_ms: int
    streamed_bytes: int
    stream_ms: int
    state: str


class ViewProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A view or index that is built anew: ``built`` of ``nodes`` nodes are done with it, as far as it is known."""

    keyspace: str
    view: str
    type: str
    build_status: str
    base_table: str = ""
    built: int = 0
    nodes: int = 0


class ProgressDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A run at one moment. Sizes are bytes, times are in UTC; ``failed`` are bytes that wait after a failed attempt.

    ``statements`` are those of a restore of the schema, which has no bytes.
    """

    run_id: str
    cluster: str
    cluster_id: str
    snapshot_tag: str
    state: RunState
    stage: Stage
    started_at: datetime | None
    completed_at: datetime | None
    eta_seconds: float | None
    size: int
    downloaded: int
    restored: int
    failed: int
    sstables: int
    sstables_restored: int
    batches: int
    batches_restored: int
    retries: int
    error: str | None
    keyspaces: tuple[KeyspaceProgress, ...]
    hosts: tuple[HostProgress, ...]
    views: tuple[ViewProgress, ...] = ()
    repair: RepairProgress | None = None
    statements: int = 0
    statements_applied: int = 0


def document(state: ProgressState, now: datetime) -> ProgressDocument:
    """Return the progress as of ``now``, which is not before the last record.

    Only a run that is being worked on has an ETA, and running clocks; for one whose engine is gone, ``now`` is best
    the time of its last record (``state.last_at``).
    """
    downloaded = _by_table(state, (attempt for attempt in state.open.values() if not attempt.native))
    natively = _by_table(state, (attempt for attempt in state.open.values() if attempt.native))
    return ProgressDocument(
        run_id=state.run,
        cluster=state.cluster,
        cluster_id=state.cluster_id,
        snapshot_tag=state.snapshot_tag,
        state=state.state,
        stage=state.stage,
        started_at=state.started_at,
        completed_at=state.ended_at if state.state is RunState.DONE else None,
        eta_seconds=_eta_s(state, now),
        size=state.catalogue.total.size,
        downloaded=state.restored + sum(downloaded.values()) + sum(natively.values()),
        restored=state.restored + sum(natively.values()),
        failed=sum(waiting.size for waiting in state.returned.values() if waiting.error is not None),
        sstables=state.catalogue.total.sstables,
        sstables_restored=state.sstables_restored,
        batches=state.batches,
        batches_restored=state.batches_restored,
        retries=state.retries,
        error=state.error,
        keyspaces=_keyspaces(state, downloaded, natively),
        hosts=_hosts(state, now),
        views=tuple(
            ViewProgress(
                keyspace=view.keyspace,
                view=view.name,
                type=view.kind.value,
                build_status=view.status.value,
                base_table=view.base_table,
                built=view.built,
                nodes=view.nodes,
            )
            for view in state.schema.views
        ),
        repair=repair_progress(state.repairs),
        statements=state.statements,
        statements_applied=state.statements_applied,
    )


def _by_table(state: ProgressState, attempts: Iterable[Attempt]) -> dict[TableKey, int]:
    """Return the bytes that open attempts have downloaded, or restored natively; never more than their batches have."""
    downloaded: defaultdict[TableKey, int] = defaultdict(int)
    for attempt in attempts:
        done = attempt.restored if attempt.native else attempt.downloaded
        downloaded[state.catalogue.table_of(attempt.directory)] += min(done, attempt.size)
    return downloaded


def _eta_s(state: ProgressState, now: datetime) -> float | None:
    if state.state is not RunState.RUNNING or state.stage is not Stage.DATA or state.last_at is None:
        return None
    since = state.working_since or state.last_at
    active_s = state.pace.active_s + max((now - since).total_seconds(), 0.0)
    seconds = remaining_s(
        state.pace, now_active_s=active_s, done=state.restored, total=state.catalogue.total.size
    )
    return None if seconds is None else round(seconds, 1)


def _keyspaces(
    state: ProgressState, downloaded: dict[TableKey, int], natively: dict[TableKey, int]
) -> tuple[KeyspaceProgress, ...]:
    errors = {
        state.catalogue.table_of(waiting.directory): waiting.error
        for waiting in state.returned.values()
        if waiting.error is not None
    }
    keyspaces = []
    for keyspace, keys in groupby(sorted(state.catalogue.tables), key=lambda key: key.keyspace):
        tables = tuple(
            TableProgress(
                table=key.table,
                size=state.catalogue.tables[key].size,
                downloaded=state.restored_of.get(key, 0) + downloaded.get(key, 0) + natively.get(key, 0),
                restored=state.restored_of.get(key, 0) + natively.get(key, 0),
                tombstone_gc=state.schema.tombstone_gc.get(key),
                error=errors.get(key),
            )
            for key in keys
        )
        keyspaces.append(
            KeyspaceProgress(
                keyspace=keyspace,
                size=sum(table.size for table in tables),
                downloaded=sum(table.downloaded for table in tables),
                restored=sum(table.restored for table in tables),
                tables=tables,
            )
        )
    return tuple(keyspaces)


def _hosts(state: ProgressState, now: datetime) -> tuple[HostProgress, ...]:
    running: defaultdict[str, list[Attempt]] = defaultdict(list)
    for attempt in state.open.values():
        running[attempt.node].append(attempt)
    # Clocks of a run that nobody works on stand still.
    is_running = state.state is RunState.RUNNING
    until = now if is_running else state.last_at or now
    return tuple(
        _host(address, state.hosts[address], running[address], until, is_running=is_running)
        for address in sorted(state.hosts, key=_address_order)
    )


def _host(
    address: str, sums: HostSums, attempts: list[Attempt], until: datetime, *, is_running: bool
) -> HostProgress:
    downloading = [attempt for attempt in attempts if attempt.phase is Phase.DOWNLOADING]
    loading = [attempt for attempt in attempts if attempt.phase is Phase.LOADING]
    return HostProgress(
        host=address,
        dc=sums.dc,
        shard_cnt=sums.shards,
        downloaded_bytes=sums.downloaded + sum(attempt.downloaded for attempt in attempts),
        download_ms=sums.download_ms
        + sum(attempt.download_ms for attempt in attempts)
        + sum(attempt.elapsed_ms(until) for attempt in downloading),
        streamed_bytes=sums.streamed + sum(attempt.restored for attempt in attempts),
        stream_ms=sums.stream_ms + sum(attempt.elapsed_ms(until) for attempt in loading),
        state=sums.hold.value if is_running and sums.hold is not None else _lanes(downloading, loading),
    )


def _lanes(downloading: list[Attempt], loading: list[Attempt]) -> str:
    if any(attempt.native for attempt in (*downloading, *loading)):
        return "native"
    if downloading:
        return "both" if loading else "downloading"
    return "loading" if loading else "idle"


def _address_order(address: str) -> tuple[tuple[int, str], ...]:
    """Sort 10.0.0.9 before 10.0.0.10, and anything that is not a number after those that are."""
    return tuple((int(part), "") if part.isdecimal() else (1 << 32, part) for part in address.split("."))
