"""Whatever the text, nothing of it is lost or cut in the wrong place."""

from hypothesis import given
from hypothesis import strategies as some

from scylla_restore.engine.core.cql import (
    TokenKind,
    if_not_exists,
    literal,
    quoted,
    split_statements,
    tokens,
    unquoted,
)

ANY_TEXT = some.text(alphabet=some.sampled_from(list("aZ09_ \n;'\"$-/*(){}=,.é")), max_size=40)
BODIES = ANY_TEXT.filter(
    lambda text: "$$" not in text and not text.startswith("$") and not text.endswith("$")
)
PIECES = some.one_of(
    some.sampled_from(["CREATE", "INDEX", "ks.t", "(a int)", "= 1"]),
    ANY_TEXT.map(literal),
    ANY_TEXT.map(quoted),
    BODIES.map(lambda body: f"$${body}$$"),
    ANY_TEXT.filter(lambda text: "\n" not in text).map(lambda words: f"-- {words}\n"),
    ANY_TEXT.filter(lambda text: "*/" not in text and not text.endswith("*")).map(
        lambda words: f"/* {words}*/"
    ),
)
STATEMENTS = some.lists(PIECES, max_size=6).map(lambda pieces: "x " + " ".join(pieces))


@given(ANY_TEXT)
def test_the_tokens_of_any_text_are_the_text(text: str) -> None:
    assert "".join(token.text for token in tokens(text)) == text


@given(some.lists(STATEMENTS, max_size=4))
def test_statements_come_apart_as_they_were_put_together(statements: list[str]) -> None:
    assert split_statements(";".join(statements)) == tuple(statement.strip() for statement in statements)


@given(some.text())
def test_a_quoted_name_is_one_token_and_comes_back(name: str) -> None:
    assert unquoted(quoted(name)) == name
    assert [token.kind for token in tokens(quoted(name))] == [TokenKind.QUOTED_NAME]
    assert [token.kind for token in tokens(literal(name))] == [TokenKind.LITERAL]


@given(some.sampled_from(["MATERIALIZED VIEW", "INDEX", "CUSTOM INDEX"]), some.text(min_size=1), STATEMENTS)
def test_three_words_are_all_that_is_added(kind: str, name: str, rest: str) -> None:
    statement = f"CREATE {kind} {quoted(name)} {rest}"
    assert if_not_exists(statement) == f"CREATE {kind} IF NOT EXISTS {quoted(name)} {rest}"
