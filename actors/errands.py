"""What a location is asked for, cut into steps that lanes can take side by side.

An errand hands out steps as long as it has some, takes in what came of each, and says how it ended. It is touched by
its actor only; steps run elsewhere and know nothing of each other.
"""

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from scylla_restore.actors.procedures.index import (
    DirectoryTask,
    DirectoryTotals,
    ManifestContents,
    find_manifests,
    read_contents,
    read_directory,
    read_views,
    verify_manifest,
)
from scylla_restore.actors.procedures.storing import Store
from scylla_restore.actors.runtime import Effect
from scylla_restore.engine.core.commands import IndexLocation, OpenLocation, VerifyLocation
from scylla_restore.engine.core.table_name import TableName
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.locations import (
    LocationIndexed,
    LocationOpened,
    LocationVerified,
    SkippedTable,
)

Outcome = tuple[str, ...] | frozenset[TableName] | ManifestContents | DirectoryTotals | None
Step = Callable[[Store], Coroutine[Effect, Any, Outcome]]


class Errand(Protocol):
    """Something that a location was asked for."""

    def next_step(self) -> Step | None:
        """Return a step that can be taken now, beside those under way."""
        ...

    def take(self, outcome: Outcome) -> None:
        """Take in what a step came to."""
        ...

    def ending(self) -> AnyEvent:
        """Return how it ended, once no step is under way and none is left."""
        ...


class Opening:
    """Find the snapshot's manifests."""

    def __init__(self, command: OpenLocation) -> None:
        self._command = command
        self._steps: deque[Step] = deque([lambda store: find_manifests(store, command.selection)])
        self._manifests: tuple[str, ...] = ()

    def next_step(self) -> Step | None:
        """Return the only step."""
        return self._steps.popleft() if self._steps else None

    def take(self, outcome: Outcome) -> None:
        """Take in the manifests' paths."""
        if isinstance(outcome, tuple):
            self._manifests = outcome

    def ending(self) -> AnyEvent:
        """Return ``LocationOpened``."""
        return LocationOpened(location=self._command.location, manifests=self._manifests)


class Verifying:
    """Compare manifests with those that a run was indexed from."""

    def __init__(self, command: VerifyLocation) -> None:
        self._command = command
        self._left = deque(command.manifests)

    def next_step(self) -> Step | None:
        """Return the comparison of one more manifest."""
        if not self._left:
            return None
        path, digest = self._left.popleft()
        return lambda store: verify_manifest(store, path, digest)

    def take(self, outcome: Outcome) -> None:
        """Take note that one more fits."""

    def ending(self) -> AnyEvent:
        """Return ``LocationVerified``."""
        return LocationVerified(location=self._command.location)


def _listing_of(task: DirectoryTask) -> Step:
    return lambda store: read_directory(store, task)


class Indexing:
    """Read the manifests, then list the directories that they name.

    The views come first, since they decide what is restored. Directories go before further manifests, so that never
    more manifests are in memory than there are lanes.
    """

    def __init__(self, command: IndexLocation) -> None:
        self._command = command
        self._views: frozenset[TableName] | None = None
        self._is_begun = False
        self._manifests = deque(command.manifests)
        self._directories: deque[Step] = deque()
        self._skipped: set[tuple[str, str, str]] = set()
        self._count = self._sstables = self._size = 0

    def next_step(self) -> Step | None:
        """Return the views' reading, then directories, then manifests."""
        if not self._is_begun:
            self._is_begun = True
            return lambda store: read_views(store, self._command.manifests)
        if self._views is None:
            return None
        if self._directories:
            return self._directories.popleft()
        if not self._manifests:
            return None
        path, views = self._manifests.popleft(), self._views
        return lambda store: read_contents(store, self._command, path, views)

    def take(self, outcome: Outcome) -> None:
        """Take in views, what a manifest leads to, or the totals of a directory."""
        match outcome:
            case frozenset():
                self._views = outcome
            case ManifestContents(directories=directories, skipped=skipped):
                self._directories.extend(map(_listing_of, directories))
                self._skipped.update((table.keyspace, table.table, table.reason) for table in skipped)
            case DirectoryTotals(sstables=sstables, size=size):
                self._count += 1
                self._sstables += sstables
                self._size += size
            case _:
                raise TypeError(f"{type(outcome).__name__} is nothing that an index is made of")

    def ending(self) -> AnyEvent:
        """Return ``LocationIndexed`` with the totals."""
        return LocationIndexed(
            location=self._command.location,
            directories=self._count,
            sstables=self._sstables,
            size=self._size,
            skipped=tuple(
                SkippedTable(keyspace=keyspace, table=table, reason=reason)
                for keyspace, table, reason in sorted(self._skipped)
            ),
        )
