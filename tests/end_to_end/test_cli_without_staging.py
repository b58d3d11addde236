"""`--staging off` through the console script: batches are copied straight into `upload`, beside files of others."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.console import COPY_PATH, LabProcess, lab_process, wait_until

from scylla_restore.events.model.batches import (
    BatchAssigned,
    DownloadStarted,
    UploadFoundEmpty,
    UploadOccupied,
)
from scylla_restore.events.model.target import Staging

FOREIGN = "me-3gab_0bxs_17pkl2cvlz4ztaa3e5-big-Data.db"
OFF = ("--staging", "off")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabProcess]:
    with lab_process(tmp_path, "--download-mbps", "4", "--load-mbps", "4") as lab:
        lab.back_up(sstables=12, sstable_bytes=40_000)
        yield lab


def bring_foreign_files(lab: LabProcess) -> list[str]:
    """Put a file of somebody else's into every upload directory, and return their paths."""
    paths = [table / "upload" / FOREIGN for table in lab.files.root.glob("*/data/ks*/t*-*")]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"somebody else's")
    assert paths
    return sorted(map(str, paths))


def staging_directories(lab: LabProcess) -> list[Path]:
    found = lab.files.root.glob("*/data/*/*/snapshots/scylla-restore-*")
    return [path for path in found if not path.name.startswith("scylla-restore-found-")]


def test_a_killed_run_is_resumed_without_staging_and_files_of_others_stay(lab: LabProcess) -> None:
    foreign = bring_foreign_files(lab)
    with lab.in_the_middle(*lab.run_words(*OFF)) as process:
        process.kill()
    said = lab.call("resume")
    assert said.code == 0, said.stderr
    assert lab.loaded_sstables() == 48
    assert {event.staging for event in lab.events(BatchAssigned)} == {Staging.OFF}
    assert lab.events(UploadFoundEmpty)
    assert lab.events(UploadOccupied)
    assert staging_directories(lab) == []
    assert {Path(path).read_bytes() for path in foreign} == {b"somebody else's"}
    assert sorted(lab.left_behind()) == foreign


def test_an_engine_with_staging_takes_up_what_one_without_it_had_begun(lab: LabProcess) -> None:
    lab.fault("slow")
    process = lab.start(*lab.run_words(*OFF))
    wait_until(lambda: lab.requests(COPY_PATH), "a copy is asked for")
    process.kill()
    lab.end_faults()
    said = lab.call("resume", "--staging", "auto")
    assert said.code == 0, said.stderr
    assert {event.staging for event in lab.events(BatchAssigned)} == {Staging.OFF, Staging.AUTO}
    assert lab.loaded_sstables() == 48
    assert lab.left_behind() == []


def test_an_aborted_run_leaves_nothing_in_upload(lab: LabProcess) -> None:
    foreign = bring_foreign_files(lab)
    lab.fault("slow")
    process = lab.start(*lab.run_words(*OFF))
    wait_until(lambda: lab.events(DownloadStarted), "a copy is under way")
    process.kill()
    lab.end_faults()
    said = lab.call("abort", lab.record()[0].run)
    assert said.code == 0, said.stderr
    assert sorted(lab.left_behind()) == foreign
