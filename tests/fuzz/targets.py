"""What reads a backup, given bytes that may be anything: each target returns, or raises what no input may make it raise."""

import gzip
from collections.abc import Callable
from contextlib import suppress
from functools import cache

import msgspec
from tests.support.backups import (
    TABLE_ID,
    UUID_ID,
    index_entry,
    manifest_bytes,
    manifest_path,
    sstable_files,
)

from scylla_restore.engine.backup.directory import DirectoryPlan, Page, index_part, plan_directory
from scylla_restore.engine.backup.layout import (
    ManifestPath,
    SchemaPath,
    SSTableDirectory,
    snapshot_manifest_name,
)
from scylla_restore.engine.backup.manifest import IndexEntry, read_manifest
from scylla_restore.engine.backup.schema import read_schema, views_of
from scylla_restore.engine.backup.scylla_manifest import index_as_noted
from scylla_restore.engine.backup.sstable import component_names, group_sstables
from scylla_restore.engine.backup.versions import choose_versions
from scylla_restore.engine.cluster.http import AnswerCut
from scylla_restore.engine.cluster.listing import decode_listing
from scylla_restore.engine.core.location import parse_location
from scylla_restore.engine.core.snapshot_tag import is_snapshot_tag, snapshot_time
from scylla_restore.engine.errors import BackupError, StorageUnavailable, TargetError
from scylla_restore.engine.storage import azure, s3

_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.$-")
_LIMIT_BYTES = 1 << 20
_MANY = tuple(f"{UUID_ID[:-3]}{number:03d}" for number in range(200))


def read_a_manifest(data: bytes) -> None:
    """The JSON of a manifest, and what is put together from it and a listing that has all it names."""
    with suppress(BackupError):
        manifest = read_manifest(gzip.compress(data, 1), path="p", limit_bytes=_LIMIT_BYTES)
        for entry in manifest.tables:
            with suppress(BackupError):
                _index(entry)


def _index(entry: IndexEntry) -> None:
    plan = plan_directory(entry, manifest=manifest_path(), location="s3:b")
    directory = SSTableDirectory.parse(plan.whole.where.path)
    assert directory == plan.whole.where
    files: Page = dict.fromkeys(entry.file_names(manifest="m"), 1)
    found = [
        own for event in index_part(plan.whole, lambda _after, _until: iter([files])) for own in event.ids
    ]
    assert len(found) == len(set(found))
    assert not files or found


def unpack_a_manifest(data: bytes) -> None:
    """The bytes of a manifest object."""
    with suppress(BackupError):
        read_manifest(data, path="p", limit_bytes=_LIMIT_BYTES)


def read_a_schema(data: bytes) -> None:
    """The JSON of a schema file."""
    with suppress(BackupError):
        views_of(read_schema(gzip.compress(data, 1), path="p"))


@cache
def _plan_of_many() -> DirectoryPlan:
    name = snapshot_manifest_name(manifest_path().snapshot_tag, manifest_path().node_id)
    entry = {**index_entry(sstable_files(*_MANY)), "size": 1_000_000, "scylla_manifests": [name]}
    (read,) = read_manifest(manifest_bytes(entry), path="p").tables
    plan = plan_directory(read, manifest=manifest_path(), location="s3:b")
    assert plan.scylla_manifest(1_000) is not None
    return plan


def read_scylla_s_manifest(data: bytes) -> None:
    """Scylla's own manifest of 200 SSTables."""
    plan = _plan_of_many()
    events = index_as_noted(plan, data)
    if events:
        assert [own for event in events for own in event.ids] == plan.whole.sstables.ids
        assert sum(sum(event.sizes) for event in events) == plan.size
        assert all(min(event.data_sizes) >= 0 for event in events)


def group_names(data: bytes) -> None:
    """Names of files, one a line."""
    names = data.decode(errors="replace").split("\n")
    try:
        found = group_sstables(names, keyspace="ks", table="t", what="w")
    except BackupError:
        return
    again = [
        name
        for own, shape in zip(found.ids, found.shape_of, strict=True)
        for name in component_names(found.shapes[shape], own, "ks", "t")
    ]
    assert sorted(again) == sorted(names)
    assert all(set(name) <= _SAFE and ".." not in name.split("/") for name in names)


