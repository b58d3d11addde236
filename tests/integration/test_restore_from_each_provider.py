"""A backup in each kind of bucket: read directly and through agents, downloaded by nodes, and in the cluster at last."""

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.support.azure_server import AzureServer
from tests.support.gcs_server import GcsServer
from tests.support.s3_server import S3Server

from scylla_restore.engine.api import Engine, cluster_connection
from scylla_restore.engine.config import choose_cluster, load_config
from scylla_restore.engine.core.target import build_target
from scylla_restore.engine.core.target_flags import TargetFlags
from scylla_restore.engine.lab import AzureSettings, GcsSettings, Lab, S3Settings
from scylla_restore.engine.lab.backup_writer import BackupRequest, write_backup
from scylla_restore.engine.lab.buckets import open_bucket, put_tree
from scylla_restore.engine.storage.opening import open_store
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.model.batches import BatchFilesFound
from scylla_restore.events.model.locations import LocationIndexed, LocationOpened
from scylla_restore.events.model.target import BackupLocation, IndexVia

PROVIDERS = ("localstorage", "s3", "gcs", "azure")
MORE_THAN_A_PAGE = 130
"""SSTables; they have eight files or more each, and S3 lists a thousand with one request."""
REAL_TAG = "sm_20261122114012UTC"
PATIENCE_S = 180

pytestmark = pytest.mark.real


class Restored(NamedTuple):
    """What a run that restored all of it told of the backup."""

    opened: LocationOpened
    indexed: LocationIndexed
    found_later: int
    """Bytes of batches whose directories were not listed: they were looked for before they were copied."""


@pytest.fixture(scope="module")
def lab(
    tmp_path_factory: pytest.TempPathFactory,
    s3_server: S3Server,
    gcs_server: GcsServer,
    azure_server: AzureServer,
) -> Iterator[Lab]:
    with Lab(
        tmp_path_factory.mktemp("providers"),
        nodes=2,
        s3=S3Settings(
            endpoint=s3_server.endpoint,
            access_key_id=s3_server.access_key_id,
            secret_access_key=s3_server.secret_access_key,
        ),
        gcs=GcsSettings(endpoint=gcs_server.endpoint),
        azure=AzureSettings(
            account=azure_server.account, key=azure_server.key, endpoint=azure_server.endpoint
        ),
    ) as running:
        yield running


@pytest.fixture
def restore(lab: Lab) -> Callable[[str, str, IndexVia], Restored]:
    def run(location: str, tag: str, via: IndexVia, *keyspaces: str) -> Restored:
        config = load_config(lab.config_path).config
        connection = cluster_connection(choose_cluster(config), {})
        flags = TargetFlags(
            location=(location,),
            snapshot_tag=tag,
            restore_tables=True,
            index_via=via.value,
            keyspace=keyspaces or None,
            allow_non_empty=True,
        )
        events: list[object] = []
        with Engine(
            log=MemoryLog(),
            cluster=connection,
            open_store=lambda where: open_store(where, config.storage(where.key), {}),
            owner="test",
            on_event=lambda envelope: events.append(envelope.event),
        ) as engine:
            outcome = engine.start(build_target(flags)).wait(PATIENCE_S)
        connection.close()
        assert outcome is not None
        assert outcome.exit_code == 0, outcome
        (opened,) = [event for event in events if isinstance(event, LocationOpened)]
        (indexed,) = [event for event in events if isinstance(event, LocationIndexed)]
        found = sum(event.size for event in events if isinstance(event, BatchFilesFound))
        return Restored(opened, indexed, found)

    return run


Restore = Callable[..., Restored]


@pytest.mark.parametrize("via", [IndexVia.DIRECT, IndexVia.AGENT])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_backup_is_restored_from_each_provider_whoever_reads_it(
    lab: Lab, restore: Restore, provider: str, via: IndexVia
) -> None:
    location = f"{provider}:made-{via.value}"
    seed = PROVIDERS.index(provider) * 2 + (via is IndexVia.AGENT)
    request = BackupRequest(
        location=location, sstables=6, sstable_bytes=20_000, id_type="mixed", seed=1 + seed
    )
    summary = write_backup(lab.directory, request)
    restored = restore(location, summary.snapshot_tag, via)
    assert (restored.opened.via, restored.opened.because) == (via, "")
    assert (restored.indexed.sstables, restored.indexed.size) == (6, summary.bytes)


def test_directories_of_more_files_than_a_page_are_looked_into_batch_by_batch(
    lab: Lab, restore: Restore
) -> None:
    request = BackupRequest(
        location="s3:unlisted", sstables=2 * MORE_THAN_A_PAGE, sstable_bytes=400, seed=200
    )
    summary = write_backup(lab.directory, request)
    restored = restore(request.location, summary.snapshot_tag, IndexVia.DIRECT)
    assert restored.indexed.sstables == request.sstables
    assert restored.found_later == summary.bytes


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_backup_that_scylla_manager_wrote_is_read_from_each_provider(
    lab: Lab, restore: Restore, provider: str, shared: Path, tmp_path: Path
) -> None:
    with tarfile.open(shared / "samples" / "real-backup.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    bucket = open_bucket(lab.files, BackupLocation(provider=provider, bucket="real"))
    put_tree(bucket, tmp_path)
    bucket.close()
    lab.create_table("ks", "t")
    restored = restore(f"{provider}:real", REAL_TAG, IndexVia.AUTO, "ks")
    assert restored.opened.via is IndexVia.DIRECT
    assert (restored.indexed.sstables, restored.indexed.size) == (2, 19_060_373)
    assert {table.keyspace for table in restored.indexed.skipped} == {"system_schema"}


def test_a_bucket_that_this_host_may_not_read_is_read_through_the_agents(lab: Lab, restore: Restore) -> None:
    request = BackupRequest(location="s3:denied", sstables=2, sstable_bytes=20_000, seed=99)
    summary = write_backup(lab.directory, request)
    text = lab.config_path.read_text()
    lab.config_path.write_text(text.replace("labsecret1", "anothersecret"))
    try:
        restored = restore("s3:denied", summary.snapshot_tag, IndexVia.AUTO)
    finally:
        lab.config_path.write_text(text)
    assert restored.opened.via is IndexVia.AGENT
    assert "SignatureDoesNotMatch" in restored.opened.because
    assert restored.indexed.sstables == 2
