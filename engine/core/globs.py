"""The patterns by which tables are chosen: globs on ``keyspace.table``, in order, the last that matches decides."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate
from math import prod

from scylla_restore.engine.core.table_name import TableName
from scylla_restore.engine.errors import TargetError

_MAX_ALTERNATIVES = 256
_COMMA_OUTSIDE_BRACES = re.compile(r",(?![^{}]*\})")
_BRACES = re.compile(r"\{([^}]*)\}")
_PROBLEMS = (
    (re.compile(r"^$"), "is empty"),
    (re.compile(r"[^A-Za-z0-9_.$:!*?\[\]{},-]"), "has characters that no keyspace or table has"),
    (re.compile(r"^!"), "has more than one '!'"),
    (re.compile(r"\{[^}]*(\{|$)|^[^{]*\}|\}[^{]*\}"), "has braces that do not pair"),
    (re.compile(r"\[[^\]]*$|^[^\[]*\]"), "has brackets that do not pair"),
    (re.compile(r"^\."), "has no keyspace before the '.'"),
    (re.compile(r"\.$"), "has no table after the '.'"),
)


def split_patterns(texts: Iterable[str]) -> tuple[str, ...]:
    """Take apart patterns given one by one, separated by commas, or both; commas in braces do not separate."""
    return tuple(part.strip() for text in texts for part in _COMMA_OUTSIDE_BRACES.split(text))


def _alternatives(glob: str) -> list[str]:
    """Write ``{a,b}`` out, as one plain glob for each alternative."""
    before, opened, rest = glob.partition("{")
    if not opened:
        return [glob]
    inside, _, after = rest.partition("}")
    return [f"{before}{choice}{end}" for choice in inside.split(",") for end in _alternatives(after)]


def _with_table(glob: str) -> str:
    """Complete a pattern that names no table: ``ks`` is ``ks.*``, ``x*`` is ``x*.*``."""
    return glob if "." in glob else f"{glob}.*"


def _problem(glob: str) -> str | None:
    for expression, problem in _PROBLEMS:
        if expression.search(glob):
            return problem
    if prod(1 + inside.count(",") for inside in _BRACES.findall(glob)) > _MAX_ALTERNATIVES:
        return f"has more than {_MAX_ALTERNATIVES} alternatives"
    return None


def _compile(pattern: str) -> tuple[bool, re.Pattern[str]]:
    glob = pattern.removeprefix("!")
    problem = _problem(glob)
    if problem is not None:
        raise TargetError(
            f"keyspace pattern {pattern!r} {problem}",
            hint="patterns look like ks, ks.table, ks.t*, '!ks.table'",
        )
    expressions = (translate(_with_table(plain)) for plain in _alternatives(glob))
    return not pattern.startswith("!"), re.compile("|".join(expressions))


class TableFilter:
    """Which tables a list of patterns selects.

    Patterns are globs (``*``, ``?``, ``[a-z]``, ``[!a-z]``, ``{a,b}``) on ``keyspace.table``. They are taken from
    left to right and the last one that matches decides; ``!`` excludes. No pattern at all selects everything, and
    a list that begins with an exclusion excludes from everything.

    Raises:
        TargetError: a pattern is malformed.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        begins_with_everything = not patterns or patterns[0].startswith("!")
        self._rules = [
            _compile(pattern) for pattern in (*(("*",) if begins_with_everything else ()), *patterns)
        ]
        self._rules.reverse()

    def selects(self, table: TableName) -> bool:
        """Whether the patterns select this table."""
        name = str(table)
        return next((includes for includes, expression in self._rules if expression.match(name)), False)
