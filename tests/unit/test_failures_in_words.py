"""What failed, in one line: nothing is said twice."""

from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.projections.words import in_words

CREATE = "CREATE MATERIALIZED VIEW IF NOT EXISTS ks.by_v AS SELECT v, k FROM ks.t WHERE v IS NOT NULL AND k IS NOT NULL"


def said(message: str, *, node: str | None = None, call: str | None = None) -> str:
    return in_words(Failure(cause=Cause.REFUSED, message=message, node=node, call=call))


def test_node_and_call_come_first_where_the_message_does_not_name_them() -> None:
    assert said("no space", node="n1", call="sync/copypaths") == "n1: sync/copypaths: no space"
    assert said("n1 has no space", node="n1") == "n1 has no space"


def test_a_statement_that_the_message_begins_to_quote_is_not_told_again() -> None:
    message = (
        f"view ks.by_v could not be put back: the cluster refuses '{CREATE[:80]}…': Undefined column name v"
    )
    assert said(message, call=CREATE) == message


def test_another_statement_that_begins_alike_is_told() -> None:
    message = "the cluster refuses 'CREATE MATERIALIZED VIEW IF NOT EXISTS ks.of_w AS SELECT …'"
    assert said(message, call=CREATE) == f"{CREATE}: {message}"
