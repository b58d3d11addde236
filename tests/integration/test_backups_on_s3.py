"""`backups` on a real object store."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.backups import index_entry, manifest_bytes, manifest_path
from tests.support.program import Desk
from tests.support.s3_server import S3Server

from scylla_restore.engine.backup.layout import ManifestPath
from scylla_restore.engine.core.snapshot_tag import snapshot_tag

pytestmark = pytest.mark.real

TAGS = [snapshot_tag(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hour)) for hour in range(600)]
NODES = ("n1", "n2")


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    """A bucket with more manifests than a page of a listing has."""
    name = s3_server.new_bucket()
    paths = [manifest_path(snapshot_tag=tag, node_id=node) for tag in TAGS for node in NODES]
    data = manifest_bytes({**index_entry([]), "size": 1}, cluster_name="prod")

    def put(path: ManifestPath) -> None:
        s3_server.put(name, path.path, data)

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(put, paths))
    return name


@pytest.fixture
def desk(tmp_path: Path, s3_server: S3Server) -> Desk:
    (tmp_path / "secret").write_text(s3_server.secret_access_key)
    (tmp_path / "scylla-restore.toml").write_text(
        f'[s3]\nendpoint = "{s3_server.endpoint}"\nregion = "us-east-1"\n'
        f'access_key_id = "{s3_server.access_key_id}"\nsecret_access_key = "file:secret"\n'
    )
    return Desk(tmp_path)


def test_all_snapshots_of_a_bucket_are_listed_and_one_is_read(desk: Desk, bucket: str) -> None:
    where = ("backups", "-L", f"s3:{bucket}", "--json")
    listed = desk.call_bare(*where).json()
    assert [backup["tag"] for backup in listed] == TAGS
    assert {tuple(backup["nodes"]) for backup in listed} == {NODES}
    (backup,) = desk.call_bare(*where, "-T", TAGS[7]).json()
    assert (backup["tag"], backup["cluster_name"], backup["bytes"]) == (TAGS[7], "prod", 2)


def test_a_bucket_that_is_not_there_is_refused(desk: Desk) -> None:
    answer = desk.call_bare("backups", "-L", "s3:nowhere-at-all")
    assert (answer.code, answer.stdout) == (2, "")
    assert "nowhere-at-all" in answer.stderr
