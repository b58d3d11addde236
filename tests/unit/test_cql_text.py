import pytest

from scylla_restore.engine.core.cql import (
    if_not_exists,
    literal,
    presentable,
    quoted,
    split_statements,
    unquoted,
)

FUNCTION = "CREATE FUNCTION ks.f (a int) RETURNS int LANGUAGE lua AS $$ local b = 'it''; return a; $$"


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", ()),
        (" ; ;\n", ()),
        ("-- nothing; at all\n/* nor; here */ // nor there;", ()),
        ("A;B", ("A", "B")),
        ("A;\n  B ;", ("A", "B")),
        (
            "CREATE TABLE t (k int) WITH comment = 'a;b''c;d'; B",
            ("CREATE TABLE t (k int) WITH comment = 'a;b''c;d'", "B"),
        ),
        (f"{FUNCTION};\nB", (FUNCTION, "B")),
        ('ALTER TABLE "a;b""c;d" WITH x = 1; B', ('ALTER TABLE "a;b""c;d" WITH x = 1', "B")),
        ("A -- it's; a comment\n; B", ("A -- it's; a comment", "B")),
        ("A /* it's; a\ncomment */; B", ("A /* it's; a\ncomment */", "B")),
        ("A 'no end; B", ("A 'no end; B",)),
        ("A $$ no end; B", ("A $$ no end; B",)),
    ],
)
def test_statements_are_cut_where_they_end(text: str, statements: tuple[str, ...]) -> None:
    assert split_statements(text) == statements


@pytest.mark.parametrize(
    ("statement", "repeatable"),
    [
        ("CREATE INDEX i ON ks.t (v)", "CREATE INDEX IF NOT EXISTS i ON ks.t (v)"),
        ("create index on ks.t (v)", "create index IF NOT EXISTS on ks.t (v)"),
        ("CREATE INDEX IF NOT EXISTS i ON ks.t (v)", "CREATE INDEX IF NOT EXISTS i ON ks.t (v)"),
        ('CREATE INDEX "IF" ON ks.t (v)', 'CREATE INDEX IF NOT EXISTS "IF" ON ks.t (v)'),
        (
            "CREATE CUSTOM INDEX \"I\" ON ks.t (v) USING 'org.Class' WITH OPTIONS = {'a': 'CREATE INDEX '}",
            "CREATE CUSTOM INDEX IF NOT EXISTS \"I\" ON ks.t (v) USING 'org.Class' WITH OPTIONS = {'a': 'CREATE INDEX '}",
        ),
        (
            "CREATE MATERIALIZED VIEW ks.v AS SELECT * FROM ks.t WITH comment = 'IF NOT EXISTS'",
            "CREATE MATERIALIZED VIEW IF NOT EXISTS ks.v AS SELECT * FROM ks.t WITH comment = 'IF NOT EXISTS'",
        ),
        (
            "/* CREATE INDEX */ CREATE -- a\n MATERIALIZED /* VIEW */ VIEW ks.v AS SELECT",
            "/* CREATE INDEX */ CREATE -- a\n MATERIALIZED /* VIEW */ VIEW IF NOT EXISTS ks.v AS SELECT",
        ),
        ("CREATE INDEX\n IF  not\tExists i ON ks.t (v)", "CREATE INDEX\n IF  not\tExists i ON ks.t (v)"),
        ("CREATE TABLE ks.t (index int)", "CREATE TABLE ks.t (index int)"),
        ("ALTER MATERIALIZED VIEW ks.v WITH x = 1", "ALTER MATERIALIZED VIEW ks.v WITH x = 1"),
        ("CREATE", "CREATE"),
        ("", ""),
    ],
)
def test_the_creation_of_views_and_indexes_is_made_repeatable(statement: str, repeatable: str) -> None:
    assert if_not_exists(statement) == repeatable
    assert if_not_exists(repeatable) == repeatable


@pytest.mark.parametrize(
    ("name", "stored"), [("a", "a"), ('"A"', "A"), ('"a""b"', 'a"b'), ('"', '"'), ("", "")]
)
def test_a_name_of_cql_is_unquoted(name: str, stored: str) -> None:
    assert unquoted(name) == stored


def test_names_and_literals_are_quoted_whatever_is_in_them() -> None:
    assert quoted('My "table"; --') == '"My ""table""; --"'
    assert literal("it's; --") == "'it''s; --'"


def test_a_statement_is_shown_without_passwords_and_comments() -> None:
    statement = "CREATE ROLE r\n WITH PASSWORD = 'pass''word' -- for now\n AND OPTIONS = {'a': 'b'} AND HASHED PASSWORD='x'"
    assert presentable(statement) == (
        "CREATE ROLE r WITH PASSWORD = '***' AND OPTIONS = {'a': 'b'} AND HASHED PASSWORD='***'"
    )


def test_a_long_statement_is_shown_in_part() -> None:
    assert len(presentable("x" * 10_000)) < 2_100
