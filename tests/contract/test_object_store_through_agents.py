"""Buckets as the agents of a lab see them: a shared file system, and a real S3 server."""

from collections.abc import Callable, Collection, Iterator
from itertools import count
from typing import TypeVar

import pytest
from tests.support.object_store_suite import ObjectStoreSuite, StoreUnderTest
from tests.support.s3_server import S3Server

from scylla_restore.engine.cluster.access import ClusterAccess
from scylla_restore.engine.cluster.configured import access_settings
from scylla_restore.engine.config import choose_cluster, load_config
from scylla_restore.engine.errors import StorageDenied, StorageUnavailable
from scylla_restore.engine.lab import Lab, S3Settings, Speeds
from scylla_restore.engine.storage.port import ObjectStore, Page, StoredObject, StoreReport
from scylla_restore.engine.storage.through_agents import ThroughAgents
from scylla_restore.events.model.target import IndexVia

T = TypeVar("T")

# Agents hand out nothing else.
HANDED_OUT = "backup/meta/"


class Below:
    """The objects below a prefix of a store, as if they were all."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store, self._prefix = store, prefix
        self.lists_ranges = store.lists_ranges
        self.files_per_page = store.files_per_page

    def list(self, prefix: str) -> Iterator[StoredObject]:
        for found in self._store.list(self._prefix + prefix):
            yield StoredObject(found.key.removeprefix(self._prefix), found.size)

    def pages(self, prefix: str, *, after: str = "", until: str = "") -> Iterator[Page]:
        return self._store.pages(self._prefix + prefix, after=after, until=until)

    def find(self, prefix: str, names: Collection[str]) -> Page:
        return self._store.find(self._prefix + prefix, names)

    def list_directories(self, prefix: str) -> tuple[str, ...]:
        return self._store.list_directories(self._prefix + prefix)

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        return self._store.read(self._prefix + key, limit_bytes=limit_bytes)

    def report(self) -> StoreReport:
        return self._store.report()

    def close(self) -> None:
        self._store.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("agents"), nodes=2, speeds=Speeds(unauthorized_delay_s=0.0)) as running:
        yield running


@pytest.fixture(scope="module")
def access(lab: Lab) -> Iterator[ClusterAccess]:
    opened = ClusterAccess(access_settings(choose_cluster(load_config(lab.config_path).config), {}))
    yield opened
    opened.close()


def through(lab: Lab, access: ClusterAccess, location: str) -> ThroughAgents:
    return ThroughAgents(location, lambda: [access.gateway(node.address) for node in lab.nodes])


class SharedDirectory(StoreUnderTest):
    via = IndexVia.AGENT
    has_files_beside_directories = False

    def __init__(self, lab: Lab, access: ClusterAccess, name: str) -> None:
        self._lab, self._access = lab, access
        self._path = lab.files.buckets / name
        self._path.mkdir()
        self.store = Below(through(lab, access, f"localstorage:{name}"), HANDED_OUT)

    def put(self, key: str, data: bytes) -> None:
        path = self._path / HANDED_OUT / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def store_of_missing_bucket(self) -> ObjectStore:
        return Below(through(self._lab, self._access, "localstorage:missing"), HANDED_OUT)


names = count(1)


@pytest.fixture
def directory(lab: Lab, access: ClusterAccess) -> SharedDirectory:
    return SharedDirectory(lab, access, f"bucket-{next(names)}")


class TestSharedDirectoryThroughAgents(ObjectStoreSuite):
    @pytest.fixture
    def bucket(self, directory: SharedDirectory) -> SharedDirectory:
        return directory


class S3Bucket(StoreUnderTest):
    via = IndexVia.AGENT

    def __init__(self, server: S3Server, lab: Lab, access: ClusterAccess) -> None:
        self._server, self._lab, self._access = server, lab, access
        self._name = server.new_bucket()
        self.store = Below(through(lab, access, f"s3:{self._name}"), HANDED_OUT)

    def put(self, key: str, data: bytes) -> None:
        self._server.put(self._name, HANDED_OUT + key, data)

    def store_of_missing_bucket(self) -> ObjectStore:
        return Below(through(self._lab, self._access, "s3:missing-bucket"), HANDED_OUT)


@pytest.fixture(scope="module")
def s3_lab(s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    s3 = S3Settings(
        endpoint=s3_server.endpoint,
        access_key_id=s3_server.access_key_id,
        secret_access_key=s3_server.secret_access_key,
    )
    with Lab(tmp_path_factory.mktemp("agents-s3"), nodes=2, s3=s3) as running:
        yield running


@pytest.mark.real
class TestS3ThroughAgents(ObjectStoreSuite):
    @pytest.fixture
    def bucket(self, s3_server: S3Server, s3_lab: Lab) -> Iterator[S3Bucket]:
        opened = ClusterAccess(access_settings(choose_cluster(load_config(s3_lab.config_path).config), {}))
        yield S3Bucket(s3_server, s3_lab, opened)
        opened.close()


def ask_each(store: ObjectStore) -> list[Callable[[], object]]:
    return [
        lambda: list(store.list("backup/meta/")),
        lambda: list(store.pages("backup/meta/")),
        lambda: store.list_directories("backup/meta/"),
        lambda: store.find("backup/meta/", ("x",)),
        lambda: store.read("backup/meta/x", limit_bytes=1),
    ]


def test_agents_are_asked_in_turn(lab: Lab, directory: SharedDirectory) -> None:
    directory.put("a", b"1")
    before = len(lab.requests("operations/list"))
    for _ in range(8):
        list(directory.store.pages("a/"))
    asked = [request.node for request in lab.requests("operations/list")[before:]]
    assert {asked.count(node.address) for node in lab.nodes} == {len(asked) // 2}


def test_a_store_that_the_agents_are_not_set_up_for_is_denied(lab: Lab, access: ClusterAccess) -> None:
    for ask in ask_each(through(lab, access, "gcs:bucket")):
        with pytest.raises(StorageDenied, match="gcs:bucket cannot be read through the agents") as caught:
            ask()
        assert "scylla-manager-agent.yaml" in str(caught.value.hint)


def test_objects_that_agents_do_not_hand_out_are_denied(
    lab: Lab, access: ClusterAccess, directory: SharedDirectory
) -> None:
    store = through(lab, access, f"localstorage:{directory._path.name}")
    (directory._path / "file").write_bytes(b"1")
    with pytest.raises(StorageDenied, match="permission denied"):
        store.read("file", limit_bytes=10)


def test_a_listing_that_is_cut_off_is_no_listing(lab: Lab, directory: SharedDirectory) -> None:
    for number in range(300):
        directory.put(f"many/{number}", b"1")
    lab.fault("cut", on="*operations/list*")
    try:
        with pytest.raises(StorageUnavailable, match="ends in the middle"):
            list(directory.store.pages("many/"))
    finally:
        lab.clear_faults()
    (page,) = directory.store.pages("many/")
    assert len(page) == 300


def test_an_agent_that_is_away_is_passed_over_and_that_is_counted(
    lab: Lab, directory: SharedDirectory
) -> None:
    directory.put("a/1", b"x")
    lab.fault("reset", node=lab.nodes[0], on="*operations/*")
    try:
        for _ in range(2):
            assert list(directory.store.list("a/")) == [StoredObject("a/1", 1)]
    finally:
        lab.clear_faults()
    assert directory.store.report().retries == 1
