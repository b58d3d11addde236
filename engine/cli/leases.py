"""Leases of engines that may be dead: where a store cannot tell, time does."""

from collections.abc import Callable

from scylla_restore.engine.api import Run
from scylla_restore.engine.cli.context import Context
from scylla_restore.events.errors import RunIsOwned

_MARGIN_S = 0.5
"""Clocks differ."""


def when_lapsed(begin: Callable[[], Run], context: Context) -> Run:
    """Return what ``begin`` returns; where a lease stands in its way, wait for its end and try once more.

    Raises:
        RunIsOwned: the owner is alive: no lease tells it, or it has renewed its lease meanwhile.
    """
    try:
        return begin()
    except RunIsOwned as error:
        if error.until is None:
            raise
        context.output.note(f"{error}; waiting until then")
        left_s = (error.until - context.clock.now()).total_seconds()
        context.clock.wait(max(left_s, 0.0) + _MARGIN_S)
    return begin()
