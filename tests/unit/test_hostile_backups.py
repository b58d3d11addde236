"""Backups that lie: each is refused with an error that names the object, and nothing of it is indexed to the end."""

import gzip
from collections.abc import Callable

import msgspec
import pytest
from tests.support.bucket import TABLE_ID, TAG, Bucket, backup, indexing, manifest_path, opening, packed
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors.letters import LocationLetter
from scylla_restore.actors.location import LocationActorLetter, spawn_location
from scylla_restore.actors.runtime import Address
from scylla_restore.engine.backup.compressed import COMPRESSED_LIMIT_BYTES
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.locations import DirectoryIndexed, LocationFailed, LocationIndexed

MANIFEST = manifest_path(0).path
DIRECTORY = f"/keyspace/ks/table/t/{TABLE_ID}"
FILES = ["me-1-big-Data.db", "me-1-big-TOC.txt"]


def told(bucket: Bucket, letter: LocationLetter) -> tuple[list[AnyEvent], LocationFailed]:
    runtime = SteppingRuntime()
    events: list[AnyEvent] = []
    crashes: list[BaseException] = []
    actor: Address[LocationActorLetter] = spawn_location(
        runtime,
        location="s3:backups",
        open_store=lambda _where, _via: bucket,
        report=events.append,
        on_crash=lambda _name, error: crashes.append(error),
    )
    actor.tell(letter)
    runtime.run()
    assert not crashes
    *before, last = events
    assert isinstance(last, LocationFailed)
    assert not any(isinstance(event, LocationIndexed) for event in before)
    return before, last


def with_entry(**changes: object) -> Bucket:
    """A backup of one node, one table and one SSTable, whose manifest says what it should not."""
    bucket = backup(nodes=1, tables=("t",), sstables=2)
    entry = {"keyspace": "ks", "table": "t", "version": TABLE_ID, "files": FILES, "size": 11, **changes}
    bucket.objects[MANIFEST] = packed({"cluster_name": "old", "index": [entry]})
    return bucket


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd",
        "me-1-big-../../../etc/passwd",
        "me-1-big-..",
        "/etc/passwd",
        "me-1-big-Data.db/../../x",
        "me-..-big-Data.db",
        "me-1-big-Da\x00ta.db",
        "me-1-big-Data.db\n",
        "me-1-big-\x1b[2JData.db",
        "me-1-big-Data\u202e.db",
        "",
        "x" * 5000,
    ],
)
def test_a_file_name_that_is_none_of_an_sstables_is_refused(name: str) -> None:
    before, failed = told(with_entry(files=[*FILES, name], size=0), indexing(with_entry()))
    assert failed.failure.cause is Cause.INCOMPLETE
    assert DIRECTORY in failed.failure.message
    assert failed.failure.message.isprintable()
    assert not any(isinstance(event, DirectoryIndexed) for event in before)


@pytest.mark.parametrize(
    "changes",
    [
        {"keyspace": "../system"},
        {"table": "t/../../x"},
        {"table": "t\x1b[2J"},
        {"keyspace": ""},
        {"version": "../" * 10},
        {"version": TABLE_ID.upper()},
    ],
)
def test_a_table_that_leads_elsewhere_is_refused(changes: dict[str, object]) -> None:
    _, failed = told(with_entry(**changes), indexing(with_entry()))
    assert MANIFEST in failed.failure.message
    assert "impossible table" in failed.failure.message
    assert failed.failure.message.isprintable()


@pytest.mark.parametrize(
    "content",
    [
        b"not gzip",
        b"",
        gzip.compress(b"not json", mtime=0),
        gzip.compress(b"[]", mtime=0),
        gzip.compress(b"{}", mtime=0),
        gzip.compress(b'{"index": {}}', mtime=0),
        gzip.compress(b'{"index": [{"keyspace": 1, "table": "t", "version": ""}]}', mtime=0),
        gzip.compress(b'{"index": [], "size": -1}', mtime=0),
        gzip.compress(b'{"index": [' + b"[" * 100_000, mtime=0),
        gzip.compress(b'{"index": [{"keyspace": "\xff"}]}', mtime=0),
        gzip.compress(b'{"version": "v2", "index": []}', mtime=0)[:-9],
        gzip.compress(b'{"index": []}', mtime=0) + b"rubbish",
    ],
)
def test_a_manifest_that_is_none_is_refused(content: bytes) -> None:
    bucket = with_entry()
    bucket.objects[MANIFEST] = content
    before, failed = told(bucket, indexing(bucket))
    assert failed.failure.cause is Cause.INCOMPLETE
    assert MANIFEST in failed.failure.message
    assert not before


