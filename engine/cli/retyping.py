"""Commands for a person to type next: with the flags that lead to the same log and cluster again."""

import re
import shlex
from collections.abc import Sequence
from typing import Final

from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.cli.flags import GlobalFlags
from scylla_restore.engine.secrets import SecretReference

_PROGRAM = "scylla-restore"
_COMMAND: Final = re.compile(rf"`({_PROGRAM} [^`]+)`")
_NEEDS_NO_FLAGS: Final = re.compile(r"(?:lab|demo|completion|version)\b|.*--help\b")


def command_to_type(context: Context, *words: str) -> str:
    """Return a command line. A token that was given as itself is left out: it is asked for again."""
    return shlex.join([_PROGRAM, *words, *_flags(context.flags)])


def completed_commands(text: str, flags: GlobalFlags) -> str:
    """Return a text for people in which each command of this program, in backquotes, can be typed as it stands.

    What tells of errors knows no flags; who reads it needs those of this call to get to the same log and cluster.
    """
    given = shlex.join(_flags(flags))
    return _COMMAND.sub(lambda match: f"`{_completed(match[1], given)}`", text) if given else text


def _completed(command: str, given: str) -> str:
    words = command.removeprefix(f"{_PROGRAM} ")
    if words.endswith(given) or _NEEDS_NO_FLAGS.match(words):
        return command
    return f"{command} {given}"


def _flags(flags: GlobalFlags) -> Sequence[str]:
    token = flags.auth_token
    if token is not None and SecretReference(token).is_literal:
        token = None
    given = {
        "--config": flags.config,
        "--log": flags.log,
        "--cluster": flags.cluster,
        "--host": ",".join(flags.host) or None,
        "--port": flags.port,
        "--auth-token": token,
        "--tls-ca": flags.tls_ca,
        "--tls-fingerprint": flags.tls_fingerprint,
    }
    typed = [word for flag, value in given.items() if value is not None for word in (flag, str(value))]
    return [*typed, "--insecure"] if flags.insecure else typed
