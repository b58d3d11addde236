"""A batch that is not in the cluster yet."""

from datetime import datetime
from enum import StrEnum

import msgspec

from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.target import Method


class Phase(StrEnum):
    """How far an attempt has come.

    RETURNED ──▶ REQUESTED ──▶ DOWNLOADING ──▶ STAGED ──▶ MOVING ──▶ IN_UPLOAD ──▶ LOADING ──▶ gone: loaded
        ▲            │             │             ▲          │                        │
        │            ▼             ▼             └─ BLOCKED ◀┘ upload is not empty    │
        └───────── FAILED ◀────────┴──────────────────────────────────────────────────┘

    Without staging it is seen first that ``upload`` is empty: RETURNED ──▶ LOOKING ──▶ (OCCUPIED ──▶) CLEAR ──▶ REQUESTED.
    Files of a directory that was not listed are looked for before they are copied: … ──▶ CHECKING ──▶ CLEAR ──▶ ….
    Or, where Scylla itself reads the bucket: RETURNED ──▶ ASKED ──▶ RESTORING ──▶ gone, or FAILED.
    """

    LOOKING = "looking"
    OCCUPIED = "occupied"
    CHECKING = "checking"
    CLEAR = "clear"
    REQUESTED = "requested"
    DOWNLOADING = "downloading"
    STAGED = "staged"
    MOVING = "moving"
    BLOCKED = "blocked"
    IN_UPLOAD = "in_upload"
    LOADING = "loading"
    ASKED = "asked"
    RESTORING = "restoring"
    FAILED = "failed"
    RETURNED = "returned"


COPYING = frozenset({Phase.REQUESTED, Phase.DOWNLOADING})
NOT_COPIED = frozenset({Phase.LOOKING, Phase.OCCUPIED, Phase.CHECKING, Phase.CLEAR})
"""The attempt's lane is taken, and nothing is done to the node for it."""
DOWNLOAD_LANE = COPYING | NOT_COPIED
"""Or that of loads, if nothing is copied yet and Scylla is to restore the batch by itself."""
NATIVE = frozenset({Phase.ASKED, Phase.RESTORING})
"""A native restore has the load lane: it is one, of files that are still in the bucket."""
LOAD_LANE = frozenset({Phase.MOVING, Phase.BLOCKED, Phase.IN_UPLOAD, Phase.LOADING}) | NATIVE


class Batch(msgspec.Struct, kw_only=True):
    """A fixed set of SSTables of one directory, and the attempt at it that counts.

    ``positions`` are those of its SSTables in the directory; ``failures`` counts attempts that failed through the
    batch, by node. ``restorable`` is whether Scylla could read it from the bucket by itself, ``native_failed`` whether
    that has failed through the batch; ``task`` is Scylla's id of it. A
    ``direct`` attempt has no staging directory. ``found`` is whether the location is known to have this attempt's files,
    and so ``size`` exact, ``missed`` how many attempts in a row it could not tell.
    """

    id: int
    directory: str
    positions: list[int]
    size: int
    node: str
    attempt: int
    phase: Phase
    method: Method = Method.RCLONE
    restorable: bool = False
    native_failed: bool = False
    task: str = ""
    direct: bool = False
    found: bool = False
    missed: int = 0
    jobs: tuple[int, ...] = ()
    started_at: tuple[str, ...] = ()
    stopping: bool = False
    failure: Failure | None = None
    failures: dict[str, int] = {}
    not_before: datetime | None = None
    began: datetime | None = None
