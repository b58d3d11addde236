"""A batch that is not in the cluster yet."""

from datetime import datetime
from enum import StrEnum

import msgspec

from scylla_restore.events.model.failure import Failure


class Phase(StrEnum):
    """How far an attempt has come.

    RETURNED ──▶ REQUESTED ──▶ DOWNLOADING ──▶ STAGED ──▶ MOVING ──▶ IN_UPLOAD ──▶ LOADING ──▶ gone: loaded
        ▲            │             │             ▲          │                        │
        │            ▼             ▼             └─ BLOCKED ◀┘ upload is not empty    │
        └───────── FAILED ◀────────┴──────────────────────────────────────────────────┘
    """

    REQUESTED = "requested"
    DOWNLOADING = "downloading"
    STAGED = "staged"
    MOVING = "moving"
    BLOCKED = "blocked"
    IN_UPLOAD = "in_upload"
    LOADING = "loading"
    FAILED = "failed"
    RETURNED = "returned"


DOWNLOAD_LANE = frozenset({Phase.REQUESTED, Phase.DOWNLOADING})
LOAD_LANE = frozenset({Phase.MOVING, Phase.BLOCKED, Phase.IN_UPLOAD, Phase.LOADING})


class Batch(msgspec.Struct, kw_only=True):
    """A fixed set of SSTables of one directory, and the attempt at it that counts.

    ``positions`` are those of its SSTables in the directory; ``failures`` counts attempts that failed through the
    batch, by node.
    """

    id: int
    directory: str
    positions: list[int]
    size: int
    node: str
    attempt: int
    phase: Phase
    jobs: tuple[int, ...] = ()
    started_at: tuple[str, ...] = ()
    stopping: bool = False
    failure: Failure | None = None
    failures: dict[str, int] = {}
    not_before: datetime | None = None
    began: datetime | None = None
