"""Scylla Manager's form of a target: the ``properties`` of a task of type ``restore``, as JSON."""

from difflib import get_close_matches

import msgspec

from scylla_restore.engine.core.target_flags import TargetFlags
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.target import Method

_HINT = "the file holds what Scylla Manager keeps as `properties` of a restore task"


class _Properties(msgspec.Struct, kw_only=True, rename={"resume": "continue"}):
    """The keys of the document; what is absent has Scylla Manager's defaults, not ours."""

    location: tuple[str, ...] | None = None
    snapshot_tag: str | None = None
    keyspace: tuple[str, ...] | None = None
    restore_schema: bool = False
    restore_tables: bool = False
    batch_size: int = 2
    parallel: int = 0
    transfers: int = 0
    rate_limit: tuple[str, ...] = ()
    allow_compaction: bool = False
    unpin_agent_cpu: bool = False
    resume: bool = True
    """Has no meaning here: to carry on or to start anew is a choice of commands."""
    dc_mapping: dict[str, str] = {}
    method: str = Method.RCLONE.value


def _refuse_unknown_keys(keys: list[str]) -> None:
    known = _Properties.__struct_encode_fields__
    for key in keys:
        if key in known:
            continue
        near = get_close_matches(key, known, n=1)
        if near:
            hint = f"did you mean {near[0]!r}?"
        elif key == "properties":
            hint = "this looks like a whole task; give the value of its `properties` alone"
        else:
            hint = f"{_HINT}; its keys are {', '.join(known)}"
        raise TargetError(f"the properties have an unknown key {key!r}", hint=hint)


def flags_from_properties(document: bytes) -> TargetFlags:
    """Return the flags that say what the document says.

    Raises:
        TargetError: it is not a JSON object, has an unknown key, or a value of the wrong type.
    """
    try:
        raw = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
        _refuse_unknown_keys(list(raw))
        given = {key: value for key, value in raw.items() if bytes(value) != b"null"}
        properties = msgspec.json.decode(msgspec.json.encode(given), type=_Properties)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TargetError(f"the properties cannot be read: {error}", hint=_HINT) from error
    return TargetFlags(
        location=properties.location,
        snapshot_tag=properties.snapshot_tag,
        keyspace=properties.keyspace,
        restore_schema=properties.restore_schema,
        restore_tables=properties.restore_tables,
        batch_size=properties.batch_size,
        parallel=properties.parallel,
        transfers=properties.transfers,
        rate_limit=properties.rate_limit,
        allow_compaction=properties.allow_compaction,
        unpin_agent_cpu=properties.unpin_agent_cpu,
        dc_mapping=tuple(f"{source}={target}" for source, target in properties.dc_mapping.items()),
        method=properties.method,
    )
