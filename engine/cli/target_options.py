"""The flags that say what is restored, and how: shared by `run` and `plan`, the second half by `resume`, too."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Group, Parameter

from scylla_restore.engine.core.target import build_target, target_from_properties
from scylla_restore.engine.core.target_flags import TargetFlags
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.target import RestoreTarget

WHAT = Group("What is restored", sort_key=10)
HOW = Group("How", sort_key=11)


@dataclass(frozen=True, kw_only=True)
class TuningOptions:
    """Flags that may differ when a run is resumed; None is a flag that was not given."""

    method: Annotated[str | None, Parameter(group=HOW)] = None
    """How SSTables reach the cluster: native (Scylla reads the bucket), rclone (agents copy), auto (auto)."""

    batch_size: Annotated[int | None, Parameter(group=HOW)] = None
    """SSTables per shard in a batch; 0 leaves it to the planner (0)."""

    parallel: Annotated[int | None, Parameter(group=HOW)] = None
    """Nodes that restore at one time; 0 is all (0)."""

    transfers: Annotated[int | None, Parameter(group=HOW, allow_leading_hyphen=True)] = None
    """Parallel file transfers on a node; 0 is twice its shards, -1 as the agent is configured (0)."""

    rate_limit: Annotated[tuple[str, ...] | None, Parameter(group=HOW)] = None
    """[<dc>:]<MiB/s> for each node, comma-separated or repeated; 0 is none (0)."""

    allow_compaction: Annotated[bool | None, Parameter(group=HOW)] = None
    """Leave automatic compaction on."""

    unpin_agent_cpu: Annotated[bool | None, Parameter(group=HOW)] = None
    """Let the agents use all CPUs while data is restored."""

    staging: Annotated[str | None, Parameter(group=HOW)] = None
    """auto downloads ahead into staging directories; off one batch at a time, straight into upload (auto)."""

    index_via: Annotated[str | None, Parameter(group=HOW)] = None
    """Who reads the backup's manifests: direct (this host), agent (nodes), auto (nodes where this host may not) (auto)."""

    def flags(self) -> TargetFlags:
        """Return the flags as the engine takes them."""
        names = set(TargetFlags.__struct_fields__)
        values: dict[str, Any] = {
            field.name: getattr(self, field.name) for field in fields(self) if field.name in names
        }
        return TargetFlags(**values)


@dataclass(frozen=True, kw_only=True)
class TargetOptions(TuningOptions):
    """Flags that describe a whole restore; None is a flag that was not given."""

    location: Annotated[tuple[str, ...] | None, Parameter(name=("--location", "-L"), group=WHAT)] = None
    """[<dc>:]<provider>:<bucket> of the backup, comma-separated or repeated; provider is s3, gcs, azure, localstorage."""

    snapshot_tag: Annotated[str | None, Parameter(name=("--snapshot-tag", "-T"), group=WHAT)] = None
    """The snapshot, as sm_20060102150405UTC."""

    restore_tables: Annotated[bool | None, Parameter(group=WHAT, negative="")] = None
    """Restore the contents of tables."""

    restore_schema: Annotated[bool | None, Parameter(group=WHAT, negative="")] = None
    """Restore the schema, into a cluster that does not have it yet."""

    keyspace: Annotated[tuple[str, ...] | None, Parameter(name=("--keyspace", "-K"), group=WHAT)] = None
    """Glob patterns on keyspace[.table], `!` excludes, the last that matches decides (*)."""

    source_cluster: Annotated[str | None, Parameter(group=WHAT)] = None
    """Id of the cluster that was backed up, where a tag occurs in backups of several."""

    source_task: Annotated[str | None, Parameter(group=WHAT)] = None
    """Id of the backup task, where a tag occurs in backups of several."""

    dc_mapping: Annotated[tuple[str, ...] | None, Parameter(group=WHAT)] = None
    """source=target, comma-separated: which DC's nodes restore which DC's backup."""

    rename: Annotated[tuple[str, ...] | None, Parameter(group=WHAT)] = None
    """ks=other_ks or ks.table=other_ks.other_table, comma-separated."""

    allow_non_empty: Annotated[bool | None, Parameter(group=WHAT, negative="")] = None
    """Restore into tables that hold data: the newest write of each cell wins."""

    properties: Annotated[Path | None, Parameter(group=WHAT)] = None
    """The same as the properties (JSON) of a Scylla Manager task; a flag beats the file."""

    def target(self) -> RestoreTarget:
        """Return what is asked for.

        Raises:
            TargetError: something is missing, malformed, or does not go with something else.
        """
        flags = self.flags()
        if self.properties is None:
            return build_target(flags)
        try:
            document = self.properties.read_bytes()
        except OSError as error:
            raise TargetError(
                f"the properties in {self.properties} cannot be read: {error.strerror}"
            ) from error
        return target_from_properties(document, flags)


def _long_names(options: type[TuningOptions]) -> set[str]:
    return {f"--{field.name.replace('_', '-')}" for field in fields(options)}


SELECTING: Final = frozenset({*_long_names(TargetOptions) - _long_names(TuningOptions), "-L", "-T", "-K"})
"""Flags that say which data is restored: a run keeps them for its life."""
