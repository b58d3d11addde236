"""`Engine.plan` from Python, against lab nodes: what it finds out, what it refuses, and that nothing stays of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.plan_warnings import but_for_cql

from scylla_restore.engine.api import (
    Engine,
    Plan,
    Stores,
    TargetFlags,
    build_target,
    choose_cluster,
    cluster_connection,
    load_config,
)
from scylla_restore.engine.errors import RestoreError, RunFailedError, TargetError
from scylla_restore.engine.lab import Lab
from scylla_restore.engine.lab.backup_writer import BackupRequest, write_backup
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.log.memory import MemoryLog

LOCATION = "localstorage:backups"


class Embedded:
    """An engine as a service would have it, beside a lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.log = MemoryLog()
        self.told: list[Envelope] = []
        self.tag = write_backup(lab.directory, BackupRequest(location=LOCATION, tables=2)).snapshot_tag

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        config = load_config(self.lab.files.config).config
        cluster = cluster_connection(choose_cluster(config), {})
        try:
            with (
                Stores(config, {}) as stores,
                Engine(
                    log=self.log,
                    cluster=cluster,
                    open_store=stores.open,
                    owner="a service",
                    on_event=self.told.append,
                ) as engine,
            ):
                yield engine
        finally:
            cluster.close()

    def plan(self, engine: Engine, **others: object) -> Plan:
        flags = {"location": (LOCATION,), "snapshot_tag": self.tag, "restore_tables": True, **others}
        return engine.plan(build_target(TargetFlags(**flags)))  # type: ignore[arg-type]  # flags by name


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Embedded]:
    with Lab(tmp_path, nodes=2) as lab:
        yield Embedded(lab)


def threads_of_an_engine() -> set[str]:
    return {
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(("supervisor", "node/", "location/", "timers", "plan"))
    }


def test_a_plan_leaves_no_thread_no_run_and_an_engine_that_works(embedded: Embedded) -> None:
    with embedded.engine() as engine:
        plan = embedded.plan(engine)
        assert threads_of_an_engine() == set()
        assert embedded.log.runs() == []
        assert (plan.sstables, plan.bytes, but_for_cql(plan.warnings)) == (16, 16 << 16, [])
        assert embedded.plan(engine).units == plan.units
        outcome = engine.start(plan.target).wait()
    assert outcome is not None
    assert outcome.exit_code == 0


def test_whoever_listens_hears_what_a_plan_finds_out(embedded: Embedded) -> None:
    with embedded.engine() as engine:
        embedded.plan(engine)
    kinds = [type(envelope.event).__name__ for envelope in embedded.told]
    assert (kinds[0], kinds[-1]) == ("RunStarted", "RunCompleted")
    assert {"NodeJoined", "DirectoryIndexed", "NodeSettingsRead"} <= set(kinds)
    assert not {"AlterationIntended", "BatchAssigned", "DownloadRequested"} & set(kinds)


def test_a_node_that_cannot_tell_of_its_disk_is_a_warning(embedded: Embedded) -> None:
    silent = embedded.lab.nodes[1].address
    embedded.lab.fault("error", node=silent, on="/agent/rclone/operations/about", status=403)
    with embedded.engine() as engine:
        (warning,) = but_for_cql(embedded.plan(engine).warnings)
    assert warning.startswith(f"{silent} did not tell of its disk: ")


def test_a_node_that_cannot_list_the_location_is_no_obstacle_while_another_can(embedded: Embedded) -> None:
    # The first node is the contact point, which is asked for other listings as well.
    other, deaf = (node.address for node in embedded.lab.nodes)
    embedded.lab.fault("error", node=deaf, on="/agent/rclone/operations/list", status=403, times=1)
    with embedded.engine() as engine:
        plan = embedded.plan(engine)
    assert plan.warnings[0].startswith(f"{deaf} cannot read {LOCATION}, which leaves it to {other}: ")
    assert [(node.host, node.sstables) for node in plan.nodes] == [(other, 16), (deaf, 0)]
    assert plan.locations[0].hosts == (other,)


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [("/storage_service/cluster_name", 401, RestoreError), ("/agent/node_info", 403, RunFailedError)],
)
def test_what_stands_in_the_way_is_an_error(
    embedded: Embedded, path: str, status: int, error: type[RestoreError]
) -> None:
    embedded.lab.fault("error", node="*", on=path, status=status)
    with embedded.engine() as engine, pytest.raises(error):
        embedded.plan(engine)
    assert threads_of_an_engine() == set()


def test_a_snapshot_that_is_not_there_cannot_be_planned(embedded: Embedded) -> None:
    with embedded.engine() as engine, pytest.raises(TargetError, match="there is no snapshot"):
        embedded.plan(engine, snapshot_tag="sm_20010203040506UTC")
