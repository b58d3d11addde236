"""The command line."""

import sys


def main() -> None:
    """Run the command that the process was started with, and exit with its code."""
    # Imported here, so that whoever only looks for this function does not load a parser and a terminal library.
    from scylla_restore.engine.cli.program import run  # noqa: PLC0415  # see above

    sys.exit(run())
