import pytest

from scylla_restore.engine.core.globs import TableFilter, split_patterns
from scylla_restore.engine.core.table_name import TableName
from scylla_restore.engine.errors import TargetError


@pytest.mark.parametrize(
    ("patterns", "selected", "not_selected"),
    [
        ("*", "ks.t system.local alternator_a.b.c", ""),
        ("ks", "ks.t ks.u", "ks2.t k.s"),
        ("x*", "x.t xy.t x.y.z", "ax.t"),
        ("ks.t*", "ks.t ks.tt", "ks.u ks2.t"),
        ("ks.t?", "ks.t1", "ks.t ks.t12"),
        ("ks.[ab]", "ks.a ks.b", "ks.c"),
        ("ks.[!ab]", "ks.c", "ks.a"),
        ("ks.{a,bb}", "ks.a ks.bb", "ks.b ks.a,bb"),
        ("{a,b}*", "a.t b2.t", "c.t"),
        ("*.t", "a.t b.t", "a.u"),
        ("KS", "KS.t", "ks.t"),
        ("ks.t", "ks.t", "ks.tt aks.t ksxt.t"),
        ("*,!ks", "a.t", "ks.t"),
        ("!ks", "a.t", "ks.t"),
        ("!ks.t,ks.t", "a.t ks.t", ""),
        ("ks,!ks.*,ks.t", "ks.t", "ks.u a.t"),
        ("*,!*.*$paxos", "ks.t", "ks.t$paxos"),
        ("", "", ""),
    ],
)
def test_the_last_pattern_that_matches_decides(patterns: str, selected: str, not_selected: str) -> None:
    table_filter = TableFilter(split_patterns([patterns]) if patterns else ())
    for name in selected.split():
        assert table_filter.selects(TableName(*name.split(".", 1))), name
    for name in not_selected.split():
        assert not table_filter.selects(TableName(*name.split(".", 1))), name


def test_no_pattern_selects_everything() -> None:
    assert TableFilter(()).selects(TableName("any", "table"))


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("", "is empty"),
        ("!", "is empty"),
        ("!!ks", "more than one '!'"),
        (".t", "has no keyspace"),
        ("ks.", "has no table"),
        ("ks/t", "characters"),
        ("ks t", "characters"),
        ("ks.{a,b", "braces"),
        ("ks.a}", "braces"),
        ("ks.{a,{b}}", "braces"),
        ("ks.[a", "brackets"),
        ("ks.a]", "brackets"),
        ("{a,b}" * 9, "more than 256 alternatives"),
    ],
)
def test_a_malformed_pattern_is_refused(pattern: str, problem: str) -> None:
    with pytest.raises(TargetError, match=problem):
        TableFilter([pattern])


def test_many_stars_do_not_take_forever() -> None:
    assert not TableFilter(["*a" * 60 + ".b"]).selects(TableName("a" * 200, "c"))


def test_commas_in_braces_do_not_separate_patterns() -> None:
    assert split_patterns(["ks.{a,b}, x", "!y"]) == ("ks.{a,b}", "x", "!y")
