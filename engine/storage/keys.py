"""Keys and prefixes that every store refuses alike."""

from collections.abc import Iterable

from scylla_restore.engine.errors import StorageDenied

_SSTABLES = "backup/sst/"
_DIGEST = ".crc32"


def check_key(key: str, location: str) -> str:
    """Return ``key`` if it stays inside its bucket.

    Raises:
        StorageDenied: it has an empty segment, ``.`` or ``..``, or a NUL.
    """
    if "\x00" in key or any(segment in {"", ".", ".."} for segment in key.split("/")):
        raise StorageDenied(f"{location}: {key!r} is not a key that an object can have", location=location)
    return key


def check_names(prefix: str, names: Iterable[str], location: str) -> None:
    """Make sure that names are those of objects directly below a prefix.

    Raises:
        StorageDenied: the prefix or one of them is not.
    """
    check_prefix(prefix, location)
    for name in names:
        if "/" in check_key(name, location):
            raise StorageDenied(f"{location}: {name!r} is not the name of a file", location=location)


def agents_read(key: str) -> bool:
    """Whether an agent shows an object to its clients: of those beside SSTables it shows digests only."""
    return not key.startswith(_SSTABLES) or key.endswith(_DIGEST)


def check_prefix(prefix: str, location: str) -> str:
    """Return ``prefix`` if it ends in a slash and stays inside its bucket.

    Raises:
        StorageDenied: it does not.
    """
    check_key(prefix.removesuffix("/"), location)
    if not prefix.endswith("/"):
        raise StorageDenied(f"{location}: {prefix!r} does not end in a slash", location=location)
    return prefix
