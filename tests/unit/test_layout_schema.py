import pytest
from tests.support.backups import gzipped

from scylla_restore.engine.backup.schema import read_schema, views_of
from scylla_restore.engine.core.table_name import TableName
from scylla_restore.engine.errors import BackupError


def row(kind: str | None, name: str, keyspace: str | None = "ks") -> dict[str, str | None]:
    return {"keyspace": keyspace, "type": kind, "name": name, "cql_stmt": "…"}


def test_views_and_the_views_of_indexes_are_told_from_the_schema() -> None:
    rows = [
        row("keyspace", "ks"),
        row("table", "t"),
        row("view", '"My""View"', '"Ks"'),
        row("materialized_view", "mv"),
        row("index", "by_v"),
        row("index", "old_index"),
        row("role", "admin", ""),
        row(None, "x", None),
        {},
    ]
    assert views_of(read_schema(gzipped(rows), path="p")) == {
        TableName("Ks", 'My"View'),
        TableName("ks", "mv"),
        TableName("ks", "by_v_index"),
        TableName("ks", "old_index"),
        TableName("ks", "old_index_index"),
    }


def test_the_order_of_the_rows_is_kept() -> None:
    rows = read_schema(gzipped([row("table", "b"), row("table", "a")]), path="p")
    assert [each.name for each in rows] == ["b", "a"]


def test_a_schema_that_is_null_is_empty() -> None:
    assert read_schema(gzipped(None), path="p") == ()


def test_a_schema_of_another_shape_is_refused_with_its_path() -> None:
    with pytest.raises(BackupError, match="schema p cannot be read: Expected `array"):
        read_schema(gzipped({"keyspace": "ks"}), path="p")
