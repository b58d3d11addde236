"""Backups to be indexed: gzipped manifests and, as a bucket would list them, the pages of their directories."""

import gzip
import random
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from scylla_restore.engine.backup.layout import ManifestPath, SSTableDirectory
from scylla_restore.engine.errors import ObjectMissing
from scylla_restore.engine.storage.port import Page, StoredObject, StoreReport

TAG = "sm_20260102030405UTC"
CLUSTER = "0d5a8a3c-0000-4000-8000-00000000000c"
TASK = "1d5a8a3c-0000-4000-8000-00000000000c"
NODES = 6
PAGE = 1000
COMPONENTS = (
    "CompressionInfo.db",
    "Data.db",
    "Digest.crc32",
    "Filter.db",
    "Index.db",
    "Scylla.db",
    "Statistics.db",
    "Summary.db",
    "TOC.txt",
)
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_PAGES = msgspec.json.Decoder(Page)


class Shape(msgspec.Struct, frozen=True):
    """How many SSTables there are over all nodes, of how many tables."""

    sstables: int
    tables: int


class FileStore:
    """A bucket as files: ``manifests`` are gzipped, and each directory is a file with a page a line.

    ``reads`` are the manifests that were read.
    """

    lists_ranges = False
    files_per_page = PAGE

    def __init__(self, root: Path) -> None:
        self._root = root
        self.reads: list[str] = []

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield nothing: the manifests are known."""
        raise NotImplementedError(prefix)

    def pages(self, prefix: str, *, after: str = "", until: str = "") -> Iterator[Page]:  # noqa: ARG002 - all of it
        """Yield the pages of a directory."""
        with (self._root / _flat(prefix)).open("rb") as file:
            for line in file:
                yield _PAGES.decode(line)

    def find(self, prefix: str, names: Collection[str]) -> Page:
        """Return nothing: no batch is looked for."""
        raise NotImplementedError(prefix, names)

    def list_directories(self, prefix: str) -> tuple[str, ...]:
        """Return nothing: the directories are known."""
        raise NotImplementedError(prefix)

    def read(self, key: str, *, limit_bytes: int) -> bytes:  # noqa: ARG002 - what is here is small enough
        """Return a manifest."""
        path = self._root / _flat(key)
        if not path.exists():
            raise ObjectMissing(f"{key} does not exist", location="s3:bench")
        self.reads.append(key)
        return path.read_bytes()

    def report(self) -> StoreReport:
        """Return that there is nothing to tell."""
        return StoreReport()

    def close(self) -> None:
        """Do nothing."""


def manifest_paths() -> tuple[ManifestPath, ...]:
    """Return the manifests of all nodes."""
    return tuple(
        ManifestPath(
            node_id=f"11111111-1111-1111-1111-{node:012}",
            dc="dc1",
            cluster_id=CLUSTER,
            task_id=TASK,
            snapshot_tag=TAG,
        )
        for node in range(NODES)
    )


def table_names(shape: Shape) -> list[str]:
    """Return the tables as ``<keyspace>:<table>``."""
    return [f"ks{number % 20}:table_{number}" for number in range(shape.tables)]


def write_backup(root: Path, shape: Shape) -> None:
    """Write a backup of UUID ids into an empty directory."""
    dice = random.Random(shape.sstables + shape.tables)  # noqa: S311 - the same backup every time
    for number, path in enumerate(manifest_paths()):
        index = []
        for position, name in enumerate(table_names(shape)):
            keyspace, _, table = name.partition(":")
            version = f"{position:032x}"
            count = _share(shape.sstables, NODES * shape.tables, number * shape.tables + position)
            ids = sorted(_sstable_id(dice) for _ in range(count))
            where = SSTableDirectory(
                cluster_id=CLUSTER,
                dc="dc1",
                node_id=path.node_id,
                keyspace=keyspace,
                table=table,
                version=version,
            )
            size = _write_pages(root / _flat(f"{where.path}/"), ids, dice)
            files = [f"me-{sstable}-big-{component}" for sstable in ids for component in COMPONENTS]
            index.append(
                {"keyspace": keyspace, "table": table, "version": version, "files": files, "size": size}
            )
        document = msgspec.json.encode({"version": "v2", "cluster_name": "bench", "index": index})
        (root / _flat(path.path)).write_bytes(gzip.compress(document, compresslevel=6))


def _write_pages(file: Path, ids: list[str], dice: random.Random) -> int:
    total, page = 0, {}
    with file.open("wb") as out:
        for sstable in ids:
            for component in COMPONENTS:
                size = dice.randint(1, 10_000_000)
                total += size
                page[f"me-{sstable}-big-{component}"] = size
                if len(page) == PAGE:
                    out.write(msgspec.json.encode(page) + b"\n")
                    page = {}
        if page:
            out.write(msgspec.json.encode(page) + b"\n")
    return total


def _sstable_id(dice: random.Random) -> str:
    text = "".join(dice.choices(_BASE36, k=26))
    return f"{text[:4]}_{text[4:8]}_{text[8:]}"


def _share(total: int, parts: int, part: int) -> int:
    return total * (part + 1) // parts - total * part // parts


def _flat(key: str) -> str:
    return key.replace("/", "!")
