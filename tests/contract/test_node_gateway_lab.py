"""The real gateway, against lab nodes."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from tests.support.node_gateway_suite import Bench, NodeGatewaySuite

from scylla_restore.engine.cluster.access import ClusterAccess
from scylla_restore.engine.cluster.configured import access_settings
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.config import choose_cluster, load_config
from scylla_restore.engine.errors import NotAuthorized
from scylla_restore.engine.lab import Lab, Speeds
from scylla_restore.engine.lab.made_sstables import SSTableMaker

T = TypeVar("T")

BUCKET = "backups"
DIRECTORY = "backup/sst/cluster/c/dc/dc1/node/n/keyspace/ks/table/t/version"


class LabBench(Bench):
    """A table of its own on a lab's first node."""

    def __init__(self, lab: Lab, gateway: NodeGateway, table: str) -> None:
        self._lab, self._gateway = lab, gateway
        self.address = lab.nodes[0].address
        self.location, self.directory = f"localstorage:{BUCKET}", DIRECTORY
        self.files = {file.name: file.stat().st_size for file in _source(lab).iterdir()}
        self.keyspace, self.table = "ks", table
        self.table_directory = lab.create_table("ks", table).directory

    def ask(self, perform: Callable[[NodeGateway], T]) -> T:
        return perform(self._gateway)

    def restart_agent(self) -> None:
        self._lab.restart_agent(self.address)

    def cut_off(self) -> None:
        self._lab.fault("reset", node=self.address)


def _source(lab: Lab) -> Path:
    return lab.directory / "buckets" / BUCKET / DIRECTORY


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab"), nodes=3, speeds=Speeds(unauthorized_delay_s=0.0)) as lab:
        source = _source(lab)
        source.mkdir(parents=True)
        maker = SSTableMaker(seed=1, sstable_bytes=20_000)
        for _ in range(2):
            for name, content in maker.make(maker.uuid_id()).files():
                (source / name).write_bytes(content)
        yield lab


@pytest.fixture(scope="module")
def table_numbers() -> Iterator[int]:
    return count()


@pytest.fixture
def access(lab: Lab) -> Iterator[ClusterAccess]:
    """The way in that the lab's own configuration file describes."""
    cluster = choose_cluster(load_config(lab.config_path).config)
    access = ClusterAccess(access_settings(cluster, {}), pause=lambda _: None)
    yield access
    access.close()


class TestNodeGateway(NodeGatewaySuite):
    @pytest.fixture
    def bench(self, lab: Lab, access: ClusterAccess, table_numbers: Iterator[int]) -> Iterator[LabBench]:
        gateway = access.gateway(lab.nodes[0].address)
        yield LabBench(lab, gateway, f"t{next(table_numbers)}")
        lab.clear_faults()


def test_the_labs_contact_point_answers(lab: Lab, access: ClusterAccess) -> None:
    assert access.first_answering().cluster_name() == lab.cluster


def test_a_wrong_token_is_refused(lab: Lab, tmp_path: Path) -> None:
    text = lab.config_path.read_text().replace(f"file:{lab.files.token_file}", "env:WRONG")
    path = tmp_path / "scylla-restore.toml"
    path.write_text(text)
    cluster = choose_cluster(load_config(path).config)
    access = ClusterAccess(access_settings(cluster, {"WRONG": "token"}))
    with pytest.raises(NotAuthorized):
        access.first_answering()
    access.close()


def test_a_manifest_can_be_read_through_the_agent(lab: Lab, access: ClusterAccess) -> None:
    path = lab.directory / "buckets" / BUCKET / "backup" / "meta" / "manifest.json.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x1f\x8b" * 100)
    files = access.gateway(lab.nodes[1].address).files
    read = files.read_object(f"localstorage:{BUCKET}", "backup/meta/manifest.json.gz", limit_bytes=200)
    assert read == b"\x1f\x8b" * 100


def test_a_whole_tree_can_be_listed_through_the_agent(lab: Lab, access: ClusterAccess) -> None:
    files = access.gateway(lab.nodes[1].address).files
    listed = files.list_location(
        f"localstorage:{BUCKET}", "backup/sst", recursive=True, options=("filesOnly",)
    )
    below = DIRECTORY.removeprefix("backup/sst/")
    assert {file.path for file in listed} == {f"{below}/{file.name}" for file in _source(lab).iterdir()}
