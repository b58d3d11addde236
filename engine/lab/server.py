"""HTTP/1.1 over TLS, a thread per connection: what a node listens with."""

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from io import BufferedReader
from urllib.parse import unquote

from loguru import logger

from scylla_restore.engine.lab.answers import Answer, Request

_BODY_LIMIT = 1 << 20
_LINE_LIMIT = 1 << 16
_HANDSHAKE_TIMEOUT_S = 10.0
_PUT_PATH = "/agent/rclone/operations/put"
_CUT = "the request ends in the middle"


class NoAnswer(Exception):
    """A handler's way to hang: the connection stays open and silent until the client or the server ends it."""


class CutAnswer(Exception):
    """A handler's way to break off: the first half of ``answer`` is sent, then the connection is reset."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


Handler = Callable[[Request], Answer]


class HttpsServer:
    """Listens from construction on; serves from ``start`` to ``stop``.

    Raises:
        OSError: the address cannot be bound.
    """

    def __init__(self, host: str, port: int, context: ssl.SSLContext, handler: Handler) -> None:
        self._context = context
        self._handler = handler
        self._listener = socket.create_server((host, port), backlog=256)
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.host = host
        self.port: int = self._listener.getsockname()[1]

    def start(self) -> None:
        """Serve."""
        threading.Thread(target=self._accept, name=f"lab-{self.host}:{self.port}", daemon=True).start()

    def stop(self) -> None:
        """Close the listener and all connections; handlers under way lose their clients."""
        self._stopping.set()
        # A blocked accept() is not woken by close() on Linux, but by shutdown().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_connections()

    def drop_connections(self) -> None:
        """Cut all connections but the caller's own, as a restart of the process behind them would."""
        own = getattr(_current, "connection", None)
        with self._lock:
            victims = [connection for connection in self._connections if connection is not own]
        for connection in victims:
            _shut(connection)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(_HANDSHAKE_TIMEOUT_S)
            connection = self._context.wrap_socket(plain, server_side=True)
            connection.settimeout(None)
        except (OSError, ValueError):
            plain.close()
            return
        with self._lock:
            self._connections.add(connection)
        _current.connection = connection
        try:
            if not self._stopping.is_set():
                self._converse(connection)
        except (OSError, ValueError):
            pass  # The client went away, or we were told to: nothing to tell anybody.
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _converse(self, connection: ssl.SSLSocket) -> None:
        with connection.makefile("rb") as reader:
            while (received := _read_request(connection, reader)) is not None:
                request, keep_alive = received
                try:
                    answer = self._handler(request)
                except NoAnswer:
                    self._hang(connection)
                    return
                except CutAnswer as cut:
                    connection.sendall(_first_half(cut.answer))
                    _reset(connection)
                    return
                except Exception:  # noqa: BLE001 - a defect of the lab must show in the answer, not end the thread unseen
                    logger.exception("the lab failed to answer {} {}", request.method, request.path)
                    answer = Answer(
                        status=500, body=b'{"message":"the lab itself failed","status":500}', close=True
                    )
                keep_alive = keep_alive and not answer.close
                _send(connection, answer, keep_alive=keep_alive, head_only=request.method == "HEAD")
                if not keep_alive:
                    return

    def _hang(self, connection: ssl.SSLSocket) -> None:
        while not self._stopping.is_set():
            readable, _, _ = select.select([connection], [], [], 0.1)
            if readable and not connection.recv(1):
                return


_current = threading.local()


def _read_request(connection: ssl.SSLSocket, reader: BufferedReader) -> tuple[Request, bool] | None:
    """Read one request; None at the end of the connection. The second item: whether the client wants it kept.

    Raises:
        OSError: the client went away in the middle of it.
    """
    line = reader.readline(_LINE_LIMIT)
    if not line.strip():
        return None
    method, raw_target, version = line.decode("latin-1").split()
    headers: dict[str, str] = {}
    while (header := reader.readline(_LINE_LIMIT)) not in (b"\r\n", b"\n"):
        if not header:
            raise ConnectionAbortedError(_CUT)
        name, _, value = header.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    path, _, query = raw_target.partition("?")
    path = unquote(path)
    if headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body, size = _read_body(reader, headers, None if path == _PUT_PATH else _BODY_LIMIT)
    keep_alive = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    request = Request(method=method, path=path, query=query, headers=headers, body=body, body_size=size)
    return request, keep_alive


def _read_body(reader: BufferedReader, headers: dict[str, str], limit: int | None) -> tuple[bytes, int]:
    """Read the body, at most ``limit`` bytes of it kept; return it and its full size."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        whole = b"".join(iter(lambda: _read_chunk(reader), b""))
        return whole[:limit], len(whole)
    size = int(headers.get("content-length") or 0)
    kept = size if limit is None else min(size, limit)
    body = reader.read(kept)
    rest = reader.read(size - kept)
    if len(body) + len(rest) < size:
        raise ConnectionAbortedError(_CUT)
    return body, size


def _read_chunk(reader: BufferedReader) -> bytes:
    size = int(reader.readline(_LINE_LIMIT).split(b";")[0], 16)
    chunk = reader.read(size)
    reader.readline(_LINE_LIMIT)
    return chunk


def _head(answer: Answer, *, length: int | None, keep_alive: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {_PHRASES.get(answer.status, 'Unknown')}"]
    lines.append(f"Date: {formatdate(usegmt=True)}")
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if answer.content_type:
        lines.append(f"Content-Type: {answer.content_type}")
    if length is None:
        lines.append("Transfer-Encoding: chunked")
    elif answer.status != HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Length: {length}")
    if not keep_alive:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _send(connection: ssl.SSLSocket, answer: Answer, *, keep_alive: bool, head_only: bool) -> None:
    body = answer.body
    if isinstance(body, bytes):
        head = _head(answer, length=len(body), keep_alive=keep_alive)
        connection.sendall(head if head_only else head + body)
        return
    connection.sendall(_head(answer, length=None, keep_alive=keep_alive))
    for piece in body:
        if piece:
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
    connection.sendall(b"0\r\n\r\n")


def _first_half(answer: Answer) -> bytes:
    body = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    return _head(answer, length=len(body) or 1, keep_alive=True) + body[: len(body) // 2]


def _reset(connection: socket.socket) -> None:
    # Linger of zero seconds: the kernel sends RST, not FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def _shut(connection: socket.socket) -> None:
    # The plain socket's shutdown wakes a thread that is blocked in a read; SSLSocket's own would pull the session
    # from under it.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


_PHRASES = {status.value: status.phrase for status in HTTPStatus}
