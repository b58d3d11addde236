"""What the command line does with a lab, as plain functions."""

import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import msgspec

from scylla_restore.engine.errors import RestoreError, TargetError
from scylla_restore.engine.lab.backup_writer import BackupRequest, BackupSummary, write_backup
from scylla_restore.engine.lab.faults import Fault, add_fault, clear_faults
from scylla_restore.engine.lab.lab import Lab
from scylla_restore.engine.lab.side import SideFailure
from scylla_restore.engine.lab.state import (
    DEFAULT_BASE_ADDRESS,
    DEFAULT_PORT,
    AzureSettings,
    CassandraSettings,
    GcsSettings,
    LabDirectory,
    S3Settings,
    Speeds,
)

_LOOK_EVERY_S = 0.1


class UpOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of ``lab up``. ``nodes`` None is what the directory held before, or three; ``tables`` ``ks.table``."""

    directory: Path
    nodes: int | None = None
    shards: int = 2
    base_address: str = DEFAULT_BASE_ADDRESS
    port: int = DEFAULT_PORT
    tables: tuple[str, ...] = ()
    s3: S3Settings | None = None
    gcs: GcsSettings | None = None
    azure: AzureSettings | None = None
    cassandra: CassandraSettings | None = None
    tablets: tuple[str, ...] = ()
    speeds: Speeds = Speeds()
    scylla_version: str | None = None


class FaultOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of ``lab fault``. ``clear`` ends the faults that match node, path and, if given, kind."""

    directory: Path
    fault: Fault | None = None
    clear: bool = False
    node: str = "*"
    on: str = "*"
    kind: str = "*"


def up(options: UpOptions) -> None:
    """Serve a lab until SIGINT or SIGTERM; prints one line, ``ready``, when all nodes answer.

    Raises:
        RestoreError: an address cannot be listened on.
    """
    wanted = True

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        # Nothing that takes a lock: the signal may come while it is held.
        nonlocal wanted
        wanted = False

    lab = _lab(options)
    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        lab.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        pause = threading.Event()
        while wanted:
            pause.wait(_LOOK_EVERY_S)
    except OSError as error:
        raise RestoreError(
            f"the lab cannot listen: {error}",
            hint="is another lab running? --base-address and --port choose other places",
        ) from error
    finally:
        lab.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _lab(options: UpOptions) -> Lab:
    if options.cassandra is not None and (options.nodes is not None or options.tables):
        raise TargetError(
            "--cassandra says which nodes there are, and tables are made through CQL there",
            hint="leave --nodes and --table out",
        )
    try:
        return _made(options)
    except SideFailure as failure:
        raise RestoreError(
            str(failure), hint="--cassandra takes the URL of Jolokia's agent in each node"
        ) from failure


def _made(options: UpOptions) -> Lab:
    return Lab(
        options.directory,
        nodes=options.nodes,
        shards=options.shards,
        base_address=options.base_address,
        port=options.port,
        tables=options.tables,
        s3=options.s3,
        gcs=options.gcs,
        azure=options.azure,
        cassandra=options.cassandra,
        tablets=options.tablets or None,
        speeds=options.speeds,
        scylla_version=options.scylla_version,
    )


def backup(directory: Path, request: BackupRequest) -> BackupSummary:
    """Write a backup of the lab's cluster.

    Raises:
        TargetError: what is asked for cannot be.
    """
    return write_backup(directory, request)


def fault(options: FaultOptions) -> str:
    """Let something go wrong in a running lab, or end that; return what was done, in a line.

    Raises:
        TargetError: there is no lab, or it has no such node.
    """
    record = LabDirectory(options.directory).record()
    if record is None:
        raise TargetError(f"there is no lab in {options.directory}")
    named = options.fault.node if options.fault else options.node
    if named not in ("*", *(node.address for node in record.nodes)):
        addresses = ", ".join(node.address for node in record.nodes)
        raise TargetError(f"the lab has no node {named}", hint=f"its nodes are {addresses}")
    if options.clear:
        ended = clear_faults(options.directory, node=options.node, on=options.on, kind=options.kind)
        return f"faults ended: {ended}"
    if options.fault is None:
        raise TargetError("no fault is named", hint="--kind names one, --clear ends them")
    added = add_fault(options.directory, options.fault)
    return f"fault {added.id}: {added.kind} on {added.on} at {added.node}"
