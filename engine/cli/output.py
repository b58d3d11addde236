"""What goes where: results to standard output, everything else to standard error."""

from collections.abc import Callable
from datetime import datetime
from pathlib import PurePath
from typing import TextIO

import msgspec


class Output:
    """A command's two streams. With ``is_json`` standard output holds JSON alone, one document a line.

    What is written beside the result passes through ``finish``, once that is set.
    """

    def __init__(self, *, stdout: TextIO, stderr: TextIO) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.finish: Callable[[str], str] = str
        self.is_json = False
        self.is_quiet = False
        self.is_verbose = False

    @property
    def is_terminal(self) -> bool:
        """Whether a person watches standard output."""
        return self.stdout.isatty()

    def line(self, text: str) -> None:
        """Write a line of a result for people, at once."""
        self.stdout.write(text + "\n")
        self.stdout.flush()

    def document(self, document: object) -> None:
        """Write a result for programs: one line of JSON, at once. Takes what ``msgspec`` can encode."""
        self.line(msgspec.json.encode(document, enc_hook=_encode).decode())

    def note(self, text: str) -> None:
        """Tell a person something beside the result, unless they want it quiet."""
        if not self.is_quiet:
            self._aside(text)

    def say(self, text: str) -> None:
        """Tell a person something that they have to know, however quiet they want it."""
        self._aside(text)

    def warn(self, text: str) -> None:
        """Tell a person what may be wrong."""
        self._aside(f"warning: {text}")

    def error(self, message: str, hint: str | None = None) -> None:
        """Tell a person what failed, and what to do."""
        self._aside(f"error: {message}")
        if hint:
            self._aside(f"hint: {hint}")

    def _aside(self, text: str) -> None:
        self.stderr.write(self.finish(text) + "\n")
        self.stderr.flush()


def _encode(value: object) -> str:
    if isinstance(value, PurePath):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} is nothing that JSON knows")


def at_text(at: datetime | None) -> str:
    """Return a moment as people read it, to the second and in UTC; a dash for none."""
    return "-" if at is None else at.strftime("%Y-%m-%d %H:%M:%SZ")
