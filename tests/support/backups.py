"""Small backups, made in memory."""

import gzip
from collections.abc import Iterable

import msgspec

from scylla_restore.engine.backup.directory import index_part, plan_directory
from scylla_restore.engine.backup.layout import ManifestPath
from scylla_restore.engine.backup.manifest import IndexEntry
from scylla_restore.events.model.locations import DirectoryIndexed

CLUSTER = "7d0cb1f5-8f3f-4b2c-a6c1-6a3b6c0d8a10"
OTHER_CLUSTER = "8d0cb1f5-8f3f-4b2c-a6c1-6a3b6c0d8a10"
TASK = "22222222-2222-2222-2222-222222222222"
OTHER_TASK = "33333333-2222-2222-2222-222222222222"
NODE = "11111111-1111-1111-1111-111111111111"
TAG = "sm_20250101000004UTC"
TABLE_ID = "aabbccddeeff11eeb3a3000000000001"
UUID_ID = "3gsm_0lob_1zdg02we44my8dy25w"

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


def index_entry_of(
    entry: IndexEntry, *pages: dict[str, int], manifest: ManifestPath, location: str = "s3:b"
) -> list[DirectoryIndexed]:
    """What a manifest's entry and a listing, page by page, come to."""
    plan = plan_directory(entry, manifest=manifest, location=location)
    events = list(index_part(plan.whole, lambda _after, _until: iter(pages)))
    plan.check_size(sum(sum(event.sizes) for event in events))
    return events


def manifest_path(**differing: object) -> ManifestPath:
    usual: dict[str, object] = {
        "cluster_id": CLUSTER,
        "dc": "dc1",
        "node_id": NODE,
        "task_id": TASK,
        "snapshot_tag": TAG,
        "temporary": False,
    }
    return msgspec.convert({**usual, **differing}, ManifestPath)


def sstable_files(*sstable_ids: object, version: str = "me") -> list[str]:
    return [f"{version}-{own}-big-{component}" for own in sstable_ids for component in COMPONENTS]


def index_entry(
    files: Iterable[object], *, keyspace: str = "ks", table: str = "t", version: str = TABLE_ID
) -> dict[str, object]:
    return {"keyspace": keyspace, "table": table, "version": version, "files": list(files)}


def gzipped(document: object) -> bytes:
    return gzip.compress(msgspec.json.encode(document))


def manifest_bytes(*entries: dict[str, object], **fields: object) -> bytes:
    return gzipped({"version": "v2", **fields, "index": entries})
