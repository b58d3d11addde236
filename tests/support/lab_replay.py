"""Recorded exchanges with a real agent, sent again to a lab node."""

from pathlib import Path

import msgspec
import requests

from scylla_restore.engine.lab import Lab

# The order in which groups were recorded where it is not that of the names.
_ORDER = {
    "22": ("stats_delete", "job_progress_after_stats_delete", "stats_delete_again"),
    "28": (
        "copypaths_sync_no_async",
        "copypaths_empty_paths",
        "job_progress_empty_paths",
        "copypaths_transfers_zero",
        "job_progress_transfers_zero",
        "copypaths_transfers_minus1",
        "job_progress_transfers_minus1",
        "copypaths_path_escape",
        "job_progress_path_escape",
    ),
    "29": (
        "bwlimit_set_100",
        "bwlimit_set_0",
        "bwlimit_bad",
        "transfers_set",
        "transfers_set_neg1",
        "transfers_set_zero",
        "copypaths_ratelimited",
        "job_progress_running",
        "job_info_running",
        "list_upload_dir_during",
        "job_stop",
        "job_progress_after_stop",
        "list_upload_dir_after_stop",
        "transfers_after",
        "bwlimit_after",
        "bwlimit_reset",
    ),
    "31": ("copyfile_versioned_rename", "copyfile_missing"),
    "32": ("copydir_from_s3", "copydir_data_to_s3", "job_progress_copydir_data_to_s3"),
    "41": ("list_keyspace_dirs", "list_snapshots_dirs", "list_staging", "list_upload_empty"),
    "43": ("movedir_staging_to_upload", "list_staging_after_move", "list_upload_after_move"),
}
_LONG = "35_copypaths_body_over_1MiB"


class Recording(msgspec.Struct, kw_only=True):
    """One exchange."""

    name: str
    method: str
    path: str
    query: str
    request_headers: dict[str, str]
    request_body: object
    status: int
    response_headers: dict[str, str]
    response_body: object = None
    response_raw: str | None = None


class Replay(msgspec.Struct, kw_only=True):
    """A recording, as it would read had it been made with the lab, and what the lab answered."""

    expected: Recording
    status: int
    headers: dict[str, str]
    content: bytes


def recordings(shared: Path) -> list[Recording]:
    """Return all recordings in the order in which they were made."""
    folder = shared / "conformance" / "agent"
    found = {file.stem: file for file in sorted(folder.glob("*.json"))}
    ordered = sorted(found, key=lambda name: (name[:2], _place(name), name))
    return [msgspec.json.decode(found[name].read_bytes(), type=Recording) for name in ordered]


def _place(name: str) -> int:
    order = _ORDER.get(name[:2], ())
    return order.index(name[3:]) if name[3:] in order else len(order)


class Replayer:
    """Sends recordings to the first node of a lab, with the lab's token, bucket provider and job ids in them."""

    def __init__(self, lab: Lab, provider: str) -> None:
        self._lab = lab
        self._provider = provider
        self._jobs: dict[str, str] = {}
        self._session = requests.Session()
        # The environment may name a bundle of authorities, which would win over the lab's.
        self._session.trust_env = False
        self._session.verify = str(lab.certificate_path)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def send(self, recording: Recording) -> Replay:
        """Send one request."""
        translated = msgspec.json.decode(self._translate(msgspec.json.encode(recording)), type=Recording)
        url = self._lab.url(self._lab.nodes[0]) + translated.path
        answer = self._session.request(
            translated.method,
            f"{url}?{translated.query}" if translated.query else url,
            headers=translated.request_headers,
            data=_body(translated),
            timeout=30,
        )
        self._learn_job(recording, answer)
        return Replay(
            expected=msgspec.json.decode(self._translate(msgspec.json.encode(recording)), type=Recording),
            status=answer.status_code,
            headers=dict(answer.headers),
            content=answer.content,
        )

    def _learn_job(self, recording: Recording, answer: requests.Response) -> None:
        recorded = recording.response_body
        if isinstance(recorded, dict) and "jobid" in recorded and answer.ok:
            self._jobs[str(recorded["jobid"])] = str(answer.json()["jobid"])

    def _translate(self, text: bytes) -> bytes:
        translated = text.decode().replace("<token>", self._lab.token)
        translated = translated.replace("s3:", f"{self._provider}:")
        for recorded, own in self._jobs.items():
            translated = translated.replace(recorded, own)
        return translated.encode()


def _body(recording: Recording) -> bytes | None:
    body = recording.request_body
    if body is None or isinstance(body, str):
        return None if body is None else body.encode()
    if recording.name == _LONG and isinstance(body, dict):
        # The recording abridges its names.
        names = [f"me-{number:08d}_aaaa_bbbbbbbbbbbbbbbbbbbbbbbbbbb-big-Data.db" for number in range(25_000)]
        body = {**body, "paths": names}
    return msgspec.json.encode(body)
