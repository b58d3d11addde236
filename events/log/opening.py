"""The way from an address to a log. A new kind of store is one more entry of ``_OPENERS``."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from scylla_restore.events.errors import WrongAddress
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.log.sqlite import SQLiteLog


def open_log(url: str, *, create: bool = True) -> EventLog:
    """Open the log at ``url``: ``sqlite:///<path>``, in which the path is taken as it stands.

    Without ``create`` a log that is not there yet stays that way.

    Raises:
        WrongAddress: the address is none.
        UnusableLog: what lies there is no log, or nothing lies there and it was not to be made.
        LogUnavailable: the store does not answer.
    """
    scheme, separator, rest = url.partition("://")
    opener = _OPENERS.get(scheme)
    if opener is None or not separator:
        # Not the whole address: people put passwords into them.
        known = ", ".join(f"{name}://" for name in _OPENERS)
        raise WrongAddress(
            f"a log's address begins with one of {known}",
            hint="for example --log sqlite:////var/lib/restore/log.db",
        )
    return opener(rest, create)


def _open_sqlite(rest: str, create: bool) -> EventLog:
    path = rest.removeprefix("/")
    if path == rest or not path:
        raise WrongAddress(
            f"sqlite://{rest} names no file",
            hint="an absolute path is written with four slashes, sqlite:////var/lib/restore/log.db, "
            "a relative one with three",
        )
    return SQLiteLog(Path(path).expanduser(), create=create)


_OPENERS: Final[dict[str, Callable[[str, bool], EventLog]]] = {"sqlite": _open_sqlite}
