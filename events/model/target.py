"""What a person asked for, as it is recorded once when a run starts."""

from enum import StrEnum

import msgspec


class Method(StrEnum):
    """How SSTables reach the cluster."""

    AUTO = "auto"
    NATIVE = "native"
    RCLONE = "rclone"


class IndexVia(StrEnum):
    """Who reads manifests and listings: the engine's own SDKs, or a node's agent."""

    AUTO = "auto"
    DIRECT = "direct"
    AGENT = "agent"


class Staging(StrEnum):
    """Whether batches are downloaded ahead into a directory of their own."""

    AUTO = "auto"
    OFF = "off"


class RestoreKind(StrEnum):
    """What a run restores."""

    TABLES = "tables"
    SCHEMA = "schema"


class BackupLocation(msgspec.Struct, frozen=True, kw_only=True):
    """``[<dc>:]<provider>:<bucket>``; ``dc`` limits downloads to nodes of that target DC."""

    provider: str
    bucket: str
    dc: str | None = None

    @property
    def key(self) -> str:
        """``<provider>:<bucket>``: what tells one location from another."""
        return f"{self.provider}:{self.bucket}"

    def __str__(self) -> str:
        return f"{self.dc}:{self.key}" if self.dc else self.key


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A node's download limit in MiB/s; 0 is none. Without ``dc`` it holds wherever no other does."""

    mib_per_second: int
    dc: str | None = None


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a target that may change when a run is resumed."""

    method: Method = Method.AUTO
    batch_size: int = 0
    parallel: int = 0
    transfers: int = 0
    rate_limit: tuple[RateLimit, ...] = ()
    allow_compaction: bool = False
    unpin_agent_cpu: bool = False
    index_via: IndexVia = IndexVia.AUTO
    staging: Staging = Staging.AUTO


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a target that says which data is restored, and where to; it never changes in a run."""

    kind: RestoreKind
    locations: tuple[BackupLocation, ...]
    snapshot_tag: str
    keyspace: tuple[str, ...] = ("*",)
    source_cluster: str | None = None
    source_task: str | None = None
    dc_mapping: tuple[tuple[str, str], ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    allow_non_empty: bool = False


class RestoreTarget(msgspec.Struct, frozen=True, kw_only=True):
    """A whole restore, as asked for."""

    selection: Selection
    tuning: Tuning = Tuning()
