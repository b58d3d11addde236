"""A bucket as the nodes' agents see it, for an engine's host that cannot read it itself.

Agents have credentials of their own. They list everything, and hand out manifests and schema files.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from scylla_restore.engine.errors import (
    BucketMissing,
    DirectoryMissing,
    NodeBusy,
    NodeError,
    NodeRefused,
    NodeUnreachable,
    ObjectMissing,
    ObjectTooLarge,
    StorageDenied,
    StorageError,
    StorageUnavailable,
)
from scylla_restore.engine.storage.keys import agents_read, check_key, check_names, check_prefix
from scylla_restore.engine.storage.port import Page, StoredObject, StoreReport
from scylla_restore.engine.storage.tally import Tally
from scylla_restore.events.model.target import IndexVia

T = TypeVar("T")

_GOOD = range(200, 300)
_WITHOUT_EMPTY_DIRECTORIES = ("s3:", "gcs:", "azure:")


class Listed(Protocol):
    """One entry of an agent's listing; ``path`` is relative to what was listed, ``size`` in bytes."""

    @property
    def path(self) -> str: ...  # noqa: D102 - as said above
    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def is_dir(self) -> bool: ...  # noqa: D102


class Agent(Protocol):
    """The calls of a node's gateway that are about locations; they raise ``NodeError``s."""

    def list_location(self, location: str, path: str, *, recursive: bool = False) -> Iterable[Listed]:
        """List ``<provider>:<bucket>/<path>``: one level of it, or all."""
        ...

    def read_object(self, location: str, path: str, *, limit_bytes: int) -> bytes:
        """Return a whole object."""
        ...


