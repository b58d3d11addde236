"""A backup that a real Scylla Manager wrote, on a real S3 server, restored by the console script."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.console import LabProcess, lab_process
from tests.support.s3_server import S3Server

TAG = "sm_20261122114012UTC"
SECRET_VARIABLE = "LAB_S3_SECRET"


@pytest.fixture
def bucket(shared: Path, s3_server: S3Server) -> str:
    name = s3_server.new_bucket()
    with tarfile.open(shared / "samples" / "real-backup.tar.gz") as archive:
        for member in archive:
            if member.isfile() and (content := archive.extractfile(member)) is not None:
                s3_server.put(name, member.name, content.read())
    return name


@pytest.fixture
def lab(tmp_path: Path, s3_server: S3Server) -> Iterator[LabProcess]:
    options = (
        *("--table", "ks.t", "--s3-endpoint", s3_server.endpoint),
        *("--s3-access-key-id", s3_server.access_key_id, "--s3-secret-access-key", f"env:{SECRET_VARIABLE}"),
    )
    environment = {SECRET_VARIABLE: s3_server.secret_access_key}
    with lab_process(tmp_path, *options, environment=environment) as lab:
        yield lab


@pytest.mark.real
def test_a_real_backup_is_restored_from_s3(lab: LabProcess, bucket: str, s3_server: S3Server) -> None:
    words = ("run", "-L", f"s3:{bucket}", "-T", TAG, "--restore-tables", "--keyspace", "ks", "--json")
    said = lab.call(*words, "--log-file", str(lab.directory / "diagnostics.txt"), "--verbose")
    assert said.code == 0, said.stderr
    progress = said.documents()[-1]
    assert (progress["state"], progress["sstables_restored"]) == ("done", 2)
    assert [keyspace["keyspace"] for keyspace in progress["keyspaces"]] == ["ks"]
    assert lab.loaded_sstables() == 2
    assert lab.left_behind() == []
    written = [path for path in lab.directory.rglob("*") if path.is_file()]
    assert not [path for path in written if s3_server.secret_access_key.encode() in path.read_bytes()]
