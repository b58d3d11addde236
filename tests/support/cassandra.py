"""Apache Cassandra for tests: real nodes on loopback addresses."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.request import Request, urlopen
from uuid import uuid4

import msgspec
from tests.support import cassandra_keeper
from tests.support.cassandra_settings import NodeSettings, Ports, command, why_not, write_files
from tests.support.certificates import make_identity
from tests.support.ports import reserved_ports

from scylla_restore.engine.lab.cassandra.jolokia import STORAGE, Jolokia

READY_WITHIN_S: Final = 120
USER, PASSWORD = "cassandra", "cassandra"
_OPTIONS: Final = bytes((4, 0, 0, 0, 5, 0, 0, 0, 0))
"""The frame that asks a CQL server what it supports, of protocol version 4."""


class NotToBeHad(Exception):
    """There is no Cassandra here; the text says why."""


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """Where nodes are. With ``has_passwords``, ``USER`` may do everything; ``authority`` is a PEM file for TLS."""

    addresses: tuple[str, ...]
    port: int
    jolokia_port: int
    has_passwords: bool = False
    authority: str | None = None

    def url(self, keyspace: str, options: str = "") -> str:
        """Return the address of a log in a keyspace."""
        user = f"{USER}@" if self.has_passwords else ""
        return f"cql://{user}{self.addresses[0]}:{self.port}{self._others}/{keyspace}{options}"

    @property
    def _others(self) -> str:
        return "".join(f",{address}" for address in self.addresses[1:])


class Node:
    """One node, which can be killed and started again."""

    def __init__(self, settings: NodeSettings) -> None:
        self.settings: Final = settings
        self.address: Final = settings.address
        self._using = ExitStack()

    @property
    def is_running(self) -> bool:
        """Whether it was started, and has not ended since."""
        return (self.settings.directory / "pid").exists()

    def start(self) -> None:
        """Begin to start it; it is killed when this process ends, if not before."""
        write_files(self.settings)
        users = self._using.enter_context((self.settings.directory / "users").open("ab"))
        fcntl.flock(users, fcntl.LOCK_SH)
        _start_keeper(self.settings)

    def wait_until_ready(self) -> None:
        """Wait until it answers to CQL."""
        pause = threading.Event()
        for _ in range(READY_WITHIN_S * 10):
            if _answers(self.address, self.settings.ports.cql):
                return
            if not self.is_running:
                break
            pause.wait(0.1)
        raise RuntimeError(f"Cassandra did not start: {_last_words(self.settings.directory)}")

    def stop(self) -> None:
        """Kill it, if it runs."""
        self._using.close()
        pause = threading.Event()
        while (self.settings.directory / "pid").exists():
            pause.wait(0.02)

    def pause(self) -> None:
        """Have it answer nothing until ``go_on``: to others it looks like a node that cannot be reached."""
        os.kill(self._pid(), signal.SIGSTOP)

    def go_on(self) -> None:
        """End a pause."""
        with suppress(ProcessLookupError):
            os.kill(self._pid(), signal.SIGCONT)

    def _pid(self) -> int:
        return int((self.settings.directory / "pid").read_text())


Cassandras = tuple[Cluster, Sequence[Node]]


@contextmanager
def running_nodes(directory: Path, count: int) -> Iterator[Cassandras]:
    """Start nodes of one cluster, without passwords or TLS; the first before the others, which come to know it.

    Raises:
        NotToBeHad: it is not installed.
    """
    _check_possible()
    addresses = tuple(f"127.0.0.{number}" for number in range(1, count + 1))
    ports = Ports(*reserved_ports(3, addresses=addresses))
    nodes = [
        Node(
            NodeSettings(
                directory=directory / address,
                address=address,
                seeds=addresses,
                ports=ports,
                rack=f"rack{number}",
            )
        )
        for number, address in enumerate(addresses, start=1)
    ]
    try:
        cluster = Cluster(addresses=addresses, port=ports.cql, jolokia_port=ports.jolokia)
        start(cluster, nodes[:1])
        start(cluster, nodes)
        yield cluster, nodes
    finally:
        for node in nodes:
            node.stop()


def start(cluster: Cluster, nodes: Sequence[Node]) -> None:
    """Start those nodes that do not run, and wait until all of ``nodes`` serve clients and know of one another."""
    for node in nodes:
        if not node.is_running:
            node.start()
    for node in nodes:
        node.wait_until_ready()
    pause, expected = threading.Event(), {node.address for node in nodes}
    for node in nodes:
        for _ in range(READY_WITHIN_S * 10):
            if expected <= _seen_alive(cluster, node.address):
                break
            pause.wait(0.1)
        else:
            raise RuntimeError(f"Cassandra at {node.address} does not know of {', '.join(expected)}")


@contextmanager
def shared_node(directory: Path) -> Iterator[Cluster]:
    """Use the one node that all processes with this directory share: the first starts it, the last ends it.

    Raises:
        NotToBeHad: it is not installed.
    """
    _check_possible()
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as using:
        with (directory / "start").open("ab") as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            fcntl.flock(using.enter_context((directory / "users").open("ab")), fcntl.LOCK_SH)
            if not (directory / "ready").exists():
                _start_shared(directory)
        yield msgspec.json.decode((directory / "ready").read_bytes(), type=Cluster)


def new_keyspace() -> str:
    """Return a name that nobody else uses."""
    return f"log_{uuid4().hex[:12]}"


def execute(cluster: Cluster, address: str, mbean: str, operation: str, *arguments: str) -> object:
    """Call an operation of a node's management."""
    call = {"type": "exec", "mbean": mbean, "operation": operation, "arguments": arguments}
    url = f"http://{address}:{cluster.jolokia_port}/jolokia"
    with urlopen(Request(url, json.dumps(call).encode()), timeout=60) as answer:
        told = json.load(answer)
    assert told["status"] == 200, told
    value: object = told["value"]
    return value


