"""The object stores of backup locations, as they are configured."""

from collections.abc import Mapping
from threading import Lock
from types import TracebackType
from typing import Self

from scylla_restore.engine.config import Config
from scylla_restore.engine.storage.opening import open_store
from scylla_restore.engine.storage.port import ObjectStore
from scylla_restore.events.model.target import BackupLocation


class Stores:
    """The stores of backup locations, each opened once."""

    def __init__(self, config: Config, environment: Mapping[str, str]) -> None:
        self._config = config
        self._environment = environment
        self._lock = Lock()
        self._opened: dict[str, ObjectStore] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self, location: BackupLocation) -> ObjectStore:
        """Return a location's store; nothing is asked of it yet.

        Raises:
            ConfigurationError: its settings lack something.
            StorageError: its SDK refuses the settings.
        """
        with self._lock:
            if location.key not in self._opened:
                settings = self._config.storage(location.key)
                self._opened[location.key] = open_store(location, settings, self._environment)
            return self._opened[location.key]

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            while self._opened:
                self._opened.popitem()[1].close()
