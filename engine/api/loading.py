"""A run, folded from its log."""

from typing import Final

import msgspec

from scylla_restore.engine.core.decide import evolve
from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.core.state.run_state import CHECKPOINT_NAME, decode_checkpoint, seen_of_checkpoint
from scylla_restore.events.errors import UnknownRun
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.log.reading import read_envelopes, usable_checkpoint
from scylla_restore.events.projections import progress
from scylla_restore.events.projections.progress_state import ProgressState

_QUICKLY_FOLDED: Final = 20_000
"""Records that are folded within a second."""


class LoadedRun(msgspec.Struct, kw_only=True):
    """What the log says of a run, up to record ``seq``: the state to go on from, and where it stands."""

    state: RunState
    progress: ProgressState
    seq: int = 0


def load_run(log: EventLog, run: str, *, up_to: int | None = None) -> LoadedRun:
    """Fold a run's log, from its newest checkpoint on if there is one that fits.

    What is read is verified: an engine does not go on from a record that was touched.

    Raises:
        UnknownRun: no such run.
        CorruptLog: a record does not fit the chain.
    """
    loaded = _from_checkpoint(log, run) or LoadedRun(state=RunState(run=run), progress=ProgressState())
    for envelope in read_envelopes(log, run, from_seq=loaded.seq + 1, check_hashes=True):
        if up_to is not None and envelope.seq > up_to:
            break
        evolve(loaded.state, envelope)
        progress.apply(loaded.progress, envelope)
        loaded.seq = envelope.seq
    if not loaded.seq:
        raise UnknownRun(run)
    return loaded


def _from_checkpoint(log: EventLog, run: str) -> LoadedRun | None:
    checkpoint = usable_checkpoint(log, run, CHECKPOINT_NAME)
    if checkpoint is None:
        return None
    try:
        state, seen = decode_checkpoint(checkpoint.state)
        return LoadedRun(
            state=state,
            progress=msgspec.msgpack.decode(seen, type=ProgressState),
            seq=checkpoint.seq,
        )
    except ValueError:
        return None


def seen_progress(log: EventLog, run: str) -> ProgressState | None:
    """Return where a run stood at its newest checkpoint, or stands now if its log is short; None if it takes longer.

    Raises:
        LogError: the log cannot be read.
    """
    checkpoint = usable_checkpoint(log, run, CHECKPOINT_NAME)
    if checkpoint is not None:
        try:
            return msgspec.msgpack.decode(seen_of_checkpoint(checkpoint.state), type=ProgressState)
        except ValueError:
            return None
    if log.head(run).seq > _QUICKLY_FOLDED:
        return None
    state = ProgressState()
    for envelope in log.read(run):
        progress.apply(state, envelope)
    return state
