"""House rules that can be read from the text."""

import ast
import re
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from scylla_restore.events.codec import EVENT_TYPES

PROJECT = Path(__file__).resolve().parent.parent
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 70

PURE = ("engine/core", "events/model", "events/projections", "events/envelope.py", "events/errors.py")
RECORD = "events"
ADAPTERS_OF_THE_RECORD = ("events/log", "events/tables")
IMPURE_MODULES = frozenset(
    {
        "asyncio",
        "logging",
        "loguru",
        "os",
        "random",
        "secrets",
        "socket",
        "sqlite3",
        "subprocess",
        "threading",
        "time",
    }
)
IMPURE_CALLS = frozenset(
    {"datetime.now", "datetime.utcnow", "date.today", "datetime.today", "uuid.uuid4", "uuid4"}
)
SDKS = frozenset({"azure", "boto3", "botocore", "cassandra", "google"})
SDK_ADAPTERS = (
    "engine/storage",
    "engine/cluster",
    "engine/schema",
    "engine/lab",
    "events/log",
    "events/tables",
    "tests",
    "scripts",
)

FORBIDDEN_TEXT = {
    "a path of somebody's machine": re.compile(r"(?<![\w.$}{/])/(?:root|work|home/\w+|Users/\w+)/"),
    "a note to do something later": re.compile(r"\b(?:TODO|FIXME|XXX)\b"),
}
SUPPRESSIONS = {
    "noqa": re.compile(
        r"#\s*noqa(?P<rules>:\s*[A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*)?(?P<reason>.*)", re.IGNORECASE
    ),
    "type: ignore": re.compile(r"#\s*type:\s*ignore(?P<rules>\[[\w, -]+\])?(?P<reason>.*)"),
    "pragma": re.compile(r"#\s*pragma:\s*(?P<rules>no (?:cover|branch))(?P<reason>.*)"),
}


@cache
def tracked() -> tuple[Path, ...]:
    """All files of the project that are not ignored, whether committed yet or not."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607  # the git there is
        cwd=PROJECT,
        capture_output=True,
        check=False,
        text=True,
    )
    if listed.returncode != 0:
        pytest.skip("house rules are read in a git checkout")
    names = [name for name in listed.stdout.split("\0") if name and not name.startswith(".importroot/")]
    return tuple(PROJECT / name for name in sorted(names) if (PROJECT / name).is_file())


def sources(*below: str) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and (not below or is_below(path, *below))]


def is_below(path: Path, *places: str) -> bool:
    name = path.relative_to(PROJECT).as_posix()
    return any(name == place or name.startswith(f"{place}/") for place in places)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def at(path: Path, node: ast.stmt | ast.expr | int) -> str:
    return f"{path.relative_to(PROJECT)}:{node if isinstance(node, int) else node.lineno}"


def told(found: Sequence[object]) -> str:
    """All places, a line each: a test runner would cut them short."""
    return "\n".join(("", *map(str, found)))


def imported(node: ast.AST) -> Iterator[str]:
    """The top-level names of the modules that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module.split(".")[0]


def comments(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if "#" in line:
            yield number, line


def test_no_file_is_too_long_to_be_read() -> None:
    long = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    found = [(at(path, 1), lines) for path, lines in long.items() if lines > MOST_LINES_OF_A_FILE]
    assert not found, told(found)


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        (at(path, node), node.name, lines)
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    ]
    assert not long, told(long)


def test_only_the_command_line_and_scripts_print() -> None:
    printing = [
        at(path, node)
        for path in sources("actors", "engine", "events")
        if not is_below(path, "engine/cli")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not printing, told(printing)


def test_nothing_sleeps_but_runtimes_and_adapters_that_are_told_to() -> None:
    sleeping = [
        at(path, node)
        for path in sources("actors", "engine/core", "events", "tests")
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) in {"time.sleep", "asyncio.sleep"})
        or (
            isinstance(node, ast.ImportFrom)
            and node.module in {"time", "asyncio"}
            and any(alias.name == "sleep" for alias in node.names)
        )
    ]
    assert not sleeping, told(sleeping)


