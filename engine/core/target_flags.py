"""A restore as flags ask for it, before it is checked. One field for each flag of the same name."""

import msgspec

Texts = tuple[str, ...] | None


class TuningFlags(msgspec.Struct, frozen=True, kw_only=True):
    """The flags that may differ when a run is resumed. ``None`` stands for a flag that was not given.

    Lists hold what was given, taken apart at commas or not.
    """

    method: str | None = None
    batch_size: int | None = None
    parallel: int | None = None
    transfers: int | None = None
    rate_limit: Texts = None
    allow_compaction: bool | None = None
    unpin_agent_cpu: bool | None = None
    index_via: str | None = None
    staging: str | None = None


class TargetFlags(TuningFlags, frozen=True, kw_only=True):
    """All flags that say what is to be restored, and how. ``None`` stands for a flag that was not given."""

    location: Texts = None
    snapshot_tag: str | None = None
    source_cluster: str | None = None
    source_task: str | None = None
    restore_tables: bool | None = None
    restore_schema: bool | None = None
    keyspace: Texts = None
    dc_mapping: Texts = None
    rename: Texts = None
    allow_non_empty: bool | None = None


def flag_name(field: str) -> str:
    """Return a field's flag as it is typed: ``--batch-size``."""
    return f"--{field.replace('_', '-')}"


def overlay(below: TargetFlags, above: TargetFlags) -> TargetFlags:
    """Return ``below`` with all that ``above`` gives in its place.

    What to restore, tables or schema, is one choice: whoever is above and makes it, makes it alone.
    """
    given = {name: value for name in above.__struct_fields__ if (value := getattr(above, name)) is not None}
    if above.restore_tables or above.restore_schema:
        below = msgspec.structs.replace(below, restore_tables=None, restore_schema=None)
    return msgspec.structs.replace(below, **given)
