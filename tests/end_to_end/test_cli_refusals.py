"""What cannot be is refused with code 2, in words, before anything is touched."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.console import LOCATION, LabProcess, lab_process


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabProcess]:
    with lab_process(tmp_path_factory.mktemp("refusals")) as lab:
        lab.back_up(sstables=2)
        yield lab


def untouched(lab: LabProcess) -> bool:
    copies, moves = lab.requests("/sync/copypaths"), lab.requests("/sync/move")
    return not copies + moves + lab.requests("/storage_service/sstables/") and lab.loaded_sstables() == 0


def test_a_certificate_of_the_agents_own_is_refused_with_its_fingerprint_which_will_do(
    lab: LabProcess,
) -> None:
    config = lab.directory / "untrusting.toml"
    lines = lab.files.config.read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if not line.startswith("tls_ca")))
    words = lab.run_words("--keyspace", "nothing", "--config", str(config))
    refused = lab.call(*words, configured=False)
    assert refused.code == 2
    assert re.match(r"error: .*127\.0\.0\.1", refused.stderr)
    found = re.search(r"((?:[0-9A-F]{2}:){31}[0-9A-F]{2})", refused.stderr.partition("hint: ")[2])
    assert found is not None, refused.stderr
    assert all(way in refused.stderr for way in ("--tls-ca", "--tls-fingerprint", "--insecure"))
    trusted = lab.call(*words, "--tls-fingerprint", found[1], configured=False)
    assert "no data in the backup matches" in trusted.stderr
    assert untouched(lab)


def test_flags_that_cannot_be_are_refused_by_name(lab: LabProcess) -> None:
    said = lab.call(*lab.run_words("--batch-size", "-1"))
    assert (said.code, said.stdout) == (2, "")
    assert "--batch-size" in said.stderr
    assert untouched(lab)


def test_a_schema_is_refused_where_no_node_offers_cql(lab: LabProcess) -> None:
    said = lab.call("run", "-L", LOCATION, "-T", lab.tag, "--restore-schema")
    assert (said.code, untouched(lab)) == (2, True)
    assert said.stderr.startswith("error: a schema is restored through CQL, and the nodes do not offer it: ")


def test_a_native_restore_that_nobody_can_do_is_refused(lab: LabProcess) -> None:
    properties = lab.directory / "task.json"
    task = {"location": [LOCATION], "snapshot_tag": lab.tag, "restore_tables": True, "method": "native"}
    properties.write_text(json.dumps(task))
    said = lab.call("run", "--properties", str(properties))
    assert said.code == 2
    assert "Scylla restores from s3 and gcs only, not from localstorage" in said.stderr
    assert said.stderr.splitlines()[-1].startswith("hint: `--method auto`")
    assert untouched(lab)


def without_storage(lab: LabProcess) -> str:
    """Return a configuration of a host that does not have the mount that nodes have."""
    config = lab.directory / "incomplete.toml"
    config.write_text(lab.files.config.read_text().partition("[localstorage]")[0])
    return str(config)


def test_a_location_that_this_host_cannot_read_is_refused_where_it_has_to(lab: LabProcess) -> None:
    words = lab.run_words("--config", without_storage(lab), "--index-via", "direct")
    said = lab.call(*words, configured=False)
    assert said.code == 2
    assert re.search(
        r"error: location localstorage:backups .*\nhint: set `path` in \[localstorage\]", said.stderr
    )
    assert untouched(lab)


@pytest.mark.parametrize("way", ["agent", "auto"])
def test_a_location_that_this_host_cannot_read_is_read_through_the_agents(lab: LabProcess, way: str) -> None:
    words = ("plan", *lab.run_words()[1:], "--config", without_storage(lab), "--index-via", way, "--json")
    said = lab.call(*words, configured=False)
    assert said.code == 0, said.stderr
    assert said.documents()[0]["sstables"] == 8
    assert untouched(lab)


def test_a_lab_directory_that_is_none_is_refused(lab: LabProcess, tmp_path: Path) -> None:
    said = lab.call("lab", "backup", "--dir", str(tmp_path), configured=False)
    assert said.code == 2
    assert said.stderr.startswith("error: there is no lab in ")
