"""Overwritten files: which of the copies in a directory belongs to a snapshot.

A node may use an integer id again for another SSTable. Before backup T overwrites file F, it renames the old one to
``F.<T>``; so ``F.<T>`` belongs to the snapshots before T, and ``F`` to the newest.

      snapshot  02    03    04    05    06
      holds     F.03  F.05  F.05  F     F       where the directory lists F, F.03 and F.05
"""

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from scylla_restore.engine.core.snapshot_tag import is_snapshot_tag

_SIDE_FILES = "manifest.json"
VERSION_MARK = ".sm_"
"""Stands in every name that ends in a snapshot tag."""


class ChosenFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a directory as they were at one snapshot.

    ``sizes`` are bytes by plain name. ``tags`` has an entry for a file that is stored as ``<name>.<tag>``. ``older``
    names files of which there are only copies from before the snapshot, so that the right one is missing.
    """

    sizes: Mapping[str, int]
    tags: Mapping[str, str]
    older: frozenset[str]


def split_version(name: str) -> tuple[str, str | None]:
    """Return a listed name without its snapshot tag, and the tag if it has one."""
    plain, _, end = name.rpartition(".")
    return (plain, end) if plain and is_snapshot_tag(end) else (name, None)


def choose_versions(listing: Mapping[str, int], snapshot_tag: str) -> ChosenFiles:
    """Return the files that belong to the snapshot, out of all that a directory lists (names to sizes)."""
    versions: defaultdict[str, list[str]] = defaultdict(list)
    tagged: set[str] = set()
    for name in listing:
        if VERSION_MARK in name:
            plain, tag = split_version(name)
            if tag is not None:
                tagged.add(name)
                if not plain.endswith(_SIDE_FILES):
                    versions[plain].append(tag)
    if not tagged:
        return ChosenFiles(sizes=listing, tags={}, older=frozenset())
    sizes = {name: size for name, size in listing.items() if name not in tagged}
    tags: dict[str, str] = {}
    older: set[str] = set()
    for plain, own in versions.items():
        # Tags sort as their times do.
        newer = min((tag for tag in own if tag > snapshot_tag), default=None)
        if newer is not None:
            tags[plain] = newer
            sizes[plain] = listing[f"{plain}.{newer}"]
        elif plain not in sizes:
            older.add(plain)
    return ChosenFiles(sizes=sizes, tags=tags, older=frozenset(older))
