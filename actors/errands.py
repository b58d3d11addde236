"""What a location is asked for, cut into steps that lanes can take side by side.

An errand hands out steps as long as it has some, takes in what came of each, and says how it ended. It is touched by
its actor only; steps run elsewhere and know nothing of each other.
"""

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, assert_never

from scylla_restore.actors.procedures.checking import CheckPlanned, GroupFound, GroupMissed
from scylla_restore.actors.procedures.index import (
    DirectoryParts,
    DirectoryTask,
    DirectoryTotals,
    FoundManifests,
    ManifestContents,
    PartTotals,
    check_size,
    find_manifests,
    read_contents,
    read_directories,
    read_part,
    read_views,
    tell_how_reached,
    verify_manifest,
)
from scylla_restore.actors.procedures.schema_file import SchemaContents, read_schema_files
from scylla_restore.actors.procedures.storing import Store
from scylla_restore.actors.runtime import Effect
from scylla_restore.engine.backup.directory import DirectoryPart
from scylla_restore.engine.core.commands import IndexLocation, OpenLocation, ReadSchemaFile, VerifyLocation
from scylla_restore.engine.core.table_name import TableName
from scylla_restore.engine.storage.port import StoreReport
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.locations import (
    LocationIndexed,
    LocationOpened,
    LocationVerified,
    SkippedTable,
)
from scylla_restore.events.model.schema_restore import SchemaFileRead

NAMES_IN_HAND_BYTES = 64 * 1024 * 1024
"""File names of directories that are listed at one time; one directory may have more of them."""

DIRECTORIES_PER_STEP = 8
NAMES_PER_STEP_BYTES = 64 * 1024
"""Small directories are listed a few in a step: to hand over a step takes as long as to read a hundred names."""

_STEPS_AHEAD = 32
"""With fewer directories left, steps get smaller, so that no lane is without one."""

MANIFESTS_IN_HAND = 2
"""One is read while the other's directories are listed."""

Outcome = (
    FoundManifests
    | frozenset[TableName]
    | ManifestContents
    | tuple[DirectoryTotals | DirectoryParts, ...]
    | PartTotals
    | StoreReport
    | SchemaContents
    | CheckPlanned
    | GroupFound
    | GroupMissed
    | None
)
Step = Callable[[Store], Coroutine[Effect, Any, Outcome]]


class Errand(Protocol):
    """Something that a location was asked for."""

    def next_step(self) -> Step | None:
        """Return a step that can be taken now, beside those under way."""
        ...

    def take(self, outcome: Outcome) -> None:
        """Take in what a step came to."""
        ...

    def ending(self) -> AnyEvent | None:
        """Return how it ended, once no step is under way and none is left; None if that was told already."""
        ...


class Opening:
    """Find the snapshot's manifests."""

    def __init__(self, command: OpenLocation) -> None:
        self._command = command
        self._steps: deque[Step] = deque([lambda store: find_manifests(store, command.selection)])
        self._found: FoundManifests | None = None

    def next_step(self) -> Step | None:
        """Return the only step."""
        return self._steps.popleft() if self._steps else None

    def take(self, outcome: Outcome) -> None:
        """Take in the manifests' paths."""
        if isinstance(outcome, FoundManifests):
            self._found = outcome

    def ending(self) -> AnyEvent:
        """Return ``LocationOpened``."""
        found = self._found
        if found is None:
            return LocationOpened(location=self._command.location, manifests=())
        return LocationOpened(
            location=self._command.location,
            manifests=found.manifests,
            clusters=found.clusters,
            tasks=found.tasks,
            dcs=found.dcs,
            nearest=found.nearest,
            via=found.reached.via,
            because=found.reached.because,
        )


class SchemaReading:
    """Find and read the snapshot's schema."""

    def __init__(self, command: ReadSchemaFile) -> None:
        self._command = command
        self._steps: deque[Step] = deque([lambda store: read_schema_files(store, command.selection)])
        self._contents = SchemaContents((), 0, ())

    def next_step(self) -> Step | None:
        """Return the only step."""
        return self._steps.popleft() if self._steps else None

    def take(self, outcome: Outcome) -> None:
        """Take in what the files hold."""
        if isinstance(outcome, SchemaContents):
            self._contents = outcome

    def ending(self) -> AnyEvent:
        """Return ``SchemaFileRead``."""
        return SchemaFileRead(
            location=self._command.location,
            files=self._contents.files,
            statements=self._contents.statements,
            skipped=self._contents.skipped,
        )


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


def _listing_of(tasks: tuple[DirectoryTask, ...]) -> Step:
    return lambda store: read_directories(store, tasks)


def _listing_of_part(part: DirectoryPart) -> Step:
    return lambda store: read_part(store, part)


