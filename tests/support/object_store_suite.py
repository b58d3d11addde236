"""What every object store promises. A store is done when its subclass of the suite passes, with nothing left out."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from scylla_restore.engine.errors import BucketMissing, ObjectMissing, ObjectTooLarge, StorageDenied
from scylla_restore.engine.storage.port import ObjectStore, StoredObject, StoreReport
from scylla_restore.events.model.target import IndexVia


class StoreUnderTest(ABC):
    """A bucket that a test can fill, and stores that read it."""

    store: ObjectStore
    has_files_beside_directories = True
    """Whether there can be an object ``d`` beside objects ``d/…``."""
    via = IndexVia.DIRECT

    @abstractmethod
    def put(self, key: str, data: bytes) -> None:
        """Put an object into the bucket."""

    @abstractmethod
    def store_of_missing_bucket(self) -> ObjectStore:
        """Return the store of a bucket that does not exist."""


def files(store: ObjectStore, prefix: str, *, after: str = "", until: str = "") -> dict[str, int]:
    found: dict[str, int] = {}
    for page in store.pages(prefix, after=after, until=until):
        assert found.keys().isdisjoint(page)
        found |= page
    return found


class ObjectStoreSuite:
    """Subclasses give a fixture ``bucket`` that makes a ``StoreUnderTest`` with an empty bucket."""

    def test_listing_yields_everything_below_a_prefix_with_its_size(self, bucket: StoreUnderTest) -> None:
        for key, data in {"a/b/1": b"x", "a/2": b"", "a/b/c/3": b"xyz", "ab/4": b"1", "b/5": b"1"}.items():
            bucket.put(key, data)
        assert sorted(bucket.store.list("a/"), key=lambda found: found.key) == [
            StoredObject("a/2", 0),
            StoredObject("a/b/1", 1),
            StoredObject("a/b/c/3", 3),
        ]

    def test_listing_a_prefix_without_objects_yields_nothing(self, bucket: StoreUnderTest) -> None:
        bucket.put("a/b/1", b"x")
        assert list(bucket.store.list("b/")) == []
        assert list(bucket.store.list("a/b/1/")) == []
        assert list(bucket.store.list("a/b/c/d/")) == []

    @pytest.mark.parametrize(
        "name",
        [
            "me-1-big-Data.db.sm_20250101000003UTC",
            "T!:l",
            "t$paxos",
            "a b",
            "a+b",
            "a%20b",
            "<&>'\"",
            "Süd ☃",
        ],
    )
    def test_names_come_back_as_they_are(self, bucket: StoreUnderTest, name: str) -> None:
        bucket.put(f"dc/{name}/{name}", name.encode())
        assert list(bucket.store.list("dc/")) == [StoredObject(f"dc/{name}/{name}", len(name.encode()))]
        assert list(bucket.store.list(f"dc/{name}/")) == [
            StoredObject(f"dc/{name}/{name}", len(name.encode()))
        ]
        assert bucket.store.list_directories("dc/") == (name,)
        assert bucket.store.read(f"dc/{name}/{name}", limit_bytes=100) == name.encode()

    def test_listing_goes_on_over_several_pages(self, bucket: StoreUnderTest) -> None:
        keys = [f"many/{number:04}" for number in range(1100)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: bucket.put(key, b"1"), keys))
        assert sorted(found.key for found in bucket.store.list("many/")) == keys
        assert len({found.key for found in bucket.store.list("many/")}) == len(keys)

    def test_directories_are_the_names_directly_below(self, bucket: StoreUnderTest) -> None:
        for key in ("m/x/1", "m/y/z/2", "m/file", "n/3"):
            bucket.put(key, b"1")
        assert sorted(bucket.store.list_directories("m/")) == ["x", "y"]
        assert bucket.store.list_directories("none/") == ()
        assert bucket.store.list_directories("m/x/") == ()

    def test_an_object_is_read_whole(self, bucket: StoreUnderTest) -> None:
        data = bytes(range(256)) * 40_000
        bucket.put("large", data)
        bucket.put("empty", b"")
        assert bucket.store.read("large", limit_bytes=len(data)) == data
        assert bucket.store.read("empty", limit_bytes=0) == b""

    def test_an_object_above_the_limit_is_refused(self, bucket: StoreUnderTest) -> None:
        bucket.put("a/large", bytes(101))
        with pytest.raises(ObjectTooLarge, match=r"a/large has .* 100") as caught:
            bucket.store.read("a/large", limit_bytes=100)
        assert not caught.value.retryable

    def test_an_object_that_is_not_there_is_missing(self, bucket: StoreUnderTest) -> None:
        bucket.put("a/b/1", b"x")
        for key in ("a/b/2", "a/b", "a", "a/b/1/c", "x/y"):
            with pytest.raises(ObjectMissing, match=key):
                bucket.store.read(key, limit_bytes=100)

    @pytest.mark.parametrize(
        "ask",
        [
            lambda store: list(store.list("a/")),
            lambda store: list(store.pages("a/")),
            lambda store: store.list_directories("a/"),
            lambda store: store.find("a/", ("b",)),
            lambda store: store.read("a/b", limit_bytes=1),
        ],
        ids=["list", "pages", "list_directories", "find", "read"],
    )
    def test_a_bucket_that_is_not_there_is_missing(
        self, bucket: StoreUnderTest, ask: Callable[[ObjectStore], object]
    ) -> None:
        store = bucket.store_of_missing_bucket()
        with pytest.raises(BucketMissing) as caught:
            ask(store)
        assert caught.value.hint
        assert caught.value.exit_code == 2
        store.close()

    @pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "/etc/passwd", "a//b", "./a", "a/\x00"])
    def test_a_path_that_leads_out_of_the_bucket_is_refused(self, bucket: StoreUnderTest, path: str) -> None:
        for ask in (
            lambda: bucket.store.read(path, limit_bytes=100),
            lambda: list(bucket.store.list(f"{path}/")),
            lambda: list(bucket.store.pages(f"{path}/")),
            lambda: bucket.store.list_directories(f"{path}/"),
            lambda: bucket.store.find(f"{path}/", ("x",)),
            lambda: bucket.store.find("a/", (path,)),
        ):
            with pytest.raises(StorageDenied):
                ask()

    def test_a_prefix_without_its_slash_is_refused(self, bucket: StoreUnderTest) -> None:
        with pytest.raises(StorageDenied, match="does not end in a slash"):
            list(bucket.store.list("a"))

    def test_the_files_of_a_directory_are_those_directly_in_it(self, bucket: StoreUnderTest) -> None:
        for key, data in {"d/1": b"x", "d/2": b"", "d/e/3": b"xyz", "d!/4": b"1", "d": b"1"}.items():
            if key != "d" or bucket.has_files_beside_directories:
                bucket.put(key, data)
        assert files(bucket.store, "d/") == {"1": 1, "2": 0}
        assert files(bucket.store, "d/e/") == {"3": 3}
        assert files(bucket.store, "none/") == {}

    def test_a_large_directory_can_be_listed_whole_and_in_parts_and_searched(
        self, bucket: StoreUnderTest
    ) -> None:
        expected = {f"me-3g_{number:04}-big-Data.db": number % 7 for number in range(1100)}
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: bucket.put(f"many/{name}", bytes(expected[name])), expected))
        assert files(bucket.store, "many/") == expected
        after, until = "me-3g_0099-big-Data.db", "me-3g_0102-big-Data.db"
        part = files(bucket.store, "many/", after=after, until=until)
        assert part.items() <= expected.items()
        assert {name for name in expected if after < name <= until} <= part.keys()
        names = sorted(expected)
        for some in (names[:1], names[-1:], names[100:103], [names[0], names[-1]], names[5::100]):
            assert bucket.store.find("many/", some) == {name: expected[name] for name in some}

    def test_what_is_not_there_is_not_found(self, bucket: StoreUnderTest) -> None:
        for key in (
            "d/me-1-big-Data.db",
            "d/me-1-big-Data.db.sm_20250101000003UTC",
            "d/me-11-big-Data.db",
            "d/e/f",
        ):
            bucket.put(key, b"x")
        assert bucket.store.find("d/", ("me-1-big-Data.db", "me-1-big-TOC.txt")) == {"me-1-big-Data.db": 1}
        assert bucket.store.find("d/", ("me-2-big-Data.db",)) == {}
        assert bucket.store.find("d/", ("e",)) == {}
        assert bucket.store.find("none/", ("me-1-big-Data.db",)) == {}
        assert bucket.store.find("d/", ()) == {}

    def test_a_store_tells_how_it_is_reached_and_that_there_was_no_trouble(
        self, bucket: StoreUnderTest
    ) -> None:
        bucket.put("a/1", b"x")
        assert list(bucket.store.list("a/")) == [StoredObject("a/1", 1)]
        assert bucket.store.report() == StoreReport(via=bucket.via, because="", retries=0)

    def test_several_threads_can_read_and_list_at_once(self, bucket: StoreUnderTest) -> None:
        for number in range(20):
            bucket.put(f"t/{number}", str(number).encode())

        def read_and_list(number: int) -> tuple[bytes, int]:
            data = bucket.store.read(f"t/{number}", limit_bytes=10)
            return data, len(list(bucket.store.list("t/")))

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(read_and_list, range(20)))
        assert answers == [(str(number).encode(), 20) for number in range(20)]

    def test_a_listing_can_be_left_halfway(self, bucket: StoreUnderTest) -> None:
        bucket.put("h/1", b"1")
        bucket.put("h/2", b"2")
        listing = bucket.store.list("h/")
        assert next(listing).key.startswith("h/")
        del listing
        assert len(list(bucket.store.list("h/"))) == 2
