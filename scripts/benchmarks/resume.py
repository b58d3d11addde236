"""How long until a resumed run sends its first command, after so many finished batches.

Each figure is of a process of its own, from before the log is opened until the core has decided what to ask of a
node; with the checkpoint, and without it.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
from benchmarks.history import RUN, START, history
from benchmarks.measurement import Measurement

from scylla_restore.engine.api.loading import LoadedRun, load_run
from scylla_restore.engine.core.decide import decide, evolve
from scylla_restore.engine.core.state.run_state import CHECKPOINT_NAME, encode_checkpoint
from scylla_restore.events.chain import Sealer
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.log.port import Checkpoint
from scylla_restore.events.log.sqlite import SQLiteLog
from scylla_restore.events.model.run import OwnerChanged, RunResumed

GROUP = 1000


def measure(rest: list[str]) -> Iterator[Measurement]:
    """Write a history, then resume it in processes of their own."""
    parser = argparse.ArgumentParser(prog="bench.py resume")
    parser.add_argument("--batches", type=int, default=100_000)
    parser.add_argument("--sstables-per-batch", type=int, default=4)
    parser.add_argument("--resume", type=Path, help=argparse.SUPPRESS)
    flags = parser.parse_args(rest)
    if flags.resume:
        sys.stdout.write(msgspec.json.encode(_resume(flags.resume)).decode())
        sys.stdout.flush()
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "log.db"
        records = _write(path, flags.batches, flags.sstables_per_batch)
        params: dict[str, str | int | float | bool] = {
            "batches": flags.batches,
            "sstables_per_batch": flags.sstables_per_batch,
            "records": records,
        }
        yield Measurement(metric="log size", value=path.stat().st_size / 1e6, unit="MB", params=params)
        for checkpoint in (False, True):
            if checkpoint:
                _keep_checkpoint(path)
            seconds, memory_mb = _in_a_process(path)
            with_it: dict[str, str | int | float | bool] = {**params, "checkpoint": checkpoint}
            yield Measurement(metric="until first command", value=seconds, unit="s", params=with_it)
            yield Measurement(metric="peak memory", value=memory_mb, unit="MB", params=with_it)


def _write(path: Path, batches: int, sstables_per_batch: int) -> int:
    log = SQLiteLog(path)
    claim = log.claim(RUN, "bench")
    sealer = Sealer(run=RUN, epoch=claim.epoch, seq=0, head_hash=claim.head.hash)
    group: list[Envelope] = []
    for actor, at, event in history(batches, sstables_per_batch=sstables_per_batch):
        group.append(sealer.seal(event, at=at, actor=actor))
        if len(group) == GROUP:
            log.append(claim, group)
            group = []
    log.append(claim, group)
    log.close()
    return sealer.seq


def _keep_checkpoint(path: Path) -> None:
    log = SQLiteLog(path)
    loaded = load_run(log, RUN)
    head = log.head(RUN)
    state = encode_checkpoint(loaded.state, msgspec.msgpack.encode(loaded.progress))
    log.save_checkpoint(Checkpoint(run=RUN, name=CHECKPOINT_NAME, seq=head.seq, hash=head.hash, state=state))
    log.close()


def _in_a_process(path: Path) -> tuple[float, float]:
    bench = Path(__file__).resolve().parent.parent / "bench.py"
    command = [sys.executable, str(bench), "resume", "--resume", str(path)]
    answer = subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own program
    return msgspec.json.decode(answer.stdout, type=tuple[float, float])


def _resume(path: Path) -> tuple[float, float]:
    began = time.perf_counter()
    log = SQLiteLog(path)
    claim = log.claim(RUN, "bench")
    loaded = load_run(log, RUN, up_to=claim.head.seq)
    _go_on(loaded, Sealer(run=RUN, epoch=claim.epoch, seq=claim.head.seq, head_hash=claim.head.hash))
    seconds = time.perf_counter() - began
    log.close()
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _go_on(loaded: LoadedRun, sealer: Sealer) -> None:
    now = START + timedelta(days=1)
    for event in (OwnerChanged(owner="bench", engine_version="bench"), RunResumed()):
        evolve(loaded.state, sealer.seal(event, at=now, actor="supervisor"))
    if not decide(loaded.state, now).commands:
        raise RuntimeError("a resumed run asks for nothing")
