"""ScyllaDB's release numbers."""

import re

_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


def release_of(version: str) -> tuple[int, ...] | None:
    """Return ``2025.1.5-0.2025…`` as (2025, 1, 5), or None for a build that is no release (``666.development``)."""
    match = _RELEASE.match(version)
    return tuple(int(part) for part in match.groups() if part is not None) if match else None
