"""What tests of every kind share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.support.azure_server import AzureServer, running_azure_server
from tests.support.cassandra import Cassandras, Cluster, running_nodes, shared_node
from tests.support.cassandra_logs import Execute, administration, skipping_where_there_is_none
from tests.support.dynamodb_server import DynamoDBServer, running_dynamodb_server
from tests.support.gcs_server import GcsServer, running_gcs_server
from tests.support.s3_server import S3Server, running_s3_server

PROJECT = Path(__file__).resolve().parent.parent

# How long an example takes says more about the machine than about the code.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the tests that share three nodes come first: one process is given them all, and starts the nodes once."""
    items.sort(key=lambda item: "cassandras" not in getattr(item, "fixturenames", ()))


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long tests go on that could go on for ever."""
    parser.addoption(
        "--race-seconds",
        type=int,
        default=20,
        help="how long processes race for a run of the log in Cassandra",
    )


@pytest.fixture(scope="session")
def race_seconds(pytestconfig: pytest.Config) -> int:
    """Return how long processes race for a run."""
    seconds: int = pytestconfig.getoption("--race-seconds")
    return seconds


@pytest.fixture(scope="session")
def shared() -> Path:
    """The directory of data beside the project that is not part of it."""
    path = PROJECT.parent / "shared"
    if not path.is_dir():
        pytest.skip("the shared data beside the project is not here")
    return path


@pytest.fixture(scope="session")
def cassandra(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Cluster]:
    """A real Apache Cassandra node, the same for all workers; tests that use it bear the mark ``real``."""
    directory = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        directory = directory.parent
    with skipping_where_there_is_none(), shared_node(directory / "cassandra") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def cassandras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cassandras]:
    """Three real Cassandra nodes of one cluster, which tests may stop if they start them again."""
    directory = tmp_path_factory.mktemp("cassandras")
    with skipping_where_there_is_none(), running_nodes(directory, 3) as running:
        yield running


@pytest.fixture(scope="session")
def cassandra_execute(cassandra: Cluster) -> Iterator[Execute]:
    """Executes statements there, beside any log."""
    with administration(cassandra) as execute:
        yield execute


@pytest.fixture(scope="session")
def dynamodb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DynamoDBServer]:
    """A real server of DynamoDB's API; tests that use it bear the mark ``real``."""
    with running_dynamodb_server(tmp_path_factory.mktemp("dynamodb")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server; tests that use it bear the mark ``real``."""
    with running_s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def gcs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GcsServer]:
    """A real server of Google Cloud Storage's API; tests that use it bear the mark ``real``."""
    with running_gcs_server(tmp_path_factory.mktemp("gcs")) as server:
        yield server


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureServer]:
    """A real server of Azure Blob Storage's API; tests that use it bear the mark ``real``."""
    with running_azure_server(tmp_path_factory.mktemp("azure")) as server:
        yield server
