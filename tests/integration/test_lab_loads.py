"""The lab's Scylla: what is loaded, what is refused, and what stays where."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.console import wait_until
from tests.support.lab_client import NodeClient, names, put_sstable

from scylla_restore.engine.lab import Lab, Speeds


@pytest.fixture
def client(tmp_path: Path) -> Iterator[NodeClient]:
    with Lab(tmp_path, nodes=1) as lab:
        client = NodeClient(lab)
        yield client
        client.close()


def test_a_load_takes_whole_sstables_out_of_upload(client: NodeClient) -> None:
    files = [*put_sstable(client.upload, "me-1-big"), *put_sstable(client.upload, "me-2-big")]
    (client.upload / "manifest.json").touch()
    assert (client.load().status_code, client.load().content) == (200, b"")
    assert names(client.upload) == ["manifest.json"]
    assert names(client.loaded) == sorted(files)
    assert [sstable.name for sstable in client.lab.loads()[0].sstables] == ["me-1-big", "me-2-big"]


def test_an_empty_upload_is_a_success(client: NodeClient) -> None:
    assert (client.load().status_code, client.lab.loaded_sstables()) == (200, {})


def test_equal_names_of_different_loads_are_all_kept(client: NodeClient) -> None:
    for content in (b"one", b"two", b"three"):
        put_sstable(client.upload, "me-1-big", content=content)
        client.load()
    kept = {file.name: file.read_bytes() for file in client.loaded.glob("*-Data.db")}
    assert kept == {"me-1-big-Data.db": b"one", "me-1.2-big-Data.db": b"two", "me-1.3-big-Data.db": b"three"}
    assert client.lab.loaded_sstables() == {"ks.t": 3}


def test_data_that_differs_from_its_digest_fails_the_load(client: NodeClient) -> None:
    put_sstable(client.upload, "me-1-big", digest="1")
    answer = client.load()
    assert answer.status_code == 500
    assert answer.json()["message"].startswith("Failed to load new sstables: ")
    assert "Digest mismatch" in answer.json()["message"]
    assert client.lab.loaded_sstables() == {}


def test_a_component_of_the_toc_that_is_missing_fails_the_load(client: NodeClient) -> None:
    put_sstable(client.upload, "me-1-big")
    (client.upload / "me-1-big-Data.db").unlink()
    answer = client.load()
    assert (answer.status_code, "me-1-big-Data.db" in answer.json()["message"]) == (500, True)


def test_a_foreign_name_fails_the_load_and_nothing_is_loaded(client: NodeClient) -> None:
    put_sstable(client.upload, "me-1-big")
    (client.upload / "notes.txt").touch()
    assert client.load().status_code == 500
    assert client.lab.loaded_sstables() == {}


def test_components_without_a_toc_are_removed(client: NodeClient) -> None:
    put_sstable(client.upload, "me-1-big")
    (client.upload / "me-1-big-TOC.txt").unlink()
    assert client.load().status_code == 200
    assert (names(client.upload), client.lab.loaded_sstables()) == ([], {})


def test_a_bad_sstable_keeps_its_batch_back_and_other_shards_go_on(client: NodeClient) -> None:
    # Two shards take turns: the odd ones go down with number 1.
    for number in range(1, 5):
        put_sstable(client.upload, f"me-{number}-big", digest="1" if number == 1 else "")
    assert client.load().status_code == 500
    assert [file.name for file in sorted(client.loaded.glob("*-TOC.txt"))] == [
        "me-2-big-TOC.txt",
        "me-4-big-TOC.txt",
    ]
    assert len(names(client.upload)) == 6


def test_real_sstables_are_loaded_and_the_one_with_a_wrong_digest_is_not(
    client: NodeClient, shared: Path
) -> None:
    shutil.copytree(
        shared / "samples" / "scylla-me" / "mixed_generation_type", client.upload, dirs_exist_ok=True
    )
    assert client.load().status_code == 200
    assert client.lab.loaded_sstables() == {"ks.t": 3}
    shutil.copytree(shared / "samples" / "scylla-bad-digest", client.upload, dirs_exist_ok=True)
    assert "Digest mismatch" in client.load().json()["message"]


def test_a_move_that_was_cut_is_finished_by_the_next_load(client: NodeClient) -> None:
    put_sstable(client.upload, "me-1-big")
    client.loaded.mkdir(parents=True)
    (client.upload / "me-1-big-TOC.txt").rename(client.upload / "me-1-big-TOC.txt.tmp")
    (client.upload / "me-1-big-Data.db").rename(client.loaded / "me-1-big-Data.db")
    assert client.load().status_code == 200
    assert names(client.loaded) == ["me-1-big-Data.db", "me-1-big-Digest.crc32", "me-1-big-TOC.txt"]


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("load_and_stream=true", 400, "Missing mandatory parameter 'cf'"),
        ("cf=nope&load_and_stream=true", 400, "Can't find a column family nope in keyspace ks"),
        ("cf=t&scope=dc", 400, "scope takes no effect without load-and-stream"),
        ("cf=v&load_and_stream=true", 500, "Failed to load new sstables: Loading Materialized View SSTables"),
    ],
)
def test_impossible_loads_are_refused(client: NodeClient, query: str, status: int, message: str) -> None:
    client.lab.create_table("ks", "v", view_of="t")
    answer = client.send("POST", f"/storage_service/sstables/ks?{query}")
    assert answer.status_code == status
    assert answer.json()["message"].startswith(message)


def test_skipping_cleanup_while_streaming_blocks_the_shard_until_a_restart(client: NodeClient) -> None:
    path = "/storage_service/sstables/ks?cf=t&load_and_stream=true&skip_cleanup=true"
    assert "Skipping cleanup is not possible" in client.send("POST", path).json()["message"]
    assert client.load().json()["message"] == (
        "Failed to load new sstables: Already loading SSTables. Try again later"
    )
    client.lab.restart_scylla(client.node)
    assert client.load().status_code == 200


def test_a_load_excludes_another_one_and_goes_on_without_its_caller(tmp_path: Path) -> None:
    with Lab(tmp_path, nodes=1, speeds=Speeds(load_min_s=3600.0)) as lab:
        client = NodeClient(lab)
        put_sstable(client.upload, "me-1-big")
        caller = threading.Thread(target=_abandoned_load, args=(lab,))
        caller.start()
        wait_until(lambda: not names(client.upload), "the load has begun")
        caller.join()
        assert "Already loading SSTables" in client.load().json()["message"]
        client.close()


def _abandoned_load(lab: Lab) -> None:
    client = NodeClient(lab)
    with pytest.raises(OSError, match="timed out"):
        client.send("POST", "/storage_service/sstables/ks?cf=t&load_and_stream=true", silence_s=0.1)
    client.close()
