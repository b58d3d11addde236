"""Which requests to a node alter nothing there."""

from scylla_restore.engine.lab.request_log import ServedRequest

READING_POSTS = {
    "/agent/rclone/operations/about": set[str](),
    "/agent/rclone/operations/list": set[str](),
    "/agent/rclone/operations/cat": set[str](),
    "/agent/rclone/core/transfers": {"transfers"},
    "/agent/rclone/core/bwlimit": {"rate"},
}
"""Calls that read although they are POSTs, unless their bodies have these keys."""


def reads_only(request: ServedRequest) -> bool:
    """Return whether a request alters nothing."""
    if request.method == "GET":
        return True
    sets = READING_POSTS.get(request.path)
    return (
        request.method == "POST"
        and sets is not None
        and isinstance(request.body, dict)
        and not sets & set(request.body)
    )