def test_what_is_pure_imports_no_clock_chance_environment_logger_or_io() -> None:
    impure = [
        (at(path, node), name)
        for path in sources(*PURE, RECORD)
        if not is_below(path, *ADAPTERS_OF_THE_RECORD)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(node)
        if name in IMPURE_MODULES
    ]
    assert not impure, told(impure)


def test_what_is_pure_does_not_ask_for_the_time_or_make_up_names() -> None:
    asking = [
        at(path, node)
        for path in sources(*PURE, RECORD)
        if not is_below(path, *ADAPTERS_OF_THE_RECORD)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in IMPURE_CALLS
    ]
    assert not asking, told(asking)


def test_sdks_are_loaded_by_adapters_and_only_when_they_are_needed() -> None:
    early = [
        (at(path, node), name)
        for path in sources("actors", "engine", "events")
        for node in tree(path).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(node)
        if name in SDKS
    ]
    elsewhere = [
        (at(path, node), name)
        for path in sources()
        if not is_below(path, *SDK_ADAPTERS)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(node)
        if name in SDKS
    ]
    assert not early, told(early)
    assert not elsewhere, told(elsewhere)


def test_production_code_checks_with_errors_not_with_assertions() -> None:
    asserting = [
        at(path, node)
        for path in sources("actors", "engine", "events")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Assert)
    ]
    assert not asserting, told(asserting)


def test_every_event_has_a_tag_written_by_hand() -> None:
    written = {
        node.name: statement.value.value
        for path in sources("events/model")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
        and ast.unparse(statement.target) == "TAG"
        and isinstance(statement.value, ast.Constant)
    }
    assert {kind.__name__: kind.TAG for kind in EVENT_TYPES} == written


def test_tags_are_unique() -> None:
    tags = [kind.TAG for kind in EVENT_TYPES]
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("kind", sorted(SUPPRESSIONS))
def test_every_suppressed_rule_is_named_and_has_its_reason(kind: str) -> None:
    found = [place for path in sources() if path != Path(__file__) for place in unexplained(path, kind)]
    assert not found, told(found)


def unexplained(path: Path, kind: str) -> Iterator[str]:
    """Suppressions without a name or reason; for a second one of the same rule, the file's first reason will do."""
    explained: set[str] = set()
    for number, line in comments(path):
        found = SUPPRESSIONS[kind].search(line)
        if found is None:
            continue
        if found["rules"] and re.search(r"\w{3}", found["reason"]):
            explained.add(found["rules"])
        elif found["rules"] not in explained:
            yield at(path, number)


@pytest.mark.parametrize("what", sorted(FORBIDDEN_TEXT))
def test_the_text_is_free_of(what: str) -> None:
    found = [
        at(path, number)
        for path in tracked()
        if path != Path(__file__) and path.suffix not in {".gz", ".png"}
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        )
        if FORBIDDEN_TEXT[what].search(line)
    ]
    assert not found, told(found)


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in sources("tests") if path.name.startswith("test_")]
    assert sorted(set(names)) == sorted(names)


def test_every_test_says_something_about_what_it_tests() -> None:
    """Checks by name: an assertion, ``pytest.raises`` or the like, or a helper that is named for what it checks."""
    checking = re.compile(
        r"\bassert\b|pytest\.(raises|warns|fail)|\b(check|expect|assert|verify|replay)_?\w*\("
    )
    silent = [
        at(path, node)
        for path in sources("tests")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not checking.search(ast.unparse(node))
    ]
    assert not silent, told(silent)


def test_scripts_stop_at_the_first_error() -> None:
    shell = [path for path in tracked() if path.read_bytes().startswith(b"#!/usr/bin/env bash")]
    careless = [at(path, 1) for path in shell if "set -euo pipefail" not in path.read_text(encoding="utf-8")]
    assert shell
    assert not careless, told(careless)


def test_the_environment_is_read_by_the_command_line_and_the_lab_alone() -> None:
    reading = [
        at(path, node)
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv", "environb"}
        and not {"cli", "lab", "tests", "scripts"} & set(path.relative_to(PROJECT).parts)
    ]
    assert not reading, told(reading)
