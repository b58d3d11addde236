"""The record of what was asked of a lab's nodes: a line of JSON per request, for tests and for the curious."""

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import msgspec

_KEPT_TEXT = 4096


class ServedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request that a node served.

    ``at`` is when it came (RFC 3339, UTC), ``body`` its JSON (a string where it is not JSON, None where there is
    none or where it is long), ``status`` 0 where no answer was given, ``ms`` how long the answer took.
    """

    at: str
    node: str
    method: str
    path: str
    query: str
    body: object
    status: int
    ms: float


class RequestLog:
    """Appends to ``requests.jsonl``. A line is in the file before its answer goes out, and survives a kill."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._open = True
        self._lock = threading.Lock()

    def write(self, request: ServedRequest) -> None:
        """Append a line; nothing after ``close``."""
        line = msgspec.json.encode(request) + b"\n"
        with self._lock:
            if self._open:
                os.write(self._descriptor, line)

    def close(self) -> None:
        """Close the file. Requests may still be under way: what a killed node would not have told is lost."""
        with self._lock:
            if self._open:
                self._open = False
                os.close(self._descriptor)


def read_requests(path: Path) -> list[ServedRequest]:
    """Return all requests of the log; a last line that a kill cut off is left out."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=ServedRequest) for line in lines]


def loggable(body: bytes) -> object:
    """Return a request's body as the log holds it."""
    if not body:
        return None
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body[:_KEPT_TEXT].decode("utf-8", "replace") if len(body) <= _KEPT_TEXT else None


def timestamp(seconds: float) -> str:
    """Return a time as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
