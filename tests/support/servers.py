"""Real servers on ports of this machine, as ``scripts/install-lab`` installs them."""

import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

READY_WITHIN_S = 60
PROJECT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def running(
    command: Sequence[str], *, directory: Path, name: str, answers: Callable[[], bool]
) -> Iterator[None]:
    """Run a server until the block ends, which begins when it ``answers``."""
    log = directory / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - a program that the project installs
            command, stdout=output, stderr=output, cwd=directory
        )
        try:
            _wait_until_ready(answers, process, log)
            yield
        finally:
            process.kill()
            process.wait()


def _wait_until_ready(answers: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    pause = threading.Event()
    for _ in range(READY_WITHIN_S * 20):
        if answers():
            return
        if process.poll() is not None:
            break
        pause.wait(0.05)
    pytest.fail(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")
