"""A simulated node's data directory: directories of files, each of which remembers what it is a copy of."""

import msgspec


class SimFile(msgspec.Struct):
    """A file: ``size`` bytes of which there should be ``full``; ``origin`` is (location, object key) or None."""

    size: int
    full: int
    origin: tuple[str, str] | None

    @property
    def whole(self) -> bool:
        """Whether all bytes are there."""
        return self.size == self.full


Directory = dict[str, SimFile]


class Disk:
    """Directories by their path below the data directory, and a file system of limited size."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.tight = False
        """Whether it was full once: only then it is counted what each file takes."""
        self.others = 0
        """Bytes that are taken by something else."""
        self.directories: dict[str, Directory] = {}

    @property
    def free(self) -> int:
        """Bytes that are left."""
        used = sum(file.size for files in self.directories.values() for file in files.values())
        return max(0, self.total - self.others - used)

    def make(self, path: str) -> Directory:
        """Return the directory, which is made if need be."""
        return self.directories.setdefault(path, {})

    def files(self, path: str) -> Directory | None:
        """Return the directory's files, or None if there is no such directory."""
        if path in self.directories:
            return self.directories[path]
        return {} if self.children(path) else None

    def children(self, path: str) -> tuple[str, ...]:
        """Names of the directories directly below ``path``."""
        below = f"{path}/"
        names = {other[len(below) :].split("/")[0] for other in self.directories if other.startswith(below)}
        return tuple(sorted(names))

    def purge(self, path: str) -> None:
        """Remove the directory and all below it."""
        below = f"{path}/"
        for other in [p for p in self.directories if p == path or p.startswith(below)]:
            del self.directories[other]

    def move(self, source: str, destination: str) -> None:
        """Rename all files of ``source`` into ``destination``; the emptied source stays."""
        files = self.make(source)
        self.make(destination).update(files)
        files.clear()
