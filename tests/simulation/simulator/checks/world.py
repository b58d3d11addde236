"""What is left in the cluster: nothing broken was loaded, and what was altered is put back, or still in the ledger."""

from collections.abc import Iterator

from tests.simulation.simulator.evidence import Evidence
from tests.simulation.simulator.node import DEFAULT_TRANSFERS, SimNode

from scylla_restore.events.model import alterations, batches
from scylla_restore.events.model.alterations import (
    Alteration,
    AutoCompactionDisabled,
    BandwidthSet,
    CpuUnpinned,
    StagingCreated,
    TransfersSet,
    UploadSetAside,
    UserTtlSet,
    node_of,
)
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.locations import DirectoryIndexed
from scylla_restore.events.model.run import RunAborted, RunCompleted, RunFailed, RunPaused
from scylla_restore.events.model.target import Staging

OURS = "/snapshots/scylla-restore-"


def check_world(evidence: Evidence) -> Iterator[str]:
    """Look at every node after an engine has ended in order."""
    abandoned = abandoned_uploads(evidence)
    for node in evidence.cluster.nodes.values():
        yield from (
            f"{node.address}: {violation}" for violation in (*node.violations, *node.natives.violations)
        )
        yield from (
            f"{node.address}: {path} was touched by a move while a load runs there"
            for path in node.disturbed
            if (node.address, path) not in abandoned
        )
        if node.loaded_foreign:
            yield f"{node.address}: somebody else's {node.loaded_foreign} was loaded"
    last = evidence.envelopes[-1].event
    if not isinstance(last, RunAborted | RunCompleted | RunFailed | RunPaused):
        return
    ledger = open_alterations(evidence)
    finished = isinstance(last, RunAborted | RunCompleted)
    left = {entry: a for entry, a in ledger.items() if _is_there(evidence, a)}
    if finished and left:
        yield f"the run ended as {type(last).__name__} with {left} left in the ledger"
    for node in evidence.cluster.nodes.values():
        if node.left:
            continue
        node.settle()
        mine = [alteration for alteration in ledger.values() if node_of(alteration) == node.address]
        yield from (f"{node.address}: {p}" for p in _settings(node, mine))
        yield from (f"{node.address}: {p}" for p in _directories(evidence, node, mine, abandoned))


def _is_there(evidence: Evidence, alteration: Alteration) -> bool:
    node = node_of(alteration)
    return not node or not evidence.cluster.nodes[node].left


def open_alterations(  # noqa: C901 - one case an event
    evidence: Evidence,
) -> dict[str, Alteration]:
    """The ledger, made from the log by another hand than the fold's."""
    ledger: dict[str, Alteration] = {}
    nodes: dict[tuple[int, int], str] = {}
    direct: dict[tuple[int, int], bool] = {}
    loading: set[tuple[int, int]] = set()
    for envelope in evidence.envelopes:
        event = envelope.event
        match event:
            case batches.BatchAssigned():
                nodes[event.batch, event.attempt] = event.node
                direct[event.batch, event.attempt] = event.staging is Staging.OFF
            case batches.LoadStarted():
                loading.add((event.batch, event.attempt))
            case batches.BatchReturned() if (event.batch, event.attempt) in loading:
                if direct[event.batch, event.attempt]:
                    # a load may go on there: nobody removes what it reads
                    ledger.pop(f"staging {event.batch, event.attempt}", None)
            case batches.DownloadRequested():
                key = (event.batch, event.attempt)
                name = f"{event.batch}-{event.attempt}"
                ledger[f"staging {key}"] = StagingCreated(node=nodes[key], path=name)
            case batches.DownloadFailed() | batches.LoadFailed() | batches.SSTablesLoaded():
                loading.discard((event.batch, event.attempt))
                if not event.staging_left:
                    ledger.pop(f"staging {event.batch, event.attempt}", None)
            case alterations.AlterationIntended():
                ledger[event.id] = event.alteration
            case alterations.AlterationUndone():
                ledger.pop(_ledger_key(event.id), None)
            case _:
                pass
    return ledger


