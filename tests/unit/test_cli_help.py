"""What a person types to find out what to type."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.program import Desk

from scylla_restore.engine.cli.app import COMMANDS, LAB, build

NAMES = [(entry.name,) for _, entries in COMMANDS for entry in entries] + [
    ("lab", entry.name) for entry in LAB
]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("command", [(), *NAMES], ids=" ".join)
def test_help_shows_examples_that_can_be_typed(
    desk: Desk, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.call_bare(*command, "--help").code == 0
    said = capsys.readouterr().out
    examples = re.findall(r"^  (scylla-restore .*)$", said.replace("\\\n", ""), re.MULTILINE)
    assert examples
    assert max(map(len, said.splitlines())) <= 80
    for example in examples:
        app = build(())
        _, *words = shlex.split(example.partition(">")[0])
        _, bound, _ = app.meta.parse_args(words, print_error=False, exit_on_error=False)
        function, _, _ = app.parse_args(bound.args, print_error=False, exit_on_error=False)
        assert callable(function)


@pytest.mark.parametrize("command", ["run", "plan", "progress", "resume"])
def test_help_of_a_command_loads_no_client_of_a_store_or_a_node(command: str) -> None:
    code = (
        f"import sys; from scylla_restore.engine.cli.program import run; run([{command!r}, '--help']); "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'boto3', 'botocore', 'cassandra', 'azure', 'google'}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)  # noqa: S603  # our own words
    assert answer.stdout.splitlines()[-1] == "[]"
