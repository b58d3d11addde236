"""Nodes of the log's own cluster go away during a run: it goes on, or holds its breath and says so, and ends well."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

import pytest
from tests.support.cassandra import Cassandras, Node, new_keyspace, start

from scylla_restore.engine.api import (
    Engine,
    Outcome,
    Run,
    TargetFlags,
    build_target,
    choose_cluster,
    cluster_connection,
    load_config,
)
from scylla_restore.engine.core.state import Status
from scylla_restore.engine.lab.backup_writer import BackupRequest, write_backup
from scylla_restore.engine.lab.lab import Lab
from scylla_restore.engine.lab.state import Speeds
from scylla_restore.engine.storage.localstorage import LocalStorage
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import LogUnavailable
from scylla_restore.events.log.cql import CqlLog, parse_address
from scylla_restore.events.log.reading import verify_run
from scylla_restore.events.model.batches import SSTablesLoaded
from scylla_restore.events.model.target import RestoreTarget

pytestmark = [pytest.mark.real, pytest.mark.slow]

SSTABLES = 60


@pytest.fixture
def nodes(cassandras: Cassandras) -> Iterator[Sequence[Node]]:
    """Nodes that a test may stop: they run again afterwards."""
    _, nodes = cassandras
    yield nodes
    start(*cassandras)


@pytest.fixture
def log(cassandras: Cassandras) -> Iterator[CqlLog]:
    cluster, _ = cassandras
    address = parse_address(cluster.url(new_keyspace()).removeprefix("cql://"))
    # Longer than the nodes themselves wait for one another.
    log = CqlLog(address, request_timeout_s=20)
    yield log
    log.close()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Lab(tmp_path, nodes=2, shards=1, speeds=Speeds(load_min_s=0.5)) as lab:
        yield lab


class Restore:
    """A restore into a lab, as it happens."""

    def __init__(self, lab: Lab, log: CqlLog) -> None:
        self._lab = lab
        self.recorded: list[Envelope] = []
        connection = cluster_connection(choose_cluster(load_config(lab.config_path).config), {})
        self._engine = Engine(
            log=log,
            cluster=connection,
            open_store=lambda location: LocalStorage(lab.directory / "buckets", location.bucket),
            owner="ann@host",
            on_event=self.recorded.append,
        )
        self.run: Run = self._engine.start(self._target())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.close()

    @property
    def loaded(self) -> int:
        return sum(isinstance(envelope.event, SSTablesLoaded) for envelope in self.recorded)

    @property
    def downloads(self) -> int:
        """How many downloads the nodes were asked for."""
        lines = (self._lab.directory / "requests.jsonl").read_bytes().splitlines()
        return sum(b"sync/copypaths" in line for line in lines)

    def _target(self) -> RestoreTarget:
        request = BackupRequest(location="localstorage:backups", sstables=SSTABLES, sstable_bytes=2000)
        backup = write_backup(self._lab.directory, request)
        flags = TargetFlags(
            location=("localstorage:backups",),
            snapshot_tag=backup.snapshot_tag,
            restore_tables=True,
            batch_size=1,
        )
        return build_target(flags)


def wait_until(condition: Callable[[], object]) -> None:
    pause = threading.Event()
    for _ in range(3000):
        if condition():
            return
        pause.wait(0.1)
    pytest.fail("it did not come about in time")


def check_ended_well(restore: Restore, log: CqlLog) -> None:
    outcome: Outcome | None = restore.run.wait(240)
    assert outcome is not None
    assert (outcome.status, outcome.error) == (Status.DONE, None)
    assert verify_run(log, restore.run.id).ok
    records = list(log.read(restore.run.id))
    assert records == restore.recorded
    loads = Counter(e.event.batch for e in records if isinstance(e.event, SSTablesLoaded))
    assert set(loads.values()) == {1}


def test_a_run_goes_on_with_one_node_of_three_away(
    cassandras: Cassandras, nodes: Sequence[Node], lab: Lab, log: CqlLog
) -> None:
    with Restore(lab, log) as restore:
        wait_until(lambda: restore.loaded > 3)
        nodes[0].stop()
        before = restore.loaded
        wait_until(lambda: restore.loaded > before + 5)
        start(*cassandras)
        check_ended_well(restore, log)


@pytest.mark.parametrize("count", [2, 3])
def test_a_run_holds_its_breath_without_a_majority_of_nodes(
    cassandras: Cassandras, nodes: Sequence[Node], lab: Lab, log: CqlLog, count: int
) -> None:
    with Restore(lab, log) as restore:
        wait_until(lambda: restore.loaded > 3)
        for node in nodes[:count]:
            node.stop()
        wait_until(lambda: restore.run.log_away)
        recorded, downloads, said = len(restore.recorded), restore.downloads, restore.run.log_away
        assert isinstance(said, LogUnavailable)
        wait_until(lambda: restore.run.log_away is not said)
        assert (len(restore.recorded), restore.downloads) == (recorded, downloads)
        start(*cassandras)
        wait_until(lambda: restore.run.log_away is None)
        check_ended_well(restore, log)
