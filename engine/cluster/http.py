"""One agent over HTTPS: calls with a limit on everything, repeated only where the caller allows it.

Nothing is taken from the environment: no proxies, no certificates, no ``.netrc``.
"""

import http.client
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Literal, NoReturn, TypeVar
from urllib.parse import quote, urlencode

import msgspec
import requests
import urllib3.exceptions

from scylla_restore.engine.cluster.connections import ConnectionFailed, Dialer, NodeAdapter, words_of
from scylla_restore.engine.cluster.endpoint import Endpoint, RetryPolicy, Timeouts
from scylla_restore.engine.cluster.refusals import refusal
from scylla_restore.engine.cluster.tls import Distrusted, Trust
from scylla_restore.engine.errors import (
    CertificateRejected,
    ConfigurationError,
    NodeError,
    NodeRefused,
    NodeUnreachable,
)
from scylla_restore.engine.secrets import Secret

T = TypeVar("T")

MIB = 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_LONGEST_REFUSAL_BYTES = 256 * 1024
_OK = range(200, 300)
_REDIRECT = range(300, 400)
_TROUBLE = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    ConnectionFailed,
    OSError,
)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One call. ``path`` is percent-encoded, ``body`` is JSON.

    ``timeout_s`` is for all of it, ``silence_s`` for the longest pause in it. A ``repeatable`` call has the same effect made once or twice.
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    timeout_s: float = 30.0
    silence_s: float | None = None
    repeatable: bool = False
    limit_bytes: int = 16 * MIB

    @property
    def name(self) -> str:
        """The call as errors name it."""
        return f"{self.method} {self.path}"


class AnswerCut(Exception):
    """Raised by a decoder: what came is only the beginning of an answer."""


