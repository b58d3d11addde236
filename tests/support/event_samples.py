"""One event of every kind, as its golden file has it: ``SAMPLES`` by the file's name without ``.json``.

A sample is named ``<TAG>.v<VERSION>`` or, where one is not enough, ``<TAG>.v<VERSION>.<variant>``. When an event
changes, its old samples stay (they are what the old files are read as, from then on) and a new one is added; then
``scripts/make-golden`` writes the file of the new one.
"""

from datetime import UTC, datetime

from tests.support.schema_samples import SCHEMA

from scylla_restore.events.model import (
    AnyEvent,
    alterations,
    batches,
    locations,
    nodes,
    repairs,
    run,
    stages,
    target,
)
from scylla_restore.events.model.failure import Cause, Failure

_NODE = "192.168.100.11"
_LOCATION = "s3:backups"
_LATER = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
_FAILURE = Failure(
    cause=Cause.NO_SPACE,
    message="copy files: no space left on device",
    node=_NODE,
    call="POST /agent/rclone/sync/copypaths",
    hint="make room on the node's data disk",
)
_DIRECTORY = (
    "backup/sst/cluster/0d5a8a3c-0000-4000-8000-00000000000c/dc/dc1/node/"
    "6d0cb1f5-0000-4000-8000-00000000000d/keyspace/shop/table/orders/aabbccddeeff11eeb3a3000000000001"
)
_TUNING = target.Tuning(
    method=target.Method.RCLONE,
    batch_size=4,
    parallel=2,
    transfers=-1,
    rate_limit=(target.RateLimit(mib_per_second=100), target.RateLimit(mib_per_second=50, dc="dc2")),
    allow_compaction=True,
    unpin_agent_cpu=True,
    index_via=target.IndexVia.AGENT,
    staging=target.Staging.OFF,
)
_SELECTION = target.Selection(
    kind=target.RestoreKind.TABLES,
    locations=(
        target.BackupLocation(provider="s3", bucket="backups", dc="dc1"),
        target.BackupLocation(provider="gcs", bucket="more-backups"),
    ),
    snapshot_tag="sm_20260102030405UTC",
    keyspace=("shop.*", "!shop.drafts"),
    source_cluster="0d5a8a3c-0000-4000-8000-00000000000c",
    source_task="7a7a8a3c-0000-4000-8000-00000000000e",
    dc_mapping=(("dc1", "dc3"),),
    rename=(("shop", "shop_copy"),),
    allow_non_empty=True,
)

_RUN: dict[str, AnyEvent] = {
    "RunStarted.v1": run.RunStarted(
        target=target.RestoreTarget(selection=_SELECTION, tuning=_TUNING),
        cluster="prod",
        cluster_id="0d5a8a3c-0000-4000-8000-00000000000c",
        seed=8_313_549_129_744_203_777,
        started_by="ann@host, pid 4711",
        engine_version="0.1.0",
    ),
    "OtherRunsSought.v1": run.OtherRunsSought(
        unfinished=(
            run.UnfinishedRun(
                run="6f1d2c3b-0000-4000-8000-00000000ffff", snapshot_tag="sm_20260102030405UTC"
            ),
        ),
        aborted=run.AbortedRun(
            run="6f1d2c3b-0000-4000-8000-00000000eeee",
            snapshot_tag="sm_20260101030405UTC",
            tables=("shop:orders",),
        ),
    ),
    "OtherRunsSought.v1.unsearched": run.OtherRunsSought(failure=_FAILURE, exit_code=4),
    "OwnerChanged.v1": run.OwnerChanged(owner="bob@host, pid 4712", engine_version="0.1.0"),
    "RunResumed.v1": run.RunResumed(),
    "SettingsChanged.v1": run.SettingsChanged(before=target.Tuning(), after=_TUNING),
    "PauseRequested.v1": run.PauseRequested(requested_by="ann@host", reason="asked for on the command line"),
    "RunPaused.v1": run.RunPaused(
        reason="asked for", staged_batches=2, staged_bytes=5_000_000_000, loads_running=1
    ),
    "AbortRequested.v1": run.AbortRequested(requested_by="Frau Müller"),
    "RunAborted.v1": run.RunAborted(restored_bytes=40_000_000_000_000),
    "FailureDeclared.v1": run.FailureDeclared(failure=_FAILURE, resumable=True, exit_code=1),
    "RunFailed.v1": run.RunFailed(failure=_FAILURE, resumable=False, exit_code=2),
    "RunCompleted.v1": run.RunCompleted(restored_bytes=40_000_000_000_000, sstables=1_000_000),
    "ActorFailed.v1": run.ActorFailed(actor=f"node/{_NODE}", error="KeyError: 'upload'\n  at line 7"),
    "ActorReplaced.v1": run.ActorReplaced(actor=f"node/{_NODE}"),
    "ActorAsked.v1": run.ActorAsked(actor=f"location/{_LOCATION}", ask=run.Ask.INDEX),
    "StageEntered.v1": stages.StageEntered(stage=stages.Stage.DISABLE_TGC),
    "StageCompleted.v1": stages.StageCompleted(stage=stages.Stage.DATA),
}

