from dataclasses import fields
from pathlib import Path
from typing import Annotated

import pytest
from cyclopts import App, Parameter
from tests.support.program import Desk

from scylla_restore.engine.cli.sources import from_environment, from_file
from scylla_restore.engine.cli.target_options import TargetOptions
from scylla_restore.engine.config import FlagValue
from scylla_restore.engine.core.target_flags import TargetFlags
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.target import Method, RateLimit

LEAST = ["-L", "s3:backups", "-T", "sm_20260102030405UTC", "--restore-tables"]


def typed(
    words: list[str], *, environment: dict[str, str] | None = None, file: dict[str, FlagValue] | None = None
) -> TargetOptions:
    app = App(
        config=(from_environment(environment or {}), from_file(file or {}, "file.toml")),
        result_action="return_value",
    )
    seen: list[TargetOptions] = []

    @app.default
    def take(*, options: Annotated[TargetOptions, Parameter(name="*")] = TargetOptions()) -> None:  # noqa: B008  # frozen
        seen.append(options)

    app(words, exit_on_error=False, print_error=False)
    return seen[0]


def test_every_field_of_the_engines_flags_has_an_option() -> None:
    options = {field.name for field in fields(TargetOptions)}
    assert set(TargetFlags.__struct_fields__) <= options


def test_the_least_that_is_needed_is_a_target() -> None:
    target = typed(LEAST).target()
    assert [str(location) for location in target.selection.locations] == ["s3:backups"]
    assert target.selection.snapshot_tag == "sm_20260102030405UTC"
    assert (target.tuning.method, target.tuning.batch_size) == (Method.AUTO, 0)


def test_lists_are_comma_separated_or_repeated() -> None:
    words = [*LEAST, "-L", "dc1:gcs:two,azure:three", "-K", "ks,!ks.t", "--rate-limit", "dc1:100,5"]
    target = typed(words).target()
    assert [str(location) for location in target.selection.locations] == [
        "s3:backups",
        "dc1:gcs:two",
        "azure:three",
    ]
    assert target.selection.keyspace == ("ks", "!ks.t")
    assert target.tuning.rate_limit == (RateLimit(mib_per_second=100, dc="dc1"), RateLimit(mib_per_second=5))


def test_dcs_and_names_are_mapped() -> None:
    words = [*LEAST, "--dc-mapping", "a=x,b=x", "--rename", "ks=other", "--rename", "k.t=k.u"]
    selection = typed(words).target().selection
    assert selection.dc_mapping == (("a", "x"), ("b", "x"))
    assert selection.rename == (("ks", "other"), ("k.t", "k.u"))


@pytest.mark.parametrize("words", [["--transfers", "-1"], ["--transfers=-1"]])
def test_transfers_may_be_minus_one(words: list[str]) -> None:
    assert typed([*LEAST, *words]).target().tuning.transfers == -1


def test_a_switch_can_be_turned_off_again() -> None:
    words = [*LEAST, "--no-allow-compaction"]
    assert typed(words, file={"allow-compaction": True}).allow_compaction is False


def test_a_flag_beats_the_environment_which_beats_the_file() -> None:
    environment = {"SCYLLA_RESTORE_PARALLEL": "2", "SCYLLA_RESTORE_BATCH_SIZE": "20"}
    options = typed(
        [*LEAST, "--parallel", "1"],
        environment=environment,
        file={"parallel": 3, "batch-size": 30, "transfers": 300},
    )
    assert (options.parallel, options.batch_size, options.transfers) == (1, 20, 300)


def test_lists_and_switches_can_stand_in_the_file() -> None:
    file: dict[str, FlagValue] = {
        "location": ("s3:a", "s3:b"),
        "restore-tables": True,
        "snapshot-tag": "sm_x",
    }
    options = typed([], file=file)
    assert (options.location, options.restore_tables, options.snapshot_tag) == (
        ("s3:a", "s3:b"),
        True,
        "sm_x",
    )


def test_a_list_in_the_environment_is_comma_separated() -> None:
    options = typed([], environment={"SCYLLA_RESTORE_LOCATION": "s3:a,s3:b"})
    assert options.location == ("s3:a,s3:b",)


def test_a_flag_beats_the_properties_of_a_task(tmp_path: Path) -> None:
    properties = tmp_path / "task.json"
    properties.write_text(
        '{"location": ["s3:old"], "snapshot_tag": "sm_20200101000000UTC", "restore_tables": true, "parallel": 4}'
    )
    target = typed(["--properties", str(properties), "-L", "s3:new"]).target()
    assert [str(location) for location in target.selection.locations] == ["s3:new"]
    assert (target.selection.snapshot_tag, target.tuning.parallel) == ("sm_20200101000000UTC", 4)


def test_properties_that_are_not_there_are_an_error_that_names_them(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"missing\.json cannot be read"):
        typed(["--properties", str(tmp_path / "missing.json")]).target()


@pytest.mark.parametrize("flag", ["--keyspace", "-T", "--location=s3:other", "--rename"])
def test_a_run_is_not_resumed_with_other_data(tmp_path: Path, flag: str) -> None:
    said = Desk(tmp_path).call("resume", flag, "x")
    assert said.code == 2
    assert said.stderr.startswith(
        f"error: {flag} selects data, and a run goes on with what it began with\nhint: "
    )
