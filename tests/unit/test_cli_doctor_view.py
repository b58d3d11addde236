"""What is left altered, on a screen."""

from scylla_restore.engine.api.doctor import Checkup, LeftAltered
from scylla_restore.engine.cli.doctor_view import checkup_lines

NODES = tuple(f"10.0.{number // 250}.{number % 250 + 1}" for number in range(300))


def left(
    node: str, what: str, *, kind: str = "auto_compaction", why: str = "left", made: bool = True
) -> LeftAltered:
    return LeftAltered(kind=kind, node=node, what=what, made=made, why=why)


def lines(*altered: LeftAltered, details: bool = False) -> list[str]:
    checkup = Checkup(
        run_id="6f1d",
        cluster="prod",
        cluster_id="c",
        snapshot_tag="sm_20260102030405UTC",
        state="running",
        is_owned=False,
        can_be_fixed=True,
        altered=altered,
    )
    return checkup_lines(checkup, details=details)


ALL_NODES = tuple(
    altered
    for number, node in enumerate(NODES)
    for altered in (
        left(node, "automatic compaction off for shop:orders"),
        left(node, "parallel transfers 2 -> 4", kind="transfers"),
        left(node, f"staging directory shop/orders/{number}", kind="staging_directory", why="resume"),
    )
)


def test_what_is_the_same_on_300_nodes_is_told_once() -> None:
    named = "300 nodes: 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5 and 295 more"
    assert lines(*ALL_NODES) == [
        "run 6f1d (prod, sm_20260102030405UTC): running",
        "  900 alterations:",
        "  automatic compaction off for shop:orders (left behind)",
        f"      on {named}",
        "  parallel transfers 2 -> 4 (left behind)",
        f"      on {named}",
        "  staging directory shop/orders/0, and 299 more like this (for `resume`)",
        f"      on {named}",
    ]


def test_each_thing_has_a_line_where_details_are_asked_for() -> None:
    told = lines(*ALL_NODES, details=True)
    assert len(told) == 902
    assert told[2] == "  10.0.0.1         automatic compaction off for shop:orders (left behind)"


def test_a_few_things_of_a_kind_are_all_named() -> None:
    views = [left("", f"view shop.v{number} on orders dropped", kind="view") for number in range(5)]
    assert lines(*views)[2:] == [f"  {view.what} (left behind)" for view in views]


def test_what_is_only_intended_is_told_apart_from_what_was_made() -> None:
    told = lines(left("10.0.0.1", "off"), left("10.0.0.2", "off", made=False))
    assert told[2:] == [
        "  off, on 10.0.0.1 (left behind)",
        "  off, on 10.0.0.2 (perhaps; left behind)",
    ]


def test_a_thousand_tables_do_not_fill_the_screen() -> None:
    what = "automatic compaction off for " + ", ".join(f"shop:t{number}" for number in range(1000))
    assert max(map(len, lines(left("10.0.0.1", what)))) < 200
