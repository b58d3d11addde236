"""A lab node answers as a real agent did."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.lab_replay import Replay, Replayer, recordings
from tests.support.lab_world import fill_bucket, make_tables, read_object, steps_before
from tests.support.s3_server import S3Server

from scylla_restore.engine.lab import Lab, S3Settings, Speeds

RECORDED_VERSION = "2025.1.5"
# What is not compared, and why. Texts first: each is replaced, on both sides, before the bodies are compared.
MASKED_TEXTS = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>", "moments"),
    (r'"(duration|elapsedTime|speed|speedAvg|transferTime)":[0-9.e+-]+', r'"\1":<n>', "how long things took"),
    (r'"(free|total|used|memory_total|storage_size|uptime|cpu_count)":\d+', r'"\1":<n>', "the machine"),
    (r'"(native_transport_port|native_transport_port_ssl)":"\d+"', r'"\1":"<n>"', "lab nodes have no CQL"),
    (r'"data_directory":"[^"]*"', '"data_directory":"<path>"', "the machine"),
    (
        r'"rclone_backend_config":{.*?}}',
        '"rclone_backend_config":<backends>',
        "the recorded agent had others",
    ),
    (r'"rclone_backend_config":{}', '"rclone_backend_config":<backends>', "the same"),
    (
        r'(tag_sm_20250601120000UTC_manifest.json.gz","Size"|"modTime":"<time>","size"):312',
        r"\1:<n>",
        "made anew",
    ),
    (
        r'(tag_sm_20250601120000UTC_manifest.json.gz","Size"|"modTime":"<time>","size"):\d+',
        r"\1:<n>",
        "made anew",
    ),
)
# Recordings of a copy under way: how far it is depends on the moment.
MASKED_PROGRESS = ("29_job_progress_running", "29_job_info_running", "29_list_upload_dir_during")
PROGRESS = (r'"(uploaded|bytes|eta|percentage)":\d+|("Name":"big-64M.db","Size"):\d+', r'"\1\2":<n>')
# What has a Server header was answered by a stand-in for Scylla: values are compared, not spaces between them, and of
# these not even that.
OWN_CONTENTS = {
    "03_scylla_describe_ring": "the lab has tokens of its own",
    "03_scylla_host_id": "the lab has host ids of its own",
}
# Files are copied by several workers, so they end in any order.
ANY_ORDER = ("21_job_info_finished",)
BINARY = ("11_cat_crc32_allowed", "11_cat_manifest")
# Not sent where a directory stands in for the object store: what a real agent answers then was not recorded.
ABOUT_S3 = {
    "10_list_dirs_only": "directories have size -1",
    "10_list_meta_recurse": "the order is another one",
    "10_list_s3_missing_dir": "a missing directory is an error",
    "12_about_s3": "file systems know their space",
    "13_check_permissions_nobucket": "the words are the object store's",
    "27_copypaths_to_s3_forbidden": "a directory is a local destination",
    "27_job_progress_to_s3_forbidden": "the same",
    "32_copydir_from_s3": "a directory is a local source",
}


@pytest.fixture
def lab(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Lab, str]]:
    provider: str = request.param
    s3 = _object_store(request) if provider == "s3" else None
    speeds = Speeds(unauthorized_delay_s=0.0)
    with Lab(tmp_path / "lab", nodes=3, s3=s3, speeds=speeds, scylla_version=RECORDED_VERSION) as lab:
        yield lab, provider


@pytest.mark.parametrize("lab", ["localstorage", pytest.param("s3", marks=pytest.mark.real)], indirect=True)
def test_every_recorded_request_is_answered_as_by_the_real_agent(lab: tuple[Lab, str], shared: Path) -> None:
    running, provider = lab
    fill_bucket(running, provider, shared)
    make_tables(running)
    replayer = Replayer(running, provider)
    steps = steps_before(running)
    differences: list[str] = []
    try:
        for recording in recordings(shared):
            if provider != "s3" and recording.name in ABOUT_S3:
                continue
            if step := steps.pop(recording.name[:2], None):
                step()
            replay = replayer.send(recording)
            differences += _differences(replay, provider, running)
    finally:
        replayer.close()
    assert "\n".join(differences) == ""


def _differences(replay: Replay, provider: str, lab: Lab) -> list[str]:
    expected = replay.expected
    found: list[str] = []
    _compare(found, expected.name, "status", expected.status, replay.status)
    for header in ("Content-Type", "X-Rclone-Jobid", "X-Content-Type-Options", "Connection"):
        _compare(
            found, expected.name, header, expected.response_headers.get(header), replay.headers.get(header)
        )
    if expected.name in BINARY:
        key = str(expected.request_body["remote"]) if isinstance(expected.request_body, dict) else ""
        _compare(found, expected.name, "bytes", read_object(lab, provider, key), replay.content)
    elif "Server" not in expected.response_headers:
        theirs, ours = expected.response_raw, replay.content.decode()
        if theirs is None:
            # The text was not kept: the order of keys and spaces cannot be compared.
            theirs, ours = _sorted(expected.response_body), _sorted(msgspec.json.decode(replay.content))
        masked = [_masked(expected.name, text, provider) for text in (theirs, ours)]
        _compare(found, expected.name, "body", *masked)
    elif expected.name not in OWN_CONTENTS:
        _compare(found, expected.name, "body", expected.response_body, _read(replay))
    return found


def _compare(found: list[str], name: str, what: str, expected: object, actual: object) -> None:
    if expected != actual:
        found.append(f"{name}: {what} is {actual!r}, not {expected!r}")


def _sorted(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _masked(name: str, text: str, provider: str) -> str:
    for pattern, replacement, _ in MASKED_TEXTS:
        text = re.sub(pattern, replacement, text)
    if name in MASKED_PROGRESS:
        text = re.sub(*PROGRESS, text)
    if name in ANY_ORDER:
        head, _, rest = text.partition('"transferred":[')
        text = head + "".join(sorted(re.findall(r"{[^}]*}", rest)))
    return text if provider == "s3" else text.replace(',"Tier":"STANDARD"', "")


def _read(replay: Replay) -> object:
    text = replay.content.decode()
    if "json" not in replay.headers.get("Content-Type", "") or not text:
        return text
    value: object = msgspec.json.decode(text)
    return value


def _object_store(request: pytest.FixtureRequest) -> S3Settings:
    server: S3Server = request.getfixturevalue("s3_server")
    return S3Settings(
        endpoint=server.endpoint,
        access_key_id=server.access_key_id,
        secret_access_key=server.secret_access_key,
    )
