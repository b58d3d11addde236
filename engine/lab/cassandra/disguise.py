"""Cassandra's SSTables under the names of Scylla's.

Cassandra 4.1 writes the version ``nb``, which Scylla has not. In a backup of a lab they are called ``me``, Scylla's nearest
version, and their ``Scylla.db``, which the SSTables of Scylla all have and Cassandra's have not, says what they are. A load
into Cassandra gives them their own names back. The content is never changed.
"""

from pathlib import Path

from scylla_restore.engine.lab.sstables import TOC, FoundSSTable

SCYLLA_COMPONENT = "Scylla.db"
_VERSION = "nb"
_DISGUISE = "me"
_MARK = b"a lab's: Cassandra's nb\n"


def disguised(files: dict[str, bytes], sstable_id: str | None = None) -> dict[str, bytes]:
    """Return the files of one SSTable of Cassandra as a backup has them, under another id if one is given."""
    renamed: dict[str, bytes] = {}
    for name, content in files.items():
        version, own_id, tail = name.split("-", 2)
        is_cassandras = version == _VERSION
        head = f"{_DISGUISE if is_cassandras else version}-{sstable_id or own_id}"
        renamed[f"{head}-{tail}"] = content
        if is_cassandras and tail.endswith(TOC):
            renamed[f"{head}-{tail}"] = content + f"{SCYLLA_COMPONENT}\n".encode()
            renamed[f"{head}-{tail.removesuffix(TOC)}{SCYLLA_COMPONENT}"] = _MARK
    return renamed


def plain_name(directory: Path, sstable: FoundSSTable, component: str) -> str | None:
    """Return the name of a file that Cassandra is to be given, or None for one that it is not."""
    mark = directory / f"{sstable.name}-{SCYLLA_COMPONENT}"
    if SCYLLA_COMPONENT not in sstable.components or mark.read_bytes() != _MARK:
        return f"{sstable.name}-{component}"
    if component == SCYLLA_COMPONENT:
        return None
    return f"{_VERSION}{sstable.name.removeprefix(_DISGUISE)}-{component}"
