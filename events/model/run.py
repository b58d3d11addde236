"""The run as a whole: who owns it, how it ends."""

from enum import StrEnum
from typing import ClassVar

import msgspec

from scylla_restore.events.model.base import Event
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.target import RestoreTarget, Tuning


class RunStarted(Event, frozen=True, kw_only=True):
    """A run exists. ``seed`` is the source of every jitter: nothing in a run is random.

    A ``dry_run`` finds out all that a restore would begin with, and ends before the first alteration.
    """

    TAG: ClassVar[str] = "RunStarted"
    target: RestoreTarget
    cluster: str
    cluster_id: str
    seed: int
    started_by: str
    engine_version: str
    dry_run: bool = False


class OwnerChanged(Event, frozen=True, kw_only=True):
    """An engine claimed the run; the envelope's epoch is the new one."""

    TAG: ClassVar[str] = "OwnerChanged"
    owner: str
    engine_version: str


class UnfinishedRun(msgspec.Struct, frozen=True, kw_only=True):
    """Another run into the same cluster that is not over."""

    run: str
    snapshot_tag: str


class AbortedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that was given up when it had restored something into ``tables`` (``<keyspace>:<table>``)."""

    run: str
    snapshot_tag: str
    tables: tuple[str, ...]


class OtherRunsSought(Event, frozen=True, kw_only=True):
    """The log was searched for others into the same cluster when this run was in it, and nothing was altered yet.

    ``unfinished`` are all that there were, ``aborted`` is the one that was given up last. ``failure`` is why it could not
    be searched, ``exit_code`` then the command line's.
    """

    TAG: ClassVar[str] = "OtherRunsSought"
    unfinished: tuple[UnfinishedRun, ...] = ()
    aborted: AbortedRun | None = None
    failure: Failure | None = None
    exit_code: int = 0


class RunResumed(Event, frozen=True, kw_only=True):
    """The owner goes on with a run that was paused, failed or left by a dead engine."""

    TAG: ClassVar[str] = "RunResumed"


class SettingsChanged(Event, frozen=True, kw_only=True):
    """Tuning was changed by whoever resumed the run."""

    TAG: ClassVar[str] = "SettingsChanged"
    before: Tuning
    after: Tuning


class PauseRequested(Event, frozen=True, kw_only=True):
    """Somebody, or the engine itself when no node has space, wants the run to stop for now.

    ``puts_all_back`` is whether that goes for views and ``tombstone_gc``, too, which a pause else leaves as they are.
    """

    TAG: ClassVar[str] = "PauseRequested"
    requested_by: str
    reason: str
    puts_all_back: bool = False


class RunPaused(Event, frozen=True, kw_only=True):
    """Nothing of this run is under way any more, except loads that Scylla finishes by itself.

    ``views_dropped`` (``<keyspace>.<view>``) and ``tombstone_gc_disabled`` (``<keyspace>.<table>``) stay until `resume`
    or `abort`.
    """

    TAG: ClassVar[str] = "RunPaused"
    reason: str
    staged_batches: int
    staged_bytes: int
    loads_running: int
    views_dropped: tuple[str, ...] = ()
    tombstone_gc_disabled: tuple[str, ...] = ()


class AbortRequested(Event, frozen=True, kw_only=True):
    """Somebody gives the run up."""

    TAG: ClassVar[str] = "AbortRequested"
    requested_by: str


class RunAborted(Event, frozen=True, kw_only=True):
    """Everything that the run altered is undone; restored data stays in the tables."""

    TAG: ClassVar[str] = "RunAborted"
    restored_bytes: int


class FailureDeclared(Event, frozen=True, kw_only=True):
    """The run cannot go on. What is in flight is stopped before it ends.

    ``resumable`` is false when nothing was touched and nothing will ever come of it, such as an unknown
    snapshot tag; ``exit_code`` is what the command line answers.
    """

    TAG: ClassVar[str] = "FailureDeclared"
    failure: Failure
    resumable: bool
    exit_code: int


class RunFailed(Event, frozen=True, kw_only=True):
    """The run has stopped for the failure that was declared; views and ``tombstone_gc`` stay as in ``RunPaused``."""

    TAG: ClassVar[str] = "RunFailed"
    failure: Failure
    resumable: bool
    exit_code: int
    views_dropped: tuple[str, ...] = ()
    tombstone_gc_disabled: tuple[str, ...] = ()


class RunCompleted(Event, frozen=True, kw_only=True):
    """Everything selected is in the cluster, and nothing is left altered."""

    TAG: ClassVar[str] = "RunCompleted"
    restored_bytes: int
    sstables: int


class ActorFailed(Event, frozen=True, kw_only=True):
    """An actor crashed: a defect of ours. What it was doing is taken up by a new one."""

    TAG: ClassVar[str] = "ActorFailed"
    actor: str
    error: str


class ActorReplaced(Event, frozen=True, kw_only=True):
    """A new actor bears the name of the one that crashed."""

    TAG: ClassVar[str] = "ActorReplaced"
    actor: str


class Ask(StrEnum):
    """What an actor can be asked for that no other event announces."""

    DISCOVER = "discover"
    RESOLVE_TABLES = "resolve_tables"
    OPEN = "open"
    INDEX = "index"
    VERIFY = "verify"
    JOIN = "join"
    READ_SETTINGS = "read_settings"
    INSPECT_TABLES = "inspect_tables"
    ALTER = "alter"
    RECOVER = "recover"
    STOP_DOWNLOAD = "stop_download"
    PLAN_REPAIR = "plan_repair"
    STOP_REPAIR = "stop_repair"
    READ_SCHEMA = "read_schema"
    ALTER_SCHEMA = "alter_schema"
    AWAIT_AGREEMENT = "await_agreement"
    AWAIT_VIEWS = "await_views"
    STOP_NATIVE = "stop_native"
    READ_SCHEMA_FILE = "read_schema_file"
    COMPARE_SCHEMA = "compare_schema"
    SEEK_OTHER_RUNS = "seek_other_runs"
    VERIFY_TABLES = "verify_tables"


class ActorAsked(Event, frozen=True, kw_only=True):
    """An actor was asked to look at something, or to go on with what an earlier event announced."""

    TAG: ClassVar[str] = "ActorAsked"
    actor: str
    ask: Ask
