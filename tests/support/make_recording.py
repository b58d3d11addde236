"""Plays a restore with the program itself, and writes what it said into ``docs/recording.md``."""

import re
import shlex
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.console import LOCATION, LabProcess, Process, lab_process, wait_until

from scylla_restore.events.model.batches import SSTablesLoaded

RECORDING = Path(__file__).resolve().parents[2] / "docs" / "recording.md"

_HEAD = """\
# A recording

What follows was said by the program itself, against three lab nodes that are slow on purpose; on a terminal there are
bars, here is what a pipe gets. `scripts/make-recording` makes it anew, and a test plays it and compares.
"""
_MASKS = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
    (r"\b[0-9a-f]{64}\b", "HASH"),
    (r"\b(?=[0-9a-f]*\d)[0-9a-f]{8}\b", "ID"),
    (r"^ID running .*", "ID running"),
    (r"sm_\d{14}UTC", "TAG"),
    (r"\d+(\.\d+)? (B|KiB|MiB)\b", "SIZE"),
    (r"\d+h \d+m|\d+m \d+s|\d+(\.\d+)?s\b", "TIME"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "AT"),
    (r"\d+(\.\d+)?", "N"),
    (r"\b(N \w+?)s\b", r"\1"),
    (r"  +", " "),
)


@dataclass(frozen=True)
class Played:
    """A command, its exit code, and what it said; of standard error what comes after standard output."""

    typed: str
    code: int
    lines: tuple[str, ...]

    def shape(self) -> tuple[str, int, str, str]:
        """Return what is the same each time: the command, the code, and how its first and last line are made."""
        if self.code < 0 or not self.lines:
            return masked(self.typed), self.code, "", ""
        return masked(self.typed), self.code, masked(self.lines[0]), masked(self.lines[-1])


def masked(text: str) -> str:
    """Return a text without its numbers, times, sizes and ids."""
    for pattern, instead in _MASKS:
        text = re.sub(pattern, instead, text)
    return text.strip()


class _Stage:
    """A lab, and a person who types."""

    def __init__(self, lab: LabProcess) -> None:
        self._lab = lab

    def start(self, *words: str) -> Process:
        return self._lab.start(*words, configured=False)

    def end(self, process: Process, *words: str) -> Played:
        said = process.end()
        text = re.sub(r"\S+@\S+(?= \(process)", "ann@ops1", said.stdout + said.stderr)
        text = text.replace(str(self._lab.directory), "~")
        return Played(shlex.join(("scylla-restore", *words)), said.code, tuple(text.splitlines()))

    def call(self, *words: str) -> Played:
        return self.end(self.start(*words), *words)

    def broken_off(self, number: signal.Signals, *words: str) -> Played:
        before = len(self._lab.events(SSTablesLoaded))
        process = self.start(*words)
        wait_until(lambda: len(self._lab.events(SSTablesLoaded)) > before + 2, "batches are loaded")
        process.send(number)
        return self.end(process, *words)


def play() -> Iterator[Played]:
    """Restore a backup into a lab, break it off twice, and look at it."""
    with (
        tempfile.TemporaryDirectory(prefix="recording-") as directory,
        lab_process(Path(directory), "--download-mbps", "2", "--load-mbps", "0.5") as lab,
    ):
        home = Path(directory) / ".config" / "scylla-restore"
        home.mkdir(parents=True)
        (home / "scylla-restore.toml").write_text(lab.files.config.read_text())
        lab.back_up(sstables=24, sstable_bytes=40_000)
        stage = _Stage(lab)
        target = ("-L", LOCATION, "-T", lab.tag, "--restore-tables")
        yield stage.call("backups", "-L", LOCATION)
        yield stage.call("plan", *target)
        yield stage.broken_off(signal.SIGINT, "run", *target)
        yield stage.broken_off(signal.SIGKILL, "resume")
        yield stage.call("progress")
        yield stage.call("doctor")
        yield stage.call("resume")
        yield stage.call("runs")
        run = lab.record()[0].run
        yield stage.call("audit", run[:8])
        yield stage.call("doctor")


def written(played: list[Played]) -> str:
    """Return the recording as a page."""
    parts = [_HEAD]
    for each in played:
        code = "killed" if each.code < 0 else f"exit code {each.code}"
        lines = [f"$ {each.typed}", *each.lines, f"({code})"]
        parts.append("\n".join(f"    {line}".rstrip() for line in lines) + "\n")
    return "\n".join(parts)


def read(page: str) -> list[Played]:
    """Return what a page holds."""
    found = []
    for block in re.findall(r"^    \$ (.*)\n((?:    .*\n|\n(?=    (?!\$)))*)", page, re.MULTILINE):
        lines = [line.removeprefix("    ") for line in block[1].splitlines()]
        code = lines.pop().strip("()")
        found.append(Played(block[0], -9 if code == "killed" else int(code.split()[-1]), tuple(lines)))
    return found


if __name__ == "__main__":
    RECORDING.write_text(written(list(play())), encoding="utf-8")
