"""Snapshot tags: ``sm_YYYYMMDDhhmmssUTC``. Their order as text is their order in time."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from scylla_restore.engine.errors import TargetError

NEAREST: Final = 3
"""How many tags are worth naming to somebody who asked for one that is not there."""

_TAG = re.compile(r"sm_([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})UTC")


def _time(text: str) -> datetime | None:
    match = _TAG.fullmatch(text)
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = map(int, match.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def is_snapshot_tag(text: str) -> bool:
    """Whether the text is a tag of a moment that exists."""
    return _time(text) is not None


def snapshot_time(tag: str) -> datetime:
    """Return when the snapshot was taken, in UTC.

    Raises:
        TargetError: the text is no snapshot tag, or its date is impossible.
    """
    time = _time(tag)
    if time is not None:
        return time
    if _TAG.fullmatch(tag):
        raise TargetError(
            f"snapshot tag {tag!r} names a moment that does not exist",
            hint="`backups -L LOCATION` lists the snapshots there",
        )
    raise TargetError(
        f"{tag!r} is not a snapshot tag of Scylla Manager",
        hint="tags look like sm_20060102150405UTC; `backups -L LOCATION` lists those that there are",
    )


def snapshot_tag(time: datetime) -> str:
    """Return the tag of a snapshot taken at ``time`` (which has a time zone), cut to the second."""
    moment = time.astimezone(UTC)
    return f"sm_{moment.year:04}{moment:%m%d%H%M%S}UTC"


def nearest_tags(tag: str, others: Iterable[str]) -> tuple[str, ...]:
    """Return those of ``others`` that are nearest to ``tag`` in time, the nearest first; no more than ``NEAREST``."""
    taken = snapshot_time(tag)
    known = sorted(set(filter(is_snapshot_tag, others)))
    return tuple(sorted(known, key=lambda other: abs(snapshot_time(other) - taken))[:NEAREST])


def nearest_in_words(tags: Iterable[str]) -> str:
    """Return what to tell somebody whose snapshot is not there, given the nearest ones."""
    named = tuple(tags)
    if not named:
        return "there is none at all: is it the right bucket?"
    return f"the nearest in time {'is' if len(named) == 1 else 'are'} {', '.join(named)}"
