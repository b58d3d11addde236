"""Names and paths: what is made is read back, and nothing hostile passes."""

import string
from datetime import UTC
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from tests.support.backups import COMPONENTS

from scylla_restore.engine.backup.layout import ManifestPath, SchemaKind, SchemaPath, SSTableDirectory
from scylla_restore.engine.backup.sstable import component_names, group_sstables
from scylla_restore.engine.backup.versions import choose_versions, split_version
from scylla_restore.engine.core.location import parse_location
from scylla_restore.engine.core.snapshot_tag import snapshot_tag, snapshot_time
from scylla_restore.engine.errors import BackupError, TargetError
from scylla_restore.events.model.locations import SSTableShape

BASE36 = string.digits + string.ascii_lowercase
uuids = st.uuids().map(str)
tags = st.datetimes(timezones=st.just(UTC)).map(snapshot_tag)
segments = st.text(
    alphabet=st.characters(exclude_characters="/\\", categories=("L", "N", "P", "S")), min_size=1, max_size=50
).filter(lambda text: text not in {".", ".."} and text.isprintable())
table_ids = st.text(alphabet="0123456789abcdef", min_size=32, max_size=32)
integer_ids = st.integers(min_value=0, max_value=2**63).map(str)
uuid_ids = st.builds(
    "{}_{}_{}".format,
    st.text(BASE36, min_size=4, max_size=4),
    st.text(BASE36, min_size=4, max_size=4),
    st.text(BASE36, min_size=18, max_size=18),
)
shapes = st.builds(
    SSTableShape,
    version=st.sampled_from(["la", "mc", "md", "me", "ms", "mt"]),
    format=st.sampled_from(["big", "bti"]),
    components=st.sets(st.sampled_from(COMPONENTS)).map(
        lambda some: tuple(sorted(some | {"Data.db", "TOC.txt"}))
    ),
)


@given(
    st.builds(
        ManifestPath,
        cluster_id=uuids,
        dc=segments,
        node_id=segments,
        task_id=uuids,
        snapshot_tag=tags,
        temporary=st.booleans(),
    )
)
def test_every_manifest_path_is_read_back(path: ManifestPath) -> None:
    assert ManifestPath.parse(path.path) == path


@given(
    st.builds(
        SchemaPath, cluster_id=uuids, task_id=uuids, snapshot_tag=tags, kind=st.sampled_from(SchemaKind)
    )
)
def test_every_schema_path_is_read_back(path: SchemaPath) -> None:
    assert SchemaPath.parse(path.path) == path


@given(
    st.builds(
        SSTableDirectory,
        cluster_id=uuids,
        dc=segments,
        node_id=segments,
        keyspace=segments,
        table=segments,
        version=table_ids,
    )
)
def test_every_sstable_directory_is_read_back(directory: SSTableDirectory) -> None:
    assert SSTableDirectory.parse(directory.path) == directory


@given(st.text() | st.lists(segments).map("/".join))
def test_any_text_is_a_path_that_is_written_the_same_or_none_at_all(text: str) -> None:
    for kind in (ManifestPath, SchemaPath, SSTableDirectory):
        parsed = kind.parse(text)
        assert parsed is None or parsed.path == text


@given(st.dictionaries(integer_ids | uuid_ids, shapes, max_size=12), st.randoms(use_true_random=False))
def test_sstables_are_found_again_however_their_files_are_shuffled(
    shape_of: dict[str, SSTableShape], random: Random
) -> None:
    names = [name for own, shape in shape_of.items() for name in component_names(shape, own, "ks", "t")]
    random.shuffle(names)
    found = group_sstables(names, keyspace="ks", table="t", what="w")
    read = {own: found.shapes[shape] for own, shape in zip(found.ids, found.shape_of, strict=True)}
    assert read == shape_of


@given(st.lists(st.text() | st.from_regex(r"me-.*-big-.*"), max_size=5))
def test_names_that_pass_are_safe_and_made_again_to_the_letter(names: list[str]) -> None:
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
    assert all(set(name) <= set(string.ascii_letters + string.digits + "_.$-") for name in names)


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.sets(tags)), tags)
def test_a_chosen_version_is_the_oldest_that_is_newer(versions: dict[str, set[str]], restored: str) -> None:
    listing = {f"{name}.{tag}": 1 for name, own in versions.items() for tag in own} | {"a": 0}
    chosen = choose_versions(listing, restored)
    for name, own in versions.items():
        newer = sorted(tag for tag in own if tag > restored)
        assert chosen.tags.get(name) == (newer[0] if newer else None)
        assert (name in chosen.sizes) == (bool(newer) or name == "a")


@given(segments, tags)
def test_a_tag_behind_a_name_is_split_off_again(name: str, tag: str) -> None:
    assert split_version(f"{name}.{tag}") == (name, tag)


@given(tags)
def test_every_tag_is_a_moment_and_back(tag: str) -> None:
    assert snapshot_tag(snapshot_time(tag)) == tag


@given(st.text())
def test_any_text_is_a_location_that_is_written_the_same_or_refused(text: str) -> None:
    try:
        location = parse_location(text)
    except TargetError:
        return
    assert str(location) == text
