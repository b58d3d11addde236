"""`demo`: what people see first."""

import tempfile
from pathlib import Path

import pytest
from tests.support.console import Process, Said

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "temporary").mkdir()
    return tmp_path


def demo(directory: Path, *words: str) -> Said:
    environment = {**ENVIRONMENT, "HOME": str(directory), "TMPDIR": str(directory / "temporary")}
    # What a user has set for restores of their own is nothing for the demo's.
    environment["SCYLLA_RESTORE_BATCH_SIZE"] = "1000"
    process = Process(("demo", *words), directory, environment)
    try:
        return process.end()
    finally:
        process.kill()


def test_the_demo_is_a_restore_that_is_killed_and_carries_on(directory: Path) -> None:
    said = demo(directory, "--nodes", "2")
    assert (said.code, said.stderr) == (0, "")
    for words in (
        "kill -9",
        "none of them was downloaded or loaded again",
        "events is intact, by two engines",
    ):
        assert words in said.stdout
    assert said.stdout.splitlines()[-1].strip().startswith("scylla-restore ")
    assert list((directory / "temporary").iterdir()) == []
    assert tempfile.gettempdir() not in said.stdout.replace(str(directory), "")


def test_the_demo_as_json_ends_with_the_progress_and_an_audit(directory: Path) -> None:
    said = demo(directory, "--json", "--keep", str(directory / "kept"))
    assert said.code == 0, said.stderr
    (document,) = said.documents()
    assert (document["state"], document["sstables_restored"]) == ("done", document["sstables"])
    assert len(document["hosts"]) == 3
    assert document["audit"]["ok"]
    assert document["audit"]["summary"]["alterations"]["open"] == []
    assert (directory / "kept" / "scylla-restore.toml").exists()
    assert "kill -9" in said.stderr


def test_the_demo_keeps_nothing_in_a_directory_that_holds_something(directory: Path) -> None:
    said = demo(directory, "--keep", str(directory))
    assert (said.code, said.stdout) == (2, "")
    assert said.stderr.startswith(f"error: {directory} is there already\nhint: ")
