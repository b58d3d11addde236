"""An HTTPS server that does as it is told: answers, half of one, none at all. It remembers what it was asked."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, cast
from urllib.parse import unquote

from tests.support.certificates import Identity


@dataclass(frozen=True)
class Received:
    """A request; ``body`` is its JSON, None if it had no body."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: object


@dataclass(frozen=True)
class Reply:
    """An answer. ``length`` is what its header claims, if not the truth; ``chunked`` sends the body in one chunk."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    chunked: bool = False


@dataclass(frozen=True)
class Hang:
    """No answer while the server lives; ``then`` is what it begins with."""

    then: bytes = b""


@dataclass(frozen=True)
class Reset:
    """The connection ends without an answer."""


@dataclass(frozen=True)
class Trickle:
    """An answer that never ends, a byte at a time."""


Action = Reply | Hang | Reset | Trickle
Script = Callable[[Received], Action]


def in_turn(actions: Iterable[Action]) -> Script:
    """Do one after another, whatever is asked."""
    remaining = iter(actions)
    lock = threading.Lock()

    def act(_received: Received) -> Action:
        with lock:
            return next(remaining)

    return act


def said(value: object, status: int = 200) -> Reply:
    """Answer with JSON."""
    return Reply(json.dumps(value).encode(), status=status, headers={"Content-Type": "application/json"})


class ScriptedAgent:
    """Serves on a free port of ``host`` and shows the certificate of ``identity``."""

    def __init__(self, script: Script, identity: Identity, host: str = "127.0.0.1") -> None:
        self.script = script
        self.requests: list[Received] = []
        self.connections = 0
        self.asked = threading.Event()
        self.left = threading.Event()
        """Set when a client has closed its connection."""
        self.released = threading.Event()
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        identity.serve_with(self.tls)
        self._server = _Server(self, host)
        self.host, self.port = host, self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Serve no more; may be called twice."""
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, agent: ScriptedAgent, host: str) -> None:
        self.agent = agent
        super().__init__((host, 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Take a client's leaving for what it is."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        agent = self.server.agent
        agent.connections += 1
        plain = cast("socket.socket", self.request)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = agent.tls.wrap_socket(plain, server_side=True)
        super().setup()

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            cast("ssl.SSLSocket", self.request).close()
            self.server.agent.left.set()

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        agent = self.server.agent
        content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        path, _, query = self.path.partition("?")
        received = Received(
            method=self.command,
            path=unquote(path),
            query=query,
            headers=dict(self.headers.items()),
            body=json.loads(content) if content else None,
        )
        agent.requests.append(received)
        agent.asked.set()
        self._act(agent.script(received))

    def _act(self, action: Action) -> None:
        if isinstance(action, Reply):
            self._reply(action)
            return
        if isinstance(action, Hang):
            self.wfile.write(action.then)
            self.wfile.flush()
            self.server.agent.released.wait()
        if isinstance(action, Trickle):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not self.server.agent.released.wait(0.01):
                self.wfile.write(b" ")
                self.wfile.flush()
        self.close_connection = True

    def _reply(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if reply.body:
                self.wfile.write(f"{len(reply.body):x}\r\n".encode() + reply.body + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
            self.end_headers()
            self.wfile.write(reply.body)
        self.wfile.flush()
        self.close_connection = reply.length is not None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Say nothing."""
