"""Cassandra's data directory as the remote ``data`` of a lab node's agent."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from scylla_restore.engine.lab.jail import Jail
from scylla_restore.engine.lab.remotes import Entry, LocalRemote

_UPLOAD = "upload"


class CassandraData(LocalRemote):
    """Where every table's directory has an ``upload``, as Scylla makes it and Cassandra does not."""

    def __init__(self, data: Path, check_name: Callable[[], str]) -> None:
        super().__init__(Jail(data, data), check_name)
        self._data = data

    def list(self, path: str, *, recurse: bool) -> Iterator[Entry]:
        """Yield a directory's entries by name, then those of its directories."""
        directory = Path(path)
        table = directory.parent if directory.name == _UPLOAD else directory
        if table.parent.parent == self._data and table.is_dir():
            # The table may be dropped at this moment.
            with suppress(OSError):
                (table / _UPLOAD).mkdir(exist_ok=True)
        return super().list(path, recurse=recurse)
