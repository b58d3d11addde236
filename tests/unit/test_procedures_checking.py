"""Batches whose files are looked for: with how many requests, and what is said of those that are not there."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime

import pytest
from tests.support.bucket import WHERE, Bucket
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors.letters import LocationLetter
from scylla_restore.actors.location import spawn_location
from scylla_restore.actors.procedures.checking import in_groups
from scylla_restore.engine.core.commands import BatchFile, BatchSSTable, CheckFiles, VerifyLocation
from scylla_restore.engine.errors import ConfigurationError, StorageDenied, StorageUnavailable
from scylla_restore.engine.storage.port import ObjectStore, Page
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.batches import BatchFilesFound, BatchFilesMissed
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.locations import LocationVerified
from scylla_restore.events.model.target import BackupLocation, IndexVia

SOURCE = "backup/sst/t"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
DATA_BYTES, OTHER_BYTES = 7, 2


def sstables(first: int, count: int) -> tuple[BatchSSTable, ...]:
    return tuple(
        BatchSSTable(
            id=f"3g_{number:04}",
            size=DATA_BYTES + 2 * OTHER_BYTES,
            files=tuple(
                BatchFile(name, name)
                for name in (f"me-3g_{number:04}-big-{c}" for c in ("Data.db", "Index.db", "TOC.txt"))
            ),
            data_size=DATA_BYTES,
        )
        for number in range(first, first + count)
    )


def check(batch: int = 1, count: int = 5, *, beside: int = 1_000) -> CheckFiles:
    return CheckFiles(
        location="s3:backups",
        where=WHERE,
        batch=batch,
        attempt=1,
        source=SOURCE,
        sstables=sstables(100 * batch, count),
        beside=beside,
    )


def data_of(batch: int, number: int) -> str:
    return f"{SOURCE}/me-3g_{100 * batch + number:04}-big-Data.db"


class Scene:
    """A location's actor, and a bucket that has all files of two batches."""

    def __init__(self) -> None:
        self.bucket = Bucket()
        for batch in (1, 2):
            for sstable in check(batch).sstables:
                for file in sstable.files:
                    size = DATA_BYTES if "Data" in file.name else OTHER_BYTES
                    self.bucket.objects[f"{SOURCE}/{file.object}"] = bytes(size)
        self.refusal: Exception | None = None
        self.runtime = SteppingRuntime()
        self.events: list[AnyEvent] = []
        self.actor = spawn_location(
            self.runtime,
            location="s3:backups",
            open_store=self.open_store,
            report=self.events.append,
            on_crash=self.fail,
        )

    def fail(self, name: str, error: BaseException) -> None:
        raise AssertionError(name) from error

    def open_store(self, _where: BackupLocation, _via: IndexVia) -> ObjectStore:
        if self.refusal is not None:
            raise self.refusal
        return self.bucket

    def tell(self, *letters: LocationLetter) -> list[AnyEvent]:
        for letter in letters:
            self.actor.tell(letter)
        self.runtime.run()
        return self.events

    def missed(self) -> BatchFilesMissed:
        (event,) = self.tell(check())
        assert isinstance(event, BatchFilesMissed)
        assert (event.batch, event.attempt, event.location) == (1, 1, "s3:backups")
        return event


def test_files_that_are_there_are_found_with_one_request_for_each_sstable() -> None:
    scene = Scene()
    size = 5 * (DATA_BYTES + 2 * OTHER_BYTES)
    assert scene.tell(check()) == [BatchFilesFound(batch=1, attempt=1, size=size)]
    assert sorted(map(len, scene.bucket.finds)) == [3] * 5
    assert not scene.bucket.listed


def test_files_that_lie_side_by_side_are_found_with_one_request() -> None:
    scene = Scene()
    scene.tell(check(beside=10))
    assert list(map(len, scene.bucket.finds)) == [15]


def test_a_file_that_is_not_there_is_named_and_what_else_is_missing() -> None:
    scene = Scene()
    del scene.bucket.objects[data_of(1, 3)]
    failure = scene.missed().failure
    assert failure.cause is Cause.MISSING_OBJECT
    assert f"s3:backups/{SOURCE}: me-3g_0103-big-Data.db: missing" in failure.message
    assert failure.hint


