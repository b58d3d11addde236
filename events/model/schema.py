"""The target's schema: the restored tables, the views and indexes over them, and what becomes of these."""

from enum import StrEnum
from typing import ClassVar

import msgspec

from scylla_restore.events.model.base import Event
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.stages import Stage

TombstoneGc = tuple[tuple[str, str], ...]
"""All options of a table's ``tombstone_gc`` as (name, value), sorted; empty where the table has none of its own."""


class ViewKind(StrEnum):
    """What stands over a table, in Scylla Manager's words."""

    MATERIALIZED_VIEW = "MaterializedView"
    SECONDARY_INDEX = "SecondaryIndex"
    ALTERNATOR_GSI = "AlternatorGlobalSecondaryIndex"
    ALTERNATOR_LSI = "AlternatorLocalSecondaryIndex"


class RecordedView(msgspec.Struct, frozen=True, kw_only=True):
    """A view or index of a restored table. ``name`` is as stored: of an index its own, not its view's.

    ``statement`` creates it where it is not there and can be repeated; it is the server's own DESCRIBE (with ``IF NOT
    EXISTS``), or for Alternator the JSON of an UpdateTable; empty where it can only come with its table. ``build_name`` is how ``view_build_statuses``
    calls it; empty where nothing is built.
    """

    keyspace: str
    name: str
    base_table: str
    kind: ViewKind
    statement: str
    build_name: str


class RecordedTable(msgspec.Struct, frozen=True, kw_only=True):
    """A restored table. ``id`` is 32 hexadecimal digits; ``tombstone_gc`` is None where the cluster knows no such option."""

    keyspace: str
    table: str
    id: str
    tombstone_gc: TombstoneGc | None


class SchemaObject(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Something that a schema consists of; names as stored, a function's and an aggregate's without its arguments.

    ``kind`` as ScyllaDB's DESCRIBE says: ``keyspace``, ``type``, ``function``, ``aggregate``, ``table``, ``view``, ``index``.
    A keyspace bears its own name. Alternator's table ``T`` is the table ``T`` of the keyspace ``alternator_T``.
    """

    keyspace: str
    kind: str
    name: str


class SchemaRecorded(Event, frozen=True, kw_only=True):
    """The restored tables and what stands over them, as they were before the run altered anything; once in a run.

    Where the nodes offer no CQL, ``reason`` says so, and views and ``tombstone_gc`` are left as they are. ``filled`` are
    the tables (``<keyspace>:<table>``) in which a row was found.
    """

    TAG: ClassVar[str] = "SchemaRecorded"
    offered: bool
    reason: str = ""
    tables: tuple[RecordedTable, ...] = ()
    views: tuple[RecordedView, ...] = ()
    filled: tuple[str, ...] = ()


class SchemaReadFailed(Event, frozen=True, kw_only=True):
    """The schema could not be read, or lacks a table that is to be restored."""

    TAG: ClassVar[str] = "SchemaReadFailed"
    failure: Failure
    exit_code: int = 1


class SchemaUnanswered(Event, frozen=True, kw_only=True):
    """Nobody answers for the schema; it is asked again and again, until ``SchemaAnswered`` or a failure."""

    TAG: ClassVar[str] = "SchemaUnanswered"
    failure: Failure


class SchemaAnswered(Event, frozen=True, kw_only=True):
    """Somebody answers for the schema again."""

    TAG: ClassVar[str] = "SchemaAnswered"


class SchemaAgreementAwaited(Event, frozen=True, kw_only=True):
    """The nodes were asked for the version of their schema until they agreed, or for long enough.

    ``before`` is the stage that begins then; ``detail`` says what was seen last where they do not agree.
    """

    TAG: ClassVar[str] = "SchemaAgreementAwaited"
    before: Stage
    agreed: bool
    detail: str = ""


class SchemaChangeFailed(Event, frozen=True, kw_only=True):
    """An alteration of the schema was refused, or could not be asked for; ``id`` is the ledger's."""

    TAG: ClassVar[str] = "SchemaChangeFailed"
    id: str
    failure: Failure


class BuildStatus(StrEnum):
    """How far the building of a view is, in Scylla's words: the least that any node tells."""

    UNKNOWN = "UNKNOWN"
    STARTED = "STARTED"
    SUCCESS = "SUCCESS"


class ViewBuildProgressed(Event, frozen=True, kw_only=True):
    """``built`` of ``nodes`` nodes are done with a view; at ``SUCCESS`` all of them."""

    TAG: ClassVar[str] = "ViewBuildProgressed"
    keyspace: str
    view: str
    status: BuildStatus
    built: int
    nodes: int


class ViewBuildFailed(Event, frozen=True, kw_only=True):
    """It cannot be told how far the building of views is, or a view is not there any more."""

    TAG: ClassVar[str] = "ViewBuildFailed"
    failure: Failure
