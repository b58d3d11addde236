"""A plan as a person reads it."""

import msgspec
import pytest

from scylla_restore.engine.api import Plan
from scylla_restore.engine.api.plan import PlannedKeyspace, PlannedLocation, PlannedNode, PlannedTable
from scylla_restore.engine.cli.plan_view import plan_lines
from scylla_restore.events.model.locations import SkippedTable
from scylla_restore.events.model.target import RestoreKind, RestoreTarget, Selection

TAG = "sm_20260102030405UTC"
CLUSTER = "0d5a8a3c-0000-4000-8000-00000000000c"


def keyspace(name: str, tables: int = 2) -> PlannedKeyspace:
    planned = tuple(PlannedTable(table=f"t{n}", size=1 << 30, sstables=10) for n in range(1, tables + 1))
    return PlannedKeyspace(keyspace=name, size=tables << 30, sstables=tables * 10, tables=planned)


def node(host: str, dc: str = "eu-central-1") -> PlannedNode:
    return PlannedNode(
        host=host,
        dc=dc,
        rack="r1",
        shards=14,
        scylla_version="2025.1.5",
        agent_version="3.5.1",
        locations=("s3:backups",),
        unreachable={},
        native=(),
        not_native={},
        batches=12,
        sstables=20,
        size=2 << 30,
        seconds=64.0,
        transfers=28,
        rate_limit=0,
        disk_total=1 << 40,
        disk_free=1 << 39,
    )


def plan(
    *,
    units: tuple[PlannedKeyspace, ...] = (keyspace("shop"),),
    nodes: tuple[PlannedNode, ...] = (node("192.168.100.11"),),
    skipped: tuple[SkippedTable, ...] = (),
    warnings: tuple[str, ...] = (),
) -> Plan:
    location = PlannedLocation(
        location="eu-central-1:s3:backups",
        cluster_ids=(CLUSTER,),
        dcs=("dc1",),
        manifests=6,
        size=2 << 30,
        sstables=20,
        hosts=tuple(node.host for node in nodes),
    )
    selection = Selection(kind=RestoreKind.TABLES, locations=(), snapshot_tag=TAG)
    return Plan(
        cluster="prod",
        cluster_id=CLUSTER,
        snapshot_tag=TAG,
        target=RestoreTarget(selection=selection),
        units=units,
        views=(),
        locations=(location,),
        nodes=nodes,
        batches=12,
        bytes=2 << 30,
        sstables=20,
        skipped=skipped,
        warnings=warnings,
        estimated_seconds=64.2,
        estimate="as fast as an earlier run",
    )


def test_a_plan_says_what_from_where_by_whom_and_how_long() -> None:
    assert plan_lines(plan()) == [
        "snapshot  sm_20260102030405UTC, taken at 2026-01-02 03:04:05Z",
        "from      eu-central-1:s3:backups, 2.0 GiB in 20 SSTables: 6 manifests of DC",
        f"          dc1, cluster {CLUSTER}; read by all nodes",
        "into      prod, 1 node in eu-central-1",
        "restores  20 SSTables, 2.0 GiB, of 2 tables in 1 keyspace",
        "takes     about 1m 04s in 12 batches; as fast as an earlier run",
        "",
        "KEYSPACE  TABLES  SSTABLES  SIZE",
        "shop      2       20        2.0 GiB",
        "",
        "NODE            DC            SHARDS  BATCHES  SSTABLES  SIZE     DONE AFTER",
        "192.168.100.11  eu-central-1  14      12       20        2.0 GiB  1m 04s",
    ]


def test_all_tables_are_shown_when_somebody_asks_for_them() -> None:
    lines = plan_lines(plan(units=(keyspace("shop", 40),)), show_tables=True)

    assert sum(line.startswith("shop.t") for line in lines) == 40


def test_a_table_that_is_renamed_stands_with_its_old_name() -> None:
    table = PlannedTable(table="orders", source="old.orders", size=5, sstables=1)
    unit = PlannedKeyspace(keyspace="shop", size=5, sstables=1, tables=(table,))

    assert "shop.orders (from old.orders)  1         5 B" in plan_lines(plan(units=(unit,)), show_tables=True)


def test_of_many_keyspaces_the_largest_are_shown_and_the_others_counted() -> None:
    units = (*(keyspace(f"small{n:02}", 1) for n in range(30)), keyspace("zzz"))
    lines = plan_lines(plan(units=units))

    assert any(line.startswith("zzz ") for line in lines)
    assert "… and 11 more keyspaces of 11.0 GiB; --show-tables lists all tables" in lines


def test_many_nodes_are_summed_up_by_dc() -> None:
    nodes = tuple(node(f"10.0.{dc}.{n}", dc=f"dc{dc}") for dc in (1, 2) for n in range(150))
    lines = plan_lines(plan(nodes=nodes))

    assert "dc2  150    2100    1800     3000      300.0 GiB  1m 04s" in lines
    assert len(lines) < 20


def test_skipped_tables_stand_with_their_reason() -> None:
    views = tuple(SkippedTable(keyspace="shop", table=f"v{n}", reason="a view") for n in range(1, 8))
    shown, listed = (
        plan_lines(plan(skipped=views), show_tables=all_of_them) for all_of_them in (False, True)
    )

    assert "skipped   shop.v1, shop.v2, shop.v3, shop.v4, shop.v5 and 2 more: a view" in shown
    assert "skipped   shop.v1, shop.v2, shop.v3, shop.v4, shop.v5, shop.v6, shop.v7: a view" in listed


@pytest.mark.parametrize("columns", [80, 120])
def test_nothing_is_wider_than_the_terminal(columns: int) -> None:
    warnings = ("word " * 60, "another " * 3)
    lines = plan_lines(plan(warnings=warnings), columns=columns)

    assert max(map(len, lines)) <= columns
    assert sum(line.startswith("warning: ") for line in lines) == 2


def test_a_plan_as_json_has_the_keys_that_scripts_rely_on() -> None:
    keys = {
        "units",
        "views",
        "nodes",
        "batches",
        "bytes",
        "sstables",
        "skipped",
        "warnings",
        "estimated_seconds",
    }

    assert keys <= set(msgspec.to_builtins(plan()))
