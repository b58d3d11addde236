"""Runs a program for as long as anybody uses it, whoever started it.

    python cassandra_keeper.py DIRECTORY PROGRAM ARGUMENTS...

It returns at once; a process of its own goes on.

Users hold a shared lock on ``DIRECTORY/users``, which the system takes from them however they end. When nobody holds
one any more, the program is killed. Its process id is in ``DIRECTORY/pid`` meanwhile, its output in ``DIRECTORY/output``.
"""

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path


def main(directory: Path, command: list[str]) -> None:
    """Keep the program alive."""
    with (directory / "users").open("ab") as users, (directory / "output").open("wb") as output:
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)  # noqa: S603 - a program of the tests
        (directory / "pid").write_text(str(program.pid))

        def kill_when_unused() -> None:
            fcntl.flock(users, fcntl.LOCK_EX)
            program.kill()

        threading.Thread(target=kill_when_unused, daemon=True).start()
        program.wait()
        (directory / "ready").unlink(missing_ok=True)
        (directory / "pid").unlink(missing_ok=True)


if __name__ == "__main__":
    if os.fork():
        os._exit(0)
    os.setsid()
    main(Path(sys.argv[1]), sys.argv[2:])
