"""What stands behind a lab node, emulated or real, answers alike."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.support.cassandra import Cluster as Nodes
from tests.support.cassandra_logs import Execute
from tests.support.lab_client import names
from tests.support.lab_rows import new_keyspace

from scylla_restore.engine.lab.cassandra.nodes import node_specs
from scylla_restore.engine.lab.cassandra.side import CassandraSide
from scylla_restore.engine.lab.cluster import Cluster, Membership
from scylla_restore.engine.lab.emulation import EmulatedSide
from scylla_restore.engine.lab.loaded import LoadedFiles
from scylla_restore.engine.lab.side import ScyllaSide
from scylla_restore.engine.lab.sstables import scan
from scylla_restore.engine.lab.state import LabDirectory, NodeSpec, make_nodes


class World(NamedTuple):
    """A side with a table ``t (pk int PRIMARY KEY, v int)`` and a view ``by_v`` of it, in ``keyspace``."""

    side: ScyllaSide
    nodes: tuple[NodeSpec, ...]
    keyspace: str
    cluster: Cluster
    drop_table: Callable[[], None]


def emulated(tmp_path: Path) -> World:
    files, nodes = LabDirectory(tmp_path), make_nodes(3)
    files.create_table("ks", "t")
    files.create_table("ks", "by_v", view_of="t")
    cluster = Cluster("lab", "2025.1.5", nodes, files.schema)
    loaded = LoadedFiles(tmp_path / "loaded", tmp_path / "loads.jsonl")

    def drop_table() -> None:
        files.schema.set(type(files.schema.get())())

    return World(EmulatedSide(cluster, loaded), nodes, "ks", cluster, drop_table)


def real(tmp_path: Path, cassandra: Nodes, execute: Execute) -> World:
    urls = [f"http://{address}:{cassandra.jolokia_port}/jolokia" for address in cassandra.addresses]
    nodes = node_specs(urls, 2)
    keyspace = new_keyspace(execute)
    execute(f"CREATE TABLE {keyspace}.t (pk int PRIMARY KEY, v int)")
    execute(
        f"CREATE MATERIALIZED VIEW {keyspace}.by_v AS SELECT * FROM {keyspace}.t "  # noqa: S608 - a name of the test's own
        "WHERE v IS NOT NULL AND pk IS NOT NULL PRIMARY KEY (v, pk)"
    )
    cluster = Cluster("lab", "2025.1.5", nodes, LabDirectory(tmp_path).schema)
    loaded = LoadedFiles(tmp_path / "loaded", tmp_path / "loads.jsonl")

    def drop_table() -> None:
        execute(f"DROP MATERIALIZED VIEW {keyspace}.by_v")
        execute(f"DROP TABLE {keyspace}.t")

    assert nodes[0].cassandra is not None
    side = CassandraSide(cluster, nodes[0].cassandra, loaded)
    return World(side, nodes, keyspace, cluster, drop_table)


@pytest.fixture(params=["emulated", pytest.param("cassandra", marks=pytest.mark.real)])
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "emulated":
        yield emulated(tmp_path)
    else:
        cassandra: Nodes = request.getfixturevalue("cassandra")
        execute: Execute = request.getfixturevalue("cassandra_execute")
        yield real(tmp_path, cassandra, execute)


def test_a_table_is_found_with_its_id_and_a_view_as_one(world: World) -> None:
    table = world.side.find(world.keyspace, "t")
    assert table is not None
    assert (table.keyspace, table.table, table.view_of, len(table.id)) == (world.keyspace, "t", "", 32)
    view = world.side.find(world.keyspace, "by_v")
    assert view is not None
    assert view.view_of
    assert world.side.find(world.keyspace, "absent") is None
    assert world.side.find("absent", "t") is None


def test_all_tables_are_listed_and_the_systems_apart(world: World) -> None:
    own = {table.table for table in world.side.tables() if table.keyspace == world.keyspace}
    assert own == {"t", "by_v"}
    system = world.side.system_tables()
    assert {"system:local", "system_schema:tables"} <= set(system)
    assert not any(name.startswith(world.keyspace) for name in system)


def test_a_dropped_table_is_gone_at_once(world: World) -> None:
    world.drop_table()
    assert world.side.find(world.keyspace, "t") is None
    assert [table for table in world.side.tables() if table.keyspace == world.keyspace] == []
    assert world.side.view_build(world.keyspace, "by_v") == {}


def test_keyspaces_are_told_by_kind(world: World) -> None:
    kinds = {kind: set(world.side.keyspaces(kind)) for kind in ("all", "user", "non_local_strategy")}
    assert kinds["user"] < kinds["non_local_strategy"] < kinds["all"]
    assert world.keyspace in kinds["user"]
    assert "system_distributed" in kinds["non_local_strategy"] - kinds["user"]
    assert "system_schema" in kinds["all"] - kinds["non_local_strategy"]
    assert world.side.tablet_keyspaces() == set()


def test_the_ring_is_whole_and_of_the_nodes_tokens(world: World) -> None:
    ring = world.side.ring(world.keyspace, "")
    tokens = sorted(token for node in world.nodes for token in world.side.tokens(node.address))
    assert [int(part.end_token) for part in ring] == tokens
    assert [int(part.start_token) for part in ring] == [tokens[-1], *tokens[:-1]]
    known = {(node.address, node.dc, node.rack) for node in world.nodes}
    for part in ring:
        assert part.endpoints == part.rpc_endpoints == [detail.host for detail in part.endpoint_details]
        assert {(each.host, each.datacenter, each.rack) for each in part.endpoint_details} <= known
    assert world.side.tokens("127.9.9.9") == []


def test_compaction_is_on_until_it_is_switched_off_and_after_a_restart(world: World) -> None:
    table = world.side.find(world.keyspace, "t")
    assert table is not None
    states = [world.side.compacts(table)]
    for on in (False, False, True, False):
        world.side.set_compaction(table, on=on)
        states.append(world.side.compacts(table))
    world.side.restart()
    assert [*states, world.side.compacts(table)] == [True, False, False, True, False, True]


def test_a_view_is_built_on_every_node(world: World) -> None:
    everywhere = {node.address: "SUCCESS" for node in world.nodes}
    while world.side.view_build(world.keyspace, "by_v") != everywhere:
        assert world.side.view_build(world.keyspace, "by_v")
    assert world.side.view_build(world.keyspace, "t") == {}
    assert world.side.view_build(world.keyspace, "absent") == {}


def test_who_the_lab_says_is_down_is_down(world: World) -> None:
    assert world.side.membership() == Membership()
    told = Membership(down=("127.9.9.9",), joining=("127.9.9.8",))
    world.cluster.membership = told
    assert world.side.membership() == told


def test_what_is_streamed_leaves_the_directory_and_takes_space(
    world: World, tmp_path: Path, shared: Path
) -> None:
    table = world.side.find(world.keyspace, "t")
    assert table is not None
    before = world.side.disk_space(world.keyspace, "t")
    upload = shutil.copytree(shared / "samples" / "scylla-me" / "partition_skipping", tmp_path / "upload")
    found = scan(names(upload)).complete
    assert world.side.sink.stream(upload, table, found) == [sstable.name for sstable in found]
    assert names(upload) == []
    assert world.side.disk_space(world.keyspace, "t") > before == 0


def test_a_repair_ends_or_has_nothing_to_do(world: World) -> None:
    repair = world.side.repair(world.keyspace, "t", "")
    while repair is not None and repair.state() == "running":
        continue
    assert repair is None or repair.state() == "done"
    world.side.wait_for_schema(10)