class ThroughAgents:
    """``location`` (``<provider>:<bucket>``) through several agents, each asked in its turn.

    ``find`` returns them; it is called once, at the first request, and may raise ``NodeError``s. One that does not
    reach the location is not asked again. ``because`` is why the bucket is not read directly.
    """

    lists_ranges = False
    files_per_page = 0

    def __init__(self, location: str, find: Callable[[], Sequence[Agent]], *, because: str = "") -> None:
        self._location = location
        self._find = find
        self._because = because
        self._lock = threading.Lock()
        self._agents: tuple[Agent, ...] | None = None
        self._turn = 0
        self._retries = Tally()

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See the port."""
        for entry in self._listed(prefix, recursive=True):
            if not entry.is_dir:
                yield StoredObject(prefix + entry.path, entry.size)

    def pages(self, prefix: str, *, after: str = "", until: str = "") -> Iterator[Page]:  # noqa: ARG002 - all at once
        """See the port; one page."""
        yield {entry.path: entry.size for entry in self._listed(prefix) if not entry.is_dir}

    def find(self, prefix: str, names: Collection[str]) -> Page:
        """See the port; the whole directory is listed for it."""
        check_names(prefix, names, self._location)
        wanted = frozenset(names)
        return {
            entry.path: entry.size
            for entry in self._listed(prefix)
            if entry.path in wanted and not entry.is_dir
        }

    def list_directories(self, prefix: str) -> tuple[str, ...]:
        """See the port."""
        names = [entry.path for entry in self._listed(prefix) if entry.is_dir]
        if self._location.startswith(_WITHOUT_EMPTY_DIRECTORIES):
            return tuple(names)
        return tuple(name for name in names if next(self.list(f"{prefix}{name}/"), None))

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        """See the port."""
        if not agents_read(check_key(key, self._location)):
            # One that is asked would say no, and count as one that does not reach the location.
            raise StorageDenied(f"{self._location}/{key} is not shown by agents", location=self._location)
        try:
            return self._ask(lambda agent: agent.read_object(self._location, key, limit_bytes=limit_bytes))
        except DirectoryMissing as error:
            self._check_bucket(error)
            raise ObjectMissing(
                f"{self._location}/{key} does not exist: {error.message}", location=self._location
            ) from error
        except NodeRefused as error:
            if error.status in _GOOD:
                raise ObjectTooLarge(
                    f"{self._location}/{key} has more than {limit_bytes} bytes: {error.message}",
                    location=self._location,
                ) from error
            raise self._denied(error) from error

    def report(self) -> StoreReport:
        """See the port."""
        return StoreReport(via=IndexVia.AGENT, because=self._because, retries=self._retries.count)

    def close(self) -> None:
        """See the port; the gateways are closed by whoever has lent them."""

    def _listed(self, prefix: str, *, recursive: bool = False) -> Iterable[Listed]:
        path = check_prefix(prefix, self._location).rstrip("/")
        try:
            return self._ask(lambda agent: agent.list_location(self._location, path, recursive=recursive))
        except DirectoryMissing as error:
            # In a file system a directory can be missing; in an object store only the bucket.
            self._check_bucket(error)
            return ()
        except NodeRefused as error:
            raise self._denied(error) from error

    def _check_bucket(self, error: DirectoryMissing) -> None:
        """Tell a missing bucket from something missing in it.

        Raises:
            BucketMissing: no agent sees the bucket.
        """
        try:
            self._ask(lambda agent: agent.list_location(self._location, ""))
        except DirectoryMissing as missing:
            raise BucketMissing(
                f"{self._location} does not exist: {missing.message}",
                location=self._location,
                hint="check the bucket's name, and what the agents are configured with",
            ) from error
        except NodeRefused as refused:
            raise self._denied(refused) from error

    def _ask(self, perform: Callable[[Agent], T]) -> T:
        """Ask one agent after another until one has an answer.

        Raises:
            NodeRefused: what the last of them said, if all say no; ``DirectoryMissing`` first of all.
            StorageError: none of them answers, or there are none.
        """
        refusal: NodeRefused | None = None
        silence: NodeError | None = None
        for agent in self._in_turn():
            try:
                return perform(agent)
            except DirectoryMissing as error:
                return self._missing_to_all(error, agent, perform)
            except (NodeUnreachable, NodeBusy) as error:
                self._retries.add()
                silence = error
            except NodeRefused as error:
                if error.status in _GOOD:
                    raise
                refusal = error
                self._drop(agent)
        if silence is None and refusal is not None:
            raise refusal
        raise self._no_answer(silence)

    def _missing_to_all(self, error: DirectoryMissing, first: Agent, perform: Callable[[Agent], T]) -> T:
        """Ask one more agent before something counts as missing: one may be set up for another store.

        Raises:
            DirectoryMissing: it is missing there, too, or there is nobody else to ask.
        """
        for agent in self._in_turn():
            if agent is not first:
                try:
                    return perform(agent)
                except NodeError:
                    break
        raise error

    def _in_turn(self) -> tuple[Agent, ...]:
        with self._lock:
            if self._agents is None:
                self._agents = self._found()
            agents = self._agents
            self._turn += 1
            first = self._turn % max(1, len(agents))
            return agents[first:] + agents[:first]

    def _found(self) -> tuple[Agent, ...]:
        try:
            return tuple(self._find())
        except NodeUnreachable as error:
            raise self._no_answer(error) from error
        except NodeError as error:
            raise self._denied(error) from error

    def _drop(self, agent: Agent) -> None:
        with self._lock:
            left = tuple(other for other in self._agents or () if other is not agent)
            # The last one is kept, so that there is somebody to say why.
            self._agents = left or (agent,)

    def _denied(self, error: NodeError) -> StorageError:
        hint = error.hint or "give the agents credentials for the bucket"
        return StorageDenied(
            f"{self._location} cannot be read through the agents: {error.message}",
            location=self._location,
            hint=hint,
        )

    def _no_answer(self, error: NodeError | None) -> StorageError:
        if error is not None and not error.retryable:
            return self._denied(error)
        words = error.message if error is not None else "there are none for this location"
        return StorageUnavailable(
            f"{self._location} cannot be read through the agents: {words}", location=self._location
        )
