import io
from pathlib import Path

from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.cli.flags import GlobalFlags
from scylla_restore.engine.cli.output import Output
from scylla_restore.engine.cli.retyping import command_to_type
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