def _seen_alive(cluster: Cluster, address: str) -> set[str]:
    """Return the addresses of the nodes that the one at ``address`` takes for alive."""
    jolokia = Jolokia(f"http://{address}:{cluster.jolokia_port}/jolokia")
    return set(jolokia.read(STORAGE, "LiveNodes", list[str]))


def _check_possible() -> None:
    reason = why_not()
    if reason is not None:
        raise NotToBeHad(reason)


def _start_shared(directory: Path) -> None:
    """Start the node that every process may use; the caller is one of its users already."""
    address = "127.0.0.1"
    ports = Ports(*reserved_ports(3))
    identity = make_identity(address, authority=True)
    (directory / "authority.pem").write_bytes(identity.pem)
    settings = NodeSettings(
        directory=directory,
        address=address,
        seeds=(address,),
        ports=ports,
        passwords=True,
        identity=identity,
        is_short_lived=True,
    )
    write_files(settings)
    _start_keeper(settings)
    node = Node(settings)
    node.wait_until_ready()
    cluster = Cluster(
        addresses=(address,),
        port=ports.cql,
        jolokia_port=ports.jolokia,
        has_passwords=True,
        authority=str(directory / "authority.pem"),
    )
    (directory / "ready").write_bytes(msgspec.json.encode(cluster))


def _start_keeper(settings: NodeSettings) -> None:
    pid = settings.directory / "pid"
    pid.unlink(missing_ok=True)
    keeper = [sys.executable, cassandra_keeper.__file__, str(settings.directory), *command(settings)]
    subprocess.run(keeper, stdin=subprocess.DEVNULL, check=True)  # noqa: S603 - a program of the tests
    pause = threading.Event()
    while not pid.exists():
        pause.wait(0.02)


def _answers(address: str, port: int) -> bool:
    """Whether a server there says what it supports."""
    try:
        with socket.create_connection((address, port), timeout=2) as connection:
            connection.sendall(_OPTIONS)
            return connection.recv(9)[4:5] == b"\x06"
    except OSError:
        return False


def _last_words(directory: Path) -> str:
    told = [directory / name for name in ("output", "system.log")]
    return "\n".join(path.read_text(errors="replace")[-2000:] for path in told if path.exists())
