"""An engine in a process of its own, as a person would start it: so that it can be killed as engines are."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

_VARIABLES = "SCYLLA_RESTORE_"


@contextmanager
def engine_process(
    words: Sequence[str], environment: Mapping[str, str], said: IO[bytes]
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start the program with ``words``; what it says goes to the file ``said``. It is dead when the block ends.

    Nothing of ``environment`` that would be taken for a flag gets there.
    """
    command = [sys.executable, "-P", "-m", "scylla_restore.engine.cli", *words]
    kept = {name: value for name, value in environment.items() if not name.startswith(_VARIABLES)}
    process = subprocess.Popen(  # noqa: S603  # our own program
        command,
        env=kept,
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=said,
        start_new_session=True,  # a Ctrl-C is for the demo, which ends its processes itself
        cwd=os.sep,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
