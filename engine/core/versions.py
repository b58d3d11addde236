"""ScyllaDB's release numbers."""

import re

_FIRST_YEAR = 2000
_ONE_PRODUCT = (2025, 1)
"""From here on there is one ScyllaDB, which is later than every release that is not called by a year."""

_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


def release_of(version: str) -> tuple[int, ...] | None:
    """Return ``2025.1.5-0.2025…`` as (2025, 1, 5), or None for a build that is no release (``666.development``)."""
    match = _RELEASE.match(version)
    return tuple(int(part) for part in match.groups() if part is not None) if match else None


def is_newer(version: str, than: str) -> bool:
    """Whether a release is of a later series (year and number, or major and minor) than another.

    Patches of a series read each other's SSTables. Of builds that are no releases, and of the numbers of ScyllaDB
    Enterprise before 2025 against those of ScyllaDB Open Source, it cannot be told.
    """
    one, other = release_of(version), release_of(than)
    if one is None or other is None:
        return False
    if _is_year(one) != _is_year(other):
        return one >= _ONE_PRODUCT
    return one[:2] > other[:2]


def _is_year(release: tuple[int, ...]) -> bool:
    return release[0] >= _FIRST_YEAR
