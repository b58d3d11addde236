"""From flags to a target: everything that can be checked without asking backup or cluster."""

import re
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from scylla_restore.engine.core.globs import TableFilter, split_patterns
from scylla_restore.engine.core.location import parse_locations
from scylla_restore.engine.core.mapping import parse_dc_mapping, parse_rename
from scylla_restore.engine.core.rate_limit import parse_rate_limits
from scylla_restore.engine.core.snapshot_tag import snapshot_time
from scylla_restore.engine.core.target_flags import TargetFlags, TuningFlags, flag_name, overlay
from scylla_restore.engine.core.target_properties import flags_from_properties
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.target import (
    IndexVia,
    Method,
    RestoreKind,
    RestoreTarget,
    Selection,
    Staging,
    Tuning,
)

Choice = TypeVar("Choice", bound=StrEnum)

SCHEMA_PATTERNS = ("system_schema",)
"""What a restore of the schema selects: the tables that hold it."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def build_target(flags: TargetFlags) -> RestoreTarget:
    """Check what was asked for and return it.

    Raises:
        TargetError: something is missing, malformed, or does not go with something else.
    """
    return RestoreTarget(selection=_selection(flags), tuning=build_tuning(flags))


def target_from_properties(document: bytes, flags: TargetFlags | None = None) -> RestoreTarget:
    """Return the target that the properties (JSON) of a Scylla Manager task describe; a flag beats the document.

    Raises:
        TargetError: the document is not what it should be, or the target is not.
    """
    properties = flags_from_properties(document)
    return build_target(properties if flags is None else overlay(properties, flags))


def build_tuning(flags: TuningFlags, base: Tuning | None = None) -> Tuning:
    """Return ``base`` (by default, the defaults) with what the flags change.

    Raises:
        TargetError: a value is out of its range or not one of the choices.
    """
    base = base or Tuning()
    return Tuning(
        method=_choice(Method, flags.method, "method", base.method),
        batch_size=_at_least(0, flags.batch_size, "batch_size", base.batch_size),
        parallel=_at_least(0, flags.parallel, "parallel", base.parallel),
        transfers=_at_least(-1, flags.transfers, "transfers", base.transfers),
        rate_limit=base.rate_limit if flags.rate_limit is None else parse_rate_limits(flags.rate_limit),
        allow_compaction=base.allow_compaction if flags.allow_compaction is None else flags.allow_compaction,
        unpin_agent_cpu=base.unpin_agent_cpu if flags.unpin_agent_cpu is None else flags.unpin_agent_cpu,
        index_via=_choice(IndexVia, flags.index_via, "index_via", base.index_via),
        staging=_choice(Staging, flags.staging, "staging", base.staging),
    )


def _selection(flags: TargetFlags) -> Selection:
    if not flags.location:
        raise TargetError("no backup location is given", hint="name one with --location s3:my-bucket")
    locations = parse_locations(flags.location)
    if not flags.snapshot_tag:
        raise TargetError(
            "no snapshot tag is given",
            hint=f"`scylla-restore backups -L {locations[0]}` lists the snapshots there",
        )
    snapshot_time(flags.snapshot_tag)
    kind = _kind(flags)
    return Selection(
        kind=kind,
        locations=locations,
        snapshot_tag=flags.snapshot_tag,
        keyspace=_patterns(flags, kind),
        source_cluster=_id(flags.source_cluster, "source_cluster"),
        source_task=_id(flags.source_task, "source_task"),
        dc_mapping=parse_dc_mapping(flags.dc_mapping or ()),
        rename=parse_rename(flags.rename or ()),
        allow_non_empty=bool(flags.allow_non_empty),
    )


def _kind(flags: TargetFlags) -> RestoreKind:
    if bool(flags.restore_tables) == bool(flags.restore_schema):
        given = "both" if flags.restore_tables else "neither"
        raise TargetError(
            f"what to restore is one choice, and {given} of tables and schema is asked for",
            hint="give exactly one of --restore-tables and --restore-schema",
        )
    return RestoreKind.TABLES if flags.restore_tables else RestoreKind.SCHEMA


def _patterns(flags: TargetFlags, kind: RestoreKind) -> tuple[str, ...]:
    if kind is RestoreKind.TABLES:
        patterns = split_patterns(flags.keyspace or ()) or ("*",)
        TableFilter(patterns)
        return patterns
    if flags.keyspace:
        raise TargetError("a restore of the schema always restores all of it", hint="leave --keyspace out")
    for field in ("rename", "dc_mapping"):
        if getattr(flags, field):
            raise TargetError(
                "a schema is restored as it was backed up", hint=f"leave {flag_name(field)} out"
            )
    if flags.method not in {None, Method.RCLONE.value}:
        raise TargetError("a restore of the schema downloads no SSTables", hint="leave --method out")
    return SCHEMA_PATTERNS


def _id(text: str | None, field: str) -> str | None:
    if text is None:
        return None
    lower = text.lower()
    if not _UUID.fullmatch(lower):
        raise TargetError(
            f"{flag_name(field)} {text!r} is not an id",
            hint="give the UUID; `backups -L LOCATION` lists the clusters and tasks there",
        )
    return lower


def _choice(choices: type[Choice], given: str | None, field: str, default: Choice) -> Choice:
    if given is None:
        return default
    names = [choice.value for choice in choices]
    if given in names:
        return choices(given)
    near = get_close_matches(given, names, n=1)
    question = f"did you mean {near[0]}? " if near else ""
    raise TargetError(
        f"{flag_name(field)} cannot be {given!r}", hint=f"{question}it is one of {', '.join(names)}"
    )


def _at_least(least: int, given: int | None, field: str, default: int) -> int:
    if given is None:
        return default
    if given < least:
        raise TargetError(f"{flag_name(field)} {given} is too small", hint=f"{least} is the least it can be")
    return given
