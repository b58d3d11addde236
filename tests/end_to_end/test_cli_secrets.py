"""A token, wherever it is kept, is found in nothing that a restore writes."""

from pathlib import Path

from tests.support.console import LabProcess, lab_process

TOKEN_VARIABLE = "LAB_TOKEN"


def files_with(secret: str, lab: LabProcess) -> set[str]:
    """Return the files in which a secret stands: the log, what was said, what was served, what was restored."""
    return {
        str(path.relative_to(lab.directory))
        for path in lab.directory.rglob("*")
        if path.is_file() and secret.encode() in path.read_bytes()
    }


def test_a_restores_token_is_in_nothing_that_it_writes(tmp_path: Path) -> None:
    with lab_process(tmp_path) as lab:
        lab.back_up()
        token = lab.files.token()
        lab.environment = {**lab.environment, TOKEN_VARIABLE: token}
        said_file = ("--log-file", str(tmp_path / "diagnostics.txt"), "--verbose")
        said = lab.call(*lab.run_words("--auth-token", f"env:{TOKEN_VARIABLE}"), *said_file)
        assert said.code == 0, said.stderr
        next(lab.files.buckets.rglob("*-Data.db")).unlink()
        failed = lab.call(*lab.run_words(), *said_file)
        assert failed.code == 1, failed.stderr
        run = lab.record()[0].run
        for words in (("events", run, "--json"), ("audit", run), ("runs",)):
            assert lab.call(*words).code == 0
        assert (tmp_path / "diagnostics.txt").stat().st_size > 0
        assert files_with(token, lab) == {"lab/token"}


def test_a_token_on_the_command_line_is_warned_about_and_repeated_nowhere(tmp_path: Path) -> None:
    with lab_process(tmp_path) as lab:
        lab.back_up()
        said = lab.call(*lab.run_words("--auth-token", lab.files.token()))
        assert said.code == 0
        assert said.stderr.startswith("warning: --auth-token is the secret itself")
        assert files_with(lab.files.token(), lab) == {"lab/token"}