_LOCATIONS: dict[str, AnyEvent] = {
    "LocationOpened.v1": locations.LocationOpened(
        location=_LOCATION, manifests=("backup/meta/a_manifest.json.gz", "backup/meta/b_manifest.json.gz")
    ),
    "LocationOpened.v1.without_snapshot": locations.LocationOpened(
        location=_LOCATION, manifests=(), nearest=("sm_20240512061408UTC", "sm_20240511061408UTC")
    ),
    "ManifestRead.v1": locations.ManifestRead(
        location=_LOCATION,
        path="backup/meta/a_manifest.json.gz",
        sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        cluster_id="0d5a8a3c-0000-4000-8000-00000000000c",
        cluster_name="Prod",
        dc="dc1",
        node_id="6d0cb1f5-0000-4000-8000-00000000000d",
        tables=3,
        size=123_456_789_012,
    ),
    "DirectoryIndexed.v1": locations.DirectoryIndexed(
        directory="d1",
        location=_LOCATION,
        path=_DIRECTORY,
        dc="dc1",
        node_id="6d0cb1f5-0000-4000-8000-00000000000d",
        keyspace="shop",
        table="orders",
        ids=("3gab_0bxs_17pkl2cvlz4ztaa3e4", "7"),
        sizes=(1_000_000, 17),
        shapes=(
            locations.SSTableShape(version="me", format="big", components=("Data.db", "TOC.txt")),
            locations.SSTableShape(version="md", format="big", components=("Data.db",)),
        ),
        shape_of=(0, 1),
        suffixes={"7": {"TOC.txt": "sm_20260101000000UTC", "Data.db": "sm_20260101000000UTC"}},
    ),
    "DirectoryIndexed.v1.plain": locations.DirectoryIndexed(
        directory="d2",
        location=_LOCATION,
        path=_DIRECTORY,
        dc="dc1",
        node_id="6d0cb1f5-0000-4000-8000-00000000000d",
        keyspace="shop",
        table="orders",
        ids=("8",),
        sizes=(4_096,),
        shapes=(locations.SSTableShape(version="me", format="big", components=("Data.db",)),),
    ),
    "DirectoryIndexed.v1.as-noted": locations.DirectoryIndexed(
        directory="d3",
        location=_LOCATION,
        path=_DIRECTORY,
        dc="dc1",
        node_id="6d0cb1f5-0000-4000-8000-00000000000d",
        keyspace="shop",
        table="orders",
        ids=("3gab_0bxs_17pkl2cvlz4ztaa3e4",),
        sizes=(4_100,),
        shapes=(locations.SSTableShape(version="me", format="big", components=("Data.db", "TOC.txt")),),
        data_sizes=(4_096,),
        first_tokens=(-9_223_372_036_854_775_807,),
        last_tokens=(9_223_372_036_854_775_806,),
    ),
    "LocationIndexed.v1": locations.LocationIndexed(
        location=_LOCATION,
        directories=12,
        sstables=345,
        size=67_890,
        skipped=(locations.SkippedTable(keyspace="shop", table="drafts", reason="not selected"),),
    ),
    "LocationUnanswered.v1": locations.LocationUnanswered(location="s3:backups", retries=17),
    "LocationAnswered.v1": locations.LocationAnswered(location="s3:backups"),
    "LocationVerified.v1": locations.LocationVerified(location=_LOCATION),
    "LocationFailed.v1": locations.LocationFailed(location=_LOCATION, failure=_FAILURE, exit_code=2),
}

