"""The Python of README and docs runs as it stands there, but for the snapshot's tag, and is typed."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.console import DEADLINE_S, LabProcess, lab_process
from tests.support.pages import programs

PROGRAMS = dict(programs())


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabProcess]:
    with lab_process(tmp_path, "--nodes", "1") as lab:
        lab.back_up(sstables=2)
        yield lab


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_in_the_docs_restores_a_backup(name: str, lab: LabProcess) -> None:
    program = re.sub(r"sm_\d{14}UTC", lab.tag, PROGRAMS[name])
    said = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-W", "error", "-c", program],
        cwd=lab.files.root,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")
    if "assert" not in program:
        assert "exit_code=0" in said.stdout.splitlines()[-1]
        assert lab.loaded_sstables() == 8


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
