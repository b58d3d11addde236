"""`demo`: a whole restore with nothing else installed, told as it happens."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from scylla_restore.engine.cli.context import Given
from scylla_restore.engine.cli.demo.story import tell


def demo(
    *,
    nodes: Annotated[int, Parameter(validator=Number(gte=1, lte=16))] = 3,
    keep: Path | None = None,
    context: Given,
) -> int:
    """Restore a backup into lab nodes: with progress bars, an engine that is killed on the way, and an audit.

    Args:
        nodes: how many lab nodes.
        keep: directory for everything that the demo makes; by default a temporary one.
    """
    return tell(context, nodes=nodes, keep=keep)
