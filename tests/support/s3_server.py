"""A real S3 server on free ports of this machine: SeaweedFS, as ``scripts/install-lab`` installs it."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from tests.support.ports import HOST, reserved_ports
from tests.support.servers import running

ACCESS_KEY_ID = "labkey"
SECRET_ACCESS_KEY = "labsecret1"
READER_KEY_ID = "nobody"
PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
)


class S3Server:
    """Where the server is, who may do everything there, and a client of somebody who may."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.access_key_id = ACCESS_KEY_ID
        self.secret_access_key = SECRET_ACCESS_KEY
        self.without_rights = (READER_KEY_ID, SECRET_ACCESS_KEY)
        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            region_name="us-east-1",
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def new_bucket(self) -> str:
        """Make a bucket that nobody else uses."""
        name = f"bucket-{uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=name)
        return name

    def put(self, bucket: str, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=bucket, Key=key, Body=data)

    def answers(self) -> bool:
        try:
            self.client.list_buckets()
        except (BotoCoreError, ClientError):
            return False
        return True


def weed_program() -> Path | None:
    """The server's program: in the environment that runs the tests, else anywhere."""
    found = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    return Path(found) if found else None


@contextmanager
def running_s3_server(directory: Path) -> Iterator[S3Server]:
    program = weed_program()
    if program is None:
        pytest.skip("no S3 server is installed: scripts/install-lab installs one")
    ports = dict(zip(PORTS, reserved_ports(len(PORTS)), strict=True))
    server = S3Server(f"http://{HOST}:{ports['s3.port']}")
    command = [str(program), *_arguments(directory, ports)]
    with running(command, directory=directory, name="weed", answers=server.answers):
        yield server
        server.client.close()


def _arguments(directory: Path, ports: dict[str, int]) -> list[str]:
    data = directory / "data"
    data.mkdir()
    everybody = [
        {
            "name": "lab",
            "credentials": [{"accessKey": ACCESS_KEY_ID, "secretKey": SECRET_ACCESS_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        },
        {
            "name": "nobody",
            "credentials": [{"accessKey": READER_KEY_ID, "secretKey": SECRET_ACCESS_KEY}],
            "actions": ["Read:elsewhere"],
        },
    ]
    (directory / "s3.json").write_text(json.dumps({"identities": everybody}))
    return [
        "server",
        f"-ip={HOST}",
        f"-ip.bind={HOST}",
        f"-dir={data}",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=512",
        "-volume.max=1000",
        f"-filer.localSocket={directory}/filer.sock",
        "-s3",
        f"-s3.config={directory}/s3.json",
        f"-s3.localSocket={directory}/s3.sock",
        "-s3.autoCreateBucket=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]
