"""A generated backup in Scylla Manager's layout, and the truth about it that checkers compare with."""

import gzip
import json
from uuid import UUID

import msgspec
from tests.simulation.simulator.dice import dice

TAG = "sm_20250101000004UTC"
OLDER_TAG = "sm_20250101000003UTC"
NEWER_TAGS = ("sm_20250101000005UTC", "sm_20250101000006UTC")
SOURCE_CLUSTER = UUID(int=0xC1)
SOURCE_TASK = UUID(int=0x7A)
FULL_COMPONENTS = (
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
FEW_COMPONENTS = ("Data.db", "Index.db", "TOC.txt")
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


class SourceTable(msgspec.Struct, frozen=True):
    """A table that was backed up, by its name in the target cluster; ``restored`` is whether the run is asked to.

    ``stored_keyspace`` and ``stored_table`` are what the backup calls it, if that is something else.
    """

    keyspace: str
    table: str
    restored: bool
    stored_keyspace: str = ""
    stored_table: str = ""

    @property
    def stored(self) -> tuple[str, str]:
        """Keyspace and table, as the backup calls them."""
        return self.stored_keyspace or self.keyspace, self.stored_table or self.table

    @property
    def key(self) -> str:
        """``<keyspace>:<table>``."""
        return f"{self.keyspace}:{self.table}"


class TruthSSTable(msgspec.Struct, frozen=True):
    """One SSTable that has to be restored: where it lies, and the objects that make it up."""

    location: str
    directory: str
    id: str
    keyspace: str
    table: str
    objects: dict[str, str]
    """Name on the node → object key."""
    size: int

    @property
    def identity(self) -> tuple[str, str, str]:
        """What tells it from every other SSTable of the world."""
        return (self.location, self.directory, self.id)


class BackupPlan(msgspec.Struct, frozen=True):
    """What to generate: the source cluster's shape."""

    locations: tuple[str, ...]
    source_nodes: tuple[tuple[str, str, str], ...]
    """(location, dc, node id)."""
    tables: tuple[SourceTable, ...]
    sstables: int
    versioned: bool
    full_components: bool
    notes: bool = False
    """Whether Scylla's own manifests can be read, so that directories need not be listed."""
    left_out_dcs: tuple[str, ...] = ()
    """DCs whose nodes' SSTables are not to be restored."""


class Backup:
    """Objects of all locations: sizes of all, contents of those that are read by the engine."""

    def __init__(self, plan: BackupPlan, seed: str) -> None:
        self.plan = plan
        self.sizes: dict[str, dict[str, int]] = {location: {} for location in plan.locations}
        self.contents: dict[str, dict[str, bytes]] = {location: {} for location in plan.locations}
        self.truth: dict[tuple[str, str, str], TruthSSTable] = {}
        self.origins: dict[tuple[str, str], tuple[str, str, str]] = {}
        """(location, object key) → the SSTable it belongs to."""
        self._random = dice(f"{seed}/backup")
        self._generate()

    def size_of(self, location: str, key: str) -> int | None:
        """The object's size in bytes, or None if there is no such object."""
        return self.sizes[location].get(key)

    def put(self, location: str, key: str, content: bytes) -> None:
        """Store an object that can be read."""
        self.contents[location][key] = content
        self.sizes[location][key] = len(content)

    def _generate(self) -> None:
        plan, random = self.plan, self._random
        slots = [(node, table) for node in plan.source_nodes for table in plan.tables]
        shares = dict.fromkeys(range(len(slots)), 0)
        for slot in range(min(len(slots), plan.sstables)):
            shares[slot] = 1
        for _ in range(plan.sstables - len(slots)):
            shares[random.randrange(len(slots))] += 1
        indexes: dict[tuple[str, str, str], list[dict[str, object]]] = {n: [] for n in plan.source_nodes}
        for slot, (node, table) in enumerate(slots):
            indexes[node].append(self._generate_directory(node, table, shares[slot]))
        for node in plan.source_nodes:
            self._write_manifest(node, indexes[node])
        for location in plan.locations:
            self._write_noise(location)

    def _generate_directory(
        self, node: tuple[str, str, str], table: SourceTable, sstables: int
    ) -> dict[str, object]:
        location, dc, node_id = node
        version = f"{self._random.getrandbits(128):032x}"
        keyspace, name = table.stored
        directory = (
            f"backup/sst/cluster/{SOURCE_CLUSTER}/dc/{dc}/node/{node_id}"
            f"/keyspace/{keyspace}/table/{name}/{version}"
        )
        integer_ids = self.plan.versioned and self._random.random() < 0.5
        files: list[str] = []
        total = 0
        for number in range(sstables):
            sstable_id = str(number + 1) if integer_ids else self._uuid_id()
            truth = self._generate_sstable(location, directory, sstable_id, table, versioned=integer_ids)
            files.extend(truth.objects)
            total += truth.size
            if table.restored and dc not in self.plan.left_out_dcs:
                self.truth[truth.identity] = truth
        scylla_manifest = f"tag_{TAG}_node_{node_id}_manifest.json"
        if sstables:
            self.sizes[location][f"{directory}/{scylla_manifest}"] = 100
        if self.plan.notes:
            self.put(location, f"{directory}/{scylla_manifest}", self._notes(location, directory, files))
        return {
            "keyspace": keyspace,
            "table": name,
            "version": version,
            "files": files,
            "size": total,
            "scylla_manifests": [scylla_manifest] if sstables else None,
        }

    def _notes(self, location: str, directory: str, files: list[str]) -> bytes:
        """What Scylla says of a directory's SSTables."""
        sstables = [
            {
                "toc_name": name,
                "data_size": self.sizes[location][f"{directory}/{name.replace('TOC.txt', 'Data.db')}"],
                "index_size": 0,
            }
            for name in files
            if name.endswith("TOC.txt")
        ]
        return json.dumps({"manifest": {"version": "1.0"}, "sstables": sstables}).encode()

    def _generate_sstable(
        self, location: str, directory: str, sstable_id: str, table: SourceTable, *, versioned: bool
    ) -> TruthSSTable:
        random = self._random
        components = FULL_COMPONENTS if self.plan.full_components else FEW_COMPONENTS
        scale = random.choice((1, 1, 10, 100)) * random.randint(1, 1_000_000)
        objects: dict[str, str] = {}
        size = 0
        overwritten = versioned and random.random() < 0.5
        for component in components:
            name = f"me-{sstable_id}-big-{component}"
            component_size = scale if component == "Data.db" else random.randint(1, 1_000)
            key = f"{directory}/{name}"
            if overwritten and random.random() < 0.8:
                self._overwrite(location, key)
                key = f"{key}.{NEWER_TAGS[0]}"
            self.sizes[location][key] = component_size
            self.origins[location, key] = (location, directory, sstable_id)
            objects[name] = key
            size += component_size
        return TruthSSTable(
            location=location,
            directory=directory,
            id=sstable_id,
            keyspace=table.keyspace,
            table=table.table,
            objects=objects,
            size=size,
        )

    def _overwrite(self, location: str, key: str) -> None:
        """Put other versions of the object beside the one that belongs to the snapshot."""
        self.sizes[location][key] = self._random.randint(1, 1_000)
        self.sizes[location][f"{key}.{NEWER_TAGS[1]}"] = self._random.randint(1, 1_000)
        self.sizes[location][f"{key}.{OLDER_TAG}"] = self._random.randint(1, 1_000)

    def _write_manifest(self, node: tuple[str, str, str], index: list[dict[str, object]]) -> None:
        location, dc, node_id = node
        manifest = {
            "version": "v2",
            "scylla_version": "2025.1.5",
            "cluster_name": "source",
            "ip": "10.0.0.1",
            "dc": dc,
            "cluster_id": str(SOURCE_CLUSTER),
            "node_id": node_id,
            "task_id": str(SOURCE_TASK),
            "snapshot_tag": TAG,
            "rack": "rack1",
            "shard_count": 2,
            "cpu_count": 2,
            "storage_size": 10**12,
            "instance_details": {},
            "size": sum(int(str(entry["size"])) for entry in index),
            "tokens": [-(2**63), 2**62],
            "schema": "",
            "index": index,
        }
        path = f"backup/meta/cluster/{SOURCE_CLUSTER}/dc/{dc}/node/{node_id}/task_{SOURCE_TASK}_tag_{TAG}_manifest.json.gz"
        content = gzip.compress(json.dumps(manifest).encode(), compresslevel=1, mtime=0)
        self.put(location, path, content)
        if self._random.random() < 0.2:
            self.put(location, f"{path}.tmp", content)
        if self._random.random() < 0.3:
            self.put(location, path.replace(TAG, OLDER_TAG), content)

    def _write_noise(self, location: str) -> None:
        self.put(location, f"backup/meta/cluster/{SOURCE_CLUSTER}/README", b"not a manifest")

    def _uuid_id(self) -> str:
        return "_".join("".join(self._random.choice(BASE36) for _ in range(length)) for length in (4, 4, 18))
