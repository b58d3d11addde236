"""An S3 server that answers what it is told to, for answers that a real one cannot be made to give."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from scylla_restore.engine.secrets import Secret
from scylla_restore.engine.storage.s3 import S3Store


class Answer(NamedTuple):
    """One answer; ``announced`` is the Content-Length where it is not the truth."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    announced: int | None = None


def refusal(code: str, status: int, **details: str) -> Answer:
    more = "".join(f"<{name}>{value}</{name}>" for name, value in details.items())
    body = f"<Error><Code>{code}</Code><Message>because</Message>{more}</Error>"
    return Answer(body.encode(), status)


class ScriptedS3:
    """Gives the answers in turn, and the last one for ever; ``paths`` are what was asked for."""

    def __init__(self, answers: list[Answer]) -> None:
        self._answers = answers
        self.paths: list[str] = []
        self.endpoint = ""

    def next(self, path: str) -> Answer:
        self.paths.append(path)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@contextmanager
def scripted_s3(*answers: Answer, attempts: int = 1) -> Iterator[tuple[S3Store, ScriptedS3]]:
    script = ScriptedS3(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = script.next(self.path)
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
        store = S3Store(
            "b",
            endpoint=script.endpoint,
            access_key_id=Secret("key"),
            secret_access_key=Secret("s3cr3t"),
            attempts=attempts,
            read_timeout_s=5,
        )
        try:
            yield store, script
        finally:
            store.close()
            server.shutdown()
            thread.join()
