"""A bare client of one lab node, for tests of the lab itself."""

import zlib
from pathlib import Path

import requests

from scylla_restore.engine.lab import Lab
from scylla_restore.engine.lab.state import Table

BUCKET = "b"
PATIENCE_S = 60.0
BIG_BYTES = 200 << 20


class NodeClient:
    """Asks the first node of a lab, with a table ``ks.t`` and a bucket ``localstorage:b``."""

    def __init__(self, lab: Lab, token: str = "") -> None:
        self.lab = lab
        self.node = lab.nodes[0]
        self.table: Table = lab.create_table("ks", "t")
        self.directory = self.table.directory.partition("/")[2]
        self.data = lab.data_directory(self.node)
        self.upload = self.data / self.table.directory / "upload"
        self.loaded = lab.loaded_directory(self.node) / "ks" / "t"
        self.bucket = lab.files.buckets / BUCKET
        self.bucket.mkdir(parents=True, exist_ok=True)
        self._session = requests.Session()
        # The environment may name a bundle of authorities, which would win over the lab's.
        self._session.trust_env = False
        self._session.verify = str(lab.certificate_path)
        self._session.headers["Authorization"] = f"Bearer {token or lab.token}"

    def close(self) -> None:
        self._session.close()

    def send(
        self, method: str, path: str, *, silence_s: float = PATIENCE_S, body: object = None
    ) -> requests.Response:
        """Ask, and wait for so long once the node has heard of it."""
        timeouts = (PATIENCE_S, silence_s)
        return self._session.request(method, self.lab.url(self.node) + path, json=body, timeout=timeouts)

    def rclone(self, call: str, **parameters: object) -> requests.Response:
        return self.send("POST", f"/agent/rclone/{call}", body=parameters)

    def start_copy(self, names: list[str], into: str = "upload", **parameters: object) -> int:
        """Begin a copy of files of the bucket into a directory of the table, and return the job's id."""
        answer = self.rclone(
            "sync/copypaths?_async=true",
            srcFs=f"localstorage:{BUCKET}",
            dstFs="data:ks",
            dstRemote=f"{self.directory}/{into}",
            paths=names,
            **parameters,
        )
        assert answer.status_code == requests.codes.ok, answer.text
        job: int = answer.json()["jobid"]
        return job

    def outcome(self, job: int) -> dict[str, object]:
        """Wait for a job's end and return its last progress."""
        answer = self.rclone("job/progress", jobid=job, wait=int(PATIENCE_S) // 2)
        assert answer.status_code == requests.codes.ok, answer.text
        progress: dict[str, object] = answer.json()
        return progress

    def copy(self, names: list[str], into: str = "upload") -> dict[str, object]:
        return self.outcome(self.start_copy(names, into))

    def load(self, table: str = "t") -> requests.Response:
        path = f"/storage_service/sstables/ks?cf={table}&load_and_stream=true&primary_replica_only=true"
        return self.send("POST", path)


def put_big(directory: Path) -> str:
    """Make a file that no copy with a limit of a few MiB/s is through with during a test, and return its name."""
    with (directory / "big.db").open("wb") as file:
        file.truncate(BIG_BYTES)  # nothing but a hole
    return "big.db"


def put_sstable(directory: Path, sstable: str, *, content: bytes = b"data", digest: str = "") -> list[str]:
    """Write an SSTable of three components and return the names of its files."""
    directory.mkdir(parents=True, exist_ok=True)
    components = {
        "Data.db": content,
        "Digest.crc32": (digest or str(zlib.crc32(content))).encode(),
        "TOC.txt": b"Data.db\nDigest.crc32\nTOC.txt\n",
    }
    for component, written in components.items():
        (directory / f"{sstable}-{component}").write_bytes(written)
    return [f"{sstable}-{component}" for component in components]


def names(directory: Path) -> list[str]:
    """Return the names in a directory, sorted; none if it is not there."""
    return sorted(file.name for file in directory.iterdir()) if directory.is_dir() else []
