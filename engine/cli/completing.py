"""What could be typed next: a shell asks with each TAB, and what it asks is never answered with an error."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from cyclopts import App, Argument

from scylla_restore.engine.cli.app import COMMANDS, LAB, LAB_HELP, command_names
from scylla_restore.engine.cli.context import Context
from scylla_restore.events.model.target import IndexVia, Method, Staging

SHELLS: Final = ("bash", "zsh", "fish")
_CHOICES: Final = {
    "--method": tuple(Method),
    "--staging": tuple(Staging),
    "--index-via": tuple(IndexVia),
}
_OF_A_RUN: Final = frozenset({"resume", "pause", "abort", "progress", "events", "audit", "rebuild", "doctor"})
_OF_AN_UNFINISHED_RUN: Final = frozenset({"resume", "pause", "abort"})
_MOST_RUNS: Final = 100


@dataclass(frozen=True)
class Candidate:
    """A word that fits, and what it is."""

    word: str
    what: str = ""


def candidates(app: App, words: Sequence[str], context: Context) -> list[Candidate]:
    """Return what fits for the last of ``words``, of which it is a beginning; none where a file's name is wanted.

    ``words`` are what stands after the program's name, up to the cursor. What follows ``=`` is told without what stands before.

    Raises:
        RestoreError, LogError: configuration or log, which are asked for names, cannot be read.
    """
    typed = _Typed(app, words[:-1])
    begun = words[-1] if words else ""
    if begun.startswith("--") and "=" in begun:
        flag, _, begun = begun.partition("=")
        typed.take(flag)
    if typed.wanted is not None:
        found = _values(typed.wanted, context)
    elif begun.startswith("-"):
        found = (Candidate(name) for flag in typed.flags for name in flag.names if name.startswith("--"))
    elif typed.chain in ((), ("lab",)):
        found = _commands(typed.chain)
    else:
        found = _arguments(typed, context)
    return [each for each in found if each.word.startswith(begun)]


class _Typed:
    """What the words before the last one are: commands, flags with their values, arguments.

    ``flags`` can be typed here; ``wanted`` is the one whose value comes next.
    """

    def __init__(self, app: App, words: Sequence[str]) -> None:
        self._level = app
        self.chain: tuple[str, ...] = ()
        self.arguments: list[str] = []
        self.flags = _shown(app.meta)
        self.wanted: Argument | None = None
        for word in words:
            self.take(word)

    def take(self, word: str) -> None:
        if self.wanted is not None:
            self.wanted = None
        elif word.startswith("-"):
            self.wanted = next((flag for flag in self.flags if word in flag.names and _has_value(flag)), None)
        elif self.chain in ((), ("lab",)) and word in command_names(self.chain):
            self.chain, self._level = (*self.chain, word), self._level[word]
            self.flags += _shown(self._level)
        else:
            self.arguments.append(word)


def _shown(app: App) -> list[Argument]:
    if app.default_command is None:
        return []
    return [argument for argument in app.assemble_argument_collection() if argument.show]


def _has_value(flag: Argument) -> bool:
    return flag.hint is not bool and bool not in get_args(flag.hint)


def _commands(chain: tuple[str, ...]) -> Iterator[Candidate]:
    if chain:
        yield from (Candidate(entry.name, entry.help) for entry in LAB)
        return
    yield from (Candidate(entry.name, entry.help) for _, entries in COMMANDS for entry in entries)
    yield Candidate("lab", LAB_HELP)


def _values(flag: Argument, context: Context) -> Iterator[Candidate]:
    if "--cluster" in flag.names:
        for name, settings in context.file.config.cluster.items():
            yield Candidate(name, ", ".join(settings.hosts[:3]))
    for choice in (*(flag.get_choices() or ()), *(_CHOICES.get(flag.names[0], ()))):
        yield Candidate(choice)


def _arguments(typed: _Typed, context: Context) -> Iterator[Candidate]:
    command = typed.chain[0]
    if typed.arguments:
        return
    if command == "completion":
        yield from (Candidate(shell) for shell in SHELLS)
    elif command in _OF_A_RUN:
        yield from _runs(context, only_unfinished=command in _OF_AN_UNFINISHED_RUN)


def _runs(context: Context, *, only_unfinished: bool) -> Iterator[Candidate]:
    """Yield the newest runs, the newest first."""
    from scylla_restore.events.tables.listing import list_runs  # noqa: PLC0415  # most words need no log
    from scylla_restore.events.tables.opening import tables_beside  # noqa: PLC0415

    with context.log() as log:
        found = list_runs(log, tables_beside(log))
    wanted = [run for run in reversed(found) if not (only_unfinished and run.is_over)]
    for run in wanted[:_MOST_RUNS]:
        yield Candidate(run.run, f"{run.cluster} {run.snapshot_tag} {run.state.value} {run.progress:.1f} %")
