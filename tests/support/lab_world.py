"""The world that the recordings of a real agent were made in, built around a lab node."""

import gzip
import random
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from scylla_restore.engine.lab import Lab
from scylla_restore.engine.lab.buckets import Bucket, open_bucket
from scylla_restore.events.model.target import BackupLocation

BUCKET = "peerbucket"
TABLE = "t1-aabbccddeeff11eeb3a3000000000001"
STAGING = f"{TABLE}/snapshots/scylla-restore-r1-b1-1"
_DIRECTORIES = (
    "t1-0e140d00e66011f19332855759dc2772",
    "t2-0e5b2820e66011f19332855759dc2772",
    "t3-0e95e730e66011f19332855759dc2772",
)


class WorldObject(msgspec.Struct):
    """An object, or a family of them, as ``world.json`` describes it."""

    key: str
    i: tuple[int, ...] = (0,)
    components: tuple[str, ...] = ("",)
    size: int | str = 0
    content: str = ""


class World(msgspec.Struct):
    """What is read of ``world.json``."""

    bucket: str
    objects: list[WorldObject]


def fill_bucket(lab: Lab, provider: str, shared: Path) -> None:
    """Put into the bucket what ``world.json`` lists, and what an earlier recording had left."""
    world = msgspec.json.decode((shared / "conformance" / "world.json").read_bytes(), type=World)
    with closing(open_bucket(lab.files, BackupLocation(provider=provider, bucket=world.bucket))) as bucket:
        for described in world.objects:
            _put(bucket, described)
        bucket.put("backup/meta/put.json", b'{"a":1}')


def _put(bucket: Bucket, described: WorldObject) -> None:
    if described.content:
        bucket.put(described.key, manifest())
        return
    random_bytes = random.Random(described.key).randbytes  # noqa: S311 - the same every time
    for number in described.i:
        for component in described.components:
            key = described.key.replace("<i>", str(number)).replace("<component>", component)
            bucket.put(key, random_bytes(_size(described.size, component)))


def make_tables(lab: Lab) -> None:
    """Create the tables and views that the node had, with their ids."""
    for number, directory in enumerate(_DIRECTORIES, start=1):
        lab.files.create_table("ks1", f"t{number}", table_id=directory.partition("-")[2])
    for view in ("mv1", "idx1_index"):
        lab.create_table("ks1", view, view_of="t1")
        shutil.rmtree(next(lab.data_directory(lab.nodes[0]).glob(f"ks1/{view}-*")))


def manifest() -> bytes:
    """Return a manifest of ks1.t1."""
    entry = {"keyspace": "ks1", "table": "t1", "version": TABLE[3:], "files": [], "size": 1}
    body = {"version": "v2", "tokens": [1, 2], "index": [entry]}
    return gzip.compress(msgspec.json.encode(body))


def read_object(lab: Lab, provider: str, key: str) -> bytes | None:
    """Return an object of the world."""
    with closing(open_bucket(lab.files, BackupLocation(provider=provider, bucket=BUCKET))) as bucket:
        return bucket.read(key)


def steps_before(lab: Lab) -> dict[str, Callable[[], None]]:
    """Return what was done to the node's directories between the recordings, by the number of the next one."""
    keyspace = lab.data_directory(lab.nodes[0]) / "ks1"
    upload, staging = keyspace / TABLE / "upload", keyspace / STAGING

    def begin_second_day() -> None:
        (keyspace / TABLE / "upload").mkdir(parents=True)

    def put_half_back() -> None:
        staging.mkdir(exist_ok=True)
        for file in sorted(upload.iterdir())[:9]:
            file.rename(staging / file.name)

    def copy_two() -> None:
        for file in sorted(upload.iterdir())[:2]:
            shutil.copyfile(file, staging / file.name)

    def leave_one() -> None:
        name = "me-1-big-TOC.txt"
        (upload / name).rename(staging / name)
        shutil.rmtree(upload)

    def make_found() -> None:
        (upload / "me-1-big-TOC.txt").touch()

    return {"40": begin_second_day, "45": put_half_back, "46": copy_two, "47": leave_one, "48": make_found}


def _size(described: int | str, component: str) -> int:
    if isinstance(described, int):
        return described
    assert described == "300000 for Data.db, else 1000"
    return 300_000 if component == "Data.db" else 1000
