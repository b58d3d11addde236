"""What tests of every kind share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.support.s3_server import S3Server, running_s3_server

PROJECT = Path(__file__).resolve().parent.parent

# How long an example takes says more about the machine than about the code.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The directory of data beside the project that is not part of it."""
    path = PROJECT.parent / "shared"
    if not path.is_dir():
        pytest.skip("the shared data beside the project is not here")
    return path


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server; tests that use it bear the mark ``real``."""
    with running_s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server
