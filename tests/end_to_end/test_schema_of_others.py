"""What others make while a schema is restored is theirs: neither a rollback nor an abort drops it. On a real Cassandra."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cassandra import Cluster
from tests.support.cassandra_logs import Execute
from tests.support.console import DEADLINE_S, LOCATION, LabProcess, lab_process
from tests.support.lab_rows import cassandra_options, insert, new_keyspace, read

from scylla_restore.engine.api import Hooks, Run, TargetFlags, build_target, load_config, open_engine
from scylla_restore.engine.core.state import Status
from scylla_restore.events.model.stages import Stage

pytestmark = pytest.mark.real


@pytest.fixture
def lab(tmp_path: Path, cassandra: Cluster) -> Iterator[LabProcess]:
    with lab_process(tmp_path, *cassandra_options(cassandra, tmp_path)) as lab:
        yield lab


def test_a_keyspace_that_an_application_has_made_meanwhile_keeps_its_rows(
    lab: LabProcess, cassandra_execute: Execute
) -> None:
    keyspace = new_keyspace(cassandra_execute)
    create = cassandra_execute(f"DESCRIBE KEYSPACE {keyspace}")[0][3]
    cassandra_execute(f"CREATE TABLE {keyspace}.t (k int PRIMARY KEY)")
    backup = lab.call("lab", "backup", "--dir", "lab", "-L", LOCATION, "-K", keyspace, "--json")
    assert backup.code == 0, backup.stderr
    cassandra_execute(f"DROP KEYSPACE {keyspace}")

    def make_it_first(_run: Run, stage: Stage) -> None:
        if stage is Stage.DATA:
            cassandra_execute(create)
            cassandra_execute(f"CREATE TABLE {keyspace}.theirs (k int PRIMARY KEY)")
            insert(cassandra_execute, keyspace, "theirs", k=1)

    tag = backup.documents()[-1]["snapshot_tag"]
    target = build_target(TargetFlags(location=(LOCATION,), snapshot_tag=tag, restore_schema=True))
    config = load_config(lab.files.config).config
    hooks = Hooks(before_stage=make_it_first)
    with open_engine(config, environment={}, owner="a service", hooks=hooks) as engine:
        failed = (run := engine.start(target)).wait(DEADLINE_S)
        assert failed is not None
        assert failed.status is Status.FAILED
        aborted = engine.abort(run.id).wait(DEADLINE_S)
        assert aborted is not None
        assert aborted.status is Status.ABORTED
    assert failed.failure is not None
    assert f"keyspace {keyspace} could not be created" in failed.failure.message
    assert len(read(cassandra_execute, keyspace, "theirs")) == 1
