"""Paths below an agent's ``data:`` and in its listings. The agent does not check them all: we do, before it is asked."""

from scylla_restore.engine.errors import NodeRefused

_DEPTH_OF_TABLE = 2  # <keyspace>/<table>-<id>


def checked(path: str, *, node: str, call: str) -> str:
    """Return ``path`` if it leads below where it starts, through named directories only.

    Raises:
        NodeRefused: it does not; nothing was sent (status 400, as the agent should have said).
    """
    if not all(_is_name(segment) for segment in path.split("/")):
        raise NodeRefused(
            f"node {node} was not asked for {call}: {path!r} is not a path below a directory",
            node=node,
            call=call,
            status=400,
        )
    return path


def checked_below_table(path: str, *, node: str, call: str) -> str:
    """Return ``path`` if it is a safe one and lies below a table's directory, so that no table can be hit by it.

    Raises:
        NodeRefused: it does not; nothing was sent.
    """
    if checked(path, node=node, call=call).count("/") < _DEPTH_OF_TABLE:
        raise NodeRefused(
            f"node {node} was not asked for {call}: data:{path} is not below a table's directory",
            node=node,
            call=call,
            status=400,
        )
    return path


def split_remote(path: str) -> tuple[str, str]:
    """Return ``data:<first>`` and the rest of a path, as the calls about files and copies want it."""
    first, _, rest = path.partition("/")
    return f"data:{first}", rest


def is_listed_path(path: str, *, recursive: bool) -> bool:
    """Whether a listing may contain this relative path."""
    return all(_is_name(segment) for segment in path.split("/")) and (recursive or "/" not in path)


def _is_name(segment: str) -> bool:
    return segment not in {"", ".", ".."} and "\0" not in segment