class NodeClient:
    """A client of one agent. Several threads may use it at once."""

    def __init__(
        self,
        *,
        node: str,
        endpoint: Endpoint,
        token: Secret,
        trust: Trust,
        timeouts: Timeouts,
        retry: RetryPolicy,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """``pause`` lets seconds pass between attempts; its default ends when the client is closed."""
        _check_token(token)
        self.node = node
        self._token = token
        self._dialer = Dialer(endpoint=endpoint, node=node, trust=trust, timeout_s=timeouts.connect_s)
        self._base = f"https://{endpoint}"
        self._connect_timeout_s = timeouts.connect_s
        self._retry = retry
        self.clock_skew_ms: int | None = None
        """By how much the node's clock is ahead of this host's, by its last answer; None where it does not tell."""
        self._closed = threading.Event()
        self._pause = pause or self._closed.wait
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount("https://", NodeAdapter(self._dialer))

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed.is_set()

    def send(self, request: Request, decode: Callable[[bytes], T]) -> T:
        """Make a call and return its answer, decoded.

        Raises:
            NodeUnreachable: no answer, or half of one (``AnswerCut``), from all attempts.
            NodeRefused: an answer that says no, is too long, or that ``decode`` does not understand.
        """
        attempts = self._retry.attempts if request.repeatable else 1
        attempt = 1
        while True:
            try:
                return self._attempt(request, decode)
            except NodeError as error:
                if not error.retryable or attempt >= attempts or self._closed.is_set():
                    raise
            self._pause(self._retry.delay_s(attempt=attempt, seed=f"{self.node} {request.name}"))
            attempt += 1

    def close(self) -> None:
        """End all calls at once, with ``NodeUnreachable``; there are none from now on."""
        self._closed.set()
        self._dialer.close()
        self._session.close()

    def _attempt(self, request: Request, decode: Callable[[bytes], T]) -> T:
        status, location, body = self._exchange(request)
        if status in _REDIRECT:
            self._refuse(request, status, f"redirects to {location!r} are not followed")
        if status not in _OK:
            raise refusal(
                node=self.node, call=request.name, status=status, body=body, secret=self._token.reveal()
            )
        try:
            return decode(body)
        except AnswerCut as error:
            trouble: Exception = error
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            self._refuse(request, status, f"the answer is not understood: {error}")
        raise self._unreachable(request, str(trouble))

    def _exchange(self, request: Request) -> tuple[int, str, bytes]:
        """Return status, Location header and body."""
        trouble: Exception
        try:
            return self._exchange_once(request)
        except Distrusted as error:
            trouble = error
        except _TROUBLE as error:
            trouble = error
        # Raised here, not above: the library's frames hold the token's header and must not hang on to the error.
        if isinstance(trouble, Distrusted):
            raise _rejected(self.node, request.name, trouble)
        raise self._unreachable(request, words_of(trouble))

    def _exchange_once(self, request: Request) -> tuple[int, str, bytes]:
        deadline = time.monotonic() + request.timeout_s
        silence_s = min(request.silence_s or request.timeout_s, request.timeout_s)
        response = self._session.send(
            self._prepare(request),
            stream=True,
            timeout=(self._connect_timeout_s, silence_s),
            allow_redirects=False,
            proxies={},
        )
        self.clock_skew_ms = _ahead_ms(response.headers.get("Date"))
        try:
            body = bytearray()
            limit_bytes = request.limit_bytes
            if response.status_code not in _OK:
                # The limit is about what was asked for; why it is refused may be said at some length.
                limit_bytes = max(limit_bytes, _LONGEST_REFUSAL_BYTES)
            while piece := response.raw.read1(_CHUNK_BYTES):
                body += piece
                if len(body) > limit_bytes:
                    response.close()
                    self._refuse(request, response.status_code, f"an answer of more than {limit_bytes} bytes")
                if time.monotonic() > deadline:
                    response.close()
                    raise ConnectionFailed(f"not complete after {request.timeout_s:g} s")
            return response.status_code, response.headers.get("Location", ""), bytes(body)
        finally:
            response.raw.release_conn()

    def _prepare(self, request: Request) -> requests.PreparedRequest:
        query = urlencode(request.query, quote_via=quote, safe="")
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method=request.method,
            url=self._base + request.path + ("?" + query if query else ""),
            headers={
                "Authorization": f"Bearer {self._token.reveal()}",
                "Accept-Encoding": "identity",
                "User-Agent": "scylla-restore",
                **({"Content-Type": "application/json"} if request.body is not None else {}),
            },
            data=request.body,
        )
        return prepared

    def _unreachable(self, request: Request, words: str) -> NodeUnreachable:
        if self._closed.is_set():
            words = "the connection was closed by this side"
        return NodeUnreachable(
            f"node {self.node} did not answer {request.name}: {words}", node=self.node, call=request.name
        )

    def _refuse(self, request: Request, status: int, words: str) -> NoReturn:
        raise NodeRefused(
            f"node {self.node} gave an unexpected answer to {request.name} (status {status}): {words}",
            node=self.node,
            call=request.name,
            status=status,
        )


def _ahead_ms(date: str | None) -> int | None:
    """Return by how much an answer's Date, which has whole seconds, is ahead of this host's clock."""
    try:
        ahead_s = parsedate_to_datetime(date).timestamp() + 0.5 - time.time() if date else None
    except ValueError:
        return None
    return None if ahead_s is None else round(ahead_s * 1000)


def path_of(*segments: str) -> str:
    """Return a path of the segments, percent-encoded; a colon stays, as old ScyllaDB does not decode it.

    Raises:
        ValueError: a segment is empty, or dots that would lead elsewhere.
    """
    for segment in segments:
        if segment in {"", ".", ".."}:
            raise ValueError(f"not a part of a path: {segment!r}")
    return "".join("/" + quote(segment, safe=":") for segment in segments)


def _rejected(node: str, call: str, error: Distrusted) -> CertificateRejected:
    fingerprint = error.fingerprint
    pin = f"--tls-fingerprint {fingerprint}" if fingerprint else "--tls-fingerprint SHA256"
    return CertificateRejected(
        f"node {node} has a certificate that is not trusted: {error.reason}",
        node=node,
        call=call,
        fingerprint=fingerprint,
        hint=(
            "agents usually have self-signed certificates; give a file with them, or with their authority (--tls-ca FILE), "
            f"or pin this one if you know it to be the node's ({pin}), or check nothing (--insecure)"
        ),
    )


def _check_token(token: Secret) -> None:
    text = token.reveal()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigurationError(
            "auth_token has characters that a token cannot have",
            hint="it is one line of printable ASCII, without spaces",
        )