_NODES: dict[str, AnyEvent] = {
    "ClusterDiscovered.v1": nodes.ClusterDiscovered(
        name="Prod",
        nodes=(nodes.DiscoveredNode(address=_NODE, host_id="h-1", dc="dc1", rack="r1"),),
        keyspaces=("shop", "system_auth"),
        user_keyspaces=("shop",),
        tables=("shop:orders",),
    ),
    "DiscoveryFailed.v1": nodes.DiscoveryFailed(failure=_FAILURE, exit_code=2),
    "TablesResolved.v1": nodes.TablesResolved(
        tables=(
            nodes.TableDirectory(
                keyspace="shop", table="orders", directory="orders-aabbccddeeff11eeb3a3000000000001"
            ),
        )
    ),
    "NodeJoined.v1": nodes.NodeJoined(
        node=_NODE,
        host_id="h-1",
        dc="dc1",
        rack="r1",
        shards=16,
        scylla_version="2025.1.2",
        agent_version="3.5.0",
        locations=(_LOCATION,),
        unreachable_locations={"gcs:more-backups": "403: access denied"},
    ),
    "NodeJoined.v1.clock": nodes.NodeJoined(
        node=_NODE,
        host_id="h-1",
        dc="dc1",
        rack="r1",
        shards=16,
        scylla_version="2025.1.2",
        agent_version="3.5.0",
        locations=(_LOCATION,),
        clock_skew_ms=-1500,
    ),
    "TablesInspected.v1": nodes.TablesInspected(
        node=_NODE,
        used={"shop:orders": 4096},
        staging=("shop/orders-0/snapshots/scylla-restore-6f1d2c3b-0000-4000-8000-000000000002-1-1",),
        uploads=("shop/orders-0/upload",),
    ),
    "NodeJoined.v1.native": nodes.NodeJoined(
        node=_NODE,
        host_id="h-1",
        dc="dc1",
        rack="r1",
        shards=16,
        scylla_version="2026.1.0",
        agent_version="3.9.0",
        locations=(_LOCATION, "azure:others"),
        native_endpoints={_LOCATION: "https://s3.eu-central-1.amazonaws.com"},
        native_refusals={"azure:others": "Scylla restores from s3 and gcs only, not from azure"},
    ),
    "NodeSettingsRead.v1": nodes.NodeSettingsRead(
        node=_NODE,
        transfers=2,
        bandwidth_rate="100M",
        compaction={"shop:orders": True, "shop:items": False},
        cpus=(0, 1),
    ),
    "NodeSettingsRead.v1.native": nodes.NodeSettingsRead(
        node=_NODE, transfers=2, bandwidth_rate="off", compaction={}, user_ttl=3600
    ),
    "NodeFailed.v1": nodes.NodeFailed(node=_NODE, failure=_FAILURE, exit_code=2),
    "NodeSuspended.v1": nodes.NodeSuspended(node=_NODE, until=_LATER, failures=3, failure=_FAILURE),
    "NodeWaitingForSpace.v1": nodes.NodeWaitingForSpace(node=_NODE, until=_LATER, failure=_FAILURE),
    "NodeReadmitted.v1": nodes.NodeReadmitted(node=_NODE),
}

_BATCHES: dict[str, AnyEvent] = {
    "BatchAssigned.v1": batches.BatchAssigned(
        batch=17,
        attempt=2,
        node=_NODE,
        method=target.Method.NATIVE,
        directory="d1",
        sstables=("3gab_0bxs_17pkl2cvlz4ztaa3e4", "7"),
        size=1_000_017,
    ),
    "DownloadRequested.v1": batches.DownloadRequested(batch=17, attempt=2),
    "DownloadStarted.v1": batches.DownloadStarted(
        batch=17, attempt=2, jobs=(1704164645, 1704164646), started_at=("2026-01-02T03:04:05.1Z", "")
    ),
    "DownloadProgressed.v1": batches.DownloadProgressed(batch=17, attempt=2, downloaded=500_000),
    "BatchDownloaded.v1": batches.BatchDownloaded(batch=17, attempt=2, downloaded=1_000_000, versioned=17),
    "DownloadFailed.v1": batches.DownloadFailed(
        batch=17, attempt=2, node=_NODE, failure=_FAILURE, staging_left=True
    ),
    "LoadRequested.v1": batches.LoadRequested(batch=17, attempt=2),
    "UploadOccupied.v1": batches.UploadOccupied(batch=17, attempt=2, node=_NODE, files=8, size=4_096),
    "BatchAssigned.v1.without_staging": batches.BatchAssigned(
        batch=17,
        attempt=2,
        node=_NODE,
        method=target.Method.RCLONE,
        directory="d1",
        sstables=("3gab_0bxs_17pkl2cvlz4ztaa3e4", "7"),
        size=1_000_017,
        staging=target.Staging.OFF,
    ),
    "BatchCheckRequested.v1": batches.BatchCheckRequested(batch=17, attempt=2),
    "BatchFilesFound.v1": batches.BatchFilesFound(batch=17, attempt=2, size=1_000_017),
    "BatchFilesMissed.v1": batches.BatchFilesMissed(
        batch=17, attempt=2, location="s3:backups", failure=Failure(cause=Cause.MISSING_OBJECT, message="no")
    ),
    "UploadFoundEmpty.v1": batches.UploadFoundEmpty(batch=17, attempt=2),
    "UploadFilled.v1": batches.UploadFilled(batch=17, attempt=2),
    "LoadStarted.v1": batches.LoadStarted(batch=17, attempt=2),
    "NativeRestoreRequested.v1": batches.NativeRestoreRequested(batch=17, attempt=2),
    "NativeRestoreStarted.v1": batches.NativeRestoreStarted(
        batch=17, attempt=2, task="53d24eb5-62ec-453e-a9f6-cb1d8edfe1a3"
    ),
    "NativeRestoreProgressed.v1": batches.NativeRestoreProgressed(batch=17, attempt=2, restored=250_000),
    "LoadAnswerLost.v1": batches.LoadAnswerLost(batch=17, attempt=2, node=_NODE, failure=_FAILURE),
    "SSTablesLoaded.v1": batches.SSTablesLoaded(batch=17, attempt=2, staging_left=True),
    "LoadFailed.v1": batches.LoadFailed(
        batch=17,
        attempt=2,
        node=_NODE,
        failure=Failure(cause=Cause.REFUSED, message="no"),
        staging_left=False,
    ),
    "BatchReturned.v1": batches.BatchReturned(
        batch=17, attempt=2, reason="its node is suspended", not_before=_LATER
    ),
}

