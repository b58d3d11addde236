"""What tests of every kind share."""

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The directory of data beside the project that is not part of it."""
    path = PROJECT.parent / "shared"
    if not path.is_dir():
        pytest.skip("the shared data beside the project is not here")
    return path
