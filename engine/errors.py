"""The engine's errors. Each knows its exit code, whether a retry makes sense, and what a person can do.

RestoreError
├── TargetError            2   what was asked for cannot be; nothing was touched
│   └── ConfigurationError 2   the configuration file, a flag or a reference to a secret is wrong
├── NodeError              1   a node's answer, or none
│   ├── NodeUnreachable        retryable: no answer
│   │   ├── NoContactPoint 2       nobody answers by whom the cluster could be found
│   │   └── CertificateRejected 2  not retryable: TLS says that it is not the node we trust
│   ├── NodeRefused            the node said no
│   │   ├── NotAuthorized  2   the agent's token is wrong
│   │   ├── DirectoryMissing   no such directory, bucket or object
│   │   ├── JobUnknown         the agent has forgotten the job
│   │   ├── TaskUnknown        scylla has forgotten the task or repair
│   │   ├── LoadBusy           retryable: "Already loading SSTables"
│   │   └── NodeBusy           retryable: the node, or the store behind it, asks to come back later
├── StorageError           1   the object store's answer, or none
│   ├── StorageUnavailable     retryable
│   ├── StorageDenied      2
│   ├── BucketMissing      2
│   ├── ObjectMissing
│   └── ObjectTooLarge
├── SchemaError            1   CQL's or Alternator's answer, or none
│   ├── SchemaUnavailable      retryable
│   └── SchemaRefused          the cluster said no
│       ├── SchemaDenied   2
│       ├── SchemaObjectMissing
│       └── SchemaObjectExists
├── BackupError            2   the backup is not what it should be
│   └── NoSuchSnapshot     2
├── RunFailedError         1   a run ended with a failure (the run's own exit code)
├── RunPausedError         3
└── EngineCrashed          1   a defect: the supervisor died; `resume` carries on

Errors of the log are in ``scylla_restore.events.errors``.
"""

from typing import ClassVar


class RestoreError(Exception):
    """The root of the tree. The message is lower case, has the values and no full stop; ``hint`` is the remedy."""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class TargetError(RestoreError):
    """What was asked for cannot be."""

    exit_code: ClassVar[int] = 2


class ConfigurationError(TargetError):
    """The configuration is wrong."""


class NodeError(RestoreError):
    """A node did not do what it was asked to."""

    def __init__(self, message: str, *, node: str, call: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.node = node
        self.call = call


class NodeUnreachable(NodeError):
    """No answer; whether the call was carried out is unknown."""

    retryable: ClassVar[bool] = True


class NoContactPoint(NodeUnreachable):
    """None of the contact points answers; says what became of each."""

    exit_code: ClassVar[int] = 2


class CertificateRejected(NodeUnreachable):
    """The node's certificate is not trusted; ``fingerprint`` is its SHA-256, ``AB:CD:…``, if it could be had."""

    exit_code: ClassVar[int] = 2
    retryable: ClassVar[bool] = False

    def __init__(
        self, message: str, *, node: str, call: str, hint: str | None = None, fingerprint: str | None = None
    ) -> None:
        super().__init__(message, node=node, call=call, hint=hint)
        self.fingerprint = fingerprint


class NodeRefused(NodeError):
    """The node answered ``status`` and said why."""

    def __init__(self, message: str, *, node: str, call: str, status: int, hint: str | None = None) -> None:
        super().__init__(message, node=node, call=call, hint=hint)
        self.status = status


class NotAuthorized(NodeRefused):
    """The agent does not accept the token."""

    exit_code: ClassVar[int] = 2


class DirectoryMissing(NodeRefused):
    """There is no such directory, bucket or object."""


class JobUnknown(NodeRefused):
    """The agent knows no such job: it was restarted since."""


class TaskUnknown(NodeRefused):
    """Scylla knows no such task or repair: it was restarted since, or the task ended long ago."""


class LoadBusy(NodeRefused):
    """Another load runs on the node and excludes this one."""

    retryable: ClassVar[bool] = True


class NodeBusy(NodeRefused):
    """The node, or the object store behind it, cannot do it just now."""

    retryable: ClassVar[bool] = True


class StorageError(RestoreError):
    """An object store did not do what it was asked to."""

    def __init__(self, message: str, *, location: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.location = location


class StorageUnavailable(StorageError):
    """The store did not answer, or asked to slow down for longer than we tried."""

    retryable: ClassVar[bool] = True


class StorageDenied(StorageError):
    """No credentials, wrong ones, or not enough rights."""

    exit_code: ClassVar[int] = 2


class BucketMissing(StorageError):
    """There is no such bucket."""

    exit_code: ClassVar[int] = 2


class ObjectMissing(StorageError):
    """There is no such object."""


class ObjectTooLarge(StorageError):
    """An object is larger than anything of its kind can be."""


class SchemaError(RestoreError):
    """The cluster's schema could not be read or changed. ``statement`` is what was asked, without secrets."""

    def __init__(self, message: str, *, statement: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.statement = statement


class SchemaUnavailable(SchemaError):
    """No node answered, or none in time; whether a change was made is unknown."""

    retryable: ClassVar[bool] = True


class SchemaRefused(SchemaError):
    """The cluster said no."""


class SchemaDenied(SchemaRefused):
    """No credentials, wrong ones, or a role that may not do it."""

    exit_code: ClassVar[int] = 2


class SchemaObjectMissing(SchemaRefused):
    """There is no such keyspace, table or view."""


class SchemaObjectExists(SchemaRefused):
    """What a statement creates is there already."""


class BackupError(RestoreError):
    """The backup is not what it should be: names, sizes or contents do not add up. Names the object."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint or "restore another snapshot, or put the object back as it was")


class NoSuchSnapshot(BackupError):
    """No location holds the snapshot tag."""


class RunFailedError(RestoreError):
    """A run ended with a failure."""


class EngineCrashed(RestoreError):
    """A defect of ours ended the engine; the log is whole and `resume` carries on."""
