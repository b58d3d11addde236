"""`completion`: what a shell needs to complete commands, flags, and the names of runs and clusters."""

from typing import Literal

from scylla_restore.engine.cli.completion_scripts import SCRIPTS
from scylla_restore.engine.cli.context import Given


def completion(shell: Literal["bash", "zsh", "fish"], /, *, context: Given) -> None:
    """Print a script that completes commands, flags, runs and clusters, for the shell to read.

    Args:
        shell: bash, zsh or fish.
    """
    for line in SCRIPTS[shell].splitlines():
        context.output.line(line)
