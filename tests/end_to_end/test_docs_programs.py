"""The Python of README and docs runs as it stands there, but for the snapshot's tag, and is typed."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.console import DEADLINE_S, LabProcess, lab_process, script
from tests.support.pages import programs

PROGRAMS = dict(programs())
RESTORING = [name for name, code in PROGRAMS.items() if "build_target" in code]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabProcess]:
    with lab_process(tmp_path, "--nodes", "1") as lab:
        lab.back_up(sstables=2)
        yield lab


def played(program: str, lab: LabProcess) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-W", "error", "-c", program],
        cwd=lab.files.root,
        env={**os.environ, "PATH": os.pathsep.join((str(Path(script()).parent), os.environ["PATH"]))},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


@pytest.mark.parametrize("name", RESTORING)
def test_a_program_in_the_docs_restores_a_backup(name: str, lab: LabProcess) -> None:
    program = re.sub(r"sm_\d{14}UTC", lab.tag, PROGRAMS[name])
    said = played(program, lab)
    assert (said.returncode, said.stderr) == (0, "")
    if "assert" not in program:
        assert "exit_code=0" in said.stdout.splitlines()[-1]
        assert lab.loaded_sstables() == 8


def test_the_program_about_the_log_finds_out_whether_somebody_touched_it(lab: LabProcess) -> None:
    (program,) = (code for code in PROGRAMS.values() if code not in map(PROGRAMS.get, RESTORING))
    assert lab.call(*lab.run_words()).code == 0
    with lab.log() as log:
        head = log.head(lab.record()[0].run)
    said = played(program, lab)
    assert (said.stderr, said.stdout) == ("", f"run {head.run} is intact, head {head.hash.hex()}\n")
    with closing(sqlite3.connect(lab.files.root / "log.db")) as connection, connection:
        altered = """CAST(replace(record, '"epoch":1', '"epoch":2') AS BLOB)"""
        connection.execute(f"UPDATE records SET record = {altered} WHERE seq = 5")  # noqa: S608 - our own words
    assert "AssertionError" in played(program, lab).stderr


@pytest.mark.slow
def test_programs_of_callers_are_typed(tmp_path: Path) -> None:
    for name, code in PROGRAMS.items():
        (tmp_path / f"{name}.py").write_text(code)
    said = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", *(f"{name}.py" for name in PROGRAMS)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=4 * DEADLINE_S,
        check=False,
    )
    assert said.returncode == 0, said.stdout
    assert f"no issues found in {len(PROGRAMS)} source files" in said.stdout