class _InParts:
    """A directory of which some parts are listed and others not."""

    def __init__(self, outcome: DirectoryParts) -> None:
        self.plan = outcome.plan
        self.left = len(outcome.parts)
        self.size = 0


class Indexing:
    """Read the manifests, then list the directories that they name.

    The views come first, since they decide what is restored. Parts go before directories, and directories before
    further manifests, so that little is in memory: two manifests, and names of files up to a limit.
    """

    def __init__(self, command: IndexLocation) -> None:
        self._command = command
        self._views: frozenset[TableName] | None = None
        self._is_begun = False
        self._manifests = deque(command.manifests)
        self._directories: deque[DirectoryTask] = deque()
        self._parts: deque[DirectoryPart] = deque()
        self._checks: deque[Step] = deque()
        self._in_hand_bytes = 0
        self._open_manifests: dict[str, int] = {}
        self._in_parts: dict[str, _InParts] = {}
        self._skipped: set[tuple[str, str, str]] = set()
        self._count = self._sstables = self._size = 0
        self._is_told = False
        self._reached = StoreReport()

    def next_step(self) -> Step | None:
        """Return the views' reading, then parts, directories, manifests, and in the end a look at the store."""
        if not self._is_begun:
            self._is_begun = True
            return lambda store: read_views(store, self._command.manifests)
        if self._views is None:
            return None
        if self._checks:
            return self._checks.popleft()
        if self._parts:
            return _listing_of_part(self._parts.popleft())
        return self._next_directories() or self._next_manifest() or self._look_at_store()

    def take(self, outcome: Outcome) -> None:
        """Take in views, what a manifest leads to, or the totals of a directory."""
        match outcome:
            case frozenset():
                self._views = outcome
            case ManifestContents():
                self._take_contents(outcome)
            case tuple():
                for directory in outcome:
                    self._take_directory(directory)
            case PartTotals(part=part, sstables=sstables, size=size):
                self._add(sstables, size)
                self._take_part(self._in_parts[part.name], size)
            case StoreReport():
                self._reached = outcome
            case None:
                pass
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
            retries=self._reached.retries,
        )

    def _next_directories(self) -> Step | None:
        """Return the listing of the next directory, and of some more if all are small."""
        most = min(DIRECTORIES_PER_STEP, 1 + len(self._directories) // _STEPS_AHEAD)
        tasks: list[DirectoryTask] = []
        together_bytes = 0
        while self._directories and len(tasks) < most:
            weight_bytes = self._directories[0].weight_bytes
            if tasks and together_bytes + weight_bytes > NAMES_PER_STEP_BYTES:
                break
            if self._in_hand_bytes and self._in_hand_bytes + weight_bytes > NAMES_IN_HAND_BYTES:
                break
            together_bytes += weight_bytes
            self._in_hand_bytes += weight_bytes
            tasks.append(self._directories.popleft())
        return _listing_of(tuple(tasks)) if tasks else None

    def _next_manifest(self) -> Step | None:
        if self._directories or not self._manifests or len(self._open_manifests) >= MANIFESTS_IN_HAND:
            return None
        path, views = self._manifests.popleft(), self._views or frozenset()
        self._open_manifests[path] = 0
        return lambda store: read_contents(store, self._command, path, views)

    def _look_at_store(self) -> Step | None:
        if self._is_told or self._directories or self._manifests or self._open_manifests or self._in_parts:
            return None
        self._is_told = True
        return tell_how_reached

    def _take_contents(self, contents: ManifestContents) -> None:
        self._skipped.update((table.keyspace, table.table, table.reason) for table in contents.skipped)
        self._directories.extend(contents.directories)
        self._open_manifests[contents.path] = len(contents.directories)
        if not contents.directories:
            del self._open_manifests[contents.path]

    def _take_directory(self, directory: DirectoryTotals | DirectoryParts) -> None:
        self._let_go(directory.task)
        match directory:
            case DirectoryTotals(sstables=sstables, size=size):
                self._add(sstables, size)
                self._count += 1
            case DirectoryParts(plan=plan, parts=parts):
                self._in_parts[plan.whole.name] = _InParts(directory)
                self._parts.extend(parts)
            case _:
                assert_never(directory)

    def _let_go(self, task: DirectoryTask) -> None:
        """Forget a directory's entry, and its manifest if that was the last one of it."""
        self._in_hand_bytes -= task.weight_bytes
        self._open_manifests[task.path] -= 1
        if not self._open_manifests[task.path]:
            del self._open_manifests[task.path]

    def _take_part(self, directory: _InParts, size: int) -> None:
        directory.left -= 1
        directory.size += size
        if not directory.left:
            del self._in_parts[directory.plan.whole.name]
            self._count += 1
            plan, total = directory.plan, directory.size
            self._checks.append(lambda _: check_size(plan, total))

    def _add(self, sstables: int, size: int) -> None:
        self._sstables += sstables
        self._size += size
