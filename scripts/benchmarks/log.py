"""The event log: sealing, appending, reading, verifying.

Appending includes making canonical bytes, hashing, and the store's sync: what a supervisor waits for.
"""

import argparse
import itertools
import os
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.cassandra import cql_logs
from benchmarks.history import RUN, Line, history
from benchmarks.measurement import Measurement, best_seconds, busy_thread, percentile, seconds

from scylla_restore.events.chain import Sealer, genesis, link
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.log.reading import read_envelopes, verify_run
from scylla_restore.events.log.sqlite import SQLiteLog

Params = dict[str, str | int | float | bool]

GROUPS = (1, 10, 100, 1000)
APPENDING_S = 5.0
"""Small groups are appended for so long, since each of them costs a sync."""
EVENTS_PER_BATCH = 9
SYNCS = 200
SYNC_BYTES = 32_768
TIMES = 5


def measure(arguments: Sequence[str]) -> Iterator[Measurement]:
    """Measure everything about the log in SQLite and in Cassandra, on histories as a real run has them."""
    parser = argparse.ArgumentParser(prog="bench.py log", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, help="records of the log")
    parser.add_argument("--sstables-per-batch", type=int, default=8)
    parser.add_argument(
        "--directory", type=Path, help="where the log is made; default: the temporary directory"
    )
    parser.add_argument(
        "--cql",
        default="auto",
        metavar="auto|off|cql://[USER@]HOST[:PORT]",
        help="the same in Cassandra: in a node that is started if it is installed, not at all, or there",
    )
    chosen = parser.parse_args(arguments)
    batches = chosen.events // EVENTS_PER_BATCH
    lines = list(history(batches, sstables_per_batch=chosen.sstables_per_batch))
    yield from _measure_sealing(lines)
    with tempfile.TemporaryDirectory(dir=chosen.directory) as directory:
        yield from _measure_disk(Path(directory) / "disk")
        yield from measure_store("sqlite", lambda name: SQLiteLog(Path(directory) / f"{name}.db"), lines)
        size = (Path(directory) / f"group-{GROUPS[-1]}.db").stat().st_size
        yield Measurement(metric="file", value=size / len(lines), unit="bytes/event")
    with cql_logs(chosen.cql) as open_cql_log:
        if open_cql_log is not None:
            yield from measure_store("cassandra", open_cql_log, lines)


def measure_store(
    store: str, open_log: Callable[[str], EventLog], lines: Sequence[Line]
) -> Iterator[Measurement]:
    """Measure one store; ``open_log`` opens an empty one of a name that it was not given before."""
    for group in GROUPS:
        log = open_log(f"group-{group}")
        yield from _measure_appending(log, lines, group, {"store": store, "group": group})
        if group == GROUPS[-1]:
            yield from _measure_reading(log, {"store": store})
        log.close()
    with busy_thread():
        log = open_log("busy")
        yield from _measure_appending(
            log, lines, 100, {"store": store, "group": 100, "beside": "a busy thread"}
        )
        log.close()


def _measure_disk(path: Path) -> Iterator[Measurement]:
    """Measure what a sync costs here with nothing else around it: no append can be quicker."""
    waits_s = []
    with path.open("wb") as file:
        for _ in range(SYNCS):
            file.write(b"x" * SYNC_BYTES)
            file.flush()
            waits_s.append(seconds(lambda: os.fsync(file.fileno())))
    for percent in (50, 99):
        value = percentile(waits_s, percent) * 1000
        yield Measurement(metric=f"sync p{percent}", value=value, unit="ms", params={"bytes": SYNC_BYTES})


def _measure_sealing(lines: Sequence[Line]) -> Iterator[Measurement]:
    params: Params = {"events": len(lines)}
    took_s = best_seconds(lambda: _drain(_sealed(lines)), times=TIMES)
    yield Measurement(metric="seal", value=len(lines) / took_s, unit="events/s", params=params)
    envelopes = list(_sealed(lines))
    size = sum(len(envelope.record) for envelope in envelopes)
    yield Measurement(metric="record", value=size / len(lines), unit="bytes", params=params)
    took_s = best_seconds(lambda: _drain(_hashed(envelopes)), times=TIMES)
    yield Measurement(metric="hash", value=len(lines) / took_s, unit="events/s", params=params)


def _measure_appending(
    log: EventLog, lines: Sequence[Line], group: int, params: Params
) -> Iterator[Measurement]:
    claim = log.claim(RUN, "bench")
    sealer = Sealer(run=RUN, epoch=claim.epoch, seq=claim.head.seq, head_hash=claim.head.hash)
    waits_s: list[float] = []
    rest = iter(lines)
    began = time.perf_counter()
    while time.perf_counter() - began < APPENDING_S or group == GROUPS[-1]:
        chunk = list(itertools.islice(rest, group))
        if not chunk:
            break
        sealing = time.perf_counter()
        log.append(claim, [sealer.seal(event, at=at, actor=actor) for actor, at, event in chunk])
        waits_s.append(time.perf_counter() - sealing)
    took_s = time.perf_counter() - began
    params = {**params, "events": sealer.seq}
    yield Measurement(metric="append", value=sealer.seq / took_s, unit="events/s", params=params)
    for percent in (50, 99):
        value = percentile(waits_s, percent) * 1000
        yield Measurement(metric=f"append p{percent}", value=value, unit="ms/group", params=params)


def _measure_reading(log: EventLog, params: Params) -> Iterator[Measurement]:
    count = log.head(RUN).seq
    params = {**params, "events": count}
    ways: dict[str, Callable[[], object]] = {
        "read records": lambda: _drain(log.read_records(RUN)),
        "read": lambda: _drain(log.read(RUN)),
        "read checking hashes": lambda: _drain(read_envelopes(log, RUN, check_hashes=True)),
        "verify": lambda: verify_run(log, RUN),
    }
    for metric, way in ways.items():
        took_s = best_seconds(way, times=TIMES)
        yield Measurement(metric=metric, value=count / took_s, unit="events/s", params=params)
    params = {**params, "beside": "a busy thread"}
    with busy_thread():
        took_s = best_seconds(ways["read"], times=1)
    yield Measurement(metric="read", value=count / took_s, unit="events/s", params=params)


def _sealed(lines: Sequence[Line]) -> Iterator[Envelope]:
    sealer = Sealer(run=RUN, epoch=1, seq=0, head_hash=genesis(RUN))
    return (sealer.seal(event, at=at, actor=actor) for actor, at, event in lines)


def _hashed(envelopes: Sequence[Envelope]) -> Iterator[bytes]:
    return (link(envelope.prev_hash, envelope.record) for envelope in envelopes)


def _drain(items: Iterator[object]) -> None:
    deque(items, maxlen=0)
