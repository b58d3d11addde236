"""What runs have left altered, as a person reads it: like things together, however many nodes there are."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from scylla_restore.engine.api.doctor import Checkup, LeftAltered
from scylla_restore.engine.cli.units import count_text

_WHY: Final = {
    "at_work": "an engine is at work and needs it",
    "resume": "for `resume`",
    "unfinished": "until the run is complete",
    "node_left": "the cluster has this node no more",
    "left": "left behind",
}
_TOLD_OF_A_KIND: Final = 5
_NODES_NAMED: Final = 5
_MOST_WORDS: Final = 160


def checkup_lines(checkup: Checkup, *, details: bool) -> list[str]:
    """Return what a run has left altered: with ``details`` a line for each thing, else a few lines for each kind."""
    who = ", an engine is at work" if checkup.is_owned else ""
    head = f"run {checkup.run_id} ({checkup.cluster}, {checkup.snapshot_tag}): {checkup.state}{who}"
    altered = checkup.altered
    lines = [head, f"  {count_text(len(altered), 'alteration')}:"]
    if details:
        return [*lines, *(f"  {each.node or 'cluster':<15}  {each.what}{_why(each)}" for each in altered)]
    kinds: defaultdict[tuple[str, str, bool], list[LeftAltered]] = defaultdict(list)
    for each in altered:
        kinds[each.kind, each.why, each.made].append(each)
    for of_a_kind in kinds.values():
        lines += _of_a_kind(of_a_kind)
    return lines


def _of_a_kind(altered: Sequence[LeftAltered]) -> list[str]:
    alike: defaultdict[str, list[LeftAltered]] = defaultdict(list)
    for each in altered:
        alike[each.what].append(each)
    if len(alike) <= _TOLD_OF_A_KIND:
        return [line for same in alike.values() for line in _told(same, "")]
    return _told(altered, f", and {len(altered) - 1} more like this")


def _told(altered: Sequence[LeftAltered], more: str) -> list[str]:
    first = altered[0]
    what = first.what if len(first.what) <= _MOST_WORDS else f"{first.what[: _MOST_WORDS - 1]}…"
    nodes = list(dict.fromkeys(each.node for each in altered if each.node))
    if not nodes:
        return [f"  {what}{more}{_why(first)}"]
    if len(nodes) == 1:
        return [f"  {what}{more}, on {nodes[0]}{_why(first)}"]
    others = len(nodes) - _NODES_NAMED
    named = ", ".join(nodes[:_NODES_NAMED]) + (f" and {others} more" if others > 0 else "")
    return [f"  {what}{more}{_why(first)}", f"      on {len(nodes)} nodes: {named}"]


def _why(altered: LeftAltered) -> str:
    """Return why it is so; what an engine was about to do when it ended is so perhaps."""
    perhaps = "" if altered.made else "perhaps; "
    return f" ({perhaps}{_WHY[altered.why]})"