def abandoned_uploads(evidence: Evidence) -> set[tuple[str, str]]:
    """Upload directories, as (node, path), that may hold files of an attempt that was given up while it was loading.

    Nobody could ask the node what became of it. When it answers again, what lies there is set aside like
    files of others, and put back like them.
    """
    assigned: dict[int, batches.BatchAssigned] = {}
    tables: dict[str, str] = {}
    loading: set[int] = set()
    given_up: set[tuple[str, str]] = set()
    for envelope in evidence.envelopes:
        event = envelope.event
        match event:
            case DirectoryIndexed():
                directory = evidence.cluster.directory_of(*event.goes_to)
                tables[event.directory] = f"{directory}/upload"
            case batches.BatchAssigned():
                assigned[event.batch] = event
            case batches.LoadStarted():
                loading.add(event.batch)
            case batches.LoadFailed() if event.failure.cause is not Cause.UNREACHABLE:
                loading.discard(event.batch)
            case batches.SSTablesLoaded():
                loading.discard(event.batch)
            case batches.BatchReturned() if event.batch in loading:
                loading.discard(event.batch)
                given_up.add((assigned[event.batch].node, tables[assigned[event.batch].directory]))
            case _:
                pass
    return given_up


def _ledger_key(entry: str) -> str:
    if not entry.startswith("staging/"):
        return entry
    _, batch, attempt = entry.split("/")
    return f"staging {int(batch), int(attempt)}"


def _settings(node: SimNode, open_ones: list[Alteration]) -> Iterator[str]:
    kinds = {type(alteration) for alteration in open_ones}
    plan, now, reset = node.plan, node.settings, node.defaults_restored
    transfers = {plan.transfers, DEFAULT_TRANSFERS} if "transfers" in reset else {plan.transfers}
    if TransfersSet not in kinds and now.transfers not in transfers:
        yield f"transfers were {plan.transfers}, and are {now.transfers}"
    rates = {plan.bandwidth_rate, "off"} if "bandwidth" in reset else {plan.bandwidth_rate}
    if BandwidthSet not in kinds and now.bandwidth_rate not in rates:
        yield f"the bandwidth was {plan.bandwidth_rate}, and is {now.bandwidth_rate}"
    if CpuUnpinned not in kinds and not now.pinned:
        yield "the agent was left unpinned"
    if UserTtlSet not in kinds and node.natives.user_ttl != plan.user_ttl:
        yield f"finished tasks were known for {plan.user_ttl} s, and are for {node.natives.user_ttl} s"
    if AutoCompactionDisabled not in kinds:
        for table, enabled in now.compaction.items():
            if enabled != plan.compaction[table] and not ("compaction" in reset and enabled):
                yield f"compaction of {table} was {plan.compaction[table]}, and is {enabled}"


def _directories(
    evidence: Evidence, node: SimNode, open_ones: list[Alteration], abandoned: set[tuple[str, str]]
) -> Iterator[str]:
    kept = {a.path for a in open_ones if isinstance(a, StagingCreated)}
    aside = any(isinstance(a, UploadSetAside) for a in open_ones)
    for path in sorted(node.disk.directories):
        _, ours, name = path.partition(OURS)
        if not ours:
            continue
        if name.startswith("found-"):
            if not aside:
                yield f"{path} was left"
        elif not any(name.endswith(f"-{batch}") for batch in kept):
            yield f"{path} was left, which is in no ledger"
    for table, count in node.foreign_files.items():
        keyspace, name = table.split(":")
        path = f"{evidence.cluster.directory_of(keyspace, name)}/upload"
        upload = node.disk.directories.get(path, {})
        foreign = sum(file.origin is None for file in upload.values())
        ours_left = sorted(file for file in upload if upload[file].origin is not None)
        if foreign != 2 * count and not aside:
            yield f"{2 * count} files of others were in the upload directory of {table}, and {foreign} are"
        if path in node.loads.renamed or (node.address, path) in abandoned:
            # a load that broke after renaming leaves files that nobody can tell from those of others
            continue
        if ours_left and isinstance(evidence.envelopes[-1].event, RunCompleted):
            yield f"{ours_left} were left in the upload directory of {table}"
