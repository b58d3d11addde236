"""A bucket that is read directly if that goes, else through the agents."""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TypeVar

from loguru import logger

from scylla_restore.engine.errors import BucketMissing, ConfigurationError, RestoreError, StorageDenied
from scylla_restore.engine.storage.keys import agents_read, check_key, check_names, check_prefix
from scylla_restore.engine.storage.port import ObjectStore, Page, StoredObject, StoreReport

T = TypeVar("T")


class EitherWay:
    """``location`` (``<provider>:<bucket>``) by ``open_direct``, until that is denied; from then on by ``open_agents``.

    ``open_agents`` is given the words of the denial. A host may lack credentials, or what the settings need, or the
    mount of a shared file system; agents have their own.
    """

    def __init__(
        self,
        location: str,
        *,
        open_direct: Callable[[], ObjectStore],
        open_agents: Callable[[str], ObjectStore],
    ) -> None:
        self._location = location
        self._open_direct = open_direct
        self._open_agents = open_agents
        self._lock = threading.Lock()
        self._direct: ObjectStore | None = None
        self._agents: ObjectStore | None = None
        self._denial: RestoreError | None = None
        # Whoever lacks the mount of a shared file system sees no bucket there.
        is_mounted = location.startswith("localstorage:")
        self._denials = (StorageDenied, BucketMissing) if is_mounted else (StorageDenied,)

    @property
    def lists_ranges(self) -> bool:
        """See the port."""
        store = self._agents or self._direct
        return store is not None and store.lists_ranges

    @property
    def files_per_page(self) -> int:
        """See the port."""
        store = self._agents or self._direct
        return store.files_per_page if store is not None else 0

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See the port."""
        check_prefix(prefix, self._location)
        return self._each(lambda store: store.list(prefix))

    def pages(self, prefix: str, *, after: str = "", until: str = "") -> Iterator[Page]:
        """See the port."""
        check_prefix(prefix, self._location)
        return self._each(lambda store: store.pages(prefix, after=after, until=until))

    def find(self, prefix: str, names: Collection[str]) -> Page:
        """See the port."""
        check_names(prefix, names, self._location)
        return self._one(lambda store: store.find(prefix, names))

    def list_directories(self, prefix: str) -> tuple[str, ...]:
        """See the port."""
        check_prefix(prefix, self._location)
        return self._one(lambda store: store.list_directories(prefix))

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        """See the port."""
        direct = None if agents_read(check_key(key, self._location)) else self._direct_store()
        if direct is not None:
            # Agents would be of no help if it is denied.
            return direct.read(key, limit_bytes=limit_bytes)
        return self._one(lambda store: store.read(key, limit_bytes=limit_bytes))

    def report(self) -> StoreReport:
        """See the port."""
        store = self._agents or self._direct
        return store.report() if store is not None else StoreReport()

    def close(self) -> None:
        """See the port."""
        for store in (self._direct, self._agents):
            if store is not None:
                store.close()

    def _one(self, ask: Callable[[ObjectStore], T]) -> T:
        direct = self._direct_store()
        if direct is not None:
            try:
                return ask(direct)
            except self._denials as error:
                self._turn_to_agents(error)
        with self._through_agents() as agents:
            return ask(agents)

    def _each(self, ask: Callable[[ObjectStore], Iterator[T]]) -> Iterator[T]:
        direct = self._direct_store()
        if direct is not None:
            found = ask(direct)
            try:
                first = next(found)
            except StopIteration:
                return
            except self._denials as error:
                self._turn_to_agents(error)
            else:
                yield first
                yield from found
                return
        with self._through_agents() as agents:
            yield from ask(agents)

    def _direct_store(self) -> ObjectStore | None:
        """Return the store that is read directly; None once that was denied."""
        with self._lock:
            if self._agents is None and self._direct is None:
                try:
                    self._direct = self._open_direct()
                except (StorageDenied, ConfigurationError) as error:
                    self._agents = self._opened_agents(error)
            return self._direct if self._agents is None else None

    def _turn_to_agents(self, denial: RestoreError) -> None:
        with self._lock:
            if self._agents is None:
                self._agents = self._opened_agents(denial)

    def _opened_agents(self, denial: RestoreError) -> ObjectStore:
        logger.bind(location=self._location).warning(
            "{} is read through the agents: {}", self._location, denial.message
        )
        self._denial = denial
        return self._open_agents(denial.message)

    @contextmanager
    def _through_agents(self) -> Iterator[ObjectStore]:
        """Lend the agents' store; whoever is denied there, too, hears both reasons."""
        if self._agents is None or self._denial is None:
            raise RuntimeError("the agents were not turned to")
        try:
            yield self._agents
        except (StorageDenied, BucketMissing) as error:
            raise type(error)(
                f"{self._denial.message}; and {error.message}",
                location=self._location,
                hint=self._denial.hint or error.hint,
            ) from error
