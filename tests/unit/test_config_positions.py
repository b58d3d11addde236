"""Where keys stand."""

import pytest

from scylla_restore.engine.config.positions import key_lines, line_of

TEXT = '''\
# a comment with [brackets] = and "quotes
top = "a # no comment"  # [not.a.table]
[first]
multi = """
[not.a.table]
key = \\""" still text
""" # end
after = 1
literal = \'\'\'
x = 'y'
\'\'\'
list = [
  "a]",  # ]
  { b = 1 },
]
"quoted = key".'other' = 2
 [ second . "third.x" ]
a.b.c = { d = [1,
  2] }
quotes = """a""""
last = 1979-05-27T07:32:00Z
[[array]]
x = 1
[[array]]
x = 2'''


LINES: list[tuple[tuple[str, ...], int]] = [
    (("top",), 2),
    (("first",), 3),
    (("first", "multi"), 4),
    (("first", "after"), 8),
    (("first", "literal"), 9),
    (("first", "list"), 12),
    (("first", "quoted = key", "other"), 16),
    (("second", "third.x"), 17),
    (("second", "third.x", "a", "b", "c"), 18),
    (("second", "third.x", "quotes"), 20),
    (("second", "third.x", "last"), 21),
    (("array",), 22),
    (("array", "x"), 23),
]


@pytest.mark.parametrize(("path", "line"), LINES)
def test_every_key_has_its_line(path: tuple[str, ...], line: int) -> None:
    assert key_lines(TEXT)[path] == line


def test_nothing_else_is_taken_for_a_key() -> None:
    between = {("first", "quoted = key"), ("second",), *((("second", "third.x", *"ab"[:n])) for n in (1, 2))}
    assert set(key_lines(TEXT)) == {path for path, _ in LINES} | between


def test_a_key_of_an_inline_table_has_the_line_of_the_table() -> None:
    assert line_of(key_lines(TEXT), ("second", "third.x", "a", "b", "c", "d")) == 18
    assert line_of(key_lines(TEXT), ("nowhere",)) is None
