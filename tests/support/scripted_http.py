"""A server that answers what it is told to, for answers that a real one cannot be made to give."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Answer(NamedTuple):
    """One answer; ``announced`` is the Content-Length where it is not the truth, ``reset`` no answer at all."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    announced: int | None = None
    reset: bool = False


RESET = Answer(reset=True)


class Script:
    """Gives the answers in turn, and the last one for ever; ``paths`` are what was asked for."""

    def __init__(self, answers: list[Answer]) -> None:
        self._answers = answers
        self._lock = threading.Lock()
        self.paths: list[str] = []
        self.endpoint = ""

    def next(self, path: str) -> Answer:
        with self._lock:
            self.paths.append(path)
            return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@contextmanager
def scripted_http(*answers: Answer) -> Iterator[Script]:
    script = Script(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            answer = script.next(self.path)
            if answer.reset:
                # What is left unsent, and unanswered, is reset when the connection is closed.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            size = len(answer.body) if answer.announced is None else answer.announced
            self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        script.endpoint = f"http://127.0.0.1:{server.server_port}"
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()
