"""A simulated bucket, as an engine's own SDK sees it."""

from collections.abc import Collection, Iterator

from tests.simulation.simulator.backup import Backup
from tests.simulation.simulator.dice import dice
from tests.simulation.simulator.network import Odds, SimPort
from tests.simulation.simulator.process import Process

from scylla_restore.engine.errors import ObjectMissing, ObjectTooLarge, StorageUnavailable
from scylla_restore.engine.storage.port import Page, StoredObject, StoreReport


class SimStore(SimPort):
    """``ObjectStore`` of one location."""

    lists_ranges = True
    files_per_page = 12

    def __init__(self, backup: Backup, location: str, process: Process, odds: Odds, seed: str) -> None:
        super().__init__(process, odds, dice(f"{seed}/store/{location}/{process.name}"))
        self._sizes = backup.sizes[location]
        self._contents = backup.contents[location]
        self._location = location

    def lost(self) -> Exception:
        return StorageUnavailable(f"{self._location} does not answer", location=self._location)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield all objects below ``prefix``; a listing may break off in the middle."""
        breaks = self.random.random() < self.odds.lost
        for number, key in enumerate(sorted(k for k in self._sizes if k.startswith(prefix))):
            if breaks and number:
                raise self.lost()
            yield StoredObject(key=key, size=self._sizes[key])

    def pages(self, prefix: str, *, after: str = "", until: str = "") -> Iterator[Page]:
        """Yield the objects directly below ``prefix`` in two pages; a listing may break off between them."""
        breaks = self.random.random() < self.odds.lost
        start = len(prefix)
        below = ((key[start:], size) for key, size in self._sizes.items() if key.startswith(prefix))
        found = sorted((name, size) for name, size in below if "/" not in name and name > after)
        wanted = [(name, size) for name, size in found if not until or name <= until]
        middle = len(wanted) // 2
        yield dict(wanted[:middle])
        if breaks:
            raise self.lost()
        yield dict(wanted[middle:])

    def find(self, prefix: str, names: Collection[str]) -> Page:
        """Return the sizes of those objects that there are."""
        return {
            name: self._sizes[f"{prefix}{name}"] for name in sorted(names) if f"{prefix}{name}" in self._sizes
        }

    def list_directories(self, prefix: str) -> tuple[str, ...]:
        """Return the names directly below ``prefix``."""
        below = (key[len(prefix) :] for key in self._sizes if key.startswith(prefix))
        return tuple(sorted({rest.split("/")[0] for rest in below if "/" in rest}))

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        """Return the whole object."""
        content = self._contents.get(key)
        if content is None:
            raise ObjectMissing(f"{key}: no such object", location=self._location)
        if len(content) > limit_bytes:
            raise ObjectTooLarge(f"{key} has {len(content)} bytes", location=self._location)
        return content

    def report(self) -> StoreReport:
        """A simulated store is reached directly."""
        return StoreReport()

    def close(self) -> None:
        """Nothing is kept open."""
