"""Requests and answers as the lab's nodes see them, and JSON the way the agent and Scylla write it."""

from collections.abc import Iterator, Mapping

import msgspec

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request. ``path`` is percent-decoded, ``query`` is as sent, header names are lower case.

    ``body_size`` is what the client announced; ``body`` may be shorter (the agent reads 1 MiB at most).
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""
    body_size: int = 0

    @property
    def target(self) -> str:
        """The path with its query, as fault globs see it."""
        return f"{self.path}?{self.query}" if self.query else self.path


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. A body of pieces is sent in chunks, and its length is not known beforehand."""

    status: int = 200
    body: bytes | Iterator[bytes] = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False


def go_json(value: object) -> bytes:
    """Encode as Go's ``encoding/json`` does: keys of maps sorted, ``<>&`` escaped, a newline at the end."""
    return _go_escaped(msgspec.json.encode(value, order="deterministic")) + b"\n"


def go_json_item(value: object) -> bytes:
    """Encode a Go struct, whose members keep their order; no newline."""
    return _go_escaped(msgspec.json.encode(value))


def _go_escaped(text: bytes) -> bytes:
    for plain, escaped in ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026")):
        if plain in text:
            text = text.replace(plain, escaped)
    return text


def agent_json(value: object) -> Answer:
    """Answer as the agent does outside of rclone's calls."""
    return Answer(body=go_json(value), content_type=JSON)


def scylla_json(value: object) -> Answer:
    """Answer as Scylla does."""
    return Answer(body=msgspec.json.encode(value), content_type=JSON)


def scylla_void() -> Answer:
    """Answer as Scylla does where there is nothing to tell."""
    return Answer(content_type=JSON)


def scylla_error(status: int, message: str) -> Answer:
    """Refuse as Scylla does."""
    return Answer(
        status=status, body=msgspec.json.encode({"message": message, "code": status}), content_type=JSON
    )


UNAUTHORIZED = Answer(status=401, body=b'{"message":"unauthorized","code":401}', content_type=TEXT)
