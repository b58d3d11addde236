"""A real server of Azure Blob Storage's API: Azurite, as ``scripts/install-lab`` installs it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from tests.support.ports import HOST, reserved_ports
from tests.support.servers import PROJECT, running

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
PROGRAM = PROJECT / ".lab" / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"


class AzureServer:
    """Where the server is, and a client that may do everything there."""

    def __init__(self, place: str) -> None:
        from azure.storage.blob import BlobServiceClient  # noqa: PLC0415 - slow, and few tests need it

        self.place = place
        self.endpoint = f"http://{place}/{ACCOUNT}"
        self.account = ACCOUNT
        self.key = KEY
        self.client = BlobServiceClient(
            self.endpoint, credential={"account_name": ACCOUNT, "account_key": KEY}
        )

    def new_bucket(self) -> str:
        """Make a container that nobody else uses."""
        name = f"bucket-{uuid4().hex[:12]}"
        self.client.create_container(name)
        return name

    def put(self, bucket: str, key: str, data: bytes, *, encoding: str | None = None) -> None:
        from azure.storage.blob import ContentSettings  # noqa: PLC0415 - slow, and few tests need it

        settings = ContentSettings(content_encoding=encoding)
        self.client.get_blob_client(bucket, key).upload_blob(data, overwrite=True, content_settings=settings)

    def signed_url(self, bucket: str, *, hours: int = 1) -> str:
        """Return a URL by which a container can be read for so long."""
        from azure.storage.blob import generate_container_sas  # noqa: PLC0415 - as above

        signature = generate_container_sas(
            self.account,
            bucket,
            account_key=self.key,
            permission="rl",
            start=datetime.now(UTC) - timedelta(hours=2),
            expiry=datetime.now(UTC) + timedelta(hours=hours),
        )
        return f"{self.endpoint}/{bucket}?{signature}"

    def answers(self) -> bool:
        try:
            requests.get(self.endpoint, timeout=1)
        except requests.RequestException:
            return False
        return True


@contextmanager
def running_azure_server(directory: Path) -> Iterator[AzureServer]:
    node = shutil.which("node")
    if node is None or not PROGRAM.exists():
        pytest.skip("no server of Azure Blob Storage is installed: scripts/install-lab installs one")
    (port,) = reserved_ports(1)
    server = AzureServer(f"{HOST}:{port}")
    command = [node, str(PROGRAM), "--blobHost", HOST, "--blobPort", str(port), "--inMemoryPersistence"]
    with running(
        [*command, "--disableTelemetry", "--silent", "--skipApiVersionCheck"],
        directory=directory,
        name="azure",
        answers=server.answers,
    ):
        yield server
        server.client.close()
