"""Ports of this machine that nobody else is given meanwhile: no other process of the tests, and no outgoing connection."""

import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

HOST: Final = "127.0.0.1"

_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST: Final = 10_000
_PORTS: Final = 2**16

_dice = random.SystemRandom()
_held: list[IO[bytes]] = []
"""A locked file a port, for as long as this process lives: the system takes the locks from it however it ends."""


def reserved_ports(count: int, *, addresses: Sequence[str] = (HOST,)) -> list[int]:
    """Return ports on which nobody listens at any of ``addresses``, for this process and what it starts.

    A port that is merely free may be taken between being found and being used, or while a server is started again.
    """
    candidates = _candidates()
    _dice.shuffle(candidates)
    found: list[int] = []
    for port in candidates:
        if len(found) == count:
            return found
        if _reserve(port):
            if _is_free(port, addresses):
                found.append(port)
            else:
                _held.pop().close()
    raise AssertionError(f"there are no {count} ports to be had on {', '.join(addresses)}")


def _candidates() -> list[int]:
    """Return the ports that the system gives to no outgoing connection; all, where it would give any."""
    first, last = map(int, _RANGE.read_text().split()) if _RANGE.exists() else (32_768, 60_999)
    ports = range(_LOWEST, _PORTS)
    return [port for port in ports if not first <= port <= last] or list(ports)


def _reserve(port: int) -> bool:
    directory = Path(tempfile.gettempdir()) / f"scylla-restore-ports-{os.getuid()}"
    directory.mkdir(exist_ok=True)
    file = (directory / str(port)).open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    _held.append(file)
    return True


def _is_free(port: int, addresses: Sequence[str]) -> bool:
    with ExitStack() as stack:
        try:
            for address in addresses:
                stack.enter_context(socket.socket()).bind((address, port))
        except OSError:
            return False
    return True