def test_a_file_of_another_size_than_scylla_noted_is_named() -> None:
    scene = Scene()
    scene.bucket.objects[data_of(1, 3)] += b"x"
    failure = scene.missed().failure
    assert failure.cause is Cause.INCOMPLETE
    assert failure.message.startswith(f"s3:backups/{data_of(1, 3)} has 8 bytes")
    assert failure.message.endswith("says 7")


def test_one_batch_that_is_missed_says_nothing_of_others() -> None:
    scene = Scene()
    for number in (0, 1, 2):
        del scene.bucket.objects[data_of(1, number)]
    kinds = {
        (event.batch, type(event))
        for event in scene.tell(check(1), check(2))
        if isinstance(event, BatchFilesFound | BatchFilesMissed)
    }
    assert kinds == {(1, BatchFilesMissed), (2, BatchFilesFound)}
    assert len(scene.events) == 2


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (StorageUnavailable("no answer", location="s3:backups"), Cause.UNREACHABLE),
        (StorageDenied("no more", location="s3:backups"), Cause.REFUSED),
    ],
)
def test_a_location_that_cannot_be_asked_tells_why(
    error: StorageUnavailable | StorageDenied, cause: Cause
) -> None:
    scene = Scene()
    scene.bucket.fail(error)
    failure = scene.missed().failure
    assert (failure.cause, failure.message) == (cause, error.message)


def test_a_location_that_is_away_for_a_moment_is_asked_again() -> None:
    scene = Scene()
    scene.bucket.fail(StorageUnavailable("slow down", location="s3:backups"), times=3)
    (event,) = scene.tell(check())
    assert isinstance(event, BatchFilesFound)


def test_a_location_that_turns_to_agents_meanwhile_does_not_have_them_list_everything_for_each_sstable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene()
    find = scene.bucket.find

    def turn(prefix: str, names: Collection[str]) -> Page:
        scene.bucket.files_per_page = 0
        return find(prefix, names)

    monkeypatch.setattr(scene.bucket, "find", turn)
    assert scene.missed().failure.cause is Cause.UNREACHABLE
    assert len(scene.bucket.finds) < 5
    scene.bucket.finds.clear()
    assert isinstance(scene.tell(check(2))[-1], BatchFilesFound)
    assert list(map(len, scene.bucket.finds)) == [15]


def test_a_store_that_cannot_be_opened_is_told_for_each_batch() -> None:
    scene = Scene()
    scene.refusal = ConfigurationError("there is no key")
    events = scene.tell(check(1), check(2))
    assert [(e.batch, e.failure.message) for e in events if isinstance(e, BatchFilesMissed)] == [
        (1, "there is no key"),
        (2, "there is no key"),
    ]


def test_batches_wait_for_what_was_asked_before_and_other_errands_for_them() -> None:
    scene = Scene()
    verify = VerifyLocation(location="s3:backups", where=WHERE, manifests=())
    events = scene.tell(verify, check(1), verify, check(2))
    assert [type(event) for event in events] == [
        LocationVerified,
        BatchFilesFound,
        LocationVerified,
        BatchFilesFound,
    ]


@pytest.mark.parametrize(
    ("beside", "files_per_page", "lists_ranges", "sizes"),
    [
        (100_000, 1_000, True, [1] * 12),
        (12, 1_000, True, [12]),
        (12, 12, True, [4, 4, 4]),
        (48, 12, True, [1] * 12),
        (12, 1_000, False, [1] * 12),
        (100_000, 0, False, [12]),
    ],
    ids=["scattered", "alone", "pages", "pages of others", "no ranges", "all at once"],
)
def test_sstables_are_looked_for_together_where_that_spares_requests(
    beside: int, files_per_page: int, lists_ranges: bool, sizes: list[int]
) -> None:
    batch = sstables(0, 12)
    groups = in_groups(batch[::-1], beside=beside, files_per_page=files_per_page, lists_ranges=lists_ranges)
    assert list(map(len, groups)) == sizes
    assert [sstable for group in groups for sstable in group] == list(batch)


def test_names_of_many_missing_files_are_told_in_part() -> None:
    scene = Scene()
    scene.bucket.objects = {key: data for key, data in scene.bucket.objects.items() if "TOC" in key}
    told: Callable[[str], int] = scene.missed().failure.message.count
    assert told("me-3g_") <= 5
