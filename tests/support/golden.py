"""Golden files: what was once written to a log, byte for byte. Once released, none is ever edited or removed.

``events/<sample>.json`` is the data of one event, canonical, with a line break behind it. ``logs/<name>.jsonl`` is a
whole log: a first line that says what it is and what came of it, then the lines of ``events --json``.
"""

import json
from pathlib import Path

import msgspec

from scylla_restore.engine.core.fold import evolve
from scylla_restore.engine.core.state import RunState, Status
from scylla_restore.events.envelope import Envelope, StoredRecord

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
EVENTS = GOLDEN / "events"
LOGS = GOLDEN / "logs"


class GoldenLog(msgspec.Struct, frozen=True, kw_only=True):
    """A whole log: what was stored, and what it was folded to when it was made."""

    run: str
    status: Status
    restored_bytes: int
    restored_sstables: int
    records: tuple[StoredRecord, ...] = ()


def read_golden_log(path: Path) -> GoldenLog:
    """Read a golden log with nothing but the standard library's JSON, as an outsider would."""
    first, *lines = path.read_bytes().splitlines()
    about = msgspec.json.decode(first, type=GoldenLog)
    records = []
    for line in lines:
        record = json.loads(line)
        record_hash = bytes.fromhex(record.pop("hash"))
        del record["prev_hash"]
        canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        records.append(StoredRecord(seq=record["seq"], record=canonical, hash=record_hash))
    return msgspec.structs.replace(about, records=tuple(records))


def folded(run: str, envelopes: list[Envelope]) -> GoldenLog:
    """Fold a log into what is told of it."""
    state = RunState(run=run)
    for envelope in envelopes:
        evolve(state, envelope)
    return GoldenLog(
        run=run,
        status=state.status,
        restored_bytes=state.restored_bytes,
        restored_sstables=state.restored_sstables,
    )
