"""Native restores through the real gateway, by a lab node from a real S3 server."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import TypeVar

import pytest
from tests.support.native_calls_suite import NativeBench, NativeCallsSuite
from tests.support.s3_server import S3Server

from scylla_restore.engine.cluster.access import ClusterAccess
from scylla_restore.engine.cluster.configured import access_settings
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.config import choose_cluster, load_config
from scylla_restore.engine.lab import Lab, S3Settings, Speeds
from scylla_restore.engine.lab.made_sstables import SSTableMaker

T = TypeVar("T")

DIRECTORY = "backup/sst/cluster/c/dc/dc1/node/n/keyspace/ks/table/t/version"
BUCKET = "natively"

pytestmark = pytest.mark.real


class LabBench(NativeBench):
    """A table of its own on the lab's only node."""

    def __init__(self, lab: Lab, gateway: NodeGateway, sstables: tuple[str, ...], table: str) -> None:
        self._lab, self._gateway = lab, gateway
        self.location, self.directory, self.sstables = f"s3:{BUCKET}", DIRECTORY, sstables
        self.keyspace, self.table = "ks", table
        lab.create_table("ks", table)

    def ask(self, perform: Callable[[NodeGateway], T]) -> T:
        return perform(self._gateway)

    def restart_scylla(self) -> None:
        self._lab.restart_scylla(self._lab.nodes[0])

    def slow_down(self) -> None:
        self._lab.fault("slow", times=1)


class Natively:
    """A lab of a release that restores natively, and what is in its bucket."""

    def __init__(self, lab: Lab, sstables: tuple[str, ...]) -> None:
        self.lab = lab
        self.sstables = sstables
        self.tables = count()


@pytest.fixture(scope="module")
def natively(tmp_path_factory: pytest.TempPathFactory, s3_server: S3Server) -> Iterator[Natively]:
    store = S3Settings(
        endpoint=s3_server.endpoint,
        access_key_id=s3_server.access_key_id,
        secret_access_key=s3_server.secret_access_key,
    )
    s3_server.client.create_bucket(Bucket=BUCKET)
    maker = SSTableMaker(seed=1, sstable_bytes=100_000)
    ids = tuple(maker.uuid_id() for _ in range(3))
    for sstable in ids:
        for name, content in maker.make(sstable).files():
            s3_server.put(BUCKET, f"{DIRECTORY}/{name}", content)
    directory = tmp_path_factory.mktemp("natively")
    with Lab(directory, nodes=1, s3=store, scylla_version="2026.1.0", speeds=Speeds(load_mbps=2)) as lab:
        yield Natively(lab, ids)


class TestNativeCalls(NativeCallsSuite):
    @pytest.fixture
    def bench(self, natively: Natively) -> Iterator[LabBench]:
        lab = natively.lab
        access = ClusterAccess(
            access_settings(choose_cluster(load_config(lab.config_path).config), {}), pause=lambda _: None
        )
        gateway = access.gateway(lab.nodes[0].address)
        yield LabBench(lab, gateway, natively.sstables, f"t{next(natively.tables)}")
        access.close()
        lab.clear_faults()
