"""One call of the program: flags, configuration, the command, and what comes of errors."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TextIO

from cyclopts import App, CycloptsError, UnknownCommandError

from scylla_restore.engine.cli.app import PROGRAM, all_flags, build, command_names
from scylla_restore.engine.cli.context import Clock, Context
from scylla_restore.engine.cli.flags import GlobalFlags
from scylla_restore.engine.cli.output import Output
from scylla_restore.engine.cli.retyping import completed_commands
from scylla_restore.engine.cli.sources import from_environment, from_file
from scylla_restore.engine.config import ConfigFile, find_config, load_config
from scylla_restore.engine.errors import RestoreError
from scylla_restore.events.errors import LogError

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
        return _perform(
            tuple(sys.argv[1:] if words is None else words),
            os.environ if environment is None else environment,
            directory or Path.cwd(),
            output,
            clock or Clock(),
        )
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget(output.stdout)
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001  # the last line of defence, and it tells what it was
        return _tell(error, output)


def _perform(
    words: tuple[str, ...], environment: Mapping[str, str], directory: Path, output: Output, clock: Clock
) -> int:
    app = build((from_environment(environment),))
    parsed = _global_flags(app, words)
    if parsed is None:
        return 0
    file = _config(parsed[0].config, directory, environment)
    if file.config.flags:
        app = build((from_environment(environment), from_file(file.config.flags, str(file.path))))
        file.check_flags(all_flags(app))
        parsed = _global_flags(app, words) or parsed
    flags, words = parsed
    output.is_json, output.is_quiet, output.is_verbose = flags.json, flags.quiet, flags.verbose
    output.finish = partial(completed_commands, flags=flags)
    for warning in file.warnings:
        output.warn(warning)
    context = Context(flags=flags, file=file, output=output, environment=environment, clock=clock)
    command, bound, given = app.parse_args(words, print_error=False, exit_on_error=False)
    code: object = command(*bound.args, **bound.kwargs, **dict.fromkeys(given, context))
    return code if isinstance(code, int) else 0


def _global_flags(app: App, words: tuple[str, ...]) -> tuple[GlobalFlags, tuple[str, ...]] | None:
    """Return the global flags and the other words; None when it was help that was asked for, and given."""
    command, bound, _ = app.meta.parse_args(words, print_error=False, exit_on_error=False)
    result: object = command(*bound.args, **bound.kwargs)
    match result:
        case (GlobalFlags() as flags, tuple() as others):
            return flags, others
        case _:
            return None


def _config(path: Path | None, directory: Path, environment: Mapping[str, str]) -> ConfigFile:
    path = path or find_config(directory=directory, environment=environment)
    return ConfigFile() if path is None else load_config(path)


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
        case CycloptsError():
            output.error(_lower_case(str(error).rstrip(".")), _help_of(error))
            return USAGE
        case _:
            output.error(
                f"this is a defect of {PROGRAM}: {type(error).__name__}: {error}",
                "run it once more with -v, and report what it prints",
            )
            return 1


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
