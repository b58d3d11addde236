"""The lab's agent: jobs, what they leave behind, and what a restart forgets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.lab_client import BIG_BYTES, NodeClient, names, put_big, put_sstable

from scylla_restore.engine.lab import Lab


@pytest.fixture
def client(tmp_path: Path) -> Iterator[NodeClient]:
    with Lab(tmp_path, nodes=1) as lab:
        client = NodeClient(lab)
        yield client
        client.close()


def start_slow_copy(client: NodeClient) -> int:
    """Begin a copy that takes longer than any test, and wait until a part of it is there."""
    job = client.start_copy([put_big(client.bucket)], bandwidth_rate="1M")
    while not names(client.upload):
        client.rclone("job/progress", jobid=job, wait=0)
    return job


def test_copied_files_lie_under_their_own_names(client: NodeClient) -> None:
    copied = put_sstable(client.bucket / "deep" / "down", "me-1-big")
    outcome = client.copy([f"deep/down/{name}" for name in copied])
    assert outcome["status"] == "success"
    assert names(client.upload) == sorted(copied)


def test_a_missing_file_fails_the_job_and_the_others_are_copied(client: NodeClient) -> None:
    copied = put_sstable(client.bucket, "me-1-big")
    outcome = client.copy(["me-9-big-Data.db", *copied])
    assert (outcome["status"], outcome["error"]) == (
        "error",
        "failed to open source object: object not found",
    )
    assert names(client.upload) == sorted(copied)


def test_a_file_that_is_there_with_the_same_content_is_skipped(client: NodeClient) -> None:
    put_sstable(client.bucket, "me-1-big")
    client.copy(["me-1-big-Data.db"])
    outcome = client.copy(["me-1-big-Data.db"])
    assert (outcome["uploaded"], outcome["skipped"]) == (0, len(b"data"))


def test_a_file_of_the_same_size_with_other_content_is_overwritten(client: NodeClient) -> None:
    put_sstable(client.bucket, "me-1-big")
    (client.upload / "me-1-big-Data.db").write_bytes(b"else")
    client.copy(["me-1-big-Data.db"])
    assert (client.upload / "me-1-big-Data.db").read_bytes() == b"data"


def test_a_copy_under_way_is_visible_under_its_final_name_and_gone_when_stopped(client: NodeClient) -> None:
    job = start_slow_copy(client)
    assert names(client.upload) == ["big.db"]
    assert client.rclone("job/stop", jobid=job).json() == {}
    outcome = client.outcome(job)
    assert (outcome["status"], outcome["error"]) == ("error", "context canceled")
    assert (outcome["uploaded"], outcome["failed"]) == (0, BIG_BYTES)
    assert names(client.upload) == []


def test_transfers_and_bandwidth_of_a_copy_stay(client: NodeClient) -> None:
    client.outcome(client.start_copy([], transfers=7, bandwidth_rate="3M"))
    assert client.rclone("core/transfers").json() == {"transfers": 7}
    assert client.rclone("core/bwlimit").json()["rate"] == "3M"


def test_a_restarted_agent_forgets_its_jobs_and_leaves_partial_files(client: NodeClient) -> None:
    job = start_slow_copy(client)
    client.lab.restart_agent(client.node)
    assert client.rclone("job/progress", jobid=job, wait=1).status_code == 404
    assert client.rclone("job/progress", jobid=job).status_code == 500
    assert names(client.upload) == ["big.db"]
    assert client.start_copy([]) > job
    assert client.rclone("core/bwlimit").json()["rate"] == "off"


def test_a_restarted_agent_may_give_an_old_id_to_a_new_job(client: NodeClient) -> None:
    first = client.start_copy([])
    started_at = client.outcome(first)["started_at"]
    client.lab.restart_agent(client.node, reuse_job_ids=True)
    second = client.start_copy([])
    assert second == first
    assert client.outcome(second)["started_at"] != started_at


def test_a_single_file_can_be_copied_in_a_job_under_another_name(client: NodeClient) -> None:
    put_sstable(client.bucket, "me-1-big")
    job = client.rclone(
        "operations/copyfile?_async=true",
        srcFs="localstorage:b",
        srcRemote="me-1-big-Data.db",
        dstFs="data:ks",
        dstRemote=f"{client.directory}/snapshots/s/other",
    ).json()["jobid"]
    assert client.outcome(job)["status"] == "success"
    assert names(client.upload.parent / "snapshots" / "s") == ["other"]


def test_a_directory_is_moved_by_renaming_its_files(client: NodeClient) -> None:
    staging = client.upload.parent / "snapshots" / "s"
    put_sstable(staging, "me-1-big")
    inode = (staging / "me-1-big-Data.db").stat().st_ino
    fs = f"data:{client.table.directory}"
    move = {"srcFs": f"{fs}/snapshots/s", "srcRemote": "", "dstFs": f"{fs}/upload", "dstRemote": ""}
    assert client.rclone("sync/movedir", **move).status_code == 200
    assert (client.upload / "me-1-big-Data.db").stat().st_ino == inode
    assert names(staging) == []
    assert client.rclone("sync/movedir", **move).status_code == 200


def test_a_directory_that_is_not_there_cannot_be_moved(client: NodeClient) -> None:
    fs = f"data:{client.table.directory}"
    answer = client.rclone("sync/movedir", srcFs=f"{fs}/snapshots/s", dstFs=f"{fs}/upload")
    assert (answer.status_code, answer.json()["message"]) == (404, "directory not found")


def test_a_long_listing_is_sent_in_pieces(client: NodeClient) -> None:
    for number in range(450):
        (client.upload / f"f{number:03d}").touch()
    answer = client.rclone("operations/list", fs=f"data:{client.table.directory}/upload", remote="")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert [item["Name"] for item in answer.json()["list"]] == names(client.upload)


@pytest.mark.parametrize("fs", ["data:../../etc", "data:ks/../..", "localstorage:.."])
def test_an_fs_cannot_leave_its_root(client: NodeClient, fs: str) -> None:
    answer = client.rclone("operations/list", fs=fs, remote="")
    assert (answer.status_code, answer.json()["message"]) == (404, "accessing path outside of root")


def test_nothing_is_written_outside_of_the_lab(client: NodeClient) -> None:
    put_sstable(client.bucket, "me-1-big")
    outcome = client.copy(["me-1-big-Data.db"], into="../../../../../../escape")
    assert (outcome["status"], outcome["error"]) == ("error", "permission denied")
