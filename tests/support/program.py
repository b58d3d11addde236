"""The program, called as a person or a script would call it, without a process of its own."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support.story import START, Story

from scylla_restore.engine.cli.context import Clock
from scylla_restore.engine.cli.program import run
from scylla_restore.events.log.sqlite import SQLiteLog


@dataclass(frozen=True)
class Answer:
    """What a call came to."""

    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[str]:
        return self.stdout.splitlines()

    def json(self) -> Any:  # noqa: ANN401  # what JSON holds is for the test to say
        (line,) = self.lines
        return json.loads(line)


class Terminal(io.StringIO):
    """Standard output that a person watches."""

    def isatty(self) -> bool:
        return True


class Desk:
    """A directory with a log in it, and the program called there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log_path = directory / "log.db"
        self.environment: dict[str, str] = {"HOME": str(directory)}
        self.clock = Clock(now=lambda: START)

    def log(self) -> SQLiteLog:
        return SQLiteLog(self.log_path)

    def record(self, *stories: Story) -> None:
        """Write stories to the log; nobody owns their runs afterwards."""
        log = self.log()
        for story in stories:
            story.write_to(log)
        log.close()

    def at(self, now: datetime) -> "Desk":
        self.clock = Clock(now=lambda: now, wait=self.clock.wait)
        return self

    def call(
        self, *words: str, terminal: bool = False, environment: Mapping[str, str] | None = None
    ) -> Answer:
        """Call the program with ``--log`` of this desk."""
        return self.call_bare(
            *words, "--log", f"sqlite:///{self.log_path}", terminal=terminal, environment=environment
        )

    def call_bare(
        self, *words: str, terminal: bool = False, environment: Mapping[str, str] | None = None
    ) -> Answer:
        """Call the program with these words and nothing else."""
        stdout, stderr = Terminal() if terminal else io.StringIO(), io.StringIO()
        code = run(
            words,
            environment={**self.environment, **(environment or {})},
            directory=self.directory,
            stdout=stdout,
            stderr=stderr,
            clock=self.clock,
        )
        return Answer(code, stdout.getvalue(), stderr.getvalue())
