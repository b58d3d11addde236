"""A run whose log is in a real Cassandra: another host's engine carries on when the first one's lease has lapsed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cassandra import PASSWORD, Cluster, new_keyspace
from tests.support.cassandra_logs import Execute
from tests.support.console import LabProcess, lab_process

from scylla_restore.events.log.opening import open_log
from scylla_restore.events.tables.opening import tables_beside
from scylla_restore.events.tables.port import Rows
from scylla_restore.events.tables.projector import run_key

PASSWORD_VARIABLE = "LOG_PASSWORD"


@pytest.fixture
def log_url(cassandra: Cluster, cassandra_execute: Execute) -> Iterator[str]:
    keyspace = new_keyspace()
    yield cassandra.url(keyspace)
    cassandra_execute(f'DROP KEYSPACE IF EXISTS "{keyspace}"')


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabProcess]:
    environment = {PASSWORD_VARIABLE: PASSWORD}
    options = ("--download-mbps", "4", "--load-mbps", "1.6")
    with lab_process(tmp_path, *options, environment=environment) as lab:
        lab.back_up(sstables=30, sstable_bytes=40_000)
        yield lab


def rows(log_url: str, run: str) -> Rows:
    """The projected rows, as they are."""
    log = open_log(log_url, password=lambda: PASSWORD)
    try:
        tables, key = tables_beside(log), run_key(log, run)
        assert tables is not None
        assert key is not None
        return tables.rows(key)
    finally:
        log.close()


@pytest.mark.real
@pytest.mark.slow
def test_another_engine_waits_for_a_dead_ones_lease_and_carries_on(lab: LabProcess, log_url: str) -> None:
    lines = lab.files.config.read_text().splitlines()
    own = [f'url = "{log_url}"', f'password = "env:{PASSWORD_VARIABLE}"']
    lab.files.config.write_text(
        "\n".join(new for line in lines for new in (own if line.startswith("url = ") else [line]))
    )
    with lab.in_the_middle(*lab.run_words()) as process:
        process.kill()
    resumed = lab.call("resume", "--json")
    assert resumed.code == 0, resumed.stderr
    assert re.search(
        r"whose lease holds until [\d:]{8} UTC unless it is renewed; waiting until then", resumed.stderr
    )
    run = resumed.documents()[0]["run_id"]
    assert lab.loaded_sstables() == 120
    assert lab.call("audit", run).stdout.startswith("the record is intact")
    assert lab.call("runs", "--json").documents()[0][0]["state"] == "done"
    kept = rows(log_url, run)
    assert lab.call("rebuild", run).code == 0
    assert rows(log_url, run) == kept
    assert sum(len(row.sstable_id) for row in kept.restore_run_progress) == 120
