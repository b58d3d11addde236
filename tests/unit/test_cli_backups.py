"""`backups`: what is there to be restored, told from names, and on demand from manifests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.backups import (
    CLUSTER,
    OTHER_CLUSTER,
    OTHER_TASK,
    TAG,
    TASK,
    index_entry,
    manifest_bytes,
    manifest_path,
    sstable_files,
)
from tests.support.program import Desk

from scylla_restore.engine.backup.layout import ManifestPath
from scylla_restore.engine.core.snapshot_tag import snapshot_tag

WHERE = ("backups", "-L", "localstorage:b")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "scylla-restore.toml").write_text(f'[localstorage]\npath = "{tmp_path}"\n')
    (tmp_path / "b").mkdir()
    return Desk(tmp_path)


def put(desk: Desk, path: ManifestPath, data: bytes = b"", bucket: str = "b") -> None:
    file = desk.directory / bucket / path.path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def manifest(**fields: object) -> bytes:
    entries = [{**index_entry(sstable_files("1"), table=table), "size": 1} for table in ("orders", "users")]
    return manifest_bytes(*entries, cluster_name="prod", **fields)


def test_snapshots_are_told_from_names_alone(desk: Desk) -> None:
    put(desk, manifest_path(node_id="n1"))
    put(desk, manifest_path(node_id="n2", dc="dc2"))
    (backup,) = desk.call_bare(*WHERE, "--json").json()

    assert (backup["tag"], backup["time"], backup["cluster_id"]) == (TAG, "2025-01-01T00:00:04Z", CLUSTER)
    assert (backup["tasks"], backup["dcs"], backup["nodes"]) == ([TASK], ["dc1", "dc2"], ["n1", "n2"])
    assert (backup["complete"], backup["locations"]) == (True, ["localstorage:b"])
    unread = ("cluster_name", "keyspaces", "tables", "bytes")
    assert [backup[key] for key in unread] == [None] * 4


def test_details_come_from_the_manifests(desk: Desk) -> None:
    put(desk, manifest_path(node_id="n1"), manifest())
    put(desk, manifest_path(node_id="n2"), manifest())
    (backup,) = desk.call_bare(*WHERE, "--details", "--json").json()

    assert (backup["cluster_name"], backup["keyspaces"], backup["bytes"]) == ("prod", ["ks"], 4)
    assert backup["tables"] == ["ks.orders", "ks.users"]
    assert backup["units"][0]["tables"][1] == {"table": "users", "size": 2}


def test_for_people_there_is_a_line_for_each_snapshot_of_a_cluster(desk: Desk) -> None:
    put(desk, manifest_path())
    put(desk, manifest_path(cluster_id=OTHER_CLUSTER, temporary=True))
    answer = desk.call_bare(*WHERE)

    assert answer.lines == [
        f"cluster {CLUSTER}, 1 snapshot",
        "TAG                   TAKEN                 NODES  STATE     DCS",
        "sm_20250101000004UTC  2025-01-01 00:00:04Z  1      complete  dc1",
        "",
        f"cluster {OTHER_CLUSTER}, 1 snapshot",
        "TAG                   TAKEN                 NODES  STATE         DCS",
        "sm_20250101000004UTC  2025-01-01 00:00:04Z  1      NOT COMPLETE  dc1",
    ]
    assert (answer.code, answer.stderr) == (0, "")


def test_one_snapshot_is_told_in_detail(desk: Desk) -> None:
    put(desk, manifest_path(), manifest())
    put(desk, manifest_path(snapshot_tag="sm_20240101000004UTC"), b"never read")
    for number in range(5):
        put(desk, manifest_path(node_id=f"n{number}", task_id=OTHER_TASK, temporary=True), manifest())
    answer = desk.call_bare(*WHERE, "-T", TAG)

    assert answer.code == 0
    assert answer.lines[0] == f"cluster {CLUSTER} (prod), 1 snapshot"
    assert answer.lines[4:8] == [
        f"{TAG} in localstorage:b, by task {TASK}, {OTHER_TASK}",
        "  TABLE      SIZE",
        "  ks.orders  6 B",
        "  ks.users   6 B",
    ]
    assert answer.lines[-1] == "  … and 2 more that are not finished"


def test_a_manifest_that_cannot_be_read_is_a_problem_of_its_snapshot_alone(desk: Desk) -> None:
    put(desk, manifest_path(snapshot_tag="sm_20240101000004UTC"), manifest())
    put(desk, manifest_path(), manifest()[:50])
    answer = desk.call_bare(*WHERE, "--details", "--json")
    whole, broken = answer.json()

    assert (whole["bytes"], whole["problems"]) == (2, [])
    assert broken["bytes"] == 0
    (problem,) = broken["problems"]
    assert manifest_path().path in problem
    assert (answer.code, answer.stderr) == (1, f"warning: {TAG}: {problem}\n")


def test_a_snapshot_that_is_not_there_is_refused_with_the_nearest_ones(desk: Desk) -> None:
    days = [datetime(2025, 1, day, tzinfo=UTC) for day in (1, 9, 10, 12, 20)]
    for day in days:
        put(desk, manifest_path(snapshot_tag=snapshot_tag(day)))
    answer = desk.call_bare(*WHERE, "-T", snapshot_tag(days[2] + timedelta(hours=1)))
    nearest = ", ".join(snapshot_tag(day) for day in (days[2], days[1], days[3]))

    assert answer.code == 2
    assert answer.stderr.splitlines() == [
        "error: there is no snapshot sm_20250110010000UTC in localstorage:b",
        f"hint: the nearest in time are {nearest}",
    ]


def test_an_empty_bucket_holds_no_backup(desk: Desk) -> None:
    assert desk.call_bare(*WHERE, "--json").json() == []
    answer = desk.call_bare(*WHERE)
    assert (answer.code, answer.stdout) == (0, "")
    assert answer.stderr == "no backup of Scylla Manager is in localstorage:b\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("backups",), "no backup location is given"),
        (("backups", "-L", "localstorage:nowhere"), "localstorage:nowhere: there is no directory"),
        (("backups", "-L", "localstorage:b,localstorage:b"), "named twice"),
        ((*WHERE, "-T", "yesterday"), "'yesterday' is not a snapshot tag"),
    ],
)
def test_what_cannot_be_is_refused(desk: Desk, words: tuple[str, ...], said: str) -> None:
    answer = desk.call_bare(*words)
    assert (answer.code, answer.stdout) == (2, "")
    assert said in answer.stderr
    assert "\nhint: " in answer.stderr


def test_a_thousand_snapshots_are_listed(desk: Desk) -> None:
    first = datetime(2025, 1, 1, tzinfo=UTC)
    tags = [snapshot_tag(first + timedelta(hours=hour)) for hour in range(1_000)]
    for tag in tags:
        put(desk, manifest_path(snapshot_tag=tag))
        put(desk, manifest_path(snapshot_tag=tag, node_id="n2", dc="dc2"), bucket="c")
    listed = desk.call_bare(*WHERE, "-L", "localstorage:c", "--json").json()

    assert [backup["tag"] for backup in listed] == tags
    assert listed[-1]["locations"] == ["localstorage:b", "localstorage:c"]
