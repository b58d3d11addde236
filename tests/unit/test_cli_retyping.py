import io
import shlex
from pathlib import Path

import pytest
from tests.support.program import Desk
from tests.support.story import indexed_story

from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.cli.flags import GlobalFlags
from scylla_restore.engine.cli.output import Output
from scylla_restore.engine.cli.retyping import command_to_type, completed_commands
from scylla_restore.engine.config import ConfigFile


def typed(flags: GlobalFlags) -> str:
    output = Output(stdout=io.StringIO(), stderr=io.StringIO())
    context = Context(flags=flags, file=ConfigFile(), output=output, environment={})
    return command_to_type(context, "resume", "6f1d")


def test_without_flags_the_command_is_all() -> None:
    assert typed(GlobalFlags()) == "scylla-restore resume 6f1d"


def test_flags_that_lead_to_the_same_place_are_repeated_and_quoted() -> None:
    flags = GlobalFlags(config=Path("my files/a.toml"), log="sqlite:///log.db", cluster="prod", verbose=True)
    assert typed(flags) == (
        "scylla-restore resume 6f1d --config 'my files/a.toml' --log sqlite:///log.db --cluster prod"
    )


def test_a_token_is_repeated_only_as_a_reference() -> None:
    reference = GlobalFlags(host=("10.0.0.1", "10.0.0.2"), auth_token="env:TOKEN", insecure=True)
    assert typed(reference) == (
        "scylla-restore resume 6f1d --host 10.0.0.1,10.0.0.2 --auth-token env:TOKEN --insecure"
    )
    assert "secret" not in typed(GlobalFlags(auth_token="secret"))


HERE = GlobalFlags(config=Path("lab/a.toml"), cluster="prod")


def test_commands_that_an_error_names_can_be_typed_as_they_stand() -> None:
    text = "`scylla-restore resume 6f1d` carries on, `scylla-restore abort 6f1d` gives it up; `resume` alone is a word"
    assert completed_commands(text, HERE) == (
        "`scylla-restore resume 6f1d --config lab/a.toml --cluster prod` carries on, "
        "`scylla-restore abort 6f1d --config lab/a.toml --cluster prod` gives it up; `resume` alone is a word"
    )


@pytest.mark.parametrize(
    "text",
    [
        "`scylla-restore resume --help` tells what there is",
        "`scylla-restore lab up --dir lab` makes one",
        "`scylla-restore resume 6f1d --config lab/a.toml --cluster prod` carries on",
    ],
)
def test_commands_that_are_whole_stay_as_they_are(text: str) -> None:
    assert completed_commands(text, HERE) == text


def test_nothing_is_added_where_nothing_was_given() -> None:
    assert completed_commands("`scylla-restore runs` lists", GlobalFlags()) == "`scylla-restore runs` lists"


def test_the_hint_of_an_error_leads_to_the_same_log(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.record(indexed_story())
    said = desk.call("audit", "nothing")
    typed = said.stderr.partition("hint: `scylla-restore ")[2].partition("`")[0]
    assert typed == f"runs --log sqlite:///{desk.log_path}"
    assert desk.call_bare(*shlex.split(typed)).code == 0
