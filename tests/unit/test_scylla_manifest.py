"""What Scylla's own manifest notes takes the place of a listing where it can, and changes nothing where it cannot."""

from collections.abc import Callable

import msgspec
import pytest
from tests.support.bucket import TABLE_ID, TAG, Bucket, backup, indexing, manifest_path, packed
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors.location import LocationActorLetter, spawn_location
from scylla_restore.actors.runtime import Address
from scylla_restore.engine.backup.layout import snapshot_manifest_name
from scylla_restore.engine.core.state.workload import Workload
from scylla_restore.engine.errors import ObjectTooLarge, StorageDenied, StorageError
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.locations import DirectoryIndexed, LocationFailed, LocationIndexed

DIRECTORY = next(iter(backup(nodes=1, tables=("t",), sstables=1).objects)).rpartition("/")[0]
NODE = manifest_path(0).node_id
NAME = snapshot_manifest_name(TAG, NODE)
TABLE = f"{TABLE_ID[:8]}-{TABLE_ID[8:12]}-{TABLE_ID[12:16]}-{TABLE_ID[16:20]}-{TABLE_ID[20:]}"
SIZES = {"Data.db": 20, "Index.db": 4, "TOC.txt": 5}
MANY = Bucket().files_per_page // len(SIZES) + 1
UUIDS = tuple(f"{number:04d}_0000_000000000000000000" for number in range(MANY))

Json = dict[str, object]
Change = Callable[[Json], object]


def note(sstable: str, number: int) -> Json:
    tokens = {"first_token": -number, "last_token": number * number}
    return {"toc_name": f"me-{sstable}-big-TOC.txt", "data_size": 20, "index_size": 4, "id": "…", **tokens}


def scylla_manifest(ids: tuple[str, ...]) -> Json:
    return {
        "manifest": {"version": "1.0", "scope": "node"},
        "node": {"host_id": NODE, "rack": "r1"},
        "snapshot": {"name": TAG, "created_at": 1},
        "table": {"table_id": TABLE, "tablet_count": 0},
        "sstables": [note(own, number) for number, own in enumerate(reversed(ids))],
    }


def bucket_of(
    ids: tuple[str, ...] = UUIDS, *, document: object = None, more: int = 0, **entry: object
) -> Bucket:
    """A backup of one table, whose files have no content: only a listing would tell that they lack something."""
    bucket = backup(nodes=1, tables=())
    names = [f"me-{own}-big-{component}" for own in ids for component in SIZES]
    bucket.objects |= {f"{DIRECTORY}/{name}": b"x" * SIZES[name.rpartition("-")[2]] for name in names}
    size = len(ids) * sum(SIZES.values()) + more
    entry = {"version": TABLE_ID, "files": names, "size": size, "scylla_manifests": [NAME], **entry}
    bucket.objects[manifest_path(0).path] = packed({"index": [{"keyspace": "ks", "table": "t", **entry}]})
    said = scylla_manifest(ids) if document is None else document
    content = said if isinstance(said, bytes) else msgspec.json.encode(said)
    bucket.objects[f"{DIRECTORY}/{NAME}"] = content
    return bucket


def index(bucket: Bucket) -> list[AnyEvent]:
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


def indexed(bucket: Bucket) -> DirectoryIndexed:
    *_, event, last = index(bucket)
    assert isinstance(last, LocationIndexed)
    assert isinstance(event, DirectoryIndexed)
    assert last.size == sum(event.sizes) == len(event.ids) * sum(SIZES.values())
    return event


def test_sizes_and_tokens_are_those_that_scylla_has_noted_and_nothing_is_listed() -> None:
    bucket = bucket_of()
    event = indexed(bucket)
    assert bucket.listed == []
    assert event.ids == UUIDS
    assert set(event.data_sizes) == {20}
    assert event.first_tokens == tuple(range(1 - MANY, 1))
    assert event.last_tokens == tuple(number * number for number in reversed(range(MANY)))


def test_what_is_not_noted_is_shared_out_so_that_the_sum_is_the_manifests() -> None:
    *_, event, last = index(bucket_of(more=MANY + 2))
    assert isinstance(event, DirectoryIndexed)
    assert isinstance(last, LocationIndexed)
    assert (event.sizes[:3], set(event.sizes[2:])) == ((31, 31, 30), {30})
    assert sum(event.sizes) == last.size == MANY * 30 + 2


def test_a_few_files_are_listed_since_that_takes_no_longer() -> None:
    event = indexed(bucket_of(UUIDS[:-1]))
    assert (len(event.ids), event.data_sizes) == (MANY - 1, ())


