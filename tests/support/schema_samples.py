"""Samples of the events about the schema, for ``event_samples``."""

from scylla_restore.events.model import AnyEvent, alterations, run, schema, schema_restore
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.stages import Stage

_FAILURE = Failure(
    cause=Cause.REFUSED,
    message='tombstone_gc of shop.orders could not be altered: User ann has no ALTER permission on <table shop."Orders">',
    call="ALTER TABLE \"shop\".\"orders\" WITH tombstone_gc = {'mode': 'disabled'}",
    hint="give the role the right to alter it, then `scylla-restore resume`",
)
_TOMBSTONE_GC = (("mode", "repair"), ("propagation_delay_in_seconds", "60"))
_ORDERS = schema.SchemaObject(keyspace="shop", kind="table", name="Orders")
_VIEW = schema.RecordedView(
    keyspace="shop",
    name="orders_by_day",
    base_table="orders",
    kind=schema.ViewKind.MATERIALIZED_VIEW,
    statement="CREATE MATERIALIZED VIEW IF NOT EXISTS shop.orders_by_day AS SELECT day, id FROM shop.orders …",
    build_name="orders_by_day",
)
_INDEX = schema.RecordedView(
    keyspace="shop",
    name="orders_by_note",
    base_table="orders",
    kind=schema.ViewKind.SECONDARY_INDEX,
    statement='CREATE INDEX IF NOT EXISTS orders_by_note ON shop.orders("Note")',
    build_name="orders_by_note_index",
)

SCHEMA: dict[str, AnyEvent] = {
    "SchemaRecorded.v1": schema.SchemaRecorded(
        offered=True,
        tables=(
            schema.RecordedTable(
                keyspace="shop",
                table="orders",
                id="aabbccddeeff11eeb3a3000000000001",
                tombstone_gc=_TOMBSTONE_GC,
            ),
            schema.RecordedTable(
                keyspace="shop", table="notes", id="aabbccddeeff11eeb3a3000000000002", tombstone_gc=None
            ),
        ),
        views=(_VIEW, _INDEX),
    ),
    "SchemaRecorded.v1.without": schema.SchemaRecorded(offered=False, reason="no node offers CQL"),
    "SchemaRecorded.v1.filled": schema.SchemaRecorded(offered=True, filled=("shop:orders",)),
    "SchemaReadFailed.v1": schema.SchemaReadFailed(failure=_FAILURE, exit_code=2),
    "SchemaUnanswered.v1": schema.SchemaUnanswered(failure=_FAILURE),
    "SchemaAnswered.v1": schema.SchemaAnswered(),
    "SchemaAgreementAwaited.v1": schema.SchemaAgreementAwaited(
        before=Stage.DATA, agreed=False, detail="the nodes have 2 versions of it"
    ),
    "SchemaChangeFailed.v1": schema.SchemaChangeFailed(id="tombstone_gc of shop.orders/7", failure=_FAILURE),
    "ViewBuildProgressed.v1": schema.ViewBuildProgressed(
        keyspace="shop", view="orders_by_day", status=schema.BuildStatus.STARTED, built=1, nodes=3
    ),
    "ViewBuildFailed.v1": schema.ViewBuildFailed(failure=_FAILURE),
    "AlterationIntended.v1.view": alterations.AlterationIntended(
        id="view shop.orders_by_day/5", alteration=alterations.ViewDropped(view=_VIEW)
    ),
    "AlterationIntended.v1.tombstone_gc": alterations.AlterationIntended(
        id="tombstone_gc of shop.orders/7",
        alteration=alterations.TombstoneGcDisabled(keyspace="shop", table="orders", before=_TOMBSTONE_GC),
    ),
    "PauseRequested.v1.everything": run.PauseRequested(
        requested_by="ann@host", reason="what the run had left altered was to be put back", puts_all_back=True
    ),
    "AlterationIntended.v1.schema_object": alterations.AlterationIntended(
        id="statement/3",
        alteration=alterations.SchemaObjectCreated(object=_ORDERS),
    ),
    "SchemaStatementsRead.v1": schema_restore.SchemaStatementsRead(
        location="s3:backups",
        first=200,
        statements=(
            schema_restore.SchemaStatement(object=_ORDERS, statement='CREATE TABLE shop."Orders" (…)'),
            schema_restore.SchemaStatement(
                object=_ORDERS, statement='{"TableName": "Orders"}', required=False
            ),
        ),
    ),
    "SchemaFileRead.v1": schema_restore.SchemaFileRead(
        location="s3:backups",
        files=(
            schema_restore.SchemaFile(
                path="backup/schema/cluster/a/task_b_tag_sm_20260102030405UTC_schema_with_internals.json.gz",
                sha256="ab" * 32,
            ),
        ),
        statements=202,
        skipped=(schema_restore.SkippedObject(object=_ORDERS, reason="it is made through Alternator"),),
    ),
    "SchemaCompared.v1": schema_restore.SchemaCompared(existing=(_ORDERS,)),
    "SchemaStatementRequested.v1": schema_restore.SchemaStatementRequested(number=3, object=_ORDERS),
    "SchemaStatementApplied.v1": schema_restore.SchemaStatementApplied(
        number=3, left_out="TTL is not supported"
    ),
    "SchemaStatementFailed.v1": schema_restore.SchemaStatementFailed(number=3, failure=_FAILURE),
    "SchemaRolledBack.v1": schema_restore.SchemaRolledBack(statements=3),
    "RunPaused.v1.schema": run.RunPaused(
        reason="asked for",
        staged_batches=0,
        staged_bytes=0,
        loads_running=0,
        views_dropped=("shop.orders_by_day",),
        tombstone_gc_disabled=("shop.notes", "shop.orders"),
    ),
    "RunFailed.v1.schema": run.RunFailed(
        failure=_FAILURE,
        resumable=True,
        exit_code=1,
        views_dropped=("shop.orders_by_day",),
        tombstone_gc_disabled=("shop.orders",),
    ),
}
