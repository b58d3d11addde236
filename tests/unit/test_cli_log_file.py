"""The file of diagnostic messages that `--log-file` asks for."""

import io
import logging
from pathlib import Path

import pytest
from loguru import logger
from tests.support import story as told
from tests.support.story import indexed_story

from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.cli.diagnostics import diagnosed
from scylla_restore.engine.cli.flags import GlobalFlags
from scylla_restore.engine.cli.output import Output
from scylla_restore.engine.config import ConfigFile
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model.batches import DownloadProgressed


def context(path: Path | None, *, verbose: bool = False) -> Context:
    output = Output(stdout=io.StringIO(), stderr=io.StringIO())
    flags = GlobalFlags(log_file=path, verbose=verbose)
    return Context(flags=flags, file=ConfigFile(), output=output, environment={})


def story() -> list[Envelope]:
    whole = indexed_story().tell(told.batch_assigned(1, "d1", size=300)).restore(1)
    return whole.tell(told.batch_assigned(2, "d1", size=300), told.load_failed(2)).envelopes


def test_events_are_written_with_run_node_batch_and_attempt(tmp_path: Path) -> None:
    seen: list[Envelope] = []
    with diagnosed(context(tmp_path / "said.txt"), seen.append) as tell:
        for envelope in story():
            tell(envelope)
    lines = (tmp_path / "said.txt").read_text().splitlines()
    where = f"run={told.RUN} node=10.0.0.1 batch=1 attempt=1"
    assert f" INFO    {where} SSTablesLoaded " in next(line for line in lines if "SSTablesLoaded" in line)
    assert " WARNING " in next(line for line in lines if "LoadFailed" in line)
    assert len(seen) == len(story())


def test_details_are_written_when_more_is_asked_for(tmp_path: Path) -> None:
    progressed = indexed_story().tell(DownloadProgressed(batch=1, attempt=1, downloaded=5)).envelopes[-1]
    for verbose in (False, True):
        path = tmp_path / f"{verbose}.txt"
        with diagnosed(context(path, verbose=verbose)) as tell:
            tell(progressed)
        assert ("DownloadProgressed" in path.read_text()) is verbose


def test_other_libraries_are_heard_and_their_details_are_not(tmp_path: Path) -> None:
    with diagnosed(context(tmp_path / "said.txt", verbose=True)):
        logging.getLogger("pykka").warning("an actor {died}")
        logging.getLogger("botocore.auth").debug("what was signed")
    assert "WARNING pykka: an actor {died}" in (tmp_path / "said.txt").read_text()
    assert "signed" not in (tmp_path / "said.txt").read_text()


def test_without_a_file_nothing_is_written_anywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Envelope] = []
    with diagnosed(context(None), seen.append) as tell:
        logging.getLogger("pykka").error("an actor died")
        for envelope in story():
            tell(envelope)
    assert len(seen) == len(story())
    assert capsys.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_any_more_afterwards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with diagnosed(context(tmp_path / "said.txt")):
        logging.getLogger("pykka").warning("heard")
    logger.error("unheard")
    logging.getLogger("pykka").info("unheard")
    assert "heard" in (tmp_path / "said.txt").read_text()
    assert "unheard" not in (tmp_path / "said.txt").read_text()
    assert capsys.readouterr() == ("", "")


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ConfigurationError, match=r"file/said\.txt cannot be written"),
        diagnosed(context(tmp_path / "file" / "said.txt")),
    ):
        pass
