"""DynamoDB tables as they are described, in a backup (``…_alternator_schema.json.gz``) and on the wire, and what creates them.

A backup has them as Go writes them: what is not set is null. On the wire it is absent. Nothing is said here about whose fault
it is when a description lacks what a creation needs: the server will say so.
"""

from typing import Final

import msgspec

from scylla_restore.engine.backup.compressed import decode_json, gunzip

ALTERNATOR_LIMIT_BYTES: Final = 64 * 1024 * 1024
"""The largest description that is unpacked."""
_PROVISIONED: Final = "PROVISIONED"
_UNLIMITED: Final = -1
_SET: Final = frozenset({"ENABLED", "ENABLING", "UPDATING"})


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """A structure of the API: keys as there, and what is not set is left out when it is written."""


class Attribute(Shape, frozen=True, kw_only=True):
    """A key's attribute, ``S``, ``N`` or ``B``."""

    attribute_name: str
    attribute_type: str


class Key(Shape, frozen=True, kw_only=True):
    """A part of a key, ``HASH`` or ``RANGE``."""

    attribute_name: str
    key_type: str


class Projection(Shape, frozen=True, kw_only=True):
    """What an index holds beside its keys."""

    projection_type: str | None = None
    non_key_attributes: tuple[str, ...] | None = None


class Provisioned(Shape, frozen=True, kw_only=True):
    """Capacity units."""

    read_capacity_units: int | None = None
    write_capacity_units: int | None = None


class OnDemand(Shape, frozen=True, kw_only=True):
    """Limits; -1 is none."""

    max_read_request_units: int | None = None
    max_write_request_units: int | None = None


class Warm(Shape, frozen=True, kw_only=True):
    """What can be had at once."""

    read_units_per_second: int | None = None
    write_units_per_second: int | None = None


class Index(Shape, frozen=True, kw_only=True):
    """A secondary index; ``index_status`` is not part of its creation."""

    index_name: str
    key_schema: tuple[Key, ...] | None = None
    projection: Projection | None = None
    provisioned_throughput: Provisioned | None = None
    on_demand_throughput: OnDemand | None = None
    warm_throughput: Warm | None = None
    index_status: str | None = None


class Stream(Shape, frozen=True, kw_only=True):
    """A table's change stream."""

    stream_enabled: bool = False
    stream_view_type: str | None = None


class Billing(Shape, frozen=True, kw_only=True):
    """How capacity is paid for."""

    billing_mode: str | None = None


class TableClass(Shape, frozen=True, kw_only=True):
    """Where a table is kept."""

    table_class: str | None = None


class Encryption(Shape, frozen=True, kw_only=True):
    """How a table is encrypted at rest."""

    status: str | None = None
    sse_type: str | None = msgspec.field(name="SSEType", default=None)
    kms_master_key_arn: str | None = msgspec.field(name="KMSMasterKeyArn", default=None)


class Description(Shape, frozen=True, kw_only=True):
    """``TableDescription``, as far as a creation needs it."""

    table_name: str
    attribute_definitions: tuple[Attribute, ...] | None = None
    key_schema: tuple[Key, ...] | None = None
    billing_mode_summary: Billing | None = None
    provisioned_throughput: Provisioned | None = None
    on_demand_throughput: OnDemand | None = None
    warm_throughput: Warm | None = None
    global_secondary_indexes: tuple[Index, ...] | None = None
    local_secondary_indexes: tuple[Index, ...] | None = None
    stream_specification: Stream | None = None
    table_class_summary: TableClass | None = None
    sse_description: Encryption | None = msgspec.field(name="SSEDescription", default=None)
    deletion_protection_enabled: bool | None = None


class Tag(Shape, frozen=True, kw_only=True):
    """A tag; those that begin with ``system:`` set how ScyllaDB keeps the table."""

    key: str
    value: str


class TimeToLive(Shape, frozen=True, kw_only=True):
    """Which attribute tells when an item expires, if any."""

    attribute_name: str | None = None
    time_to_live_status: str | None = None

    @property
    def attribute(self) -> str | None:
        """The attribute, where expiry is on."""
        return self.attribute_name if self.time_to_live_status in {"ENABLED", "ENABLING"} else None


class BackedUpTable(msgspec.Struct, frozen=True, kw_only=True):
    """One table of a backup."""

    describe: Description | None = None
    tags: tuple[Tag, ...] | None = None
    ttl: TimeToLive | None = None


class _File(msgspec.Struct, frozen=True, kw_only=True):
    tables: tuple[BackedUpTable, ...] | None = None


_FILE: Final = msgspec.json.Decoder(_File)


class _Encrypted(Shape, frozen=True, kw_only=True):
    enabled: bool
    sse_type: str | None = msgspec.field(name="SSEType", default=None)
    kms_master_key_id: str | None = msgspec.field(name="KMSMasterKeyId", default=None)


class _CreateTable(Shape, frozen=True, kw_only=True):
    table_name: str
    attribute_definitions: tuple[Attribute, ...]
    key_schema: tuple[Key, ...]
    billing_mode: str
    provisioned_throughput: Provisioned | None = None
    on_demand_throughput: OnDemand | None = None
    warm_throughput: Warm | None = None
    global_secondary_indexes: tuple[Index, ...] | None = None
    local_secondary_indexes: tuple[Index, ...] | None = None
    stream_specification: Stream | None = None
    table_class: str | None = None
    sse_specification: _Encrypted | None = msgspec.field(name="SSESpecification", default=None)
    deletion_protection_enabled: bool | None = None
    tags: tuple[Tag, ...] | None = None


