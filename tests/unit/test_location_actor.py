"""A location is opened, indexed and verified by many lanes, and each failure ends in one event."""

from hashlib import sha256

import pytest
from tests.support.bucket import CLUSTER_ID, TASK_ID, WHERE, Bucket, backup, indexing, manifest_path, opening
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors.letters import LocationLetter
from scylla_restore.actors.location import LANES, LocationActorLetter, spawn_location
from scylla_restore.actors.runtime import Address
from scylla_restore.engine.core.commands import VerifyLocation
from scylla_restore.engine.errors import StorageDenied, StorageError, StorageUnavailable
from scylla_restore.engine.storage.port import ObjectStore
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.locations import (
    DirectoryIndexed,
    LocationAnswered,
    LocationFailed,
    LocationIndexed,
    LocationOpened,
    LocationUnanswered,
    LocationVerified,
    ManifestRead,
    SkippedTable,
)
from scylla_restore.events.model.target import BackupLocation, IndexVia


class Scene:
    """A location actor under the stepping runtime."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.runtime = SteppingRuntime()
        self.opened: list[tuple[BackupLocation, IndexVia]] = []
        self.events: list[AnyEvent] = []
        self.crashes: list[str] = []
        self.actor: Address[LocationActorLetter] = spawn_location(
            self.runtime,
            location="s3:backups",
            open_store=self.open_store,
            report=self.events.append,
            on_crash=lambda name, _error: self.crashes.append(name),
        )

    def open_store(self, where: BackupLocation, via: IndexVia) -> ObjectStore:
        self.opened.append((where, via))
        return self.bucket

    def tell(self, *letters: LocationLetter) -> list[AnyEvent]:
        told = len(self.events)
        for letter in letters:
            self.actor.tell(letter)
        self.runtime.run()
        return self.events[told:]

    def look(self) -> list[AnyEvent]:
        """Let the time of a look come, if there is to be one."""
        timers, self.runtime.timers = self.runtime.timers, []
        for _, action in timers:
            action()
        return self.tell()

    def failure(self, *letters: LocationLetter) -> LocationFailed:
        *_, last = self.tell(*letters)
        assert isinstance(last, LocationFailed)
        return last


def test_opening_finds_the_manifests_of_the_snapshot() -> None:
    bucket = backup(nodes=2)
    bucket.objects["backup/meta/cluster/x"] = b"something else"
    scene = Scene(bucket)
    manifests = (manifest_path(0).path, manifest_path(1, "dc2").path)
    assert scene.tell(opening()) == [
        LocationOpened(
            location="s3:backups",
            manifests=manifests,
            clusters=(CLUSTER_ID,),
            tasks=(TASK_ID,),
            dcs=("dc1", "dc2"),
        )
    ]
    assert scene.opened == [(WHERE, IndexVia.AUTO)]


def test_a_mapping_of_dcs_leaves_out_the_manifests_of_all_others() -> None:
    (event,) = Scene(backup()).tell(opening(dc_mapping=(("dc2", "eu"),)))
    assert isinstance(event, LocationOpened)
    assert event.manifests == (manifest_path(1, "dc2").path,)
    assert event.dcs == ("dc1", "dc2")


def test_the_only_location_has_to_hold_the_snapshot() -> None:
    event = Scene(backup()).failure(opening(snapshot_tag="sm_20200102030405UTC"))
    assert (event.failure.cause, event.exit_code) == (Cause.REFUSED, 2)
    assert "no snapshot sm_20200102030405UTC" in event.failure.message


def test_one_of_several_locations_need_not_hold_the_snapshot() -> None:
    other = BackupLocation(provider="s3", bucket="others")
    assert Scene(Bucket()).tell(opening(locations=(WHERE, other))) == [
        LocationOpened(location="s3:backups", manifests=())
    ]


def test_a_snapshot_that_was_not_finished_is_refused() -> None:
    bucket = backup()
    bucket.objects[manifest_path(9, temporary=True).path] = b""
    event = Scene(bucket).failure(opening())
    assert event.failure.cause is Cause.INCOMPLETE
    assert "node-9" in event.failure.message


def test_an_index_holds_every_sstable_of_the_restored_tables_and_says_what_is_skipped() -> None:
    bucket = backup(nodes=12, tables=("t", "mv", "u"), sstables=3)
    *events, last = Scene(bucket).tell(indexing(bucket, ("ks:t", "ks:u")))
    indexed = [event for event in events if isinstance(event, DirectoryIndexed)]
    assert {(event.node_id, event.table) for event in indexed} == {
        (f"node-{node}", table) for node in range(12) for table in ("t", "u")
    }
    assert {(event.ids, event.sizes) for event in indexed} == {(("0", "1", "2"), (11, 11, 11))}
    assert last == LocationIndexed(
        location="s3:backups",
        directories=24,
        sstables=72,
        size=72 * 11,
        skipped=(
            SkippedTable(
                keyspace="ks", table="mv", reason="a view is rebuilt from its base table, not restored"
            ),
        ),
    )


def test_each_manifest_is_recorded_with_its_hash() -> None:
    bucket = backup(nodes=1)
    read = [event for event in Scene(bucket).tell(indexing(bucket)) if isinstance(event, ManifestRead)]
    path = manifest_path(0).path
    assert read == [
        ManifestRead(
            location="s3:backups",
            path=path,
            sha256=sha256(bucket.objects[path]).hexdigest(),
            cluster_id=CLUSTER_ID,
            cluster_name="old",
            dc="dc1",
            node_id="node-0",
            tables=2,
            size=7,
        )
    ]


def test_a_location_without_manifests_has_an_empty_index() -> None:
    (event,) = Scene(Bucket()).tell(indexing(Bucket()))
    assert event == LocationIndexed(location="s3:backups", directories=0, sstables=0, size=0)


def test_a_backup_without_a_schema_knows_of_no_views() -> None:
    bucket = backup(nodes=1)
    bucket.objects = {key: data for key, data in bucket.objects.items() if "/schema/" not in key}
    *_, last = Scene(bucket).tell(indexing(bucket))
    assert isinstance(last, LocationIndexed)
    assert (last.directories, last.skipped) == (2, ())


def test_a_table_that_the_cluster_lacks_is_named_with_what_to_do() -> None:
    bucket = backup(nodes=1)
    event = Scene(bucket).failure(indexing(bucket, ("ks:other",)))
    assert event.exit_code == 2
    assert "ks.t" in event.failure.message
    assert "!ks.t" in str(event.failure.hint)


def test_a_file_missing_in_the_bucket_is_named_and_the_other_lanes_end() -> None:
    bucket = backup(nodes=12)
    key = next(key for key in bucket.objects if key.endswith("me-1-big-TOC.txt"))
    del bucket.objects[key]
    scene = Scene(bucket)
    event = scene.failure(indexing(bucket))
    assert event.failure.cause is Cause.INCOMPLETE
    assert "me-1-big-TOC.txt" in event.failure.message
    assert sum(isinstance(event, LocationFailed) for event in scene.events) == 1


def test_a_manifest_that_is_no_manifest_is_named() -> None:
    bucket = backup(nodes=1)
    bucket.objects[manifest_path(0).path] = b"not gzip"
    event = Scene(bucket).failure(indexing(bucket))
    assert event.failure.cause is Cause.INCOMPLETE
    assert manifest_path(0).path in event.failure.message


def test_a_store_that_is_away_for_a_moment_is_asked_again() -> None:
    bucket = backup()
    bucket.fail(StorageUnavailable("slow down", location="s3:backups"), times=3)
    (event,) = Scene(bucket).tell(opening())
    assert isinstance(event, LocationOpened)


def test_requests_that_have_to_be_made_again_are_told_while_they_are() -> None:
    bucket = backup()
    scene = Scene(bucket)
    bucket.fail(StorageUnavailable("slow down", location="s3:backups"), times=3)
    scene.tell(opening())
    told = [scene.look() for _ in range(3)]
    assert told == [
        [LocationUnanswered(location="s3:backups", retries=3)],
        [LocationAnswered(location="s3:backups")],
        [],
    ]
    assert not scene.runtime.timers


def test_a_store_is_looked_after_as_long_as_an_errand_lasts() -> None:
    scene = Scene(backup())
    scene.actor.tell(opening())
    while not scene.runtime.timers:
        scene.runtime._step()
    assert scene.look() == [scene.events[0]]
    assert isinstance(scene.events[0], LocationOpened)
    scene.tell(opening())
    assert len(scene.runtime.timers) == 1


@pytest.mark.parametrize(
    ("error", "cause", "exit_code"),
    [
        (StorageUnavailable("no answer", location="s3:backups"), Cause.UNREACHABLE, 1),
        (StorageDenied("access denied", location="s3:backups"), Cause.REFUSED, 2),
    ],
)
def test_a_store_that_does_not_answer_or_says_no_fails_the_location(
    error: StorageError, cause: Cause, exit_code: int
) -> None:
    bucket = backup()
    bucket.fail(error)
    event = Scene(bucket).failure(opening())
    assert (event.failure.cause, event.failure.message, event.exit_code) == (cause, error.message, exit_code)


def test_a_store_that_cannot_be_opened_fails_the_location_and_is_tried_again_for_the_next_errand() -> None:
    scene, errors = Scene(backup()), [StorageDenied("no credentials", location="s3:backups")]
    bucket = scene.bucket

    def open_store(where: BackupLocation, via: IndexVia) -> ObjectStore:
        scene.opened.append((where, via))
        if errors:
            raise errors.pop()
        return bucket

    scene.actor = spawn_location(
        scene.runtime,
        location="s3:backups",
        open_store=open_store,
        report=scene.events.append,
        on_crash=lambda name, _error: scene.crashes.append(name),
    )
    assert scene.failure(opening()).exit_code == 2
    assert isinstance(scene.tell(opening())[0], LocationOpened)


def test_unchanged_manifests_are_verified() -> None:
    bucket = backup(nodes=2 * LANES)
    hashes = tuple((key, sha256(data).hexdigest()) for key, data in bucket.objects.items() if "/meta/" in key)
    command = VerifyLocation(location="s3:backups", where=WHERE, manifests=hashes)
    assert Scene(bucket).tell(command) == [LocationVerified(location="s3:backups")]


@pytest.mark.parametrize("change", ["changed", "gone"])
def test_a_manifest_that_is_not_what_it_was_is_named(change: str) -> None:
    bucket = backup(nodes=3)
    path = manifest_path(1, "dc2").path
    hashes = tuple((key, sha256(data).hexdigest()) for key, data in bucket.objects.items())
    if change == "gone":
        del bucket.objects[path]
    else:
        bucket.objects[path] += b"x"
    event = Scene(bucket).failure(VerifyLocation(location="s3:backups", where=WHERE, manifests=hashes))
    assert event.failure.cause is Cause.INCOMPLETE
    assert path in event.failure.message


def test_errands_that_come_together_are_done_one_after_another() -> None:
    bucket = backup(nodes=2)
    events = Scene(bucket).tell(opening(), indexing(bucket), opening())
    kinds = [type(event) for event in events]
    assert (kinds[0], kinds[-2], kinds[-1]) == (LocationOpened, LocationIndexed, LocationOpened)


def test_a_failed_errand_does_not_hold_up_the_next() -> None:
    bucket = backup(nodes=20)
    bucket.objects[manifest_path(0).path] = b"not gzip"
    events = Scene(bucket).tell(indexing(bucket), opening())
    assert [type(event) for event in events if not isinstance(event, DirectoryIndexed | ManifestRead)] == [
        LocationFailed,
        LocationOpened,
    ]


def test_a_defect_in_a_step_ends_the_actor_and_is_told_once() -> None:
    bucket = backup(nodes=20)
    scene = Scene(bucket)
    bucket.objects[manifest_path(3).path] = None  # type: ignore[assignment]  # a defect of the store
    scene.tell(indexing(bucket))
    assert scene.crashes == ["location/s3:backups"]
    assert not any(isinstance(event, LocationFailed | LocationIndexed) for event in scene.events)
