"""The log itself: a whole chain, one writer at a time, and a state and projections that follow from nothing else."""

from collections.abc import Iterator
from itertools import pairwise

from tests.simulation.simulator.evidence import Evidence
from tests.simulation.simulator.projected import Projected

from scylla_restore.engine.core.decide import evolve
from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.core.state.run_state import decode_checkpoint
from scylla_restore.events.chain import genesis, unseal
from scylla_restore.events.codec import decode, encode
from scylla_restore.events.errors import LogError


def check_chain(evidence: Evidence) -> Iterator[str]:
    """Every record follows the one before it, and says the same after a journey through bytes."""
    try:
        read = list(
            unseal(
                evidence.run,
                evidence.records,
                after_seq=0,
                after_hash=genesis(evidence.run),
                check_hashes=True,
            )
        )
    except LogError as error:
        yield f"the chain does not hold: {error}"
        return
    for envelope in read:
        kind = type(envelope.event)
        if decode(kind.TAG, kind.VERSION, encode(envelope.event)) != envelope.event:
            yield f"record {envelope.seq} is another event after a journey through bytes"


def check_owners(evidence: Evidence) -> Iterator[str]:
    """Only the owner wrote, and epochs never go back."""
    for appended in evidence.appended:
        if appended.process.run == evidence.run and not appended.owned:
            yield f"{appended.process.name} wrote record {appended.seq}, and was not the owner"
    for before, after in pairwise(evidence.envelopes):
        if after.epoch < before.epoch:
            yield f"record {after.seq} is of epoch {after.epoch}, the one before of {before.epoch}"


def check_fold(evidence: Evidence) -> Iterator[str]:
    """What each engine held in memory is what the records up to there make of nothing."""
    wanted = {snapshot.seq: snapshot for snapshot in evidence.snapshots}
    state = RunState(run=evidence.run)
    for envelope in evidence.envelopes:
        evolve(state, envelope)
        snapshot = wanted.get(envelope.seq)
        if snapshot is not None:
            held, _ = decode_checkpoint(snapshot.state)
            if held != state or _orders(held) != _orders(state):
                yield f"after record {envelope.seq} the fold is not what {snapshot.process} held"


def _orders(state: RunState) -> list[list[str]]:
    """The orders in which a state's maps are gone through, on which decisions depend."""
    maps = (state.nodes, state.locations, state.ledger.entries, state.workload.directories, state.batches)
    return [[str(key) for key in one] for one in maps]


def check_crashes(evidence: Evidence) -> Iterator[str]:
    """No actor or procedure of ours failed by itself."""
    for process in evidence.processes:
        for name, error in process.crashes:
            yield f"{name} of {process.name} crashed: {type(error).__name__}: {error}"


def check_projections(evidence: Evidence) -> Iterator[str]:
    """Projections fed step by step while engines ran are those made at once from the stored records."""
    anew = Projected()
    anew.feed(evidence.envelopes)
    evidence.projected.feed(evidence.envelopes[evidence.projected.seq :])
    if anew.canonical() != evidence.projected.canonical():
        yield "projections made step by step are not those made from the stored records"
    document = anew.document()
    restored = sum(row.restored for row in anew.rows.values() if row.restore_completed_at is not None)
    if document is not None and restored != document.restored:
        yield f"restore_run_progress sums up to {restored}, progress says {document.restored}"
