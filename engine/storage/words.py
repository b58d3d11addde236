"""What SDKs and servers say, as it goes into our messages."""

from collections.abc import Iterator
from contextlib import contextmanager

from scylla_restore.engine.errors import StorageDenied

_LONGEST = 500


def in_one_line(text: str) -> str:
    """Return a text in one line, not too long, in lower case at its beginning unless that is a name."""
    line = " ".join(text.split()).rstrip(".")
    if len(line) > _LONGEST:
        line = f"{line[:_LONGEST]}…"
    return line if line[:2].isupper() else line[:1].lower() + line[1:]


@contextmanager
def settings_checked(location: str, hint: str) -> Iterator[None]:
    """Have settings that an SDK, or the file system, does not take refused as such.

    Raises:
        StorageDenied: they are not taken.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        raise StorageDenied(f"{location}: {in_one_line(str(error))}", location=location, hint=hint) from error
