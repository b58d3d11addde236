"""Faults of a lab: set from anywhere, effective at once, counted."""

from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import pytest
import requests
from tests.support.console import wait_until
from tests.support.lab_client import NodeClient, names, put_big, put_sstable

from scylla_restore.engine.lab import Fault, Lab
from scylla_restore.engine.lab.command import FaultOptions, fault
from scylla_restore.engine.lab.faults import faults_file


@pytest.fixture
def client(tmp_path: Path) -> Iterator[NodeClient]:
    with Lab(tmp_path, nodes=2) as lab:
        client = NodeClient(lab)
        yield client
        client.close()


def test_an_error_is_answered_as_often_as_told_and_not_carried_out(client: NodeClient) -> None:
    (client.upload / "file").touch()
    client.lab.fault("error", on="*/purge", status=503, times=1)
    purge = {"fs": "data:ks", "remote": f"{client.directory}/upload"}
    assert client.rclone("operations/purge", **purge).status_code == 503
    assert names(client.upload) == ["file"]
    assert client.rclone("operations/purge", **purge).status_code == 200


def test_a_fault_waits_for_the_requests_before_it(client: NodeClient) -> None:
    client.lab.fault("error", on="/gossiper/*", after=2, times=1)
    answers = [client.send("GET", "/gossiper/endpoint/live/").status_code for _ in range(4)]
    assert answers == [200, 200, 500, 200]


def test_a_fault_of_one_node_is_not_met_at_another(client: NodeClient) -> None:
    client.lab.fault("error", node=client.lab.nodes[1])
    assert client.send("GET", "/agent/node_info").status_code == 200


def test_a_glob_may_name_the_query(client: NodeClient) -> None:
    client.lab.fault("error", on="*cf=t&*")
    client.lab.create_table("ks", "u")
    assert (client.load("t").status_code, client.load("u").status_code) == (500, 200)


def test_a_reset_cuts_the_answer_of_a_call_that_was_carried_out(client: NodeClient) -> None:
    (client.upload / "file").touch()
    client.lab.fault("reset", on="*/purge", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.rclone("operations/purge", fs="data:ks", remote=f"{client.directory}/upload")
    assert names(client.upload) == []


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_timeout_leaves_the_call_done_or_not_as_told(client: NodeClient, *, carried_out: bool) -> None:
    (client.upload / "file").touch()
    client.lab.fault("timeout", on="*/purge", times=1, carried_out=carried_out)
    purge = {"fs": "data:ks", "remote": f"{client.directory}/upload"}
    with pytest.raises(requests.Timeout):
        client.send("POST", "/agent/rclone/operations/purge", body=purge, silence_s=0.1)
    wait_until(client.lab.requests, "the node is through with the call")
    assert (names(client.upload) == []) is carried_out


def test_a_cut_listing_ends_early_but_properly(client: NodeClient) -> None:
    put_sstable(client.upload, "me-1-big")
    client.lab.fault("cut")
    answer = client.rclone("operations/list", fs=f"data:{client.table.directory}/upload", remote="")
    assert answer.status_code == 200
    assert not answer.text.rstrip().endswith("]}")


def test_a_lost_job_restarts_the_agent_without_a_request(client: NodeClient) -> None:
    job = client.start_copy([put_big(client.bucket)], bandwidth_rate="1M")
    client.lab.fault("lost-job", node=client.node)
    wait_until(lambda: not faults_file(client.lab.directory).get().faults, "the fault is met")
    wait_until(lambda: is_forgotten(client, job), "the agent is restarted")
    assert names(client.upload) == ["big.db"]


def is_forgotten(client: NodeClient, job: int) -> bool:
    # The restart cuts connections, this one too if it comes to that.
    with suppress(requests.ConnectionError):
        return client.rclone("job/progress", jobid=job, wait=1).status_code == HTTPStatus.NOT_FOUND
    return False


def test_a_full_disk_has_no_space_and_takes_no_copies(client: NodeClient) -> None:
    put_sstable(client.bucket, "me-1-big")
    client.lab.fault("disk-full")
    assert client.rclone("operations/about", fs="data:").json()["free"] == 0
    outcome = client.copy(["me-1-big-Data.db"])
    assert outcome["status"] == "error"
    assert "no space left on device" in str(outcome["error"])
    assert names(client.upload) == []


def test_a_corrupted_copy_has_the_right_size_and_fails_its_load(client: NodeClient) -> None:
    copied = put_sstable(client.bucket, "me-1-big")
    client.lab.fault("corrupt", times=1)
    assert client.copy(copied)["status"] == "success"
    assert (client.upload / "me-1-big-Data.db").stat().st_size == len(b"data")
    assert "Digest mismatch" in client.load().json()["message"]


def test_a_slow_node_is_slow_for_a_copy_under_way(client: NodeClient) -> None:
    client.lab.fault("slow")
    job = client.start_copy([put_big(client.bucket)])
    assert client.rclone("job/progress", jobid=job, wait=1).json()["status"] == "running"
    client.rclone("job/stop", jobid=job)
    assert client.outcome(job)["error"] == "context canceled"


def test_faults_are_set_and_ended_from_the_command_line(client: NodeClient) -> None:
    directory = client.lab.directory
    told = fault(FaultOptions(directory=directory, fault=Fault(kind="error", on="/agent/node_info")))
    assert told.endswith("error on /agent/node_info at *")
    assert client.send("GET", "/agent/node_info").status_code == 500
    assert fault(FaultOptions(directory=directory, clear=True)) == "faults ended: 1"
    assert client.send("GET", "/agent/node_info").status_code == 200
