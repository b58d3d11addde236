"""The lab's repairs and tasks: they take their time, end early, fail by fault, and begin anew with the node."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.lab_client import NodeClient

from scylla_restore.engine.lab import Lab, Speeds

FOR_EVER_S = 3600.0
BEGIN = "/storage_service/repair_async/ks?columnFamilies=t&small_table_optimization=true"
BEGIN_TABLETS = "/storage_service/tablets/repair?ks=ks&table=t&tokens=all&await_completion=false"


@pytest.fixture(params=[0.0])
def client(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[NodeClient]:
    with Lab(tmp_path, nodes=1, speeds=Speeds(repair_s=request.param)) as lab:
        client = NodeClient(lab)
        yield client
        client.close()


slow = pytest.mark.parametrize("client", [FOR_EVER_S], indirect=True)


def asked(client: NodeClient, method: str, path: str) -> Any:  # noqa: ANN401 - any JSON
    return client.send(method, path).json()


def state(client: NodeClient, repair: int) -> object:
    return asked(client, "GET", f"/storage_service/repair_status?id={repair}&timeout=0")


def test_a_repair_that_takes_no_time_has_ended(client: NodeClient) -> None:
    assert state(client, asked(client, "POST", BEGIN)) == "SUCCESSFUL"
    assert asked(client, "GET", "/task_manager/list_module_tasks/repair") == []


@slow
def test_a_repair_runs_until_it_is_aborted(client: NodeClient) -> None:
    repair = asked(client, "POST", BEGIN)
    assert state(client, repair) == "RUNNING"
    (task,) = asked(client, "GET", "/task_manager/list_module_tasks/repair")
    assert (task["sequence_number"], task["keyspace"], task["state"]) == (repair, "ks", "running")
    assert client.send("POST", f"/task_manager/abort_task/{task['task_id']}").status_code == 200
    assert state(client, repair) == "FAILED"


@slow
def test_a_table_on_tablets_has_one_repair_at_a_time(client: NodeClient) -> None:
    task = asked(client, "POST", BEGIN_TABLETS)["tablet_task_id"]
    assert client.send("POST", BEGIN_TABLETS).status_code == 500
    assert client.send("GET", f"/task_manager/wait_task/{task}?timeout=0").status_code == 408
    status = asked(client, "GET", f"/task_manager/task_status/{task}")
    assert (status["state"], status["end_time"]) == ("running", "1970-01-01T00:00:00Z")
    assert 0 <= status["progress_completed"] < status["progress_total"]


@slow
def test_a_restarted_node_has_forgotten_its_repairs_and_their_numbers(client: NodeClient) -> None:
    repair = asked(client, "POST", BEGIN)
    client.lab.restart_scylla(client.lab.nodes[0].address)
    assert client.send("GET", f"/storage_service/repair_status?id={repair}").status_code == 400
    assert asked(client, "POST", BEGIN) == repair


@slow
def test_all_repairs_of_a_node_can_be_ended(client: NodeClient) -> None:
    repair = asked(client, "POST", BEGIN)
    client.send("POST", "/storage_service/force_terminate_repair")
    assert state(client, repair) == "FAILED"


def test_a_repair_fails_by_fault(client: NodeClient) -> None:
    client.lab.fault("failed-repair", times=1)
    assert state(client, asked(client, "POST", BEGIN)) == "FAILED"
    task = asked(client, "POST", BEGIN_TABLETS)["tablet_task_id"]
    assert asked(client, "GET", f"/task_manager/wait_task/{task}")["state"] == "done"