def test_files_that_may_have_versions_are_listed() -> None:
    event = indexed(bucket_of((*UUIDS, "17")))
    assert (len(event.ids), event.data_sizes) == (MANY + 1, ())


@pytest.mark.parametrize("names", [None, [], [f"../../{NAME}"], ["manifest.json"]])
def test_a_manifest_that_the_entry_does_not_name_is_not_read(names: object) -> None:
    assert indexed(bucket_of(scylla_manifests=names)).data_sizes == ()


def without_one(document: Json) -> object:
    return document | {"sstables": [note(own, 1) for own in UUIDS[1:]]}


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"",
        lambda _: b"\xff\x00",
        lambda _: b"[" * 100_000,
        lambda _: [],
        lambda _: {"files": ["me-1-big-Data.db"]},
        lambda document: document | {"sstables": {}},
        lambda document: document | {"sstables": []},
        without_one,
        lambda document: document | {"sstables": [note(own, 1) for own in (*UUIDS, "more")]},
        lambda document: document | {"sstables": [note(own, 1) for own in (*UUIDS[1:], UUIDS[1])]},
        lambda document: document | {"sstables": [note(own, 1) for own in (*UUIDS[1:], "other")]},
        lambda document: document | {"sstables": [note(own, 1) | {"data_size": -1} for own in UUIDS]},
        lambda document: document | {"sstables": [note(own, 1) | {"data_size": 2**63} for own in UUIDS]},
        lambda document: document | {"sstables": [note(own, 1) | {"data_size": 30} for own in UUIDS]},
        lambda document: document | {"sstables": [note(own, 1) | {"first_token": 2**64} for own in UUIDS]},
        lambda document: document | {"node": {"host_id": "another"}},
        lambda document: document | {"snapshot": {"name": "sm_20200102030405UTC"}},
        lambda document: document | {"table": {"table_id": TABLE.replace("0", "1")}},
    ],
)
def test_a_manifest_that_does_not_fit_is_as_if_it_were_not_there(change: Change) -> None:
    assert indexed(bucket_of(document=change(scylla_manifest(UUIDS)))).data_sizes == ()


@pytest.mark.parametrize("absent", ["manifest", "node", "snapshot", "table"])
def test_fields_that_say_nothing_of_sstables_may_be_absent(absent: str) -> None:
    document = scylla_manifest(UUIDS)
    del document[absent]
    assert indexed(bucket_of(document=document)).data_sizes


def test_tokens_may_be_absent() -> None:
    bare = [{"toc_name": f"me-{own}-big-TOC.txt", "data_size": 20} for own in UUIDS]
    event = indexed(bucket_of(document={"sstables": bare}))
    assert (set(event.data_sizes), event.first_tokens, event.last_tokens) == ({20}, (), ())


def test_a_manifest_that_is_gone_is_as_if_it_had_never_been() -> None:
    bucket = bucket_of()
    del bucket.objects[f"{DIRECTORY}/{NAME}"]
    assert indexed(bucket).data_sizes == ()


@pytest.mark.parametrize("kind", [StorageDenied, ObjectTooLarge])
def test_a_manifest_that_cannot_be_had_is_as_if_it_were_not_there(
    kind: type[StorageError], monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, read = bucket_of(), Bucket.read

    def refuse(self: Bucket, key: str, *, limit_bytes: int) -> bytes:
        if key.endswith(NAME):
            raise kind("no", location="s3:backups")
        return read(self, key, limit_bytes=limit_bytes)

    monkeypatch.setattr(Bucket, "read", refuse)
    assert indexed(bucket).data_sizes == ()


def test_where_the_listing_decides_it_still_finds_what_is_missing() -> None:
    bucket = bucket_of(document=without_one(scylla_manifest(UUIDS)))
    del bucket.objects[f"{DIRECTORY}/me-{UUIDS[0]}-big-Index.db"]
    last = index(bucket)[-1]
    assert isinstance(last, LocationFailed)
    assert f"me-{UUIDS[0]}-big-Index.db is missing" in last.failure.message


def test_the_exact_sizes_stay_with_their_sstables_when_these_are_sorted() -> None:
    notes = [note(own, 1) | {"data_size": number % 7} for number, own in enumerate(UUIDS)]
    made = Workload()
    made.add(indexed(bucket_of(document={"sstables": notes})))
    made.close_location("s3:backups")
    (directory,) = made.directories.values()
    assert directory.ids != list(UUIDS)
    assert directory.data_sizes == [UUIDS.index(own) % 7 for own in directory.ids]