def choose_among_versions(data: bytes) -> None:
    """Names that a directory lists, one a line."""
    names = data.decode(errors="replace").split("\n")
    tag = manifest_path().snapshot_tag
    chosen = choose_versions(dict.fromkeys(names, 1), tag)
    assert set(chosen.tags) <= set(chosen.sizes)
    assert all(own > tag and f"{name}.{own}" in names for name, own in chosen.tags.items())
    assert not chosen.older & chosen.sizes.keys()


def parse_a_path(data: bytes) -> None:
    """An object's key, a location, or a tag."""
    text = data.decode(errors="replace")
    for kind in (ManifestPath, SchemaPath, SSTableDirectory):
        parsed = kind.parse(text)
        assert parsed is None or parsed.path == text
    with suppress(TargetError):
        assert str(parse_location(text)) == text
    if is_snapshot_tag(text):
        with suppress(TargetError):
            snapshot_time(text)


def read_a_page(data: bytes) -> None:
    """A page of a listing, as S3, Azure, or an agent answers."""
    for page in (s3.PAGE, azure.PAGE):
        with suppress(StorageUnavailable):
            assert all(size >= 0 for size in page.read(data, "s3:b").values())
    with suppress(AnswerCut, ValueError, msgspec.MsgspecError):
        for file in decode_listing(data, recursive=True):
            assert ".." not in file.path.split("/")
            assert file.is_dir or file.size >= 0


_SOME = index_entry([*sstable_files(1), *sstable_files(UUID_ID)])
_NOTED = {"toc_name": f"me-{_MANY[0]}-big-TOC.txt", "data_size": 1, "first_token": -1, "last_token": 1}
_DIRECTORY = SSTableDirectory(
    cluster_id=manifest_path().cluster_id,
    dc="dc1",
    node_id="n",
    keyspace="ks",
    table="t",
    version=TABLE_ID,
)

_AZURE_PAGE = b"""<EnumerationResults><Blob><Name>a</Name><Properties><Content-Length>1</Content-Length></Properties>
</Blob></EnumerationResults>"""

TARGETS: dict[str, tuple[Callable[[bytes], None], tuple[bytes, ...]]] = {
    "manifest": (read_a_manifest, (msgspec.json.encode({"version": "v2", "index": [_SOME]}),)),
    "gzip": (unpack_a_manifest, (manifest_bytes(_SOME),)),
    "schema": (
        read_a_schema,
        (b'[{"keyspace": "ks", "type": "view", "name": "v", "cql_stmt": "CREATE MATERIALIZED VIEW ks.v;"}]',),
    ),
    "scylla-manifest": (
        read_scylla_s_manifest,
        (
            msgspec.json.encode(
                {"sstables": [{**_NOTED, "toc_name": f"me-{own}-big-TOC.txt"} for own in _MANY]}
            ),
            b'{"files": ["me-1-big-Data.db"]}',
        ),
    ),
    "names": (
        group_names,
        (
            "\n".join(sstable_files(1, UUID_ID)).encode(),
            b"ks-t-ka-1-Data.db\nks-t-ka-1-TOC.txt\nla-2-big-Data.db\nla-2-big-TOC.txt",
        ),
    ),
    "versions": (
        choose_among_versions,
        (b"F\nF.sm_20250101000003UTC\nF.sm_20250101000005UTC\nG.sm_20250101000001UTC",),
    ),
    "paths": (
        parse_a_path,
        (
            manifest_path().path.encode(),
            _DIRECTORY.path.encode(),
            b"dc1:s3:my-bucket",
            b"sm_20250101000003UTC",
        ),
    ),
    "pages": (
        read_a_page,
        (
            b"<ListBucketResult><Contents><Key>a/b</Key><Size>1</Size></Contents></ListBucketResult>",
            _AZURE_PAGE,
            b'{"list":[{"Path":"a/b","Size":1,"IsDir":false}]}',
        ),
    ),
}
"""What can be fuzzed, by name, and inputs to begin with."""


def check(name: str, data: bytes) -> None:
    """See that a target bears an input."""
    target, _ = TARGETS[name]
    target(data)
