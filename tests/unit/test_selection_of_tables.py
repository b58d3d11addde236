import pytest

from scylla_restore.engine.core.mapping import check_dc_mapping, parse_rename, renamed
from scylla_restore.engine.core.rate_limit import parse_rate_limits, rate_limit_for
from scylla_restore.engine.core.selection import ClusterTables, Selected, refuse_impossible, select_tables
from scylla_restore.engine.core.table_name import TableName
from scylla_restore.engine.errors import TargetError


def tables(names: str) -> frozenset[TableName]:
    return frozenset(TableName(*name.split(".", 1)) for name in names.split())


CLUSTER = ClusterTables(
    keyspaces=("ks", "other", "system_auth", "system_distributed", "system_traces", "audit"),
    user_keyspaces=("ks", "other", "audit"),
    tables=tables(
        "ks.t ks.my_cdc ks.mv ks.t_scylla_cdc_log ks.t$paxos other.u audit.log system.local system_auth.roles"
        " system_distributed.service_levels system_distributed.cdc_streams system_distributed.view_build_status"
        " system_kv.dicts"
    ),
    views=tables("ks.mv"),
)


def selected(patterns: str, backup: str, rename: str = "") -> Selected:
    return select_tables(
        patterns.split(","), tables(backup), CLUSTER, parse_rename([rename] if rename else [])
    )


def test_tables_of_users_and_of_replicated_system_keyspaces_are_restored() -> None:
    backup = "other.u ks.t ks.my_cdc audit.log system_distributed.view_build_status"
    assert [str(table) for table in selected("*", backup).restored] == sorted(backup.split())


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("system.local", "local to each node"),
        ("system_schema.tables", "local to each node"),
        ("system_kv.dicts", "local to each node"),
        ("system_auth.roles", "roles and service levels"),
        ("system_auth.gone", "roles and service levels"),
        ("system_distributed.service_levels", "roles and service levels"),
        ("system_distributed.cdc_streams", "own table of CDC streams"),
        ("ks.t_scylla_cdc_log", "CDC logs are not restored"),
        ("ks.t$paxos", "lightweight transactions"),
        ("ks.mv", "a view is rebuilt"),
        ("other.u", "not selected by --keyspace"),
    ],
)
def test_a_table_that_is_not_restored_is_listed_with_the_reason(table: str, reason: str) -> None:
    outcome = selected("*,!other", table)
    assert outcome.restored == ()
    assert outcome.missing == ()
    (skipped,) = outcome.skipped
    assert f"{skipped.keyspace}.{skipped.table}" == table
    assert reason in skipped.reason


def test_a_table_that_is_excluded_anyway_does_not_have_to_be_in_the_cluster() -> None:
    outcome = selected("*,!gone.t", "gone.t ks.t gone.t_scylla_cdc_log")
    assert outcome.missing == ()
    assert [str(table) for table in outcome.restored] == ["ks.t"]


def test_a_user_table_with_cdc_in_its_name_is_missed_where_the_cluster_lacks_its_keyspace() -> None:
    assert [str(table) for table in selected("*", "gone.cdc_events").missing] == ["gone.cdc_events"]


def test_missing_tables_are_refused_with_the_patterns_that_leave_them_out() -> None:
    outcome = selected("*", "ks.t ks.gone lost.u")
    with pytest.raises(TargetError, match=r"ks\.gone, lost\.u, which the cluster does not have") as caught:
        refuse_impossible(outcome, ["*"])
    assert "--keyspace '*,!ks.gone,!lost.u'" in str(caught.value.hint)


def test_only_some_of_many_missing_tables_are_named() -> None:
    outcome = selected("lost", " ".join(f"lost.t{i}" for i in range(9)))
    with pytest.raises(TargetError, match="and 4 more"):
        refuse_impossible(outcome, ["lost"])


def test_a_selection_of_nothing_is_refused_with_the_reasons() -> None:
    with pytest.raises(TargetError, match=r"no table of the backup is left to restore.*local to each node"):
        refuse_impossible(selected("*", "system.local"), ["*"])
    with pytest.raises(TargetError, match=r"--keyspace 'nope' \(not selected by --keyspace\)"):
        refuse_impossible(selected("nope", "ks.t"), ["nope"])


def test_a_possible_selection_passes() -> None:
    outcome = selected("*", "ks.t")
    refuse_impossible(outcome, ["*"])
    assert len(outcome.restored) == 1


def test_a_renamed_table_has_to_be_in_the_cluster_under_its_new_name() -> None:
    assert [str(table) for table in selected("*", "old.u old.gone", "old=other").restored] == ["old.u"]
    assert [str(table) for table in selected("*", "old.u old.gone", "old=other").missing] == ["old.gone"]


def test_nothing_is_restored_into_a_local_keyspace_under_a_new_name() -> None:
    assert "local" in selected("*", "old.local", "old=system").skipped[0].reason


def test_renaming_a_table_wins_over_renaming_its_keyspace() -> None:
    rename = parse_rename(["a=b,a.t=c.u"])
    assert renamed(TableName("a", "t"), rename) == TableName("c", "u")
    assert renamed(TableName("a", "x"), rename) == TableName("b", "x")
    assert renamed(TableName("z", "x"), rename) == TableName("z", "x")


def test_a_mapping_of_dcs_is_held_against_backup_and_cluster() -> None:
    check_dc_mapping((("a", "b"),), {"a"}, {"b"})
    with pytest.raises(TargetError, match="DC x, which the backup does not have"):
        check_dc_mapping((("x", "b"),), {"a"}, {"b"})
    with pytest.raises(TargetError, match="DC x, which the cluster does not have") as caught:
        check_dc_mapping((("a", "x"),), {"a"}, {"c", "b"})
    assert caught.value.hint == "the cluster has b, c"


def test_a_node_has_the_limit_of_its_dc_or_else_that_of_all() -> None:
    limits = parse_rate_limits(["dc1:50,100"])
    assert rate_limit_for(limits, "dc1") == 50
    assert rate_limit_for(limits, "dc2") == 100
    assert rate_limit_for((), "dc2") == 0


def test_a_name_from_the_rest_api_may_hold_colons_in_its_table() -> None:
    name = TableName.from_column_family("alternator_T:T!:l")
    assert name == TableName("alternator_T", "T!:l")
    assert name.column_family == "alternator_T:T!:l"
