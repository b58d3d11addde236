"""What Scylla makes of the files in an upload directory."""

import re
import zlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

TOC = "TOC.txt"
DELETION_MARK = "TOC.txt.tmp"
_IGNORED = ("manifest.json", "schema.cql")
# ``ka`` names have no format part and carry keyspace and table.
_NAME = re.compile(r"(?P<sstable>(?:la|m[cdest])-[^-]+-\w+)-(?P<component>.+)")
_OLD_NAME = re.compile(r"(?P<sstable>\w+-\w+-ka-\d+)-(?P<component>.+)")


class LoadFailure(Exception):
    """Scylla does not take an SSTable; the message is its reason."""


class FoundSSTable(msgspec.Struct, frozen=True, kw_only=True):
    """An SSTable as the scan saw it: the start of its files' names, and its components."""

    name: str
    components: tuple[str, ...]


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan found: SSTables to load, files without a ``TOC.txt``, and SSTables that were being deleted."""

    complete: tuple[FoundSSTable, ...]
    orphans: tuple[str, ...]
    half_deleted: tuple[FoundSSTable, ...]


def scan(names: Iterable[str]) -> Scan:
    """Group the file names of an upload directory into SSTables.

    Raises:
        LoadFailure: a name is none of an SSTable.
    """
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        if name in _IGNORED:
            continue
        match = _NAME.fullmatch(name) or _OLD_NAME.fullmatch(name)
        if match is None:
            raise LoadFailure(f"invalid SSTable file name: {name}")
        found.setdefault(match["sstable"], []).append(match["component"])
    complete: list[FoundSSTable] = []
    half_deleted: list[FoundSSTable] = []
    orphans: list[str] = []
    for sstable, components in found.items():
        description = FoundSSTable(name=sstable, components=tuple(components))
        if DELETION_MARK in components:
            half_deleted.append(description)
        elif TOC in components:
            complete.append(description)
        else:
            orphans.extend(f"{sstable}-{component}" for component in components)
    return Scan(complete=tuple(complete), orphans=tuple(orphans), half_deleted=tuple(half_deleted))


def check(directory: Path, sstable: FoundSSTable) -> int:
    """Read an SSTable as a load would and return its bytes.

    Raises:
        LoadFailure: a component of its ``TOC.txt`` is missing, or its data is not what its digest says.
    """
    base = f"{directory}/{sstable.name}-"
    try:
        listed = [line for line in Path(base + TOC).read_text("utf-8").splitlines() if line.strip()]
        size = 0
        for component in listed:
            size += Path(base + component).stat().st_size
        if "Digest.crc32" in listed:
            expected = Path(base + "Digest.crc32").read_text("ascii").strip()
            actual = _crc32(Path(base + "Data.db"))
            if expected != str(actual):
                raise LoadFailure(
                    f"sstables::malformed_sstable_exception (Digest mismatch: expected {expected}, got {actual} "
                    f"in sstable {base}Data.db)"
                )
    except FileNotFoundError as missing:
        raise LoadFailure(
            f"sstables::malformed_sstable_exception ({missing.filename}: file not found in sstable {base}{TOC})"
        ) from None
    except UnicodeDecodeError:
        raise LoadFailure(
            f"sstables::malformed_sstable_exception (unreadable component in sstable {base}{TOC})"
        ) from None
    if "Data.db" not in listed:
        raise LoadFailure(f"sstables::malformed_sstable_exception (no Data.db in {base}{TOC})")
    return size


def _crc32(path: Path) -> int:
    crc = 0
    with path.open("rb", buffering=0) as stream:
        while piece := stream.read(1 << 20):
            crc = zlib.crc32(piece, crc)
    return crc
