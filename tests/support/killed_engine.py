"""An engine in a process of its own that kills itself, with SIGKILL, at a named point.

    python -m tests.support.killed_engine LAB MODE [POINT]

MODE is ``run TAG`` or ``resume``. POINT is ``before-append:N`` or ``after-append:N``, of the N-th event, or
``after-call:N``, the N-th that alters something on a node; both are counted from 1, in this process. (How many events
are appended together is a matter of time.) Without a point it runs to the end and prints how many it passed:
``{"events": …, "calls": …, "exit_code": …}``.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast
from uuid import UUID

import msgspec

from scylla_restore.engine.api import Engine, cluster_connection
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.config import choose_cluster, load_config
from scylla_restore.engine.core.target import build_target
from scylla_restore.engine.core.target_flags import TargetFlags
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered
from scylla_restore.engine.storage.localstorage import LocalStorage
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.log.port import Claim
from scylla_restore.events.log.sqlite import SQLiteLog

ALTERING = frozenset(
    {
        "start_copy",
        "start_copy_renamed",
        "stop_job",
        "move_directory",
        "purge",
        "delete_files",
        "load_and_stream",
        "set_auto_compaction",
        "set_transfers",
        "set_bandwidth_rate",
    }
)


class Points:
    """Counts what is passed, and ends the process where it was told to."""

    def __init__(self, point: str) -> None:
        self._kind, _, number = point.partition(":")
        self._number = int(number or 0)
        self._lock = threading.Lock()
        self.passed: dict[str, int] = {}

    def pass_by(self, kind: str, count: int = 1) -> None:
        with self._lock:
            before = self.passed.get(kind, 0)
            self.passed[kind] = before + count
            if kind == self._kind and before < self._number <= before + count:
                os.kill(os.getpid(), signal.SIGKILL)


class KillingLog(SQLiteLog):
    """The real log, with points before and after each append."""

    points: Points

    def append(self, claim: Claim, envelopes: Sequence[Envelope]) -> None:
        self.points.pass_by("before-append", len(envelopes))
        super().append(claim, envelopes)
        self.points.pass_by("after-append", len(envelopes))


class KillingGateway:
    """A real gateway, with a point after each call that alters something and before its answer is heard."""

    def __init__(self, gateway: NodeGateway, points: Points) -> None:
        self._gateway = gateway
        self._points = points

    def __getattr__(self, name: str) -> Callable[..., object]:
        method: Callable[..., object] = getattr(self._gateway, name)
        if name not in ALTERING:
            return method

        def call(*arguments: object, **named: object) -> object:
            answer = method(*arguments, **named)
            self._points.pass_by("after-call")
            return answer

        return call


class KillingConnection:
    """A real connection whose gateways have points."""

    configured_id: UUID | None = None

    def __init__(self, lab: Path, points: Points) -> None:
        self._inner = cluster_connection(choose_cluster(load_config(lab / "scylla-restore.toml").config), {})
        self._points = points

    def contact(self) -> NodeGateway:
        return self._inner.contact()

    def gateway(self, address: str) -> NodeGateway:
        return cast("NodeGateway", KillingGateway(self._inner.gateway(address), self._points))

    def schema(self) -> SchemaGateway | SchemaNotOffered:
        return self._inner.schema()

    def close(self) -> None:
        self._inner.close()


def main(lab: Path, mode: str, point: str) -> int:
    points = Points(point)
    log = KillingLog(lab / "log.db")
    log.points = points
    connection = KillingConnection(lab, points)
    with Engine(
        log=log,
        cluster=connection,
        open_store=lambda location: LocalStorage(lab / "buckets", location.bucket),
        owner=f"process {os.getpid()}",
    ) as engine:
        if mode == "resume":
            run = engine.resume(log.runs()[-1])
        else:
            flags = TargetFlags(
                location=("localstorage:backups",),
                snapshot_tag=mode.removeprefix("run "),
                restore_tables=True,
                batch_size=2,
            )
            run = engine.start(build_target(flags))
        outcome = run.wait(120)
    log.close()
    exit_code = 99 if outcome is None else outcome.exit_code
    passed = points.passed
    report = {
        "events": passed.get("after-append", 0),
        "calls": passed.get("after-call", 0),
        "exit_code": exit_code,
    }
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    return exit_code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""))
