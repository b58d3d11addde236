import io
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.program import Desk
from tests.support.story import RUN, Story, indexed_story, run_started

from scylla_restore.engine.cli.context import default_log_url
from scylla_restore.engine.cli.finding import find_run
from scylla_restore.engine.cli.program import PIPE_CLOSED, run
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.events.log.memory import MemoryLog


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_global_flags_are_taken_before_and_after_the_command(desk: Desk) -> None:
    assert desk.call_bare("--json", "version").stdout == desk.call_bare("version", "--json").stdout
    assert desk.call_bare("--json", "version").stdout.startswith('{"scylla-restore":')


def test_the_flag_wins_then_the_environment_then_the_file(desk: Desk) -> None:
    for name in ("flag", "environment", "file"):
        Desk(desk.directory / name).directory.mkdir()
        Desk(desk.directory / name).record(Story(f"{name}-0000").tell(run_started()))
    urls = {name: f"sqlite:///{desk.directory}/{name}/log.db" for name in ("flag", "environment", "file")}
    (desk.directory / "scylla-restore.toml").write_text(f'[log]\nurl = "{urls["file"]}"\n')
    environment = {"SCYLLA_RESTORE_LOG": urls["environment"]}
    assert "file-0000" in desk.call_bare("runs").stdout
    assert "environment-0000" in desk.call_bare("runs", environment=environment).stdout
    assert "flag-0000" in desk.call_bare("runs", "--log", urls["flag"], environment=environment).stdout


def test_flags_can_stand_in_the_configuration_file(desk: Desk) -> None:
    (desk.directory / "scylla-restore.toml").write_text("[flags]\njson = true\n")
    assert desk.call_bare("version").stdout.startswith("{")


def test_a_misspelt_flag_in_the_file_is_named_with_its_line(desk: Desk) -> None:
    (desk.directory / "scylla-restore.toml").write_text("[flags]\njosn = true\n")
    answer = desk.call_bare("version")
    assert answer.code == 2
    assert "scylla-restore.toml:2: unknown key 'josn'" in answer.stderr
    assert "did you mean 'json'?" in answer.stderr


def test_an_empty_variable_says_nothing(desk: Desk) -> None:
    (desk.directory / "scylla-restore.toml").write_text(f'[flags]\nlog = "sqlite:///{desk.log_path}"\n')
    desk.record(indexed_story())
    environment = {"SCYLLA_RESTORE_LOG": "", "SCYLLA_RESTORE_PORT": ""}
    assert RUN in desk.call_bare("runs", environment=environment).stdout


def test_a_bad_value_in_the_environment_is_named_with_its_variable(desk: Desk) -> None:
    answer = desk.call_bare("version", environment={"SCYLLA_RESTORE_PORT": "many"})
    assert answer.code == 2
    assert "SCYLLA_RESTORE_PORT" in answer.stderr


def test_an_unknown_command_is_refused_with_the_nearest_one(desk: Desk) -> None:
    answer = desk.call_bare("progess")
    assert (answer.code, answer.stdout) == (2, "")
    assert answer.stderr.startswith("error: unknown command")
    assert '"progress"' in answer.stderr


def test_what_does_not_work_yet_is_not_there(desk: Desk) -> None:
    answer = desk.call_bare("replay", "x")
    assert answer.code == 2
    assert answer.stderr.startswith("error: unknown ")


def test_a_configuration_file_that_is_named_has_to_be_there(desk: Desk) -> None:
    answer = desk.call_bare("version", "--config", str(desk.directory / "nowhere.toml"))
    assert answer.code == 2
    assert "nowhere.toml" in answer.stderr


def test_an_error_is_a_paragraph_and_has_a_traceback_only_when_asked_for(desk: Desk) -> None:
    desk.record(indexed_story())
    assert "Traceback" not in desk.call("progress", "ffff").stderr
    assert "Traceback" in desk.call("progress", "ffff", "-v").stderr


def test_a_defect_is_told_in_one_paragraph_with_code_1(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.platform", lambda: 1 / 0)
    answer = desk.call_bare("version")
    assert answer.code == 1
    assert answer.stderr.splitlines() == [
        "error: this is a defect of scylla-restore: ZeroDivisionError: division by zero",
        "hint: run it once more with -v, and report what it prints",
    ]


def test_an_interrupted_look_ends_without_a_word(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("platform.platform", interrupt)
    answer = desk.call_bare("version")
    assert (answer.code, answer.stderr) == (130, "")


def test_the_default_log_is_in_the_users_state_directory() -> None:
    assert default_log_url({"HOME": "/h"}) == "sqlite:////h/.local/state/scylla-restore/log.db"
    assert default_log_url({"HOME": "/h", "XDG_STATE_HOME": "/s"}) == "sqlite:////s/scylla-restore/log.db"
    with pytest.raises(ConfigurationError, match="no HOME"):
        default_log_url({})


def test_of_very_many_candidates_some_are_named_and_all_are_counted() -> None:
    log = MemoryLog()
    for number in range(15):
        Story(f"aa-{number:02}").tell(run_started()).write_to(log)
    with pytest.raises(Exception, match=r"aa-00, .*aa-09 and 5 more$"):
        find_run(log, "aa")


def test_a_whole_id_is_never_ambiguous() -> None:
    log = MemoryLog()
    for run_id in ("aa-1", "aa-10"):
        Story(run_id).tell(run_started()).write_to(log)
    assert find_run(log, "AA-1") == "aa-1"


def test_help_loads_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys; from scylla_restore.engine.cli.program import run; run(['--help']); "
        "print(sorted({name.split('.')[0] for name in sys.modules} & "
        "{'boto3', 'botocore', 'cassandra', 'azure', 'google', 'requests', 'cryptography', 'pykka', 'loguru'}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)  # noqa: S603  # our own words
    assert answer.stdout.splitlines()[-1] == "[]"
    assert "audit" in answer.stdout


def test_a_word_too_many_is_named(desk: Desk) -> None:
    said = desk.call("runs", "6f1d")
    assert said.code == 2
    assert said.stderr == (
        "error: nobody expected '6f1d' here\nhint: `scylla-restore runs --help` tells what there is\n"
    )


class Gone(io.StringIO):
    """Standard output whose reader has gone, as `head` does."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(text)


def test_a_reader_that_has_gone_is_no_error(desk: Desk) -> None:
    stderr = io.StringIO()
    assert run(["version"], environment=desk.environment, stdout=Gone(), stderr=stderr) == PIPE_CLOSED
    assert stderr.getvalue() == ""
