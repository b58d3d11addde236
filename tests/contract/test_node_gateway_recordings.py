"""The gateway says and understands what was recorded between clients and real agents.

Each line plays one recording: the call has to be sent as recorded (method, path, query, body), and the recorded
answer has to come out as expected. Scylla's side of the recordings is a stand-in's; what is sent is what counts.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest
from tests.support.reached import reached
from tests.support.scripted_agent import Reply, said

from scylla_restore.engine.cluster.gateway import RestNodeGateway
from scylla_restore.engine.cluster.port import DiskSpace, JobProgress, RemoteFile, TaskStatus
from scylla_restore.engine.core.object_storage import AgentStore
from scylla_restore.engine.errors import DirectoryMissing, JobUnknown, LoadBusy, NodeRefused, NotAuthorized

CLUSTER = "7d0cb1f5-8f3f-4b2c-a6c1-6a3b6c0d8a10"
NODE = "11111111-1111-1111-1111-111111111111"
SST = (
    f"backup/sst/cluster/{CLUSTER}/dc/dc1/node/{NODE}/keyspace/ks1/table/t1/aabbccddeeff11eeb3a3000000000001"
)
TABLE = "ks1/t1-aabbccddeeff11eeb3a3000000000001"
STAGING = f"{TABLE}/snapshots/scylla-restore-r1-b1-1"
UPLOAD = f"{TABLE}/upload"
NATIVE_TASK = "53d24eb5-62ec-453e-a9f6-cb1d8edfe1a3"
NATIVE_PREFIX = (
    "backup/sst/cluster/7fdae66a-ad47-56c6-947f-24cb8f0f3cf8/dc/dc1/node/a386c91d-32a5-5883-a2dc-5d3b55ebabe2"
    "/keyspace/ks3/table/t3/4e586510e66411f19332855759dc2772"
)
HOSTS = ("127.0.0.11", "127.0.0.12", "127.0.0.13")

Ask = Callable[[RestNodeGateway, Any], object]


class Line(NamedTuple):
    """``ask`` gets the recorded body, to take long lists from; ``expected`` is a value, an error, or a check."""

    recording: str
    ask: Ask
    expected: object


def job(status: str = "success", error: str = "") -> Callable[[object], bool]:
    def check(answer: object) -> bool:
        return isinstance(answer, JobProgress) and (answer.status, answer.error) == (status, error)

    return check


def copy(gateway: RestNodeGateway, body: Any) -> int:  # noqa: ANN401  # recorded JSON
    return gateway.start_copy(
        location=body["srcFs"],
        source=body["srcRemote"],
        names=tuple(body["paths"]),
        destination=f"{body['dstFs'].removeprefix('data:')}/{body['dstRemote']}",
        transfers=body.get("transfers"),
        bandwidth_rate=body.get("bandwidth_rate"),
    )


def progress(gateway: RestNodeGateway, body: Any) -> JobProgress:  # noqa: ANN401
    return gateway.job_progress(body["jobid"], wait_s=body["wait"])


def files(*components: str) -> tuple[RemoteFile, ...]:
    return tuple(RemoteFile(path=name, size=size, is_dir=False) for name, size in map(_sized, components))


def _sized(component: str) -> tuple[str, int]:
    return f"me-1-big-{component}", 300000 if component == "Data.db" else 1000


NINE = files(
    "CompressionInfo.db",
    "Data.db",
    "Digest.crc32",
    "Filter.db",
    "Index.db",
    "Scylla.db",
    "Statistics.db",
    "Summary.db",
    "TOC.txt",
)

AGENT = [
    Line("02_node_info", lambda g, _: g.agent.node_info().scylla_version, "2025.1.5"),
    Line(
        "02_node_info",
        lambda g, _: g.agent.node_info().rclone_backend_config,
        {"gcs": AgentStore(), "s3": AgentStore(endpoint="http://127.0.0.41:9410", region="us-east-1")},
    ),
    Line("01_auth_missing", lambda g, _: g.agent.node_info(), NotAuthorized),
    Line("02_pin_cpu_get", lambda g, _: g.cpus(), (0, 1)),
    Line("02_pin_cpu_post_pin", lambda g, _: g.pin_cpu(), None),
    Line("02_pin_cpu_delete_unpin", lambda g, _: g.unpin_cpu(), None),
    Line("12_about_data", lambda g, _: g.disk_space(), DiskSpace(total=270553174016, free=71021494272)),
    Line("10_list_s3_missing_dir", lambda g, _: g.list_location("s3:peerbucket", "nope/nope"), ()),
    Line("10_list_s3_missing_bucket", lambda g, _: g.list_location("s3:nobucket", "x"), DirectoryMissing),
    Line("41_list_upload_empty", lambda g, _: g.list_files(UPLOAD), ()),
    Line("41_list_staging", lambda g, _: g.list_files(STAGING)[:9], NINE),
    Line(
        "41_list_snapshots_dirs",
        lambda g, _: g.list_directories(f"{TABLE}/snapshots"),
        ("scylla-restore-r1-b1-1",),
    ),
    Line(
        "11_cat_manifest",
        lambda g, body: g.files.read_object(body["fs"], body["remote"], limit_bytes=1000)[:2],
        b"\x1f\x8b",
    ),
    Line(
        "11_cat_missing",
        lambda g, body: g.files.read_object(body["fs"], body["remote"], limit_bytes=1000),
        DirectoryMissing,
    ),
    Line(
        "11_cat_data_forbidden",
        lambda g, body: g.files.read_object(body["fs"], body["remote"], limit_bytes=1000),
        NodeRefused,
    ),
    Line("20_copypaths_async", copy, 1795344275),
    Line("28_copypaths_transfers_minus1", copy, int),
    Line("29_copypaths_ratelimited", copy, int),
    Line("40_copypaths_into_staging", copy, 1795349890),
    Line("40_job_progress_into_staging", progress, job()),
    Line(
        "25_job_progress_missing_file",
        progress,
        job("error", "failed to open source object: object not found"),
    ),
    Line("29_job_progress_running", progress, job("running")),
    Line("29_job_progress_after_stop", progress, job("error", "context canceled")),
    Line("30_job_progress_unknown_wait", progress, JobUnknown),
    Line("29_job_stop", lambda g, body: g.stop_job(body["jobid"]), None),
    Line("21_job_stop_finished", lambda g, body: g.stop_job(body["jobid"]), None),
    Line("30_job_stop_unknown", lambda g, body: g.stop_job(body["jobid"]), None),
    Line("22_stats_delete", lambda g, body: g.forget_job(int(body["group"].removeprefix("job/"))), None),
    Line(
        "50_copyfile_async_versioned",
        lambda g, _: g.start_copy_renamed(
            location="s3:peerbucket",
            source=f"{SST}/me-1-big-Data.db.sm_20250101000000UTC",
            destination=f"{STAGING}/me-1-big-Data.db",
        ),
        1795349891,
    ),
    Line("50_job_progress_copyfile", progress, job()),
    Line("43_movedir_staging_to_upload", lambda g, _: g.move_directory(STAGING, UPLOAD), None),
    Line("49_purge_missing", lambda g, _: g.purge(f"{TABLE}/snapshots/nope"), None),
    Line("49_purge_staging_parent", lambda g, _: g.purge(f"{TABLE}/snapshots/scylla-restore-found-r1"), None),
    Line("51_transfers_read", lambda g, _: g.transfers(), 4),
    Line("29_transfers_set", lambda g, _: g.set_transfers(2), None),
    Line("29_transfers_set_neg1", lambda g, _: g.set_transfers(-1), None),
    Line("29_transfers_set_zero", lambda g, _: g.set_transfers(0), NodeRefused),
    Line("51_bwlimit_read", lambda g, _: g.bandwidth_rate(), "off"),
    Line("29_bwlimit_set_100", lambda g, _: g.set_bandwidth_rate("100M"), None),
    Line("29_bwlimit_reset", lambda g, _: g.set_bandwidth_rate("off"), None),
    Line("03_scylla_autocompaction_get", lambda g, _: g.auto_compaction("ks1", "t1"), False),
    Line(
        "03_scylla_autocompaction_post", lambda g, _: g.set_auto_compaction("ks1", "t1", enabled=True), None
    ),
    Line(
        "03_scylla_autocompaction_delete",
        lambda g, _: g.set_auto_compaction("ks1", "t1", enabled=False),
        None,
    ),
    Line("03_scylla_host_id", lambda g, _: tuple(g.scylla.host_ids()), HOSTS),
    Line("03_scylla_live_slash", lambda g, _: g.scylla.live(), HOSTS),
    Line("03_scylla_metrics", lambda g, _: g.scylla.shards(), 2),
    Line("03_scylla_release", lambda g, _: g.scylla.release_version(), "2025.1.5"),
]

RESTORE = [
    Line(
        "POST /agent/rclone/operations/list",
        lambda g, _: g.files.list_location(
            "s3:peerbackup", "backup/meta", recursive=True, options=("filesOnly",)
        ),
        lambda files: all(file.path.startswith("cluster/") for file in files),
    ),
    Line("GET /snitch/datacenter", lambda g, _: g.scylla.datacenter("127.0.0.11"), "dc1"),
    Line("GET /snitch/rack", lambda g, _: g.scylla.rack("127.0.0.11"), "r1"),
    Line("GET /storage_service/nodes/joining", lambda g, _: g.scylla.joining(), ()),
    Line("GET /storage_service/nodes/leaving", lambda g, _: g.scylla.leaving(), ()),
    Line("GET /column_family/name", lambda g, _: g.scylla.tables()[0], "ks1:t1"),
    Line("POST /agent/rclone/sync/copypaths", copy, 1795343285),
    Line("POST /agent/rclone/job/progress", progress, job()),
    Line("POST /storage_service/sstables/ks1", lambda g, _: g.load_and_stream("ks1", "t1"), None),
    Line("POST /storage_service/sstables/ks3", lambda g, _: g.load_and_stream("ks3", "t3"), LoadBusy),
    Line(
        "POST /storage_service/restore",
        lambda g, body: g.start_native_restore(
            endpoint="http://127.0.0.41:9410",
            bucket="peerb3",
            prefix=NATIVE_PREFIX,
            keyspace="ks3",
            table="t3",
            sstables=tuple(body),
        ),
        NATIVE_TASK,
    ),
    Line(
        f"GET /task_manager/wait_task/{NATIVE_TASK}",
        lambda g, _: g.task_status(NATIVE_TASK, wait_s=10),
        TaskStatus(state="done", error="", completed=1.0, total=1.0),
    ),
    Line("GET /task_manager/user_ttl", lambda g, _: g.user_ttl(), 0),
    Line("POST /task_manager/user_ttl", lambda g, _: g.set_user_ttl(300), None),
]


@pytest.mark.parametrize("line", AGENT, ids=lambda line: line.recording)
def test_an_agents_answer_is_asked_for_and_understood_as_recorded(shared: Path, line: Line) -> None:
    path = shared / "conformance" / "agent" / f"{line.recording}.json"
    recorded = json.loads(path.read_bytes())
    body = _bytes_of(recorded)
    reply = Reply(body, status=recorded["status"], headers=_headers(recorded))
    replay(line, recorded, recorded["request_body"], reply)


@pytest.mark.parametrize("line", RESTORE, ids=lambda line: line.recording)
def test_a_restores_call_is_made_as_scylla_manager_makes_it(shared: Path, line: Line) -> None:
    calls = json.loads((shared / "conformance" / "calls-of-a-restore.json").read_bytes())
    recorded = next(call for call in calls if f"{call['method']} {call['path']}" == line.recording)
    empty = recorded["resp"] is None
    replay(line, recorded, recorded["req"], Reply() if empty else said(recorded["resp"], recorded["status"]))


def replay(line: Line, recorded: Any, request_body: Any, reply: Reply) -> None:  # noqa: ANN401
    with reached([reply]) as (gateway, agent):
        if isinstance(line.expected, type) and issubclass(line.expected, Exception):
            with pytest.raises(line.expected) as caught:
                line.ask(gateway, request_body)
            assert type(caught.value) is line.expected
        else:
            answer = line.ask(gateway, request_body)
            if isinstance(line.expected, type):
                assert isinstance(answer, line.expected)
            elif callable(line.expected):
                assert line.expected(answer)
            else:
                assert answer == line.expected
    (sent,) = agent.requests
    assert (sent.method, sent.path) == (recorded["method"], recorded["path"])
    assert sorted(parse_qsl(sent.query)) == sorted(parse_qsl(recorded["query"]))
    assert sent.body == request_body


def _bytes_of(recorded: Any) -> bytes:  # noqa: ANN401
    """Return the answer's body; of binary ones only the beginning was kept."""
    body = recorded["response_body"]
    if isinstance(body, dict) and "__binary_len" in body:
        return bytes.fromhex(body["__head_hex"])
    return str(recorded["response_raw"]).encode()


def _headers(recorded: Any) -> dict[str, str]:  # noqa: ANN401
    return {
        name: value for name, value in recorded["response_headers"].items() if name.startswith("Content-T")
    }
