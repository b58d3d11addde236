"""From a manifest's entry and a listing to events."""

from hashlib import sha256

import pytest
from tests.support.backups import (
    COMPONENTS,
    NODE,
    TAG,
    UUID_ID,
    index_entry,
    index_entry_of,
    manifest_bytes,
    manifest_path,
    sstable_files,
)

from scylla_restore.engine.backup import directory
from scylla_restore.engine.backup.directory import directory_of
from scylla_restore.engine.backup.manifest import read_manifest
from scylla_restore.engine.errors import BackupError
from scylla_restore.events.model.locations import DirectoryIndexed, SSTableShape

NEWER = "sm_20250101000005UTC"
OLDER = TAG
SHAPE = SSTableShape(version="me", format="big", components=COMPONENTS)


def indexed(files: list[str], listing: dict[str, int]) -> list[DirectoryIndexed]:
    (entry,) = read_manifest(manifest_bytes(index_entry(files)), path="p").tables
    return index_entry_of(entry, listing, manifest=manifest_path())


def test_a_directory_is_packed_into_one_event() -> None:
    files = sstable_files(1, UUID_ID)
    (event,) = indexed(files, {**dict.fromkeys(files, 10), "me-1-big-Data.db": 1000, "foreign": 5})
    (entry,) = read_manifest(manifest_bytes(index_entry(files)), path="p").tables
    path = directory_of(entry, manifest_path()).path
    assert event == DirectoryIndexed(
        directory=sha256(f"s3:b/{path}".encode()).hexdigest()[:16],
        location="s3:b",
        path=path,
        dc="dc1",
        node_id=NODE,
        keyspace="ks",
        table="t",
        ids=("1", UUID_ID),
        sizes=(1080, 90),
        shapes=(SHAPE,),
    )


def test_versioned_components_are_recorded_with_their_tags_and_sizes() -> None:
    files = sstable_files(1, 2)
    listing = {**dict.fromkeys(files, 10), f"me-2-big-Data.db.{NEWER}": 500, f"me-1-big-Data.db.{OLDER}": 700}
    (event,) = indexed(files, listing)
    assert event.sizes == (90, 580)
    assert event.suffixes == {"2": {"Data.db": NEWER}}


def test_sstables_of_several_shapes_say_which_is_which() -> None:
    small = ["me-2-big-Data.db", "me-2-big-TOC.txt"]
    files = [*sstable_files(1), *small, *sstable_files(3)]
    (event,) = indexed(files, dict.fromkeys(files, 1))
    assert event.shape_of == (0, 1, 0)
    assert event.shapes[1].components == ("Data.db", "TOC.txt")


def test_a_large_directory_is_spread_over_events_that_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "SSTABLES_PER_EVENT", 2)
    files = [*sstable_files(1, 2, 3), "mc-4-big-Data.db", "mc-4-big-TOC.txt", *sstable_files(5)]
    listing = {**dict.fromkeys(files, 1), f"me-3-big-TOC.txt.{NEWER}": 2}
    events = indexed(files, listing)
    assert [event.ids for event in events] == [("1", "2"), ("3", "4"), ("5",)]
    assert [event.shape_of for event in events] == [(), (0, 1), ()]
    assert [len(event.shapes) for event in events] == [1, 2, 1]
    assert [event.suffixes for event in events] == [{}, {"3": {"TOC.txt": NEWER}}, {}]
    assert len({event.directory for event in events}) == 1


def test_an_entry_without_files_yields_nothing() -> None:
    assert indexed([], {"anything": 1}) == []


def test_a_file_that_is_not_listed_is_named() -> None:
    files = sstable_files(1)
    with pytest.raises(BackupError, match=r"/me-1-big-Index\.db is missing: .* does not list it"):
        indexed(files, dict.fromkeys([name for name in files if "Index" not in name], 1))


def test_a_file_of_which_only_older_copies_are_listed_is_named() -> None:
    files = sstable_files(1)
    listing = dict.fromkeys(files, 1)
    del listing["me-1-big-Data.db"]
    with pytest.raises(BackupError, match="only lists copies from before the snapshot"):
        indexed(files, {**listing, f"me-1-big-Data.db.{OLDER}": 1})


def test_a_negative_size_is_refused() -> None:
    files = sstable_files(1)
    with pytest.raises(BackupError, match=r"/me-1-big-TOC\.txt is listed with an impossible size of -1"):
        indexed(files, {**dict.fromkeys(files, 1), "me-1-big-TOC.txt": -1})
