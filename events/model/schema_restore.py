"""A restore of the schema: what the backup says, and each statement's way into the cluster.

A statement's number is its place among all of them, from 0. What it makes is in the ledger from
``SchemaStatementRequested`` until it is dropped again, or all of the schema is there.
"""

from typing import ClassVar

import msgspec

from scylla_restore.events.model.base import Event
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.schema import SchemaObject


class SchemaStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement and the object that it makes, or says more about: CQL, or for Alternator the JSON of a call.

    Without one that is not ``required`` the schema lacks something that Scylla Manager does not restore either.
    """

    object: SchemaObject
    statement: str
    required: bool = True


class SkippedObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object of the backup that is not restored, and why."""

    object: SchemaObject
    reason: str


class SchemaFile(msgspec.Struct, frozen=True, kw_only=True):
    """An object of the bucket that was read; ``sha256`` is that of its bytes."""

    path: str
    sha256: str


class SchemaStatementsRead(Event, frozen=True, kw_only=True):
    """Some of the statements, in the order in which they are applied; ``first`` is the number of the first of them."""

    TAG: ClassVar[str] = "SchemaStatementsRead"
    location: str
    first: int
    statements: tuple[SchemaStatement, ...]


class SchemaFileRead(Event, frozen=True, kw_only=True):
    """All of a backup's schema is known: so many ``statements``."""

    TAG: ClassVar[str] = "SchemaFileRead"
    location: str
    files: tuple[SchemaFile, ...]
    statements: int
    skipped: tuple[SkippedObject, ...] = ()


class SchemaCompared(Event, frozen=True, kw_only=True):
    """Which objects of the backup's schema the cluster has already."""

    TAG: ClassVar[str] = "SchemaCompared"
    existing: tuple[SchemaObject, ...]


class SchemaStatementRequested(Event, frozen=True, kw_only=True):
    """The cluster is about to be asked to carry a statement out."""

    TAG: ClassVar[str] = "SchemaStatementRequested"
    number: int
    object: SchemaObject


class SchemaStatementApplied(Event, frozen=True, kw_only=True):
    """It is carried out; or left out, for the reason in ``left_out``, where it is not required."""

    TAG: ClassVar[str] = "SchemaStatementApplied"
    number: int
    left_out: str = ""


class SchemaStatementFailed(Event, frozen=True, kw_only=True):
    """The cluster refused a statement, or did not answer."""

    TAG: ClassVar[str] = "SchemaStatementFailed"
    number: int
    failure: Failure


class SchemaRolledBack(Event, frozen=True, kw_only=True):
    """Everything that the run had created is dropped again."""

    TAG: ClassVar[str] = "SchemaRolledBack"
    statements: int
