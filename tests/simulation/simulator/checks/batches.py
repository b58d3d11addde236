"""Each batch's way through the log: held by one node at a time, loaded once, never downloaded again."""

from collections.abc import Iterator

import msgspec
from tests.simulation.simulator.evidence import Evidence

from scylla_restore.events.model import BatchEvent, batches
from scylla_restore.events.model.locations import DirectoryIndexed
from scylla_restore.events.model.run import RunCompleted


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


def check_batches(evidence: Evidence) -> Iterator[str]:
    """Follow every batch from its first assignment to its end."""
    lives: dict[int, _Life] = {}
    owner_of: dict[tuple[str, str], int] = {}
    for envelope in evidence.envelopes:
        event = envelope.event
        if not isinstance(event, BatchEvent):
            continue
        where = f"record {envelope.seq}, {type(event).__name__} of batch {event.batch}/{event.attempt}"
        if isinstance(event, batches.BatchAssigned):
            yield from (f"{where}: {problem}" for problem in _assigned(lives, owner_of, event))
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


def _advance(life: _Life, event: BatchEvent) -> Iterator[str]:
    if life.loaded:
        yield "comes after its end"
    if not life.held:
        yield "comes while nobody holds it"
    match event:
        case batches.BatchReturned():
            life.held = False
        case batches.BatchDownloaded():
            if life.downloaded:
                yield "was downloaded before"
            life.downloaded = True
        case batches.DownloadRequested() | batches.DownloadStarted():
            if life.downloaded:
                yield "is downloaded already"
        case batches.LoadRequested():
            if not life.downloaded:
                yield "is not downloaded"
        case batches.LoadStarted():
            if not life.downloaded:
                yield "is not downloaded"
            life.load_started = True
        case batches.SSTablesLoaded():
            if not life.load_started:
                yield "was not being loaded"
            life.loaded, life.held = True, False
        case _:
            pass


def check_completeness(evidence: Evidence) -> Iterator[str]:
    """What the log calls loaded was loaded in the world; what a completed run was to restore is all there."""
    directories = {
        e.event.directory: (e.event.location, e.event.path)
        for e in evidence.envelopes
        if isinstance(e.event, DirectoryIndexed)
    }
    assigned: dict[int, batches.BatchAssigned] = {}
    claimed: set[tuple[str, str, str]] = set()
    for envelope in evidence.envelopes:
        event = envelope.event
        if isinstance(event, batches.BatchAssigned):
            assigned[event.batch] = event
        elif isinstance(event, batches.SSTablesLoaded):
            batch = assigned[event.batch]
            claimed.update((*directories[batch.directory], sstable) for sstable in batch.sstables)
    passed = {identity for node in evidence.cluster.nodes.values() for identity in node.loaded}
    for identity in sorted(claimed - passed):
        yield f"{identity} is loaded by the log, and not in the world"
    done = [e for e in evidence.envelopes if isinstance(e.event, RunCompleted)]
    if len(done) > 1:
        yield f"the run was completed {len(done)} times"
    if done:
        for identity in sorted(evidence.backup.truth.keys() - claimed):
            yield f"{identity} was to be restored, and the run completed without it"
        for identity in sorted(claimed - evidence.backup.truth.keys()):
            yield f"{identity} was restored, and should not have been"
        if done[0].seq != len(evidence.envelopes):
            yield f"the run was completed with record {done[0].seq}, and went on"
        completed = done[0].event
        if isinstance(completed, RunCompleted):
            size = sum(truth.size for truth in evidence.backup.truth.values())
            if (completed.restored_bytes, completed.sstables) != (size, len(evidence.backup.truth)):
                yield f"the run counts {completed}, and it was {size} bytes"
