"""The schema's file is found by its name, read, and told statement by statement."""

from uuid import UUID

import pytest
from tests.support.backups import gzipped
from tests.support.bucket import CLUSTER_ID, TAG, TASK_ID, WHERE, Bucket, selection
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors.location import spawn_location
from scylla_restore.actors.procedures.schema_file import STATEMENTS_PER_EVENT
from scylla_restore.engine.backup.layout import SchemaKind, SchemaPath
from scylla_restore.engine.core.commands import ReadSchemaFile
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.locations import LocationFailed
from scylla_restore.events.model.schema_restore import SchemaFileRead, SchemaStatementsRead

OTHER = str(UUID(int=7))


def path(kind: SchemaKind = SchemaKind.CQL, *, cluster: str = str(CLUSTER_ID), tag: str = TAG) -> str:
    return SchemaPath(cluster_id=cluster, task_id=str(TASK_ID), snapshot_tag=tag, kind=kind).path


def rows(tables: int) -> bytes:
    keyspace = {"keyspace": "ks", "type": "keyspace", "name": "ks", "cql_stmt": "CREATE KEYSPACE ks;"}
    role = {"keyspace": "", "type": "role", "name": "ann", "cql_stmt": "CREATE ROLE ann;"}
    made = [
        {"keyspace": "ks", "type": "table", "name": f"t{n}", "cql_stmt": f"CREATE TABLE ks.t{n};"}
        for n in range(tables)
    ]
    return gzipped([keyspace, role, *made])


def read(objects: dict[str, bytes], **chosen: object) -> list[AnyEvent]:
    bucket, runtime, events = Bucket(), SteppingRuntime(), list[AnyEvent]()
    bucket.objects.update(objects)
    actor = spawn_location(
        runtime,
        location=WHERE.key,
        open_store=lambda _where, _via: bucket,
        report=events.append,
        on_crash=lambda name, error: pytest.fail(f"{name}: {error}"),
    )
    actor.tell(ReadSchemaFile(location=WHERE.key, where=WHERE, selection=selection(**chosen)))
    runtime.run()
    return events


def failure(objects: dict[str, bytes], **chosen: object) -> LocationFailed:
    (event,) = read(objects, **chosen)
    assert isinstance(event, LocationFailed)
    return event


def test_statements_are_told_in_their_order_and_then_where_they_came_from() -> None:
    *parts, end = read({path(): rows(STATEMENTS_PER_EVENT)})

    statements = [
        each for part in parts if isinstance(part, SchemaStatementsRead) for each in part.statements
    ]
    assert [part.first for part in parts if isinstance(part, SchemaStatementsRead)] == [
        0,
        STATEMENTS_PER_EVENT,
    ]
    assert [each.statement for each in statements[:2]] == ["CREATE KEYSPACE ks", "CREATE TABLE ks.t0"]
    assert isinstance(end, SchemaFileRead)
    assert end.statements == len(statements) == STATEMENTS_PER_EVENT + 1
    assert [each.object.name for each in end.skipped] == ["ann"]
    assert [file.path for file in end.files] == [path()]


def test_a_snapshot_without_a_schema_is_refused() -> None:
    event = failure({path(tag="sm_20250101000000UTC"): rows(1)})
    assert (event.exit_code, "no schema of snapshot" in event.failure.message) == (2, True)


def test_a_schema_that_only_an_old_scylla_wrote_is_refused_in_plain_words() -> None:
    event = failure({path(SchemaKind.LEGACY): b""})
    assert event.exit_code == 2
    assert "only an old ScyllaDB's schema files" in event.failure.message


def test_a_tag_of_two_clusters_is_refused_until_one_is_chosen() -> None:
    both = {path(): rows(1), path(cluster=OTHER): rows(2)}
    assert "several clusters" in failure(both).failure.message
    *_, end = read(both, source_cluster=OTHER)
    assert isinstance(end, SchemaFileRead)
    assert end.statements == 3


def test_a_file_that_is_cut_off_is_named() -> None:
    event = failure({path(): rows(50)[:40]})
    assert path() in event.failure.message
