"""The tables of projections: making a run's anew, and keeping them while a run appends to its log."""

import argparse
import itertools
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.cassandra import cql_logs
from benchmarks.history import RUN, Line, history
from benchmarks.measurement import Measurement, percentile, seconds

from scylla_restore.engine.api.keeping import TablesKeeper
from scylla_restore.events.chain import Sealer
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.log.sqlite import SQLiteLog
from scylla_restore.events.tables.opening import tables_beside
from scylla_restore.events.tables.port import ProjectionTables
from scylla_restore.events.tables.rebuilding import rebuild

GROUP = 100
QUICK_GROUP = 1000
CLOSING_S = 600


def measure(arguments: Sequence[str]) -> Iterator[Measurement]:
    """Measure tables in SQLite and in Cassandra, on a history as a real run has it."""
    parser = argparse.ArgumentParser(prog="bench.py projections", description=__doc__)
    parser.add_argument("--batches", type=int, default=100_000)
    parser.add_argument("--sstables-per-batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3, help="how many times tables are made anew")
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
    lines = list(history(chosen.batches, sstables_per_batch=chosen.sstables_per_batch))
    with tempfile.TemporaryDirectory(dir=chosen.directory) as directory:
        log: EventLog = SQLiteLog(Path(directory) / "log.db")
        yield from _measure_store("sqlite", log, lines, chosen)
        log.close()
    with cql_logs(chosen.cql) as open_cql_log:
        if open_cql_log is not None:
            log = open_cql_log("projections")
            yield from _measure_store("cassandra", log, lines, chosen)
            log.close()


def _measure_store(
    store: str, log: EventLog, lines: Sequence[Line], chosen: argparse.Namespace
) -> Iterator[Measurement]:
    """Measure one store; ``log`` is empty at first."""
    tables = tables_beside(log)
    if tables is None:
        return
    yield from _measure_keeping(store, log, tables, lines[: len(lines) // 5])
    _append(log, RUN, lines, None, group=QUICK_GROUP)
    params = {"store": store, "batches": chosen.batches, "events": len(lines)}
    for _ in range(chosen.rounds):
        cpu_s = time.process_time()
        took_s = seconds(lambda: rebuild(log, tables, RUN))
        cpu_s = time.process_time() - cpu_s
        yield Measurement(metric="rebuild", value=took_s, unit="s", params=params)
        # On a machine with other things to do, this is what it takes.
        yield Measurement(metric="rebuild, time of this process", value=cpu_s, unit="s", params=params)
    tables.close()


def _measure_keeping(
    store: str, log: EventLog, tables: ProjectionTables, lines: Sequence[Line]
) -> Iterator[Measurement]:
    """Measure appends, without tables and with, and how far the tables are behind in the end."""
    for is_kept in (False, True):
        run = f"{RUN[:-1]}{is_kept:d}"
        params = {"store": store, "group": GROUP, "tables kept": is_kept, "events": len(lines)}
        keeper = TablesKeeper(log, tables, run, seen=lambda: None, on_trouble=lambda _: None)
        if is_kept:
            keeper.start()
        waits_s, took_s = _append(log, run, lines, keeper if is_kept else None, group=GROUP)
        yield Measurement(metric="append", value=len(lines) / took_s, unit="events/s", params=params)
        for percent in (50, 99):
            value = percentile(waits_s, percent) * 1000
            yield Measurement(metric=f"append p{percent}", value=value, unit="ms/group", params=params)
        if is_kept:
            began = time.perf_counter()
            keeper.close(timeout_s=CLOSING_S)
            value = time.perf_counter() - began
            yield Measurement(metric="tables behind at the end", value=value, unit="s", params=params)


def _append(
    log: EventLog, run: str, lines: Sequence[Line], keeper: TablesKeeper | None, *, group: int
) -> tuple[list[float], float]:
    """Append all, as a supervisor does, and return how long each group took, and all of them."""
    claim = log.claim(run, "bench")
    sealer = Sealer(run=run, epoch=claim.epoch, seq=claim.head.seq, head_hash=claim.head.hash)
    waits_s: list[float] = []
    rest = iter(lines)
    began = time.perf_counter()
    while chunk := list(itertools.islice(rest, group)):
        at = time.perf_counter()
        envelopes = [sealer.seal(event, at=when, actor=actor) for actor, when, event in chunk]
        log.append(claim, envelopes)
        waits_s.append(time.perf_counter() - at)
        if keeper is not None:
            for envelope in envelopes:
                keeper.heard(envelope)
    took_s = time.perf_counter() - began
    log.release(claim)
    return waits_s, took_s
