"""A manifest may hold anything: it is read, or refused as a backup that is not what it should be."""

import gzip

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.support.backups import (
    TABLE_ID,
    index_entry,
    index_entry_of,
    manifest_bytes,
    manifest_path,
    sstable_files,
)

from scylla_restore.engine.backup.manifest import read_manifest
from scylla_restore.engine.backup.schema import read_schema, views_of
from scylla_restore.engine.errors import BackupError

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(
    ["version", "size", "tokens", "index", "schema", "instance_details", "shard_count", "cluster_name"]
)
entry_fields = st.sampled_from(["keyspace", "table", "version", "files", "size", "scylla_manifests", "path"])


def read_and_index(data: bytes, listing: dict[str, int]) -> int:
    try:
        manifest = read_manifest(data, path="p")
        return sum(
            len(event.ids)
            for entry in manifest.tables
            for event in index_entry_of(entry, listing, manifest=manifest_path())
        )
    except BackupError:
        return 0


@given(st.binary() | st.binary().map(gzip.compress))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert read_and_index(data, {}) == 0


@given(st.dictionaries(fields, json_values))
def test_any_json_is_read_or_refused(document: dict[str, object]) -> None:
    assert read_and_index(gzip.compress(msgspec.json.encode(document)), {}) == 0


@given(st.dictionaries(entry_fields, json_values))
def test_an_entry_of_any_shape_is_read_or_refused(changes: dict[str, object]) -> None:
    files = sstable_files(1)
    entry = {**index_entry(files), **changes}
    indexed = read_and_index(manifest_bytes(entry), dict.fromkeys(files, 1))
    assert indexed == 0 or (entry["files"] == files and entry["version"] == TABLE_ID)


@given(st.integers(min_value=0, max_value=400))
def test_a_manifest_that_is_cut_off_anywhere_is_refused(kept: int) -> None:
    files = sstable_files(*range(20))
    data = manifest_bytes(index_entry(files))
    assert read_and_index(data, dict.fromkeys(files, 1)) == 20
    assert read_and_index(data[: min(kept, len(data) - 1)], dict.fromkeys(files, 1)) == 0


@given(st.lists(st.dictionaries(st.sampled_from(["keyspace", "type", "name", "cql_stmt"]), json_values)))
def test_a_schema_of_any_shape_is_read_or_refused(rows: list[dict[str, object]]) -> None:
    try:
        views = views_of(read_schema(gzip.compress(msgspec.json.encode(rows)), path="p"))
    except BackupError:
        return
    assert len(views) <= 2 * len(rows)
