"""A CQL connection that answers what it was told to, for what no server here can be made to say."""

from collections.abc import Mapping, Sequence

from scylla_restore.engine.errors import SchemaObjectMissing
from scylla_restore.engine.schema.cql_connection import CqlConnection

Rows = Sequence[tuple[object, ...]]


class ScriptedCql(CqlConnection):
    """``answers`` are rows by how a statement begins, the longest such beginning first; nothing else has rows.

    An answer that is None says that there is no such thing.
    """

    def __init__(self, answers: Mapping[str, Rows | None]) -> None:
        self._answers = dict(sorted(answers.items(), key=lambda item: -len(item[0])))
        self.executed: list[str] = []
        self.asked_of_a_quorum: list[str] = []

    def execute(
        self,
        statement: str,
        *values: object,  # noqa: ARG002 - the signature is the connection's
        timeout_s: float,
        quorum: bool = False,
    ) -> list[tuple[object, ...]]:
        """Return the rows that were given."""
        assert timeout_s > 0
        self.executed.append(statement)
        if quorum:
            self.asked_of_a_quorum.append(statement)
        for beginning, rows in self._answers.items():
            if statement.startswith(beginning):
                if rows is None:
                    raise SchemaObjectMissing("not there", statement=statement)
                return list(rows)
        return []

    def close(self) -> None:
        """Nothing is open."""
