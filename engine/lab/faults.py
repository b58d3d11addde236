"""Faults: what goes wrong at which node, told through a file that any process may write."""

import secrets
import threading
import time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import msgspec

from scylla_restore.engine.lab.files import SharedFile

FaultKind = Literal[
    "error",
    "timeout",
    "reset",
    "cut",
    "slow",
    "lost-job",
    "lost-task",
    "disk-full",
    "corrupt",
    "failed-repair",
    "failed-restore",
]
_NATIVE = "/storage_service/restore"

_COPIES = (
    "/agent/rclone/sync/copypaths*",
    "/agent/rclone/sync/copydir*",
    "/agent/rclone/operations/copyfile*",
)
# Faults of what a call does, not of its answer: other calls neither show them nor count.
_CONCERNED: dict[str, tuple[str, ...]] = {
    "slow": (*_COPIES, "/storage_service/sstables/*", _NATIVE),
    "disk-full": (*_COPIES, "/agent/rclone/operations/about*"),
    "corrupt": (*_COPIES, _NATIVE),
    "failed-repair": ("/storage_service/repair_async/*", "/storage_service/tablets/repair"),
    "failed-restore": (_NATIVE,),
    "cut": ("/agent/rclone/operations/list*",),
}


_LOOK_EVERY_S = 0.02


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault.

    ``node`` is an address, ``on`` a glob over paths (with or without the query); ``*`` is any. The first ``after``
    matching requests pass, then ``times`` are hit (None: all, until it is cleared).

    ``error`` answers ``status``; ``timeout`` never answers; ``reset`` closes the connection in the middle of the
    answer; ``cut`` ends a listing early but properly, as the agent does when its store fails; ``slow`` divides
    speeds by ten (100 MiB/s where there is no limit); ``lost-job`` restarts the agent, which then answers;
    ``lost-task`` restarts Scylla likewise; ``disk-full`` reports no space and fails copies; ``corrupt`` flips a byte of
    copied data files; ``failed-repair`` begins a repair, and ``failed-restore`` a native restore, that will have failed
    when it ends.

    ``carried_out`` tells whether the call has its effect: always with ``reset``, never with ``error``, and with
    ``timeout`` as told.
    """

    kind: FaultKind
    node: str = "*"
    on: str = "*"
    status: int = 500
    times: int | None = None
    after: int = 0
    carried_out: bool = True
    id: str = ""

    def concerns(self, node: str, path: str, target: str) -> bool:
        """Whether the fault can hit this request."""
        if self.node not in ("*", node):
            return False
        kinds = _CONCERNED.get(self.kind)
        if kinds is not None and not any(fnmatchcase(path, glob) for glob in kinds):
            return False
        return fnmatchcase(path, self.on) or fnmatchcase(target, self.on)


class FaultList(msgspec.Struct, frozen=True, kw_only=True):
    """All faults that stand."""

    faults: tuple[Fault, ...] = ()


def faults_file(root: Path) -> SharedFile[FaultList]:
    """Return the file that the faults of the lab in ``root`` are in."""
    return SharedFile(root / "faults.json", FaultList, FaultList())


def add_fault(root: Path, fault: Fault) -> Fault:
    """Let a fault stand from now on, in whatever process the lab runs; return it with its id."""
    # A restart with every request would leave nothing to test.
    times = 1 if fault.kind in ("lost-job", "lost-task") and fault.times is None else fault.times
    fault = msgspec.structs.replace(fault, id=secrets.token_hex(4), times=times)
    file = faults_file(root)
    with file.changing():
        file.set(FaultList(faults=(*file.get().faults, fault)))
    return fault


def clear_faults(root: Path, *, node: str = "*", on: str = "*", kind: str = "*", fault_id: str = "*") -> int:
    """End the faults that match all that is given; return their number."""
    file = faults_file(root)
    with file.changing():
        standing = file.get().faults
        rest = tuple(
            fault
            for fault in standing
            if not (
                node in ("*", fault.node)
                and on in ("*", fault.on)
                and kind in ("*", fault.kind)
                and fault_id in ("*", fault.id)
            )
        )
        if rest != standing:
            file.set(FaultList(faults=rest))
    return len(standing) - len(rest)


class FaultBoard:
    """The faults of a running lab and how often each was met. Safe to use from several threads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file = faults_file(root)
        self._met: dict[str, int] = {}
        self._lock = threading.Lock()
        self._last_seen: tuple[Fault, ...] = ()
        self._last_look_s = -_LOOK_EVERY_S

    def strike(self, node: str, path: str, target: str) -> dict[FaultKind, Fault]:
        """Count a request and return the faults that hit it, the first of each kind."""
        standing = self._standing()
        if not standing:
            return {}
        hits: dict[FaultKind, Fault] = {}
        spent: list[str] = []
        with self._lock:
            for fault in standing:
                if fault.kind in hits or not fault.concerns(node, path, target):
                    continue
                met = self._met.get(fault.id, 0)
                self._met[fault.id] = met + 1
                if met < fault.after:
                    continue
                last = None if fault.times is None else fault.after + fault.times - 1
                if last is None or met <= last:
                    hits[fault.kind] = fault
                if last is not None and met >= last:
                    spent.append(fault.id)
        for fault_id in spent:
            clear_faults(self._root, fault_id=fault_id)
        return hits

    def strike_idle(self, node: str) -> bool:
        """Count and return whether a fault wants the node's agent restarted without waiting for a request."""
        waiting = any(
            fault.kind == "lost-job" and fault.on == "*" and fault.after == 0 and fault.node in ("*", node)
            for fault in self._standing()
        )
        return waiting and "lost-job" in self.strike(node, "", "")

    def stands(self, kind: FaultKind, node: str, path: str, target: str) -> bool:
        """Whether an unlimited fault of this kind stands: for what was under way before it was set."""
        # Asked for every piece of every file: the file system is not.
        recent = time.monotonic() - self._last_look_s < _LOOK_EVERY_S
        return any(
            fault.kind == kind
            and fault.times is None
            and fault.after == 0
            and fault.concerns(node, path, target)
            for fault in (self._last_seen if recent else self._standing())
        )

    def _standing(self) -> tuple[Fault, ...]:
        self._last_look_s = time.monotonic()
        self._last_seen = self._file.get().faults
        return self._last_seen