@pytest.mark.parametrize("zeros", [b" ", b"\x00"])
def test_a_manifest_that_unpacks_without_end_is_refused_early(zeros: bytes) -> None:
    bucket = with_entry()
    bucket.objects[MANIFEST] = gzip.compress(b'{"index": [' + zeros * (256 * 1024 * 1024), compresslevel=1)
    _, failed = told(bucket, indexing(bucket))
    assert f"{MANIFEST} unpacks to more than 200 times its size" in failed.failure.message


def test_a_manifest_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[int] = []
    bucket = with_entry()

    def read(_key: str, *, limit_bytes: int) -> bytes:
        limits.append(limit_bytes)
        return bucket.objects[MANIFEST]

    monkeypatch.setattr(bucket, "read", read)
    told(bucket, indexing(bucket, ("ks:other",)))
    assert limits[-1] == COMPRESSED_LIMIT_BYTES


@pytest.mark.parametrize("files", ["text", 5, {"a": 1}, [1, 2], [["a"]], [None]])
def test_a_list_of_files_that_is_none_is_refused(files: object) -> None:
    _, failed = told(with_entry(files=files), indexing(with_entry()))
    assert f"{MANIFEST}: the list of files of ks.t cannot be read" in failed.failure.message


@pytest.mark.parametrize("size", [-1, "11", 1.5, None, 2**53 + 1, 2**70])
def test_a_size_that_cannot_be_is_refused(size: object) -> None:
    _, failed = told(with_entry(size=size), indexing(with_entry()))
    assert MANIFEST in failed.failure.message


@pytest.mark.parametrize("size", [-1, 2**53 + 1, 10**30])
def test_a_listed_size_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    bucket = with_entry(size=0)
    monkeypatch.setattr(bucket, "pages", lambda *_, **__: iter([{FILES[0]: 10, FILES[1]: size}]))
    _, failed = told(bucket, indexing(bucket))
    words = f"{DIRECTORY}/me-1-big-TOC.txt is listed with an impossible size of {size}"
    assert words in failed.failure.message


@pytest.mark.parametrize("size", [1, 12, 2**53])
def test_sizes_that_do_not_add_up_are_refused(size: int) -> None:
    before, failed = told(with_entry(size=size), indexing(with_entry()))
    assert f"have 11 bytes, but its manifest says {size}" in failed.failure.message
    assert DIRECTORY in failed.failure.message
    assert not any(isinstance(event, DirectoryIndexed) for event in before)


def test_an_sstable_that_is_there_twice_is_refused() -> None:
    _, failed = told(with_entry(files=[*FILES, *FILES], size=0), indexing(with_entry()))
    assert f"{DIRECTORY}: SSTable 1 is not whole: a file of it is listed twice" in failed.failure.message


def test_a_table_that_is_there_twice_is_refused() -> None:
    bucket = with_entry()
    entry = {"keyspace": "ks", "table": "t", "version": TABLE_ID, "files": FILES}
    bucket.objects[MANIFEST] = packed({"index": [entry, entry]})
    _, failed = told(bucket, indexing(bucket))
    assert f"{MANIFEST} lists table ks.t with id {TABLE_ID} twice" in failed.failure.message


def test_a_file_that_the_listing_lacks_is_named() -> None:
    bucket = with_entry(files=[*FILES, "me-1-big-Index.db"], size=0)
    _, failed = told(bucket, indexing(bucket))
    assert f"{DIRECTORY}/me-1-big-Index.db is missing" in failed.failure.message


@pytest.mark.parametrize(
    "move",
    [
        lambda path: path.replace("/node/node-0", "/node/.."),
        lambda path: path.replace("/dc/dc1", "/dc/d\x01c"),
        lambda path: path.replace("/node/node-0", "/node/node-0/more"),
        lambda path: path.replace("/cluster/", "/cluster/x"),
    ],
)
def test_a_manifest_of_the_snapshot_that_lies_where_none_can_is_refused(move: Callable[[str], str]) -> None:
    bucket = backup(nodes=2)
    bucket.objects[move(MANIFEST)] = bucket.objects.pop(MANIFEST)
    _, failed = told(bucket, opening())
    assert f"is named as a manifest of snapshot {TAG}, but its path is not" in failed.failure.message
    assert failed.failure.message.isprintable()


def test_what_lies_beside_manifests_and_is_none_does_no_harm() -> None:
    bucket = backup(nodes=1)
    for key in ("backup/meta/README", f"{MANIFEST}.bak", MANIFEST.replace(TAG, "sm_20200102030405UTC")):
        bucket.objects[key] = b""
    bucket.objects["backup/meta/x/task_1_tag_sm_20200102030405UTC_manifest.json.gz"] = b""
    command = indexing(backup(nodes=1), ("ks:other",))
    assert (
        "which the cluster does not have" in told(bucket, msgspec.structs.replace(command))[1].failure.message
    )
