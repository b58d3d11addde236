"""A schema in a generated backup."""

import gzip
import json
from collections.abc import Iterable

from tests.simulation.simulator.backup import SOURCE_CLUSTER, SOURCE_TASK, TAG, Backup
from tests.simulation.simulator.schema import statement_of

from scylla_restore.engine.backup.layout import SchemaKind, SchemaPath
from scylla_restore.events.model.schema import SchemaObject


def put_schema(backup: Backup, objects: Iterable[SchemaObject]) -> None:
    """Store the file that Scylla Manager would have written, in every location."""
    rows = [
        {
            "keyspace": each.keyspace,
            "type": each.kind,
            "name": each.name,
            "cql_stmt": f"{statement_of(each)};",
        }
        for each in objects
    ]
    path = SchemaPath(
        cluster_id=str(SOURCE_CLUSTER),
        task_id=str(SOURCE_TASK),
        snapshot_tag=TAG,
        kind=SchemaKind.CQL,
    )
    content = gzip.compress(json.dumps(rows).encode(), compresslevel=1, mtime=0)
    for location in backup.plan.locations:
        backup.put(location, path.path, content)
