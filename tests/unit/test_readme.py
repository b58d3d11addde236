"""The examples in README and docs are kept true."""

import re
import shlex
from pathlib import Path

import pytest
from tests.support.pages import PAGES, commands

from scylla_restore.engine.cli.app import build

README = Path(__file__).resolve().parents[2] / "README.md"

COMMANDS = sorted({command for _, command in commands()})
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")


def test_the_first_screen_has_the_two_commands() -> None:
    first_screen = "\n".join(README.read_text(encoding="utf-8").splitlines()[:20])
    assert "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/scylla-restore demo" in first_screen
    assert "./scripts/test" in first_screen


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_in_readme_and_docs_can_be_typed(command: str) -> None:
    app = build(())
    _, *words = shlex.split(command)
    _, bound, _ = app.meta.parse_args(words, print_error=False, exit_on_error=False)
    command_words = bound.args
    function, _, _ = app.parse_args(command_words, print_error=False, exit_on_error=False)
    assert callable(function)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_what_is_there(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []
