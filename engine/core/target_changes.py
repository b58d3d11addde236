"""What may change when a run is resumed, and what may not."""

from scylla_restore.engine.core.target import build_target, build_tuning
from scylla_restore.engine.core.target_flags import TargetFlags, flag_name, overlay
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.target import RestoreKind, RestoreTarget, Selection, Tuning

_FLAG_OF_FIELD = {"locations": "location"}


def _differing(before: Selection | Tuning, after: Selection | Tuning) -> tuple[str, ...]:
    return tuple(name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name))


def tuning_changes(before: Tuning, after: Tuning) -> tuple[str, ...]:
    """Return the flags by which two tunings differ, as they are typed."""
    return tuple(flag_name(field) for field in _differing(before, after))


def selection_changes(before: Selection, after: Selection) -> tuple[str, ...]:
    """Return the flags by which two selections differ, as they are typed."""
    return tuple(
        f"--restore-{after.kind.value}" if field == "kind" else flag_name(_FLAG_OF_FIELD.get(field, field))
        for field in _differing(before, after)
    )


def resumed_target(target: RestoreTarget, flags: TargetFlags) -> RestoreTarget:
    """Return the target of a run that is resumed with these flags.

    Raises:
        TargetError: a flag would select other data than the run restores, or has an impossible value.
    """
    asked = build_target(overlay(_flags_of(target.selection), flags))
    changes = selection_changes(target.selection, asked.selection)
    if changes:
        raise TargetError(
            f"a run restores what it was started for, and {', '.join(changes)} would change that",
            hint="leave it out, or abort this run and start another",
        )
    return RestoreTarget(selection=target.selection, tuning=build_tuning(flags, target.tuning))


def _flags_of(selection: Selection) -> TargetFlags:
    is_schema = selection.kind is RestoreKind.SCHEMA
    return TargetFlags(
        location=tuple(str(location) for location in selection.locations),
        snapshot_tag=selection.snapshot_tag,
        source_cluster=selection.source_cluster,
        source_task=selection.source_task,
        restore_schema=is_schema,
        restore_tables=not is_schema,
        keyspace=None if is_schema else selection.keyspace,
        dc_mapping=tuple(f"{source}={target}" for source, target in selection.dc_mapping),
        rename=tuple(f"{source}={target}" for source, target in selection.rename),
        allow_non_empty=selection.allow_non_empty,
    )
