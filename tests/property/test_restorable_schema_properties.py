"""Whatever a backup's schema holds: each row is applied or told why not, and nothing changes places."""

from hypothesis import given
from hypothesis import strategies as some

from scylla_restore.engine.backup.alternator import BackedUpTable, Description
from scylla_restore.engine.backup.restorable import statements_to_apply
from scylla_restore.engine.backup.schema import SchemaRow
from scylla_restore.engine.core.cql import literal, quoted, split_statements

NAMES = some.one_of(
    some.sampled_from(["ks", "audit", "system_replicated_keys", "alternator_t", "t$paxos", ""]),
    some.text(max_size=5).map(quoted),
)
KINDS = some.sampled_from(["keyspace", "table", "view", "materialized_view", "function", "role", "cdc", ""])
STATEMENTS = some.text(max_size=10).map(lambda comment: f"CREATE it WITH comment = {literal(comment)}")
ROWS = some.builds(
    SchemaRow,
    keyspace=some.none() | NAMES,
    type=some.none() | KINDS,
    name=some.none() | NAMES,
    cql_stmt=some.none() | some.lists(STATEMENTS, max_size=3).map(";\n".join),
)
TABLES = some.lists(
    some.builds(BackedUpTable, describe=some.builds(Description, table_name=some.just("t"))), max_size=1
)


@given(some.lists(ROWS, max_size=8), TABLES)
def test_each_row_is_applied_as_it_is_or_skipped_for_a_reason(
    rows: list[SchemaRow], tables: list[BackedUpTable]
) -> None:
    found = statements_to_apply(rows, tables)
    applied = [each.statement for each in found.statements[len(tables) :]]
    expected = [split_statements(row.cql_stmt or "") for row in rows]
    kept = [
        statements
        for row, statements in zip(rows, expected, strict=True)
        if statements_to_apply([row], tables).skipped == ()
    ]
    assert applied == [statement for statements in kept for statement in statements]
    assert len(kept) + len(found.skipped) == len(rows)
    assert all(each.reason for each in found.skipped)


@given(some.lists(ROWS, max_size=8), TABLES)
def test_nothing_is_applied_to_what_is_the_nodes_own(
    rows: list[SchemaRow], tables: list[BackedUpTable]
) -> None:
    found = statements_to_apply(rows, tables)
    keyspaces = {each.object.keyspace for each in found.statements[len(tables) :]}
    assert keyspaces.isdisjoint({"", "audit", "system_replicated_keys"})
    assert not tables or "alternator_t" not in keyspaces


@given(some.text(min_size=1, max_size=8), some.sampled_from(["view", "table", "index"]))
def test_names_are_as_they_are_stored(name: str, kind: str) -> None:
    row = SchemaRow(keyspace=quoted(f"k{name}"), type=kind, name=quoted(f"{name}x"), cql_stmt="CREATE it")
    (statement,) = statements_to_apply([row], ()).statements
    assert (statement.object.keyspace, statement.object.name) == (f"k{name}", f"{name}x")
