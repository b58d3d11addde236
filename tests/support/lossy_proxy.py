"""A way to a server on which answers can be lost: requests arrive and are carried out, and nobody hears of it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

_CHUNK_BYTES = 64 * 1024


class LossyProxy:
    """Listens on ``port`` of the server's own address. ``lost`` counts answers that were."""

    def __init__(self, address: str, port: int) -> None:
        self._server = (address, port)
        self._listener = socket.create_server((address, 0))
        self.port: int = self._listener.getsockname()[1]
        self.lost = 0
        self._is_losing = False
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    @contextmanager
    def losing_answers(self) -> Iterator[None]:
        """Cut every connection on which the server answers."""
        self._is_losing = True
        try:
            yield
        finally:
            self._is_losing = False

    def close(self) -> None:
        """Cut everything."""
        # An accept that waits is not ended by closing its socket.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for each in self._open:
                _cut(each)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open += [client, server]
            self._start(partial(self._pass, client, server, answers=False))
            self._start(partial(self._pass, server, client, answers=True))

    def _pass(self, source: socket.socket, target: socket.socket, *, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK_BYTES):
                if answers and self._is_losing:
                    self.lost += 1
                    break
                target.sendall(data)
        _cut(source)
        _cut(target)
        source.close()

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
