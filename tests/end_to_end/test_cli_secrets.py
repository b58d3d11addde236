"""A token, wherever it is kept, is found in nothing that a restore writes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.console import LabProcess, lab_process
from tests.support.s3_server import S3Server

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
        assert failed.code == 2, failed.stderr
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


def command_lines(process: int) -> Iterator[str]:
    """Yield what a list of processes shows of one process and all that it has started."""
    directory = Path("/proc") / str(process)
    yield (directory / "cmdline").read_text().replace("\0", " ")
    for task in (directory / "task").iterdir():
        for child in (task / "children").read_text().split():
            yield from command_lines(int(child))


@pytest.mark.real
def test_a_stores_keys_are_in_nothing_that_anybody_sees_of_a_restore(
    tmp_path: Path, s3_server: S3Server
) -> None:
    secret = s3_server.secret_access_key
    keys = {"LAB_KEY": s3_server.access_key_id, "LAB_SECRET": secret}
    store = ("--s3-endpoint", s3_server.endpoint, "--s3-access-key-id", "env:LAB_KEY")
    with lab_process(tmp_path, *store, "--s3-secret-access-key", "env:LAB_SECRET", environment=keys) as lab:
        location = f"s3:{s3_server.new_bucket()}"
        with pytest.MonkeyPatch.context() as patch:
            for name, value in keys.items():
                patch.setenv(name, value)
            lab.back_up(sstables=4, location=location)
        words = ("run", "-L", location, "-T", lab.tag, "--restore-tables", "-v", "--log-file")
        with lab.in_the_middle(*words, str(tmp_path / "diagnostics.txt")) as process:
            seen = list(command_lines(process.process.pid)) if process.process.poll() is None else []
        assert process.end().code == 0, process.stderr
        wrong = {**lab.environment, "LAB_SECRET": "an-entirely-wrong-secret"}
        lab.environment = wrong
        plan = lab.call("plan", *words[1:], str(tmp_path / "refused.txt"), "--index-via", "direct")
        assert plan.code == 2
        for looking in (
            ("events", lab.record()[0].run, "--json"),
            ("audit", lab.record()[0].run),
            ("backups", "-L", location),
        ):
            lab.call(*looking)
        assert lab.requests("/sync/copypaths")
        assert (tmp_path / "refused.txt").exists()
        assert files_with(secret, lab) == set()
        assert files_with("an-entirely-wrong-secret", lab) == set()
        assert files_with(lab.files.token(), lab) == {"lab/token"}
        assert not [line for line in seen if secret in line or lab.files.token() in line]


def test_a_file_with_secrets_that_others_can_read_draws_a_warning_which_does_not_repeat_them(
    tmp_path: Path,
) -> None:
    with lab_process(tmp_path, "--nodes", "1") as lab:
        lab.back_up(sstables=1)
        config, token = tmp_path / "literal.toml", lab.files.token()
        reference = f"file:{lab.files.token_file}"
        config.write_text(lab.files.config.read_text().replace(reference, token))
        config.chmod(0o644)
        said = lab.call(*lab.run_words("--config", str(config)), configured=False)
        assert said.code == 0, said.stderr
        assert f"warning: {config} holds secrets, and others can read it (mode 0644)" in said.stderr
        assert files_with(token, lab) == {"lab/token", "literal.toml"}
        config.chmod(0o600)
        again = lab.call("runs", "--config", str(config), configured=False)
        assert "others can read it" not in again.stderr
