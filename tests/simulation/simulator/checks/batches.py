"""Each batch's way through the log: held by one node at a time, loaded once, never downloaded again."""

from collections.abc import Iterator

import msgspec
from tests.simulation.simulator.evidence import Evidence

from scylla_restore.events.model import BatchEvent, batches
from scylla_restore.events.model.locations import DirectoryIndexed
from scylla_restore.events.model.run import RunCompleted
from scylla_restore.events.model.target import Method


class _Life(msgspec.Struct):
    """A batch as far as the log has come."""

    sstables: frozenset[str]
    directory: str
    attempt: int
    node: str
    held: bool = True
    downloaded: bool = False
    load_started: bool = False
    loaded: bool = False
    native: bool = False
    is_known: bool = True
    """Whether its files were seen: in a listing, or before this attempt."""


def check_batches(evidence: Evidence) -> Iterator[str]:
    """Follow every batch from its first assignment to its end."""
    lives: dict[int, _Life] = {}
    owner_of: dict[tuple[str, str], int] = {}
    noted = {
        e.event.directory
        for e in evidence.envelopes
        if isinstance(e.event, DirectoryIndexed) and e.event.data_sizes
    }
    for envelope in evidence.envelopes:
        event = envelope.event
        if not isinstance(event, BatchEvent):
            continue
        where = f"record {envelope.seq}, {type(event).__name__} of batch {event.batch}/{event.attempt}"
        if isinstance(event, batches.BatchAssigned):
            yield from (f"{where}: {problem}" for problem in _assigned(lives, owner_of, event))
            lives[event.batch].is_known = event.directory not in noted
            continue
        life = lives.get(event.batch)
        if life is None:
            yield f"{where}: was never assigned"
            continue
        if event.attempt != life.attempt:
            yield f"{where}: the attempt that counts is {life.attempt}"
        yield from (f"{where}: {problem}" for problem in _advance(life, event))


def _assigned(
    lives: dict[int, _Life], owner_of: dict[tuple[str, str], int], event: batches.BatchAssigned
) -> Iterator[str]:
    life = lives.get(event.batch)
    if len(set(event.sstables)) != len(event.sstables):
        yield "names an SSTable twice"
    for sstable in event.sstables:
        if owner_of.setdefault((event.directory, sstable), event.batch) != event.batch:
            yield f"takes {sstable} from batch {owner_of[event.directory, sstable]}"
    if life is None:
        if event.attempt != 1:
            yield "begins with another attempt than the first"
        lives[event.batch] = _Life(frozenset(event.sstables), event.directory, event.attempt, event.node)
        lives[event.batch].native = event.method is Method.NATIVE
        return
    if life.loaded:
        yield "was loaded before"
    if life.held:
        yield f"is held by {life.node}"
    if life.sstables != frozenset(event.sstables) or life.directory != event.directory:
        yield "has changed its SSTables"
    if event.attempt != life.attempt + 1:
        yield f"comes after attempt {life.attempt}"
    life.attempt, life.node = event.attempt, event.node
    life.held, life.downloaded, life.load_started = True, False, False
    life.native = event.method is Method.NATIVE


NEEDS_DOWNLOADED = (batches.LoadRequested, batches.LoadStarted)
NEEDS_NOT_DOWNLOADED = (
    batches.UploadFoundEmpty,
    batches.DownloadRequested,
    batches.DownloadStarted,
    batches.BatchDownloaded,
)
NATIVE_ONLY = (
    batches.NativeRestoreRequested,
    batches.NativeRestoreStarted,
    batches.NativeRestoreProgressed,
)


def _advance(life: _Life, event: BatchEvent) -> Iterator[str]:
    if life.loaded:
        yield "comes after its end"
    if not life.held:
        yield "comes while nobody holds it"
    if isinstance(event, NEEDS_DOWNLOADED) and not life.downloaded:
        yield "is not downloaded"
    if isinstance(event, NEEDS_NOT_DOWNLOADED) and life.downloaded:
        yield "is downloaded already"
    if isinstance(event, batches.DownloadRequested | batches.NativeRestoreRequested) and not life.is_known:
        yield "was not looked for in its location"
    if isinstance(event, batches.SSTablesLoaded) and not life.load_started:
        yield "was not being loaded"
    if isinstance(event, NATIVE_ONLY) and not life.native:
        yield "is not Scylla's own"
    if isinstance(event, (*NEEDS_DOWNLOADED, *NEEDS_NOT_DOWNLOADED)) and life.native:
        yield "is Scylla's own"
    life.is_known |= isinstance(event, batches.BatchFilesFound)
    life.downloaded |= isinstance(event, batches.BatchDownloaded)
    life.load_started |= isinstance(event, batches.LoadStarted | batches.NativeRestoreStarted)
    life.loaded |= isinstance(event, batches.SSTablesLoaded)
    life.held &= not isinstance(event, batches.SSTablesLoaded | batches.BatchReturned)


def check_completeness(evidence: Evidence) -> Iterator[str]:
    """What the log calls loaded was loaded in the world; what a completed run was to restore is all there."""
    claimed = _claimed(evidence)
    passed = {identity for node in evidence.cluster.nodes.values() for identity in node.loaded}
    for identity in sorted(claimed - passed):
        yield f"{identity} is loaded by the log, and not in the world"
    for envelope in evidence.envelopes:
        if isinstance(envelope.event, RunCompleted):
            if envelope.seq != len(evidence.envelopes):
                yield f"the run was completed with record {envelope.seq}, and went on"
            yield from _completed(evidence, envelope.event, claimed)


def _claimed(evidence: Evidence) -> set[tuple[str, str, str]]:
    """All SSTables that are in the cluster, as the log has it."""
    directories: dict[str, tuple[str, str]] = {}
    assigned: dict[int, batches.BatchAssigned] = {}
    claimed: set[tuple[str, str, str]] = set()
    for envelope in evidence.envelopes:
        match envelope.event:
            case DirectoryIndexed() as event:
                directories[event.directory] = (event.location, event.path)
            case batches.BatchAssigned() as event:
                assigned[event.batch] = event
            case batches.SSTablesLoaded() as event:
                batch = assigned[event.batch]
                claimed.update((*directories[batch.directory], sstable) for sstable in batch.sstables)
            case _:
                pass
    return claimed


def _completed(evidence: Evidence, event: RunCompleted, claimed: set[tuple[str, str, str]]) -> Iterator[str]:
    truth = evidence.backup.truth
    for identity in sorted(truth.keys() - claimed):
        yield f"{identity} was to be restored, and the run completed without it"
    for identity in sorted(claimed - truth.keys()):
        yield f"{identity} was restored, and should not have been"
    size = sum(sstable.size for sstable in truth.values())
    if (event.restored_bytes, event.sstables) != (size, len(truth)):
        yield f"the run counts {event}, and it was {size} bytes"
