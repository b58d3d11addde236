"""A real server of the API that Alternator speaks: Amazon's own DynamoDB for a single machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.cassandra_settings import java_or_why_not
from tests.support.ports import HOST, reserved_ports
from tests.support.servers import PROJECT, running

JARS = PROJECT / ".lab" / "dynamodb" / "lib"
HEAP_MB = 128


class DynamoDBServer(msgspec.Struct, frozen=True):
    """Where it is. Every access key has tables of its own."""

    port: int

    def client(self, access_key_id: str) -> Any:  # noqa: ANN401 - the SDK makes its methods as it runs
        """Return a client beside the gateway; whoever asks closes it."""
        from boto3.session import Session  # noqa: PLC0415 - only tests with a server need it

        session = Session(
            aws_access_key_id=access_key_id, aws_secret_access_key="secret", region_name="scylla"
        )
        return session.client("dynamodb", endpoint_url=f"http://{HOST}:{self.port}")


@contextmanager
def running_dynamodb_server(directory: Path) -> Iterator[DynamoDBServer]:
    """Run it; the test is skipped where it is not installed."""
    if not (JARS.parent / "pom.xml").exists():
        pytest.skip(
            "DynamoDB is not installed: scripts/install-lab installs it where there are Java and Maven"
        )
    java, why_not = java_or_why_not()
    if why_not is not None:
        pytest.skip(why_not)
    server = DynamoDBServer(reserved_ports(1)[0])
    command = [
        java,
        f"-Xmx{HEAP_MB}M",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        f"-Dsqlite4java.library.path={JARS}",
        "-cp",
        f"{JARS}/*",
        "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
        "-inMemory",
        "-disableTelemetry",
        "-port",
        str(server.port),
    ]
    with running(command, directory=directory, name="dynamodb", answers=lambda: _answers(server)):
        yield server


def _answers(server: DynamoDBServer) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only tests with a server need it

    client = server.client("nobody")
    try:
        client.list_tables()
    except (BotoCoreError, ClientError):
        return False
    else:
        return True
    finally:
        client.close()
