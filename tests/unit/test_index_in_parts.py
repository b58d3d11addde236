"""Large directories are listed in parts, and little of a backup is in memory at one time."""

import msgspec
import pytest
from tests.support.bucket import TABLE_ID, Bucket, backup, indexing, manifest_path, packed
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors import errands
from scylla_restore.actors.errands import (
    DIRECTORIES_PER_STEP,
    MANIFESTS_IN_HAND,
    NAMES_PER_STEP_BYTES,
    Indexing,
)
from scylla_restore.actors.location import LocationActorLetter, spawn_location
from scylla_restore.actors.procedures.index import DirectoryTask, DirectoryTotals, ManifestContents
from scylla_restore.actors.runtime import Address
from scylla_restore.engine.backup.directory import FILES_PER_PART
from scylla_restore.engine.backup.manifest import IndexEntry
from scylla_restore.engine.core.table_name import TableName
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.locations import DirectoryIndexed, LocationFailed, LocationIndexed

SSTABLES = FILES_PER_PART + 5
NEWER = "sm_20270102030405UTC"
DIRECTORY = next(iter(backup(nodes=1, tables=("t",), sstables=1).objects)).rpartition("/")[0]
IDS = tuple(f"{number:05d}_000_000000000000000000" for number in range(SSTABLES))


def large(*, size: int = SSTABLES * 11) -> Bucket:
    """A bucket with one directory whose listing falls into three parts."""
    bucket = backup(nodes=1, tables=())
    names = [f"me-{own}-big-{component}" for own in reversed(IDS) for component in ("Data.db", "TOC.txt")]
    where = f"{DIRECTORY}/"
    bucket.objects |= {f"{where}{name}": b"0123456789" if "Data" in name else b"0" for name in names}
    entry = {"keyspace": "ks", "table": "t", "version": TABLE_ID, "files": names, "size": size}
    bucket.objects[manifest_path(0).path] = packed({"index": [entry]})
    bucket.page_size = 1_000
    return bucket


def contents(path: str, *weights: int) -> ManifestContents:
    """A manifest that leads to directories whose lists of files are so many bytes long."""
    tasks = (
        DirectoryTask(
            path,
            manifest_path(0),
            IndexEntry(keyspace="ks", table="t", version=TABLE_ID, files=msgspec.Raw(b" " * weight)),
            TableName("ks", "t"),
        )
        for weight in weights
    )
    return ManifestContents(path, tuple(tasks), ())


def begun(manifests: int) -> Indexing:
    """An index whose manifests, ``m0`` and so on, are to be read next."""
    command = msgspec.structs.replace(indexing(Bucket()), manifests=tuple(f"m{n}" for n in range(manifests)))
    errand = Indexing(command)
    assert errand.next_step() is not None
    assert errand.next_step() is None, "views decide what is restored"
    errand.take(frozenset())
    return errand


def steps(errand: Indexing) -> int:
    """How many steps can be taken side by side."""
    return sum(1 for _ in iter(errand.next_step, None))


def told(bucket: Bucket) -> list[AnyEvent]:
    runtime = SteppingRuntime()
    events: list[AnyEvent] = []
    actor: Address[LocationActorLetter] = spawn_location(
        runtime,
        location="s3:backups",
        open_store=lambda _where, _via: bucket,
        report=events.append,
        on_crash=lambda _name, error: pytest.fail(str(error)),
    )
    actor.tell(indexing(bucket))
    runtime.run()
    return events


def test_parts_of_a_large_directory_are_listed_by_themselves() -> None:
    bucket = large()
    *events, last = told(bucket)
    parts = [event for event in events if isinstance(event, DirectoryIndexed)]
    assert [len(part.ids) for part in parts] == [FILES_PER_PART // 2, FILES_PER_PART // 2, 5]
    assert tuple(own for part in parts for own in part.ids) == IDS
    assert {part.directory for part in parts} == {parts[0].directory}
    assert bucket.listed == [FILES_PER_PART, FILES_PER_PART, 10]
    assert last == LocationIndexed(
        location="s3:backups", directories=1, sstables=SSTABLES, size=SSTABLES * 11, skipped=()
    )


def test_an_older_copy_of_a_part_s_last_file_is_listed_with_that_part() -> None:
    bucket = large(size=0)
    last_of_first = f"{DIRECTORY}/me-{IDS[FILES_PER_PART // 2 - 1]}-big-TOC.txt"
    bucket.objects[f"{last_of_first}.{NEWER}"] = b"0123"
    first, *_ = [event for event in told(bucket) if isinstance(event, DirectoryIndexed)]
    assert first.suffixes == {IDS[FILES_PER_PART // 2 - 1]: {"TOC.txt": NEWER}}
    assert first.sizes[-1] == 14


def test_a_store_that_lists_from_the_start_only_is_asked_once() -> None:
    bucket = large()
    bucket.lists_ranges = False
    *_, last = told(bucket)
    assert bucket.listed == [2 * SSTABLES]
    assert isinstance(last, LocationIndexed)
    assert last.sstables == SSTABLES


def test_sizes_of_all_parts_together_have_to_make_up_what_the_manifest_says() -> None:
    *_, last = told(large(size=SSTABLES * 11 + 1))
    assert isinstance(last, LocationFailed)
    assert f"have {SSTABLES * 11} bytes, but its manifest says {SSTABLES * 11 + 1}" in last.failure.message


def test_only_so_many_manifests_are_in_memory_at_one_time() -> None:
    errand = begun(5)
    assert steps(errand) == MANIFESTS_IN_HAND
    first = contents("m0", 1, 1)
    errand.take(first)
    assert steps(errand) == 2, "its directories"
    errand.take((DirectoryTotals(first.directories[0], 1, 1),))
    assert steps(errand) == 0, "the manifest is still needed"
    errand.take((DirectoryTotals(first.directories[1], 1, 1),))
    assert steps(errand) == 1, "another manifest"
    errand.take(contents("m1"))
    assert steps(errand) == 1, "a manifest without directories is forgotten at once"


def test_small_directories_are_listed_a_few_at_a_time_and_fewer_towards_the_end() -> None:
    errand = begun(1)
    assert steps(errand) == 1
    errand.take(contents("m0", *[1] * 320))
    assert 32 + (320 - 32) // DIRECTORIES_PER_STEP < steps(errand) < 320 // 3
    larger = begun(1)
    assert steps(larger) == 1
    larger.take(contents("m0", *[NAMES_PER_STEP_BYTES // 2 + 1] * 320))
    assert steps(larger) == 320, "each is enough for a step"


def test_only_so_many_names_are_listed_at_one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "NAMES_IN_HAND_BYTES", 10)
    errand = begun(1)
    assert steps(errand) == 1
    directories = contents("m0", 6, 4, 1, 50, 1)
    errand.take(directories)
    assert steps(errand) == 2
    six, four, one, large, _ = directories.directories
    errand.take((DirectoryTotals(four, 1, 1),))
    assert steps(errand) == 1
    errand.take((DirectoryTotals(six, 1, 1),))
    assert steps(errand) == 0, "a larger one has to be alone"
    errand.take((DirectoryTotals(one, 1, 1),))
    assert steps(errand) == 1
    errand.take((DirectoryTotals(large, 1, 1),))
    assert steps(errand) == 1