class _Creation(Shape, frozen=True, kw_only=True):
    create: Index


class _UpdateTable(Shape, frozen=True, kw_only=True):
    table_name: str
    attribute_definitions: tuple[Attribute, ...]
    global_secondary_index_updates: tuple[_Creation, ...]


class _Expiry(Shape, frozen=True, kw_only=True):
    enabled: bool
    attribute_name: str


class _UpdateTimeToLive(Shape, frozen=True, kw_only=True):
    table_name: str
    time_to_live_specification: _Expiry


def read_alternator(
    data: bytes, *, path: str, limit_bytes: int = ALTERNATOR_LIMIT_BYTES
) -> tuple[BackedUpTable, ...]:
    """Read the bytes of an Alternator schema object; ``path`` names it in errors.

    Raises:
        BackupError: it is damaged, cut off, too large, or has another shape.
    """
    what = f"alternator schema {path}"
    return decode_json(gunzip(data, what=what, limit_bytes=limit_bytes), _FILE, what=what).tables or ()


def create_table(described: Description, tags: tuple[Tag, ...]) -> str:
    """Return the JSON of the CreateTable that makes a table as it is described, with its indexes."""
    billing = described.billing_mode_summary
    mode = (billing.billing_mode if billing else None) or _PROVISIONED
    provisioned = mode == _PROVISIONED
    stream, encryption, kept = (
        described.stream_specification,
        described.sse_description,
        described.table_class_summary,
    )
    return _json(
        _CreateTable(
            table_name=described.table_name,
            attribute_definitions=described.attribute_definitions or (),
            key_schema=described.key_schema or (),
            billing_mode=mode,
            provisioned_throughput=_units(described.provisioned_throughput) if provisioned else None,
            on_demand_throughput=_limits(described.on_demand_throughput),
            warm_throughput=_warm(described.warm_throughput),
            global_secondary_indexes=tuple(
                _creatable(index, provisioned=provisioned)
                for index in described.global_secondary_indexes or ()
            )
            or None,
            local_secondary_indexes=tuple(
                Index(
                    index_name=index.index_name,
                    key_schema=index.key_schema,
                    projection=_projection(index.projection),
                )
                for index in described.local_secondary_indexes or ()
            )
            or None,
            stream_specification=stream if stream is not None and stream.stream_enabled else None,
            table_class=kept.table_class if kept else None,
            sse_specification=_Encrypted(
                enabled=True, sse_type=encryption.sse_type, kms_master_key_id=encryption.kms_master_key_arn
            )
            if encryption is not None and encryption.status in _SET
            else None,
            deletion_protection_enabled=described.deletion_protection_enabled or None,
            tags=tags or None,
        )
    )


def create_index(described: Description, index: Index) -> str:
    """Return the JSON of the UpdateTable that makes a global index, with the definitions of its keys and no others."""
    billing = described.billing_mode_summary
    mode = (billing.billing_mode if billing else None) or _PROVISIONED
    keys = {key.attribute_name for key in index.key_schema or ()}
    return _json(
        _UpdateTable(
            table_name=described.table_name,
            attribute_definitions=tuple(
                attribute
                for attribute in described.attribute_definitions or ()
                if attribute.attribute_name in keys
            ),
            global_secondary_index_updates=(
                _Creation(create=_creatable(index, provisioned=mode == _PROVISIONED)),
            ),
        )
    )


def update_time_to_live(table: str, attribute: str) -> str:
    """Return the JSON of the UpdateTimeToLive that lets a table's items expire."""
    expiry = _Expiry(enabled=True, attribute_name=attribute)
    return _json(_UpdateTimeToLive(table_name=table, time_to_live_specification=expiry))


def _creatable(index: Index, *, provisioned: bool) -> Index:
    return Index(
        index_name=index.index_name,
        key_schema=index.key_schema,
        projection=_projection(index.projection),
        provisioned_throughput=_units(index.provisioned_throughput) if provisioned else None,
        on_demand_throughput=_limits(index.on_demand_throughput),
        warm_throughput=_warm(index.warm_throughput),
    )


def _projection(projection: Projection | None) -> Projection:
    if projection is None:
        return Projection(projection_type="ALL")
    return Projection(
        projection_type=projection.projection_type, non_key_attributes=projection.non_key_attributes or None
    )


def _units(units: Provisioned | None) -> Provisioned | None:
    """Return capacity units if they are set: zero is what a table shows that has none."""
    if units is None or not (units.read_capacity_units and units.write_capacity_units):
        return None
    return units


def _limits(limits: OnDemand | None) -> OnDemand | None:
    if limits is None:
        return None
    told = (limits.max_read_request_units, limits.max_write_request_units)
    return limits if any(limit not in (None, _UNLIMITED) for limit in told) else None


def _warm(warm: Warm | None) -> Warm | None:
    if warm is None or not (warm.read_units_per_second or warm.write_units_per_second):
        return None
    return warm


def _json(shape: Shape) -> str:
    return msgspec.json.encode(shape).decode()
