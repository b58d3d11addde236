"""What a shell offers when TAB is pressed."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support import story as told
from tests.support.console import script as console_script
from tests.support.program import Answer, Desk
from tests.support.story import Story, indexed_story

from scylla_restore.events.model.run import RunCompleted

OTHER_RUN = "abcdef01-0000-4000-8000-000000000002"
CONFIG = """
[cluster.prod]
hosts = ["10.0.0.1"]
[cluster.staging]
hosts = ["10.1.0.1", "10.1.0.2"]
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with two clusters and two runs, one of which is done."""
    desk = Desk(tmp_path)
    done = Story(run=OTHER_RUN).tell(told.run_started(), RunCompleted(restored_bytes=1, sstables=1))
    desk.record(indexed_story(), done)
    (tmp_path / "scylla-restore.toml").write_text(f'{CONFIG}[log]\nurl = "sqlite:///{desk.log_path}"\n')
    return desk


def asked(desk: Desk, *words: str, by: str = "fish") -> Answer:
    return desk.call_bare("__complete", by, *words)


def offered(desk: Desk, *words: str) -> list[str]:
    return [line.partition("\t")[0] for line in asked(desk, *words).lines]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("res",), ["resume"]),
        (("lab", "f"), ["fault"]),
        (("-c", "lab", "f"), []),
        (("-c", "lab", "pl"), ["plan"]),
        (("run", "--restore-tables", "--snap"), ["--snapshot-tag"]),
        (("plan", "--method", ""), ["auto", "native", "rclone"]),
        (("plan", "--method=na"), ["--method=native"]),
        (("lab", "fault", "--kind", "disk"), ["disk-full"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("--cluster", ""), ["prod", "staging"]),
        (("runs", "-c", "st"), ["staging"]),
        (("runs", "--cluster=p"), ["--cluster=prod"]),
        (("run", "-L", ""), []),
        (("audit", ""), [OTHER_RUN, told.RUN]),
        (("audit", told.RUN[:4]), [told.RUN]),
        (("--json", "progress", "--watch", ""), [OTHER_RUN, told.RUN]),
        (("resume", ""), [told.RUN]),
        (("resume", "--parallel", ""), []),
        (("audit", told.RUN, ""), []),
    ],
)
def test_what_fits_is_offered(desk: Desk, words: tuple[str, ...], found: list[str]) -> None:
    assert offered(desk, *words) == found


def test_it_says_which_run_has_an_id(desk: Desk) -> None:
    (line,) = asked(desk, "resume", "").lines
    assert line == f"{told.RUN}\tprod {told.TAG} running 0.0 %"


def test_the_log_that_is_meant_is_asked(desk: Desk, tmp_path: Path) -> None:
    elsewhere = f"sqlite:///{tmp_path}/other.db"
    assert asked(desk, "--log", elsewhere, "resume", "").lines == []
    assert offered(desk, f"--log=sqlite:///{desk.log_path}", "resume", "") == [told.RUN]


def test_zsh_is_told_words_whose_colons_are_escaped(desk: Desk) -> None:
    (desk.directory / "scylla-restore.toml").write_text('[cluster."eu:prod"]\nhosts = ["10.0.0.1"]\n')
    assert asked(desk, "-c", "", by="zsh").lines == ["eu\\:prod:10.0.0.1"]


def in_bash(desk: Desk, line: str) -> set[str]:
    """Return what bash offers at the end of a line."""
    script = desk.directory / "completion.bash"
    script.write_text(desk.call_bare("completion", "bash").stdout)
    program = (
        f"source {shlex.quote(str(script))}; COMP_LINE={shlex.quote(line)}; COMP_POINT=${{#COMP_LINE}}; "
        f"COMP_WORDS=({shlex.quote(console_script())}); _scylla_restore; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    bash = (shutil.which("bash") or "bash", "-c", program)
    answer = subprocess.run(bash, capture_output=True, check=True, text=True, cwd=desk.directory)  # noqa: S603  # our own words
    return set(answer.stdout.split())


def test_bash_completes_commands_flags_and_runs_with_what_is_printed_for_it(desk: Desk) -> None:
    assert in_bash(desk, "scylla-restore res") == {"resume"}
    assert in_bash(desk, "scylla-restore run --restore-tables -K 'a b' --snap") == {"--snapshot-tag"}
    assert in_bash(desk, f"scylla-restore --log sqlite:///{desk.log_path} resume ") == {told.RUN}
    assert in_bash(desk, "scylla-restore run -K 'unfinished") == set()


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_their_own_script(desk: Desk, shell: str) -> None:
    answer = desk.call_bare("completion", shell)
    assert answer.code == 0
    assert f"scylla-restore __complete {shell}" in answer.stdout.replace(
        '"${words[1]/#\\~/$HOME}"', "scylla-restore"
    )
    assert desk.call_bare("completion", "tcsh").code == 2
