"""One call of the program: flags, configuration, the command, and what comes of errors."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TextIO

from cyclopts import App, CycloptsError, UnknownCommandError, UnknownOptionError, UnusedCliTokensError

from scylla_restore.engine.cli.app import PROGRAM, all_flags, build, command_names
from scylla_restore.engine.cli.context import Clock, Context
from scylla_restore.engine.cli.flags import GlobalFlags
from scylla_restore.engine.cli.output import Output
from scylla_restore.engine.cli.retyping import completed_commands
from scylla_restore.engine.cli.sources import from_environment, from_file
from scylla_restore.engine.config import ConfigFile, find_config, load_config
from scylla_restore.engine.errors import RestoreError
from scylla_restore.events.errors import LogError

ASKED = "__complete"
"""The word with which a shell's script asks what can be typed; the shell's name and what is typed follow."""
USAGE = 2
INTERRUPTED = 130
PIPE_CLOSED = 141


def run(
    words: Sequence[str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    clock: Clock | None = None,
) -> int:
    """Carry out the command in ``words`` and return the exit code; what is not given is the process's own.

    An error ends as a paragraph on standard error and a code, never as an exception.
    """
    output = Output(stdout=stdout or sys.stdout, stderr=stderr or sys.stderr)
    try:
        place = _Place(
            environment=os.environ if environment is None else environment,
            directory=directory or Path.cwd(),
            output=output,
            clock=clock or Clock(),
        )
        return _perform(tuple(sys.argv[1:] if words is None else words), place)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget(output.stdout)
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001  # the last line of defence, and it tells what it was
        return _tell(error, output)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where the program is called."""

    environment: Mapping[str, str]
    directory: Path
    output: Output
    clock: Clock

    def context(self, flags: GlobalFlags, file: ConfigFile) -> Context:
        return Context(
            flags=flags, file=file, output=self.output, environment=self.environment, clock=self.clock
        )

    def config(self, path: Path | None) -> ConfigFile:
        path = path or find_config(directory=self.directory, environment=self.environment)
        return ConfigFile() if path is None else load_config(path)


def _perform(words: tuple[str, ...], place: _Place) -> int:
    app = build((from_environment(place.environment),))
    if words[:1] == (ASKED,):
        return _complete(app, words[1:], place)
    parsed = _global_flags(app, words)
    if parsed is None:
        return 0
    file = place.config(parsed[0].config)
    if file.config.flags:
        app = build((from_environment(place.environment), from_file(file.config.flags, str(file.path))))
        file.check_flags(all_flags(app))
        parsed = _global_flags(app, words) or parsed
    flags, words = parsed
    output = place.output
    output.is_json, output.is_quiet, output.is_verbose = flags.json, flags.quiet, flags.verbose
    output.finish = partial(completed_commands, flags=flags)
    for warning in file.warnings:
        output.warn(warning)
    command, bound, given = app.parse_args(words, print_error=False, exit_on_error=False)
    context = place.context(flags, file)
    code: object = command(*bound.args, **bound.kwargs, **dict.fromkeys(given, context))
    return code if isinstance(code, int) else 0


def _complete(app: App, words: tuple[str, ...], place: _Place) -> int:
    """Answer a shell that asks what can be typed next."""
    from scylla_restore.engine.cli.completing import candidates  # noqa: PLC0415  # a shell asks for it, nobody else
    from scylla_restore.engine.cli.completion_scripts import answer_lines, typed_words  # noqa: PLC0415

    shell, *given = words
    typed = typed_words(shell, given)
    flags = _flags_of_the_place(app, typed[:-1])
    found = candidates(app, typed, place.context(flags, place.config(flags.config)))
    for line in answer_lines(shell, found, typed[-1] if typed else ""):
        place.output.line(line)
    return 0


def _flags_of_the_place(app: App, words: Sequence[str]) -> GlobalFlags:
    """Return the flags that say which log and configuration are meant, of words that need not be whole."""
    chosen: list[str] = []
    for flag, value in pairwise((*words, "")):
        if flag in ("--config", "--log"):
            chosen += (flag, value)
        elif flag.startswith(("--config=", "--log=")):
            chosen.append(flag)
    parsed = _global_flags(app, tuple(chosen))
    return GlobalFlags() if parsed is None else parsed[0]


def _global_flags(app: App, words: tuple[str, ...]) -> tuple[GlobalFlags, tuple[str, ...]] | None:
    """Return the global flags and the other words; None when it was help that was asked for, and given."""
    command, bound, _ = app.meta.parse_args(words, print_error=False, exit_on_error=False)
    result: object = command(*bound.args, **bound.kwargs)
    match result:
        case (GlobalFlags() as flags, tuple() as others):
            return flags, others
        case _:
            return None


def _tell(error: Exception, output: Output) -> int:
    """Say what failed and what a person can do, and return the exit code."""
    if output.is_verbose:
        import traceback  # noqa: PLC0415  # rarely needed

        output.stderr.write("".join(traceback.format_exception(error)))
    match error:
        case RestoreError() | LogError():
            output.error(str(error), error.hint)
            return error.exit_code
        case UnknownCommandError(unused_tokens=[str() as name, *_]):
            near = get_close_matches(name, command_names(error.command_chain or ()), n=1)
            question = f', did you mean "{near[0]}"?' if near else ""
            output.error(f'unknown command "{name}"{question}', _help_of(error))
            return USAGE
        case UnknownOptionError() if _selects_data(error):
            output.error(
                f"{error.token.value} selects data, and a run goes on with what it began with",
                "leave it out; for other data there is `run`, once this run is done or given up with `abort`",
            )
            return USAGE
        case UnusedCliTokensError(unused_tokens=[*words]):
            output.error(f"nobody expected {', '.join(map(repr, words))} here", _help_of(error))
            return USAGE
        case CycloptsError():
            output.error(_lower_case(str(error).rstrip(".")), _help_of(error))
            return USAGE
        case _:
            output.error(
                f"this is a defect of {PROGRAM}: {type(error).__name__}: {error}",
                "run it once more with -v, and report what it prints",
            )
            return 1


def _selects_data(error: UnknownOptionError) -> bool:
    """Whether somebody who resumes a run wants to change what it restores."""
    from scylla_restore.engine.cli.target_options import SELECTING  # noqa: PLC0415  # rarely needed

    return error.command_chain == ("resume",) and error.token.value.partition("=")[0] in SELECTING


def _help_of(error: CycloptsError) -> str:
    words = " ".join((PROGRAM, *(error.command_chain or ()), "--help"))
    return f"`{words}` tells what there is"


def _lower_case(text: str) -> str:
    return text[:1].lower() + text[1:]


def _forget(stdout: TextIO) -> None:
    """Give up standard output, whose reader has gone as `head` does: what is buffered is not tried again at exit."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stdout.fileno())
