"""However names come and a listing is cut, an index holds what a reading file by file would."""

import re
from collections.abc import Iterable, Iterator
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.backups import COMPONENTS, TABLE_ID, TAG, manifest_path

from scylla_restore.engine.backup.directory import (
    DirectoryPart,
    DirectoryPlan,
    Page,
    index_part,
    plan_directory,
)
from scylla_restore.engine.backup.manifest import IndexEntry
from scylla_restore.engine.backup.sstable import group_sstables
from scylla_restore.engine.core.sstable_names import component_names
from scylla_restore.engine.errors import BackupError

OLDER, NEWER, NEWEST = "sm_20240101000004UTC", "sm_20260101000004UTC", "sm_20260201000004UTC"
uuid_ids = st.from_regex(r"[0-9a-z]{4}_[0-9a-z]{4}_[0-9a-z]{18}", fullmatch=True)
integer_ids = st.integers(min_value=0, max_value=300).map(str)
shapes = st.tuples(
    st.sampled_from(["mc", "me", "ms"]),
    st.sets(st.sampled_from(COMPONENTS)).map(lambda some: tuple(sorted(some | {"Data.db", "TOC.txt"}))),
)
strangers = st.sampled_from(
    [f"tag_{TAG}_node_n_manifest.json", "me-zz-big-Data.db", "mf", "a", "zz", "me-5-big-T", "me-"]
)
versions = st.sets(st.sampled_from([OLDER, TAG, NEWER, NEWEST]), min_size=1)
SIZES = st.integers(min_value=0, max_value=1_000)

Files = dict[str, tuple[str, ...]]
"""Names of files by the id of their SSTable."""


@st.composite
def directories(draw: st.DrawFn) -> Files:
    some_shapes = draw(st.lists(shapes, min_size=1, max_size=2))
    ids = draw(st.sets(uuid_ids if draw(st.booleans()) else uuid_ids | integer_ids, min_size=1, max_size=30))
    return {
        own: tuple(f"{version}-{own}-big-{component}" for component in components)
        for own in sorted(ids)
        for version, components in [draw(st.sampled_from(some_shapes))]
    }


@st.composite
def listed(draw: st.DrawFn, files: Files) -> tuple[dict[str, int], dict[str, int]]:
    """Sizes of all that a directory lists, and of the snapshot's files by their plain names."""
    right = {name: draw(SIZES) for names in files.values() for name in names}
    everything = dict(right)
    for name in draw(st.lists(strangers, max_size=3)):
        everything.setdefault(name, draw(SIZES))
    overwritten = [name for own, names in files.items() if own.isdecimal() for name in names]
    if overwritten:
        for name in draw(st.lists(st.sampled_from(overwritten), max_size=3, unique=True)):
            newer = {tag: draw(SIZES) for tag in draw(versions)}
            everything |= {f"{name}.{tag}": size for tag, size in newer.items()}
            right[name] = next((newer[tag] for tag in (NEWER, NEWEST) if tag in newer), everything[name])
    return everything, right


def plan_of(names: Iterable[str]) -> DirectoryPlan:
    files = msgspec.Raw(msgspec.json.encode(list(names)))
    entry = IndexEntry(keyspace="ks", table="t", version=TABLE_ID, files=files)
    return plan_directory(entry, manifest=manifest_path(), location="s3:b")


def indexed(parts: Iterable[DirectoryPart], everything: dict[str, int], page_size: int) -> dict[str, int]:
    def listing(after: str, until: str) -> Iterator[Page]:
        names = [name for name in sorted(everything) if name > after and (not until or name <= until)]
        for start in range(0, len(names), page_size):
            yield {name: everything[name] for name in names[start : start + page_size]}

    found: dict[str, int] = {}
    for part in parts:
        for event in index_part(part, listing):
            assert not found.keys() & set(event.ids)
            found |= dict(zip(event.ids, event.sizes, strict=True))
    return found


def named(names: list[str]) -> Files:
    found = group_sstables(names, keyspace="ks", table="t", what="d")
    return {
        own: tuple(component_names(found.shapes[shape], own, "ks", "t"))
        for own, shape in zip(found.ids, found.shape_of, strict=True)
    }


@given(directories(), st.randoms(use_true_random=False))
def test_names_make_up_the_same_sstables_in_any_order(files: Files, random: Random) -> None:
    names = [name for own in files.values() for name in own]
    assert named(names) == files
    random.shuffle(names)
    assert named(names) == files


@given(st.data(), directories(), st.integers(1, 40), st.integers(1, 60))
def test_an_index_is_the_same_by_any_pages_and_parts(
    data: st.DataObject, files: Files, page_size: int, part_size: int
) -> None:
    everything, right = data.draw(listed(files))
    plan = plan_of(name for names in files.values() for name in names)
    expected = {own: sum(right[name] for name in names) for own, names in files.items()}
    assert indexed([plan.whole], everything, page_size) == expected
    assert indexed(plan.parts(part_size), everything, page_size) == expected


@given(st.data(), directories(), st.integers(1, 40), st.integers(1, 60))
def test_a_file_that_is_not_listed_is_named_by_any_pages_and_parts(
    data: st.DataObject, files: Files, page_size: int, part_size: int
) -> None:
    plan = plan_of(name for names in files.values() for name in names)
    everything = dict.fromkeys((name for names in files.values() for name in names), 1)
    gone = data.draw(st.sampled_from(sorted(everything)))
    del everything[gone]
    for parts in ([plan.whole], plan.parts(part_size)):
        with pytest.raises(BackupError, match=re.escape(f"{TABLE_ID}/{gone} is missing")):
            indexed(parts, everything, page_size)
