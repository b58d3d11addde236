"""A lab node answers the calls of a real restore in the shapes that were recorded."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
import requests
from tests.support.lab_world import fill_bucket

from scylla_restore.engine.lab import Lab

# Calls that the lab does not answer as recorded, and why.
NOT_COMPARED = {
    "POST /storage_service/restore": "its bucket is in an object store, which this lab has none of",
    "GET /task_manager/wait_task/53d24eb5-62ec-453e-a9f6-cb1d8edfe1a3": "the same",
    "POST /storage_service/sstables/ks3": "a stand-in's words for a load that another one excludes",
}
MANIFEST = "backup/meta/cluster/7d0cb1f5-8f3f-4b2c-a6c1-6a3b6c0d8a10/dc/dc1/node/11111111-1111-1111-1111-111111111111"


class Call(msgspec.Struct, kw_only=True):
    node: str
    method: str
    path: str
    query: str
    req: object
    status: int
    resp: object


class Exchange(NamedTuple):
    method: str
    url: str
    body: object


@pytest.fixture
def lab(tmp_path: Path, shared: Path) -> Iterator[Lab]:
    tables = ("ks1.t1", "ks1.t2", "ks1.t3", "ks3.t1")
    with Lab(tmp_path / "lab", nodes=3, tables=tables) as lab:
        lab.create_table("ks1", "idx1_index", view_of="t1")
        fill_bucket(lab, "localstorage", shared)
        yield lab


@pytest.fixture
def session(lab: Lab) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(lab.certificate_path)
        session.headers["Authorization"] = f"Bearer {lab.token}"
        yield session


def test_calls_of_a_restore_are_answered_in_the_recorded_shapes(
    lab: Lab, session: requests.Session, shared: Path
) -> None:
    calls = msgspec.json.decode(
        (shared / "conformance" / "calls-of-a-restore.json").read_bytes(), type=list[Call]
    )
    known = _begin_what_is_asked_about(lab, session)
    differences = []
    for call in calls:
        if f"{call.method} {call.path}" in NOT_COMPARED:
            continue
        answer = _send(session, lab, call, known)
        recorded, own = _shape(call.resp), _shape(_read(answer))
        if (answer.status_code, own) != (call.status, recorded):
            differences.append(
                f"{call.method} {call.path} {call.query}: {answer.status_code} {own}, not {recorded}"
            )
    assert differences == []


def _begin_what_is_asked_about(lab: Lab, session: requests.Session) -> dict[str, str]:
    """Begin a job, a repair and a task, and return their ids by those in the recordings."""
    url = lab.url(lab.nodes[0])
    task = session.post(f"{url}/storage_service/tablets/repair?ks=ks3&table=t1&tokens=all").json()
    repair = session.post(f"{url}/storage_service/repair_async/ks1?columnFamilies=t3").json()
    paths = {"srcFs": "localstorage:peerbucket", "dstFs": "data:ks1", "paths": []}
    job = session.post(f"{url}/agent/rclone/sync/copypaths?_async=true", json=paths).json()
    return {
        "1795343285": str(job["jobid"]),
        "2419": str(repair),
        "baad1108-09fb-46e6-9d2d-f5a380711f68": task["tablet_task_id"],
    }


def _send(session: requests.Session, lab: Lab, call: Call, known: dict[str, str]) -> requests.Response:
    exchange = _translated(lab, call, known)
    return session.request(exchange.method, exchange.url, json=exchange.body, timeout=30)


def _translated(lab: Lab, call: Call, known: dict[str, str]) -> Exchange:
    text = msgspec.json.encode({"path": call.path, "query": call.query, "body": call.req}).decode()
    for recorded, own in {**known, "s3:peerbackup": "localstorage:peerbucket"}.items():
        text = text.replace(recorded, own)
    sent = msgspec.json.decode(text)
    body = sent["body"]
    if call.path.endswith("/cat"):
        body["remote"] = (
            f"{MANIFEST}/task_22222222-2222-2222-2222-222222222222_tag_sm_20250601120000UTC_manifest.json.gz"
        )
    if call.path.endswith("/deletefile") and call.status == requests.codes.ok:
        file = lab.data_directory(call.node) / body["fs"].partition(":")[2] / body["remote"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    query = f"?{sent['query']}" if sent["query"] else ""
    return Exchange(call.method, lab.url(call.node) + sent["path"] + query, body)


def _read(answer: requests.Response) -> object:
    if not answer.content:
        return None
    if "json" not in answer.headers.get("Content-Type", ""):
        return "text"
    value: object = answer.json()
    return value


def _shape(value: object) -> object:
    """Return names and types; of lists that of the first item; storage classes are an object store's own."""
    if isinstance(value, dict):
        return {
            key: _shape(item) for key, item in value.items() if key not in ("Tier", "rclone_backend_config")
        }
    if isinstance(value, list):
        return [_shape(item) for item in value[:1]]
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )
