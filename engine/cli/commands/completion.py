"""`completion`: what a shell needs to complete commands and flags."""

from typing import Literal

from scylla_restore.engine.cli.app import build
from scylla_restore.engine.cli.context import Given


def completion(shell: Literal["bash", "zsh", "fish"], /, *, context: Given) -> None:
    """Print a script that completes commands and flags, for the shell to read.

    Args:
        shell: bash, zsh or fish.
    """
    for line in build(()).generate_completion(shell=shell).splitlines():
        context.output.line(line)
