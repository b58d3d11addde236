"""The way to a cluster's CQL: a session with one node, and with another when that one does not answer."""

import threading
from typing import Final

from scylla_restore.engine.core.cql import presentable
from scylla_restore.engine.errors import SchemaError, SchemaUnavailable
from scylla_restore.engine.schema.cql_errors import answering
from scylla_restore.engine.schema.cql_session import CqlAccess, CqlSession, Row, SessionClosed

__all__ = ["CqlAccess", "CqlConnection", "Row"]

_TRIED_AT_ONCE: Final = 5
"""Nodes that one call tries before it gives up: a cluster whose first nodes are all away is asked again later."""


class CqlConnection:
    """All statements go to one node as long as it answers: what has been changed there is seen there.

    It may be shared by threads. Nothing is connected before the first statement.
    """

    def __init__(self, access: CqlAccess) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._open: CqlSession | None = None
        self._next = 0
        self._closed = False

    def execute(self, statement: str, *values: object, timeout_s: float, quorum: bool = False) -> list[Row]:
        """Return the rows of a statement, all of them; ``values`` stand for its ``%s``.

        With ``quorum`` most replicas of the rows are asked, else one.

        Raises:
            SchemaError: see the port.
        """
        session = self._session(statement)
        try:
            with answering(statement, user=self._access.user):
                return session.execute(statement, values, timeout_s=timeout_s, quorum=quorum)
        except SessionClosed as error:
            raise SchemaUnavailable(
                "the session was closed before there was an answer", statement=presentable(statement)
            ) from error
        except SchemaUnavailable:
            self._look_elsewhere(session)
            raise

    def close(self) -> None:
        """End the session for good; calls under way end with ``SchemaUnavailable``."""
        self._closed = True  # before the lock: whoever holds it may be trying one node after another
        with self._lock:
            session, self._open = self._open, None
        if session is not None:
            session.close()

    def _session(self, statement: str) -> CqlSession:
        with self._lock:
            if self._open is None:
                self._open = self._connect(statement)
            return self._open

    def _connect(self, statement: str) -> CqlSession:
        failure: SchemaError | None = None
        for _ in range(min(len(self._access.nodes), _TRIED_AT_ONCE)):
            if self._closed:
                break
            node = self._access.nodes[self._next % len(self._access.nodes)]
            try:
                with answering(statement, user=self._access.user):
                    return CqlSession(self._access, node)
            except SchemaUnavailable as error:
                failure = error
                self._next += 1
        raise failure or SchemaUnavailable("the session has been closed", statement=presentable(statement))

    def _look_elsewhere(self, session: CqlSession) -> None:
        """Have the next call try the next node: this one is away, or hangs, or has too much to do."""
        with self._lock:
            if self._open is not session:
                return
            self._open = None
            self._next += 1
        session.close()
