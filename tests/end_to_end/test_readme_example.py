"""The README's Python runs as it stands there, but for the snapshot's tag."""

import re
import subprocess
import sys
from pathlib import Path

from tests.support.console import DEADLINE_S, lab_process

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_example_restores_a_backup(tmp_path: Path) -> None:
    (code,) = re.findall(
        r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    with lab_process(tmp_path) as lab:
        backup = lab.back_up()
        program = re.sub(r"sm_\d{14}UTC", backup.snapshot_tag, code)
        said = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-W", "error", "-c", program],
            cwd=lab.files.root,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert (said.returncode, said.stderr) == (0, "")
        assert said.stdout.splitlines()[0] == "1 RunStarted"
        assert "exit_code=0" in said.stdout.splitlines()[-1]
        assert lab.loaded_sstables() == backup.sstables
