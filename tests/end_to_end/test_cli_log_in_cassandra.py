"""A run whose log is in a real Cassandra: another host's engine carries on when the first one's lease has lapsed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cassandra import PASSWORD, Cluster, new_keyspace
from tests.support.cassandra_logs import Execute
from tests.support.console import LabProcess, lab_process

PASSWORD_VARIABLE = "LOG_PASSWORD"


@pytest.fixture
def log_url(cassandra: Cluster, cassandra_execute: Execute) -> Iterator[str]:
    keyspace = new_keyspace()
    yield cassandra.url(keyspace)
    cassandra_execute(f'DROP KEYSPACE IF EXISTS "{keyspace}"')


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabProcess]:
    environment = {PASSWORD_VARIABLE: PASSWORD}
    options = ("--download-mbps", "1", "--load-mbps", "0.4")
    with lab_process(tmp_path, *options, environment=environment) as lab:
        lab.back_up(sstables=30, sstable_bytes=40_000)
        yield lab


@pytest.mark.real
@pytest.mark.slow
def test_another_engine_waits_for_a_dead_ones_lease_and_carries_on(lab: LabProcess, log_url: str) -> None:
    lines = lab.files.config.read_text().splitlines()
    own = [f'url = "{log_url}"', f'password = "env:{PASSWORD_VARIABLE}"']
    lab.files.config.write_text(
        "\n".join(new for line in lines for new in (own if line.startswith("url = ") else [line]))
    )
    process = lab.start(*lab.run_words())
    lab.wait_for_load()
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