_ALTERATIONS: dict[str, AnyEvent] = {
    "AlterationIntended.v1.auto_compaction": alterations.AlterationIntended(
        id="a1",
        alteration=alterations.AutoCompactionDisabled(node=_NODE, tables=("shop:orders", "shop:items")),
    ),
    "AlterationIntended.v1.transfers": alterations.AlterationIntended(
        id="a2", alteration=alterations.TransfersSet(node=_NODE, before=-1, after=32)
    ),
    "AlterationIntended.v1.bandwidth": alterations.AlterationIntended(
        id="a3", alteration=alterations.BandwidthSet(node=_NODE, before="100M", after="off")
    ),
    "AlterationIntended.v1.cpu_pinning": alterations.AlterationIntended(
        id="a4", alteration=alterations.CpuUnpinned(node=_NODE)
    ),
    "AlterationIntended.v1.user_ttl": alterations.AlterationIntended(
        id="a7", alteration=alterations.UserTtlSet(node=_NODE, before=3600, after=43200)
    ),
    "AlterationIntended.v1.staging_directory": alterations.AlterationIntended(
        id="a5",
        alteration=alterations.StagingCreated(
            node=_NODE, path="shop/orders-aabb/snapshots/scylla-restore-r-17-2"
        ),
    ),
    "AlterationIntended.v1.upload_files": alterations.AlterationIntended(
        id="staging/17/2",
        alteration=alterations.CopiedIntoUpload(
            node=_NODE, upload="shop/orders-aabb/upload", directory="d1", positions=(4, 1), is_copied=True
        ),
    ),
    "AlterationIntended.v1.upload_directory": alterations.AlterationIntended(
        id="a6",
        alteration=alterations.UploadSetAside(
            node=_NODE,
            upload="shop/orders-aabb/upload",
            found="shop/orders-aabb/snapshots/scylla-restore-found-r",
        ),
    ),
    "AlterationMade.v1": alterations.AlterationMade(id="a1"),
    "UndoRequested.v1": alterations.UndoRequested(ids=("a1", "a2")),
    "AlterationUndone.v1": alterations.AlterationUndone(id="a1"),
    "UndoFailed.v1": alterations.UndoFailed(id="a1", failure=_FAILURE),
}

_REPAIRS: dict[str, AnyEvent] = {
    "RepairPlanned.v1": repairs.RepairPlanned(
        tables=(
            repairs.TableToRepair(
                keyspace="shop",
                table="orders",
                kind=repairs.RepairKind.RANGES,
                nodes=(_NODE, "192.168.100.12"),
            ),
            repairs.TableToRepair(
                keyspace="shop", table="notes", kind=repairs.RepairKind.SMALL_TABLE, nodes=(_NODE,)
            ),
            repairs.TableToRepair(
                keyspace="bank", table="accounts", kind=repairs.RepairKind.TABLETS, nodes=()
            ),
        ),
        members=(_NODE, "192.168.100.12"),
        replicas=2,
    ),
    "RepairPlanFailed.v1": repairs.RepairPlanFailed(failure=_FAILURE),
    "RepairRequested.v1": repairs.RepairRequested(
        repair=2,
        attempt=3,
        node=_NODE,
        keyspace="shop",
        table="orders",
        kind=repairs.RepairKind.RANGES,
    ),
    "RepairStarted.v1": repairs.RepairStarted(
        repair=2, attempt=3, task="17", part=1, parts=4, ring="0123456789abcdef"
    ),
    "RepairProgressed.v1": repairs.RepairProgressed(repair=2, attempt=3, completed=31, total=64),
    "RepairCompleted.v1": repairs.RepairCompleted(repair=2, attempt=3),
    "RepairFailed.v1": repairs.RepairFailed(repair=2, attempt=3, node=_NODE, failure=_FAILURE),
}

SAMPLES: dict[str, AnyEvent] = {
    **_RUN,
    **_LOCATIONS,
    **_NODES,
    **_BATCHES,
    **_ALTERATIONS,
    **_REPAIRS,
    **SCHEMA,
}
